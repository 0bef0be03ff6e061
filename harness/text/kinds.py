"""The class of a target: why it is worth protecting."""

import re

from harness.text.characters import SPACE_SET, is_cjk
from harness.text.symbols import SymbolTable

KINDS = (
    "url",
    "date",
    "standard",
    "mime",
    "cidr",
    "path",
    "unit",
    "range",
    "number",
    "spaced",
    "cjk-pair",
    "cjk",
    "code",
    "name",
)

_STANDARD = (
    "AASHTO|ANSI|API|AS|ASME|ASTM|AWS|BS|CECS|CJJ|CSA|DB|DIN|DL|EIA|EN|ETSI|FIPS|GA|GB|GBJ|GBZ|GJB|GOST|HG|HJ|ICAO|IEC|"
    "IEEE|IETF|ISA|ISO|ITU|JB|JC|JG|JGJ|JIS|JJG|JT|JTG|KS|MIL|NEMA|NF|NFPA|NIST|NB|QB|QC|RFC|SAE|SH|SJ|SL|SY|TB|TIA|UL|YB|YD|YY"
)
_RULES = (
    ("url", re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]*://|www\.).+")),
    ("date", re.compile(r"(?:\d{4}[-/]\d{1,2}(?:[-/]\d{1,2})?|\d{1,2}[-/]\d{1,2}[-/]\d{2,4})(?:[T ].*)?")),
    ("standard", re.compile(rf"(?:{_STANDARD})(?:/[A-Z]+)*[ -]?[0-9A-Z][0-9A-Za-z./: -]*")),
    ("standard", re.compile(r"(?:GB|JG|DL|HG|SY|DB\d*|ISO|IEC|JB|QB|YY|NB)/[A-Z]+")),
    (
        "mime",
        re.compile(r"(?:application|audio|font|image|message|model|multipart|text|video)/[A-Za-z0-9.+-]+(?:;.*)?"),
    ),
    ("cidr", re.compile(r"(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9A-Fa-f:]*::?[0-9A-Fa-f:]*)/\d{1,3}")),
    (
        "path",
        re.compile(r"(?:[./~@$].*/.*|[A-Za-z]:[/\\].*|[^/]+(?:/[^/]+){2,}/?|.*[^/]\.[A-Za-z][A-Za-z0-9]{0,4})"),
    ),
    ("unit", re.compile(r"(?:[0-9.,]+ ?)?[A-Za-zµμΩ°℃%]{1,4}[²³]?(?:/[A-Za-zµμΩ°℃%]{1,4}[²³]?[0-9]?)+")),
    ("range", re.compile(r"[+-]?[0-9][0-9.,:]*[^0-9\s/-]{0,4}-[+-]?[0-9][0-9.,:]*[^0-9\s/-]{0,4}")),
    ("number", re.compile(r"[+-]?[0-9][0-9.,/-]*")),
)


def kind_of(text: str, symbols: SymbolTable) -> str:
    """The class name of a target, one of KINDS."""
    if any(char in SPACE_SET for char in text) and any(char in text.split() for char in symbols.by_char):
        return "spaced"
    for kind, rule in _RULES:
        if rule.fullmatch(text):
            return kind
    if any(is_cjk(char) for char in text):
        plain = [char for char in text if not is_cjk(char)]
        return "cjk-pair" if len(plain) == 1 else "cjk"
    return "code" if any(char.isdigit() for char in text) else "name"
