"""A protected string: what it is, of which kind, and how sure its edges are."""

from typing import NamedTuple

STRICT_KINDS = frozenset(
    {
        *("path", "file", "url", "email", "code", "standard", "version", "uuid", "hash", "cidr", "cas", "mime"),
        *("unit", "spaced", "placeholder", "option", "identifier", "phone"),
    }
)
"""Extracted targets of these kinds are judged as given ones are: everything that is not verbatim is damage."""

LENIENT_KINDS = frozenset({"name", "cjk-pair", "range", "date", "time", "number"})
"""Everyday language looks like these, so that only inserted blanks and look-alikes are damage."""

KINDS = (
    *("path", "file", "url", "email", "code", "standard", "version", "uuid", "hash", "date", "time", "phone", "cidr"),
    *("cas", "mime", "unit", "range", "number", "placeholder", "option", "identifier", "cjk-pair", "spaced", "name"),
)


class Target(NamedTuple):
    """One string that must come back code point for code point.

    Attributes:
        text: the string.
        kind: one of KINDS.
        start, end: where it was found, in code points of the text (or message) that holds it; -1 for a given target.
        open_left, open_right: the edge is uncertain, since the target touches a run of Han, kana or Hangul there. A
            blank exactly at such an edge is never damage.
        given: listed by the case, and so judged strictly, whatever its kind.
        alternates: shorter strings that are protected with it and not counted beside it: the last two parts of a long
            path, the pairs of a chain.
    """

    text: str
    kind: str
    start: int = -1
    end: int = -1
    open_left: bool = False
    open_right: bool = False
    given: bool = False
    alternates: tuple[str, ...] = ()
