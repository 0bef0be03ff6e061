"""What became of each target in one answer: the mentions, and the verdict that they add up to."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

VERDICTS = ("verbatim", "spaced", "lookalike", "altered", "absent")
"""In order of severity; `absent` is no damage and stands outside the order."""

DAMAGE_CODES = (
    "space-left",
    "space-right",
    "cjk-boundary",
    "space-inside",
    "wide-space",
    "zero-width",
    "line-break",
    "hyphen-lookalike",
    "slash-lookalike",
    "fullwidth",
    "homoglyph",
    "space-kind",
    "dropped",
    "to-space",
    "swapped",
    "replaced",
    "doubled",
    "escaped",
    "markup",
    "case",
    "closed-up",
)
_ORDER = {code: place for place, code in enumerate(DAMAGE_CODES)}


class Mention(NamedTuple):
    """A target as it stands in an answer. Offsets are code points of the answer, or of the JSON string at `path`."""

    start: int
    end: int
    text: str
    verdict: str
    damage: tuple[str, ...]
    path: str | None = None


@dataclass(frozen=True, slots=True)
class CheckResult:
    """Verdict and mentions by target, in the order in which the targets were given."""

    verdicts: dict[str, str]
    mentions: dict[str, tuple[Mention, ...]]


def worst(mentions: Sequence[Mention]) -> str:
    if not mentions:
        return "absent"
    return max((mention.verdict for mention in mentions), key=VERDICTS.index)


def in_order(codes: set[str]) -> tuple[str, ...]:
    return tuple(sorted(codes, key=_ORDER.__getitem__))
