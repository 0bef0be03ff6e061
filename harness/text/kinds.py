"""The kind of a target: why it is worth protecting, and so how strictly it is judged."""

import re
import unicodedata
from functools import lru_cache

_BODIES = (
    "AASHTO|ANSI|API|AS|ASME|ASTM|AWS|BS|CECS|CJJ|CJ|CSA|DB[0-9]*|DGJ|DIN|DL|EIA|EN|ETSI|FIPS|GA|GBJ|GBZ|GB|GJB|GOST|"
    "HG|HJ|ICAO|ICC|IEC|IEEE|IETF|IFRS|ISA|ISO|ITU|JB|JC|JGJ|JG|JIS|JJG|JTG|JT|JR|KS|MIL|NEMA|NFPA|NF|NB|NIST|NY|QB|QC|Q|"
    "RFC|SAE|SB(?=/)|SH|SJ|SL|SN|SY|TB|TIA|UL|WS|YB|YC|YD|YY|(?:JIS|KS) [A-Z]|"
    "ГОСТ(?: (?:Р|РВ|ISO|IEC|EN|ИСО|МЭК)(?: МЭК)?)?|СНиП|СП"
)
STANDARD = f"(?:{_BODIES})(?:[/_][A-Z]{{1,6}}){{0,3}}(?: (?:EN|ISO|IEC|STD|Std|Guide|TR|TS)(?:/[A-Z]{{2,4}})?){{0,2}}"
"""What may come one blank before the number of a standard: `GB/T`, `DIN EN ISO`, `ASTM`."""

_SCALED = "(?:[nμµmcdhkMG]?(?:m|g|L|l|mol|Pa|J|W|Wh|N|V|A|Hz|bit|B|b|eq|Bq|Ω))"
_UNIT = (
    f"(?:{_SCALED}(?:[·*]{_SCALED}|·d|·h)?|mmHg|°C|℃|°F|K|Ω|%|‰|s|ms|min|h|hr|d|y|a|IU|U|rad|sr|lb|oz|gal|ft|in|mi|ppm|rpm|dB(?:\\(A\\))?|"
    "[元次人日天年月周时分秒个件台套吨斤米升度户篇架㎎-㏄㎀-㎍]|day|days|week|wk|month|mo|year|yr|hour|dose|小时|分钟|架次|个月|万元|人次|人天|工日|平方米|立方米)"
)
_POWER = "(?:[²³]|\\^?-?[0-9])?"
_COUNT = "[+-]?[0-9][0-9.,]*"
_RULES: tuple[tuple[str, str], ...] = (
    ("url", r"(?:[A-Za-z][A-Za-z0-9+.-]*://|www\.)\S+"),
    ("email", r"[^@\s/]+@[^@\s/]+\.[A-Za-z]{2,}"),
    ("uuid", r"\{?[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}\}?"),
    (
        "placeholder",
        r"\{\{[^{}\n]+\}\}|\$?\{[^{}\n]+\}|%\([A-Za-z_]\w*\)[sdifr]|%(?:[0-9]+\$)?[sdif@]|:[a-z_]+|</?[0-9]+\s?/?>|&[a-z]+;",
    ),
    ("option", r"--?[A-Za-z][A-Za-z0-9]*(?:-[A-Za-z0-9]+)*(?:=\S+)?"),
    (
        "path",
        r"(?:[A-Za-z]:[\\/]|\\\\|~?/|\.{1,2}[\\/])[^\n]+|[^\s/\\]+(?:[\\/][^\s/\\]+){2,}[\\/]?\.[A-Za-z][A-Za-z0-9]{0,5}",
    ),
    ("path", r"[^/\\\n]*(?:[/\\][^/\\\n]*)+\.[A-Za-z][A-Za-z0-9]{0,5}"),
    (
        "date",
        r"[0-9]{4}(?P<sign>[-/.])(?:0?[1-9]|1[0-2])(?P=sign)(?:0?[1-9]|[12][0-9]|3[01])(?:[T ][0-9].*)?"
        r"|[0-9]{4}-(?:0[1-9]|1[0-2])",
    ),
    ("date", r"(?:0?[1-9]|[12][0-9]|3[01])(?P<mark>[-/.])(?:0?[1-9]|[12][0-9]|3[01])(?P=mark)(?:[0-9]{4}|[0-9]{2})"),
    ("cas", r"[1-9][0-9]{1,6}-[0-9]{2}-[0-9]"),
    ("standard", rf"{STANDARD}[ -]?[A-Z]{{0,2}}[0-9][0-9A-Za-z./: -]*"),
    ("standard", r"(?:GB|JGJ|DL|YY|WS|QB|JT|HJ|SJ|NY|JB|HG|SH|YD|CJ|JC|JG|SL|TB|JR|SB)/T"),
    ("mime", r"(?:application|audio|font|image|message|model|multipart|text|video)/[A-Za-z0-9.+-]+(?:;.*)?"),
    ("cidr", r"(?:[0-9]{1,3}(?:\.[0-9]{1,3}){3}|[0-9A-Fa-f]*:[0-9A-Fa-f:]+)/[0-9]{1,3}"),
    ("unit", rf"(?:{_COUNT}(?:[-–~～]{_COUNT})? ?)?{_UNIT}{_POWER}(?:/(?:{_COUNT})?{_UNIT}{_POWER})+(?:·d)?"),
    ("unit", r"(?:[0-9.]+ ?)?dB\([A-Z]\)"),
    ("time", r"[0-2]?[0-9]:[0-5][0-9](?::[0-5][0-9])?(?:[-–~][0-2]?[0-9]:[0-5][0-9])?"),
    (
        "phone",
        r"\+[0-9][0-9 -]{7,18}|0[0-9]{2,3}-[0-9]{7,8}|0[0-9]{2,3}-[0-9]{4}-[0-9]{4}|"
        r"[48]00-[0-9]{3}-[0-9]{4}|1[0-9]{2}-[0-9]{4}-[0-9]{4}",
    ),
    ("hash", r"(?=.*[0-9])(?=.*[a-f])[0-9a-f]{7,64}|(?:sha(?:1|256|512)|md5)[:-][0-9A-Fa-f]{8,}"),
    ("version", r"[vV]?[0-9]+(?:\.[0-9]+){2,}(?:[-+.][0-9A-Za-z.]+)?|[vV][0-9]+(?:\.[0-9]+)*(?:[-+][0-9A-Za-z.]+)?"),
    ("range", r"[+-]?[0-9][0-9.,:]*[^\W\d_]{0,3}[%‰℃°]?[-–—~～][+-]?[0-9][0-9.,:]*[^\s0-9/-]{0,6}"),
    ("number", r"[+-]?[0-9][0-9.,/:*×-]*[%‰]?"),
    ("file", r"[^/\\\n]*[^/\\\s.]\.[A-Za-z][A-Za-z0-9]{0,5}"),
    ("identifier", r"@?[A-Za-z_$][A-Za-z0-9$]*(?:[_.:][A-Za-z0-9_$]+)+(?:\(\))?|@[A-Za-z0-9_.-]+"),
    ("path", r"[^\s/\\]+(?:[/\\][^\s/\\]+){2,}[/\\]?"),
)
_ONE = re.compile("|".join(f"(?P<_{number}>{pattern})" for number, (_, pattern) in enumerate(_RULES)))
"""All rules in one: the first that fits the whole text gives the kind."""
_CJK = re.compile("[\u2e80-\u2fdf\u3005-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff]")
_CJK_WORDS = re.compile(f"{_CJK.pattern}{{1,12}}[-\u2010-\u2013\u2212]{_CJK.pattern}{{1,12}}")
_PAIR = re.compile(r"[^/／\s]{1,12}(?:[/／][^/／\s]{1,12})+")
_WORDS = re.compile(r"[^\W\d_]+(?:['’&/\\+-][^\W\d_]+)+")
_COUNTED = re.compile("[0-9]{1,3}-[a-z]{2,}")
"""`8-bit` and `5-tuple` are words."""
_LETTER_UNITS = re.compile("m/[sh]|g/[LlmtdK]|L/[shd]|[NAVW]/m|J/K")
"""Units of two letters; any other two letters with a slash are an abbreviation or a sum."""
_LIBRARY = re.compile(r"[A-Z][A-Za-z]+\.(?:js|io|net|ai|rs)")
"""`Node.js` is the name of a thing, and no file."""
_FILE_LIKE = re.compile(r"\.(?:com|org|net|cn|io|dev)\Z")


@lru_cache(maxsize=4096)
def kind_of(text: str) -> str:
    """One of KINDS, for a target that is nothing but this text."""
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)  # marks are no letters for the rules
    if re.search(r"\s[-/\u2013\u2014]\s", text):
        return "spaced"
    if re.fullmatch("[A-Za-z]/[A-Za-z]", text) and not _LETTER_UNITS.fullmatch(text):
        return "name"  # `N/A` and `a/b`, which could be newton, ampere or year
    if _COUNTED.fullmatch(text):
        return "name"
    found = _ONE.fullmatch(text) if len(text) <= 400 else None
    kind = _RULES[int(found.lastgroup[1:])][0] if found and found.lastgroup else ""
    if kind == "file" and _FILE_LIKE.search(text):
        return "identifier"
    if kind == "file" and _LIBRARY.fullmatch(text):
        return "name"
    if kind and not (kind == "path" and _is_chain(text)):
        return kind
    if _CJK_WORDS.fullmatch(text):
        return "cjk-pair"
    if _CJK.search(text) and re.search(r"[/／]", text) and not re.search(r"[\\_]", text) and _PAIR.fullmatch(text):
        return "cjk-pair" if not re.search(r"[A-Za-z0-9]{3,}", text) or _is_words(text) else "code"
    if _WORDS.fullmatch(text) and not _CJK.search(text):
        return "code" if text.isupper() and "/" not in text and len(text) > 3 else "name"
    return "code"


def _is_chain(text: str) -> bool:
    """`玄关/鞋柜/岩板` and `A款/黑色/XL` are words in a row, and no path; so is `and/or/not`."""
    parts = re.split(r"[/\\]", text.strip("/\\"))
    if text[0] in "/\\~." or "\\" in text or "." in parts[-1] or re.match("[A-Za-z]:", text):
        return False
    return all(len(part) <= 4 for part in parts) and any(_CJK.search(part) for part in parts)


def _is_words(text: str) -> bool:
    return all(_CJK.search(part) for part in re.split("[/／]", text))
