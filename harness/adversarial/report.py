"""What a hunt found, as figures."""

from dataclasses import dataclass

from harness.adversarial.features import FeatureResult, screen
from harness.adversarial.hunting import Find, Hunt
from harness.adversarial.metamorphic import RelationResult, summarise
from harness.statistics.proportion import exact_upper


@dataclass(frozen=True, slots=True)
class Fit:
    """How a rule does on the wide strings: it should hold for those that fail and for no other."""

    failing: int
    failing_matched: int
    sound: int
    sound_matched: int


@dataclass(frozen=True, slots=True)
class HuntReport:
    """Figures of a hunt, also of one that was stopped.

    `told` are wide strings that stand in their answer; only they say anything. `survey` counts those drawn after the
    last find, whose rate no early stop has biased; without a find it is all of them. `bound` is the exact upper
    95 % bound of the failure rate where nothing failed.
    """

    ended: str
    budget: int
    spent: int
    wide: int
    told: int
    failed: int
    omitted: int
    unscored: int
    survey: tuple[int, int]
    bound: float | None
    finds: tuple[tuple[Find, Fit | None], ...]
    dismissed: int
    features: tuple[FeatureResult, ...]
    relations: tuple[RelationResult, ...]


def report_of(hunt: Hunt) -> HuntReport:
    """The report so far."""
    judged = [(probe, hunt.failed(sighting)) for probe, sighting in hunt.wide if sighting.told or hunt.failed(sighting)]
    outcomes = [sighting.outcome for _, sighting in hunt.wide]
    late = hunt.wide[len(hunt.wide) - hunt.surveyed :]
    survey = [hunt.failed(sighting) for _, sighting in late if sighting.told or hunt.failed(sighting)]
    failed = sum(failed for _, failed in judged)
    clean = not failed and not hunt.finds and judged
    return HuntReport(
        ended=hunt.ended,
        budget=hunt.settings.budget,
        spent=hunt.asker.spent,
        wide=len(hunt.wide),
        told=len(judged),
        failed=failed,
        omitted=outcomes.count("omitted"),
        unscored=outcomes.count("unscored"),
        survey=(sum(survey), len(survey)),
        bound=exact_upper(0, len(judged)) if clean else None,
        finds=tuple((find, _fit(hunt, find)) for find in hunt.finds),
        dismissed=len(hunt.dismissed),
        features=screen(judged) if failed else (),
        relations=tuple(result for result in summarise(hunt.pairs) if result.pairs),
    )


def _fit(hunt: Hunt, find: Find) -> Fit | None:
    if find.rule is None:
        return None
    failing = [probe for probe, s in hunt.wide if hunt.failed(s) and s.verdict == find.verdict]
    sound = [probe for probe, s in hunt.wide if s.outcome == "aligned"]
    matches = find.rule.matches
    return Fit(len(failing), sum(map(matches, failing)), len(sound), sum(map(matches, sound)))
