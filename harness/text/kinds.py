"""The class of a target: why it is worth protecting, so that a user can keep some classes and leave others."""

import re

from harness.text.characters import SPACE_SET, is_cjk
from harness.text.symbols import SymbolTable

_STANDARD = (
    "AASHTO|ANSI|API|AS|ASME|ASTM|AWS|BS|CECS|CJJ|CSA|DB[0-9]*|DIN|DL|EIA|EN|ETSI|FIPS|GA|GB|GBJ|GBZ|GJB|GOST|HG|HJ|"
    "ICAO|IEC|IEEE|IETF|ISA|ISO|ITU|JB|JC|JG|JGJ|JIS|JJG|JT|JTG|KS|MIL|NEMA|NF|NFPA|NIST|NB|QB|QC|RFC|SAE|SH|SJ|SL|"
    "SY|TB|TIA|UL|YB|YD|YY"
)
_SCALED = "(?:[nμµmcdhkMG]?(?:m|g|L|l|mol|Pa|J|W|Wh|N|V|A|Hz|bit|B|eq))"
_UNIT = f"(?:{_SCALED}|°C|℃|°F|K|Ω|%|s|ms|min|h|hr|d|y|a|IU|U|rad|sr|lb|oz|gal|ft|in|mi)"
_POWER = "(?:[²³]|\\^?-?[0-9])?"
_MONTH, _DAY, _YEAR = "(?:0?[1-9]|1[0-2])", "(?:0?[1-9]|[12][0-9]|3[01])", "[0-9]{4}"
_NUMBER = "[+-]?[0-9][0-9.,:]*"
_TIME = "(?:[T ][0-9].*)?"

_RULES = (
    ("name", re.compile("[Nn]/[Aa]|[A-Z]/[A-Z]")),
    ("url", re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]*://|www\.).+")),
    ("date", re.compile(f"{_YEAR}-{_MONTH}(?:-{_DAY}{_TIME})?|{_YEAR}/{_MONTH}(?:/{_DAY}{_TIME})?")),
    ("date", re.compile(f"(?:{_MONTH}([-/]){_DAY}|{_DAY}([-/]){_MONTH})(?:\\1|\\2)(?:{_YEAR}|[0-9]{{2}})")),
    ("cas", re.compile("[1-9][0-9]{1,6}-[0-9]{2}-[0-9]")),
    ("standard", re.compile(rf"(?:{_STANDARD})(?:/[A-Z]+)*[ -]?[0-9][0-9A-Za-z./: -]*")),
    ("standard", re.compile(rf"(?:{_STANDARD})/[A-Z]+")),
    (
        "mime",
        re.compile(r"(?:application|audio|font|image|message|model|multipart|text|video)/[A-Za-z0-9.+-]+(?:;.*)?"),
    ),
    ("cidr", re.compile(r"(?:[0-9]{1,3}(?:\.[0-9]{1,3}){3}|[0-9A-Fa-f]*:[0-9A-Fa-f:]*)/[0-9]{1,3}")),
    ("unit", re.compile(f"(?:[0-9.,]+ ?)?{_UNIT}{_POWER}(?:/{_UNIT}{_POWER})+")),
    ("range", re.compile(rf"{_NUMBER}[^0-9\s/-]{{0,4}}-{_NUMBER}[^0-9\s/-]{{0,4}}")),
    ("number", re.compile("[+-]?[0-9][0-9.,/-]*")),
    ("email", re.compile(r"[^@\s]+@[^@\s]+\.[A-Za-z]+")),
    ("path", re.compile(r"(?:\.{0,2}|[~@$][^/]*|[A-Za-z]:)/.+|[^/\s]+(?:/[^/\s]+){2,}/?")),
    ("path", re.compile(r".*[^/]\.[A-Za-z][A-Za-z0-9]{0,4}")),
)

KINDS = (*dict.fromkeys(kind for kind, _ in _RULES), "spaced", "cjk-pair", "cjk", "code")
"""All classes. `spaced`: with white space of its own; `cjk-pair`: two CJK runs; `cjk`: any other with CJK in it."""


def kind_of(text: str, symbols: SymbolTable) -> str:
    """The class of a target, one of KINDS."""
    if any(char in SPACE_SET for char in text) and any(char in text.split() for char in symbols.by_char):
        return "spaced"
    others = [char for char in text if not is_cjk(char)]
    if all(char in symbols.by_char for char in others):
        return "cjk-pair" if len(others) == 1 else "cjk"
    for kind, rule in _RULES:
        if rule.fullmatch(text):
            return kind
    if len(others) < len(text):
        return "cjk"
    return "code" if any(char.isdigit() for char in text) else "name"
