"""The cases whose outcome changed, with the text that shows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.records.case import HELD_OUT
from harness.records.run import GOOD, CaseResult, MentionRecord

_SEVERITY = ("damaged", "omitted", "failed", "unscored")
"""Newly damaged cases come first: they are what a promotion would break."""

_RANK = ("verbatim", "spaced", "lookalike", "altered")


@dataclass(frozen=True, slots=True)
class Flip:
    """A case that changed. `target` and the texts are those of its worst mention; empty where nothing was said, and for
    a case that is held out of training, whose strings no page shows.

    Texts are model output as it came: faces must make them visible before they print them.
    """

    key: str
    kind: str
    """`newly damaged`, `newly omitted` ..., `fixed`, or `changed` from one failure to another."""
    old: str
    new: str
    exposure: str
    domain: str
    target: str = ""
    old_text: str = ""
    new_text: str = ""
    damage: tuple[str, ...] = ()

    @property
    def worse(self) -> bool:
        return self.kind.startswith("newly")


def flips(before: Sequence[CaseResult], after: Sequence[CaseResult]) -> tuple[Flip, ...]:
    """All changes of outcome among paired cases in the same order; worst first, then by key."""
    found = [_flip(old, new) for old, new in zip(before, after, strict=True) if old.outcome != new.outcome]
    return tuple(sorted(found, key=lambda flip: (_order(flip), flip.key)))


def _order(flip: Flip) -> int:
    if flip.kind == "fixed":
        return 2 * len(_SEVERITY)
    return _SEVERITY.index(flip.new) + (0 if flip.worse else len(_SEVERITY))


def _flip(old: CaseResult, new: CaseResult) -> Flip:
    if new.outcome in GOOD:
        kind = "fixed"
    elif old.outcome in GOOD:
        kind = f"newly {new.outcome}"
    else:
        kind = "changed"
    if HELD_OUT in new.tags:
        return Flip(new.key, kind, old.outcome, new.outcome, new.exposure, new.domain)
    shown = old if kind == "fixed" else new
    target, mention = _worst(shown)
    other = _mention_of(new if kind == "fixed" else old, target)
    texts = (mention, other) if kind == "fixed" else (other, mention)
    return Flip(
        key=new.key,
        kind=kind,
        old=old.outcome,
        new=new.outcome,
        exposure=new.exposure,
        domain=new.domain,
        target=target,
        old_text=texts[0].text if texts[0] else "",
        new_text=texts[1].text if texts[1] else "",
        damage=mention.damage if mention else (),
    )


def _worst(case: CaseResult) -> tuple[str, MentionRecord | None]:
    """The target that fails worst with the mention that shows it; an absent one has none."""
    worst: tuple[int, str, MentionRecord | None] = (-1, "", None)
    for sample in case.samples:
        for target in case.targets:
            if sample.verdicts.get(target) == "absent" and target in case.required and worst[0] < 1:
                worst = (0, target, None)
            for mention in sample.mentions.get(target, ()):
                rank = _RANK.index(mention.verdict) if mention.verdict in _RANK else 0
                if rank > worst[0] and rank > 0:
                    worst = (rank, target, mention)
    return worst[1], worst[2]


def _mention_of(case: CaseResult, target: str) -> MentionRecord | None:
    found = [mention for sample in case.samples for mention in sample.mentions.get(target, ())]
    return max(found, key=lambda mention: _RANK.index(mention.verdict) if mention.verdict in _RANK else 0, default=None)
