"""How a figure is written on every page: one owner, so that no two pages round a rate differently."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from statistics import median

from harness.decisions.metrics import (
    Count,
    alignment_rate,
    check_rate,
    fidelity,
    mention_counts,
    over_correction_rate,
    search_hit_rate,
    small_languages,
)
from harness.decisions.run_summary import Resources, utc
from harness.records.run import CaseResult, RunRecord
from harness.show import comparison, figures
from harness.statistics.rates import Squares, effective_trials, ratio_interval, wilson

NO_DATA = "–"


@dataclass(frozen=True, slots=True)
class Rate:
    """k of n with its Wilson 95 % interval; bounds are None without data."""

    k: int
    n: int
    low: float | None
    high: float | None

    @classmethod
    def of(cls, count: Count) -> Rate:
        """The interval that belongs to a count."""
        interval = wilson(count.k, count.n)
        if interval is None:
            return cls(count.k, count.n, None, None)
        return cls(count.k, count.n, interval.low, interval.high)

    @classmethod
    def of_units(cls, units: Sequence[Count]) -> Rate:
        """A rate over things that come in units, such as the strings of a case; bounds are those of a ratio of sums."""
        k, n = sum(one.k for one in units), sum(one.n for one in units)
        interval = ratio_interval(k, n, effective_trials(k, n, Squares.of(units)))
        return cls(k, n, interval.low, interval.high) if interval else cls(k, n, None, None)

    @property
    def value(self) -> float | None:
        """k / n, or None without data."""
        return self.k / self.n if self.n else None

    def __str__(self) -> str:
        return percent(self.value)

    @property
    def bounds(self) -> str:
        """`94.6–98.7%`, or a dash without data."""
        if self.low is None or self.high is None:
            return NO_DATA
        return f"{percent(self.low)[:-1]}–{percent(self.high)}"


def percent(value: float | None) -> str:
    """As in every verdict: never "100.0%" for less than all. A dash without data."""
    return NO_DATA if value is None else figures.percent(value)


def points(value: float | None) -> str:
    """A difference of two rates in percentage points, with a sign as wide as a digit."""
    return NO_DATA if value is None else figures.points(value).replace("-", "−")


def p_value(value: float | None) -> str:
    """Three decimals, and never 0."""
    return NO_DATA if value is None else figures.p_value(value)


def number(value: int | None) -> str:
    """Thousands in groups of three."""
    return NO_DATA if value is None else f"{value:,}"


def mean(value: float | None) -> str:
    """A mean of counts."""
    return NO_DATA if value is None else f"{value:,.0f}"


def seconds(value: float | None) -> str:
    """A latency: milliseconds below one second."""
    return NO_DATA if value is None else comparison.seconds(value)


def money(value: float | None, currency: str | None) -> str:
    """A cost in the currency of the model's price, with digits enough to be more than zero."""
    return NO_DATA if value is None else figures.money(value, currency)


def moment(stamp: str | None) -> str:
    """An ISO 8601 time to the minute in UTC; what cannot be read as one is shown as it is."""
    if not stamp:
        return NO_DATA
    try:
        return f"{utc(stamp):%Y-%m-%d %H:%M} UTC"
    except ValueError:
        return stamp


BAD = ("damaged", "omitted", "failed")
OUTCOMES = ("damaged", "omitted", "failed", "unscored", "aligned", "passed")
"""In the order in which a reader wants to see them."""


@dataclass(frozen=True, slots=True)
class Slice:
    """One value of one dimension with the rate of its cases."""

    name: str
    rate: Rate
    cases: int
    bad: int
    unscored: int


@dataclass(frozen=True, slots=True)
class Damage:
    """A damage code: in how many cases and mentions it was found."""

    code: str
    cases: int
    mentions: int


@dataclass(frozen=True, slots=True)
class ExposureGap:
    """Alignment on trained (or seen) cases against untrained ones; `difference` is None unless both exist."""

    trained: Rate
    untrained: Rate

    @property
    def difference(self) -> float | None:
        """trained - untrained."""
        if self.trained.value is None or self.untrained.value is None:
            return None
        return self.trained.value - self.untrained.value


@dataclass(frozen=True, slots=True)
class Summary:
    """What the head of a run page and a line of the index are made of."""

    alignment: Rate
    fidelity: Rate
    search: Rate
    mentions: Rate
    over_correction: Rate
    checks: Rate
    outcomes: dict[str, int]
    gap: ExposureGap
    damage: tuple[Damage, ...]
    unscored_reasons: tuple[tuple[str, int], ...]
    resources: Resources
    first_token_s: float | None


DIMENSIONS: dict[str, Callable[[CaseResult], str]] = {
    "domain": lambda case: case.domain,
    "symbols": lambda case: case.symbols,
    "language": lambda case: case.language,
    "task": lambda case: case.task,
    "exposure": lambda case: case.exposure,
    "suite": lambda case: case.suite,
}
"""By what a page slices the cases."""


def summarise(record: RunRecord) -> Summary:
    """Fold one run."""
    cases = record.cases
    samples = [sample for case in cases for sample in case.samples]
    first = [sample.first_token_s for sample in samples if sample.first_token_s is not None]
    return Summary(
        alignment=Rate.of(alignment_rate(cases)),
        fidelity=Rate.of(fidelity(cases)),
        search=Rate.of(search_hit_rate(cases)),
        mentions=Rate.of_units(mention_counts(cases)),
        over_correction=Rate.of(over_correction_rate(cases)),
        checks=Rate.of(check_rate(cases)),
        outcomes=dict(Counter(case.outcome for case in cases)),
        gap=_gap(cases),
        damage=_damage(cases),
        unscored_reasons=_reasons(cases),
        resources=Resources.of(cases, record.currency),
        first_token_s=median(first) if first else None,
    )


def slices(cases: Iterable[CaseResult], dimension: str) -> tuple[Slice, ...]:
    """The values of one dimension, worst rate first; those without targets (no rate) last."""
    groups: dict[str, list[CaseResult]] = {}
    for case in cases:
        groups.setdefault(DIMENSIONS[dimension](case), []).append(case)
    if dimension == "language":
        for language in small_languages(chain.from_iterable(groups.values())):
            del groups[language]
    found = [
        Slice(
            name,
            Rate.of(alignment_rate(group)),
            len(group),
            sum(case.outcome in BAD for case in group),
            sum(case.outcome == "unscored" for case in group),
        )
        for name, group in groups.items()
    ]
    return tuple(sorted(found, key=lambda s: (s.rate.value is None, s.rate.value or 0.0, s.name)))


def damage_codes(case: CaseResult) -> list[str]:
    """Damage codes of all damaged mentions of a case, repeats included."""
    return [
        code
        for sample in case.samples
        for mentions in sample.mentions.values()
        for mention in mentions
        if mention.is_damage
        for code in mention.damage
    ]


def _gap(cases: Iterable[CaseResult]) -> ExposureGap:
    trained, untrained = [], []
    for case in cases:
        if case.exposure == "untrained":
            untrained.append(case)
        else:
            trained.append(case)
    return ExposureGap(Rate.of(alignment_rate(trained)), Rate.of(alignment_rate(untrained)))


def _damage(cases: Iterable[CaseResult]) -> tuple[Damage, ...]:
    by_case: Counter[str] = Counter()
    by_mention: Counter[str] = Counter()
    for case in cases:
        codes = damage_codes(case)
        by_mention.update(codes)
        by_case.update(list(dict.fromkeys(codes)))  # a set has another order in each process
    return tuple(Damage(code, count, by_mention[code]) for code, count in by_case.most_common())


def _reasons(cases: Iterable[CaseResult]) -> tuple[tuple[str, int], ...]:
    reasons: Counter[str] = Counter()
    for case in cases:
        if case.outcome == "unscored":
            first = next((s.reason for s in case.samples if s.outcome == "unscored" and s.reason), None)
            reasons[first or ("no answer" if not case.samples else "unknown")] += 1
    return tuple(reasons.most_common())
