"""How a figure is written on every page: one owner, so that no two pages round a rate differently."""

from __future__ import annotations

from dataclasses import dataclass

from harness.decisions.metrics import Count
from harness.decisions.run_summary import utc
from harness.decisions.words import compare, figures
from harness.statistics.proportion import wilson

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
    return NO_DATA if value is None else compare.seconds(value)


def money(value: float | None, currency: str | None) -> str:
    """A cost in the currency of the model's price, with digits enough to be more than zero."""
    return NO_DATA if value is None else compare.money(value, currency)


def moment(stamp: str | None) -> str:
    """An ISO 8601 time to the minute in UTC; what cannot be read as one is shown as it is."""
    if not stamp:
        return NO_DATA
    try:
        return f"{utc(stamp):%Y-%m-%d %H:%M} UTC"
    except ValueError:
        return stamp
