"""What became of each target in one answer: the mentions, and the verdict that they add up to."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

VERDICTS = ("verbatim", "spaced", "lookalike", "altered", "corrupted", "absent")
"""In order of rank; `absent` is not damage and is outside the order."""

DAMAGE_CODES = (
    *("space-left", "space-right", "cjk-boundary", "space-inside", "wide-space", "zero-width", "line-break"),
    *("hyphen-lookalike", "slash-lookalike", "quote-lookalike", "sign-lookalike", "fullwidth", "homoglyph"),
    *("normal-form", "space-kind"),
    *("dropped", "to-space", "swapped", "replaced", "doubled", "escaped", "markup", "case", "accents", "closed-up"),
    *("changed", "transposed", "truncated", "added"),
)
SEVERITIES = ("damage", "note")
_ORDER = {code: place for place, code in enumerate(DAMAGE_CODES)}


class Mention(NamedTuple):
    """A target as it is in an answer.

    Attributes:
        start, end: code points of the answer, or of the decoded JSON string at `path`.
        text: the span itself.
        verdict: one of VERDICTS.
        damage: the codes, in the order of DAMAGE_CODES.
        path: a JSON Pointer; see `channels`.
        severity: `damage` or `note`; `damage` for a verbatim mention too, which has no codes. Notes count nowhere.
        reach: the wider span on which source and answer agree round a target with uncertain edges.
    """

    start: int
    end: int
    text: str
    verdict: str
    damage: tuple[str, ...]
    path: str | None = None
    severity: str = "damage"
    reach: tuple[int, int] | None = None

    @property
    def is_damage(self) -> bool:
        return self.verdict != "verbatim" and self.severity == "damage"


@dataclass(frozen=True, slots=True)
class CheckResult:
    """Verdict and mentions by target, in the order in which the targets were given.

    Attributes:
        within: a target that is absent because a longer one covers its place -> that longer target. It is damaged
            there, and was not left out.
        unscored: nothing but reasoning came back.
        reasoning: the spans of the answer that are reasoning and were left out.
    """

    verdicts: dict[str, str]
    mentions: dict[str, tuple[Mention, ...]]
    within: Mapping[str, str] = field(default_factory=dict)
    unscored: bool = False
    reasoning: tuple[tuple[int, int], ...] = ()


def worst(mentions: Sequence[Mention]) -> str:
    """The worst verdict of the mentions that count; `verbatim` where nothing but notes is left."""
    if len(mentions) == 1 and not mentions[0].damage:
        return "verbatim"
    said = [mention for mention in mentions if "added" not in mention.damage or mention.severity == "damage"]
    if not said:
        return "absent"
    ranks = [VERDICTS.index(mention.verdict) for mention in said if mention.severity == "damage"]
    return VERDICTS[max(ranks, default=0)]


def in_order(codes: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(codes, key=_ORDER.__getitem__))
