"""What a target is also called: without its label, its mark, its key or the name before it."""

from harness.text.chains import HAN
from harness.text.characters import later
from harness.text.spaced import has_sign
from harness.text.targets import NUMBERED_NAME


def also_called(inner: str) -> tuple[str, ...]:
    """What a target is called without the mark of a hashtag, the name before its number, or what its header holds."""
    header = _HEADER.match(inner)
    if header or inner[0] == "?":
        return (header[0] if header else inner[1:],)
    label = NUMBERED_NAME.match(inner) or _AHEAD_OF_A_CODE.match(inner)
    rest = inner[label.end() :] if label else inner.strip("#@")
    return (rest,) if rest != inner and (has_sign(rest) or _BELOW_ZERO.fullmatch(rest)) else ()


_HEADER = later("[A-Z][A-Za-z]*(?:-[A-Z][A-Za-z]*)+(?=:[^:]+\\Z)")  # `X-Req-Sign:md5`
_BELOW_ZERO = later("-[0-9]{3,}")
_AHEAD_OF_A_CODE = later(
    r"N[oO]\.(?=[A-Z0-9])|[0-9.]{1,6} ?(?=[mkμn]?(?:g|mol|IU|Bq)/[A-Za-z]{1,3}\Z)"
    r"|[A-Z]{2,4}(?=[0-9]+(?:[A-Z]-[0-9]+/[0-9]|-[0-9]+-[0-9]|[a-z]{1,3}/))"
    r"|[a-z]{2,12}/(?=[a-z]+(?:-[a-z0-9]+)*-(?=[a-z]*\d)[a-z0-9]+\Z)|"
    r"-(?=[A-Z][A-Z0-9]+[-/][A-Z0-9])|[A-Za-z_]+:(?=-[0-9]{3,}\Z)|"
    r"(?i:doi|hdl|isbn|issn|arxiv|pmid):(?=[0-9])"
)
"""`NO.ILCDUB-2024/0773`, `errCode:-601034`, and the hyphen that a row of a message begins with."""

_NAME_AHEAD = later(f"[{HAN}]{{2,8}}(?=[A-Z]+-[0-9]+[A-Z0-9]*/)")
_KEY_OF_PARTS = later(r"[A-Za-z]\w*(?:[.-]\w+)+|[A-Za-z]\w*_\w+")


def without_its_name(inner: str) -> tuple[str, ...]:
    """The code of a name and a code, since a blank between is the writer's: `氣炸鍋AF-35L/黑`."""
    name = _NAME_AHEAD.match(inner)
    return (inner[name.end() :],) if name else ()


def key_of(inner: str) -> tuple[str, ...]:
    key = inner.partition("=")[0]
    return (key,) if _KEY_OF_PARTS.fullmatch(key) else ()
