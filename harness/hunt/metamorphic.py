"""Metamorphic relations: a change after which a string must be given back no worse than before.

Invariance and direction as in CheckList (Ribeiro et al., ACL 2020). No relation needs to know a right answer.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from harness.hunt.asking import Sighting
from harness.hunt.probe import Probe, other_letters


@dataclass(frozen=True, slots=True)
class Relation:
    """`changed` gives the other probe of the pair, or None where the relation does not apply."""

    name: str
    changed: Callable[[Probe], Probe | None]
    direction: bool = False
    """True: only getting worse breaks it. False: either way does."""


@dataclass(frozen=True, slots=True)
class RelatedPair:
    """A probe and its changed form, both answered."""

    relation: str
    before: Probe
    after: Probe
    sighting_before: Sighting
    sighting_after: Sighting

    @property
    def usable(self) -> bool:
        """Whether the string is in both answers."""
        return self.sighting_before.present and self.sighting_after.present

    @property
    def worse(self) -> bool:
        """Only the changed form is damaged."""
        return self.usable and self.sighting_before.outcome == "aligned" and self.sighting_after.outcome == "damaged"

    @property
    def better(self) -> bool:
        """Only the first form is damaged."""
        return self.usable and self.sighting_before.outcome == "damaged" and self.sighting_after.outcome == "aligned"


@dataclass(frozen=True, slots=True)
class RelationResult:
    """A relation over its usable pairs. `p_value` is McNemar's, exact: one-sided for a direction."""

    relation: str
    direction: bool
    pairs: int
    worse: int
    better: int
    p_value: float


def relations() -> tuple[Relation, ...]:
    """All relations."""
    return (
        Relation("other letters", _other_letters),
        Relation("the sentence moved", _moved),
        Relation("the other language", _other_language),
        Relation("asked for as a list", _in_a_list),
        Relation("said twice", lambda probe: _at(probe, "times", "twice")),
        Relation("exactness asked for", lambda probe: _at(probe, "care", "exactness asked for"), direction=True),
    )


def summarise(pairs: Sequence[RelatedPair]) -> tuple[RelationResult, ...]:
    """One result a relation, in their order."""
    from harness.statistics.paired import mcnemar_exact

    results = []
    for relation in relations():
        own = [pair for pair in pairs if pair.relation == relation.name and pair.usable]
        worse, better = sum(pair.worse for pair in own), sum(pair.better for pair in own)
        p_value = _one_sided(worse, better) if relation.direction else mcnemar_exact(better, worse)
        results.append(RelationResult(relation.name, relation.direction, len(own), worse, better, p_value))
    return tuple(results)


def _one_sided(worse: int, better: int) -> float:
    from math import comb

    total = worse + better
    return sum(comb(total, k) for k in range(worse, total + 1)) / 2**total if total else 1.0


def _at(probe: Probe, factor: str, level: str) -> Probe | None:
    context = probe.context.at(**{factor: level})
    return probe.with_context(context) if context != probe.context else None


def _other_letters(probe: Probe) -> Probe | None:
    code = other_letters(probe.code)
    return probe.with_code(code) if code != probe.code else None


def _moved(probe: Probe) -> Probe | None:
    middle = "in the middle of a long text"
    other = {"alone": middle, middle: "at the end of a long text"}.get(probe.context.place, "alone")
    return _at(probe, "place", other)


def _other_language(probe: Probe) -> Probe | None:
    return _at(probe, "language", "zh" if probe.context.language == "en" else "en")


def _in_a_list(probe: Probe) -> Probe | None:
    return _at(probe, "task", "list")
