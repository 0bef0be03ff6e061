"""How a figure is written on every page: one owner, so that no two pages round a rate differently."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from harness.decisions.metrics import Count
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
    """One decimal; more of them rather than call 1,999 of 2,000 "100.0%" or 1 of 2,000 "0.0%"."""
    if value is None:
        return NO_DATA
    for places in range(1, 5):
        text = f"{100 * value:.{places}f}"
        if (float(text) < 100 or value >= 1) and (float(text) > 0 or value <= 0):
            return f"{text}%"
    return ">99.9999%" if value > 0.5 else "<0.0001%"


def points(value: float | None) -> str:
    """A difference of two rates in percentage points, with its sign."""
    if value is None:
        return NO_DATA
    text = f"{100 * value:+.1f}"
    return text.replace("-", "−") if float(text) else "0.0"


def number(value: int | None) -> str:
    """Thousands in groups of three."""
    return NO_DATA if value is None else f"{value:,}"


def mean(value: float | None) -> str:
    """A mean of counts."""
    return NO_DATA if value is None else f"{value:,.0f}"


def seconds(value: float | None) -> str:
    """A latency: milliseconds below one second."""
    if value is None:
        return NO_DATA
    return f"{1000 * value:.0f} ms" if value < 1 else f"{value:.1f} s"


def money(value: float | None, currency: str | None) -> str:
    """A cost in the currency of the model's price, with digits enough to be more than zero."""
    if value is None:
        return NO_DATA
    places = 2 if value >= 1 or value == 0 else 4
    return f"{value:,.{places}f} {currency or ''}".rstrip()


def moment(stamp: str | None) -> str:
    """An ISO 8601 time to the minute in UTC; what cannot be read as one is shown as it is."""
    if not stamp:
        return NO_DATA
    try:
        parsed = datetime.fromisoformat(stamp)
    except ValueError:
        return stamp
    zone = " UTC" if parsed.utcoffset() is not None and not parsed.utcoffset() else ""
    return f"{parsed:%Y-%m-%d %H:%M}{zone}"
