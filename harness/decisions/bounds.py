"""One bound of one rule against the counts.

Pass, breach, or not enough evidence, and what would settle it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from harness.decisions.standing import Standing, tally
from harness.records.policy import Bound
from harness.statistics.noninferiority import bound_level, non_inferior, settling_pairs
from harness.statistics.paired import mcnemar_exact, tango
from harness.statistics.power import further_clean_cases
from harness.statistics.proportion import Interval, exact_lower, exact_upper

Result = Literal["PASS", "BREACH", "INSUFFICIENT_EVIDENCE"]

ALPHA = 0.05
"""Error of each bound, on its own side."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What the cases say about one bound, in the metric's own direction.

    `low` and `high` are one-sided 5 % bounds of the rate, or of the difference (candidate - baseline).
    Unscored cases count against a pass in the one and against a breach in the other.
    """

    result: Result
    estimate: float | None
    low: float | None
    high: float | None
    cases: int
    unscored: int
    better: int | None = None
    worse: int | None = None
    p_value: float | None = None
    further: int | None = None
    """Further cases that would settle it as a pass.

    All clean, or all alike in both versions. None: no number.
    """


NO_DATA = Reading("INSUFFICIENT_EVIDENCE", None, None, None, 0, 0)


def read_rate(standings: Mapping[str, Standing], bound: Bound, limit: float, *, settle: bool = True) -> Reading:
    """`min` or `max` by exact bounds. A `max` on bad things is a `min` on good ones.

    Without `settle` the number of further cases is not worked out.
    """
    count = tally(standings.values())
    if count.cases == 0:
        return NO_DATA
    minimum = limit if bound == "min" else 1 - limit
    low = exact_lower(count.good, count.cases, ALPHA)
    high = exact_upper(count.good + count.unscored, count.cases, ALPHA)
    result: Result = "PASS" if low >= minimum else "BREACH" if high < minimum else "INSUFFICIENT_EVIDENCE"
    further = None
    if settle and result == "INSUFFICIENT_EVIDENCE":
        further = further_clean_cases(count.good, count.cases, minimum, ALPHA)
    scored = count.good + count.bad
    estimate = count.good / scored if scored else None
    if bound == "max":
        low, high = 1 - high, 1 - low
        estimate = None if estimate is None else 1 - estimate
    return Reading(result, estimate, low, high, count.cases, count.unscored, further=further)


def read_difference(
    new: Mapping[str, Standing], old: Mapping[str, Standing], bound: Bound, limit: float, *, settle: bool = True
) -> Reading:
    """`max_drop` or `max_rise` by Tango's bounds over the cases that both have a part in.

    The lower bound of a pass is a little lower than a plain 5 % one where that would pass too much.
    """
    shared = [key for key in new if key in old]
    pairs = len(shared)
    if pairs == 0:
        return NO_DATA
    unscored = sum("unscored" in (new[key], old[key]) for key in shared)
    # against a pass: the candidate's unscored cases are bad and the baseline's good
    better, worse = _flips(new, old, shared, unscored_new="bad", unscored_old="good")
    low = _interval(better, worse, pairs, bound_level(pairs, limit, ALPHA)).low
    result: Result = "PASS" if non_inferior(better, worse, pairs, limit, ALPHA) else "INSUFFICIENT_EVIDENCE"
    further = settling_pairs(better, worse, pairs, limit, ALPHA) if settle and result != "PASS" else None
    # against a breach: the other way round
    better, worse = _flips(new, old, shared, unscored_new="good", unscored_old="bad")
    high = _interval(better, worse, pairs, 1 - 2 * ALPHA).high
    if high < -limit:
        result, further = "BREACH", None
    scored = [key for key in shared if "unscored" not in (new[key], old[key])]
    better, worse = _flips(new, old, scored, unscored_new="bad", unscored_old="bad")
    estimate = (better - worse) / len(scored) if scored else None
    if bound == "max_rise":
        low, high = -high, -low
        estimate = None if estimate is None else -estimate
    p_value = mcnemar_exact(better, worse)
    return Reading(result, estimate, low, high, pairs, unscored, better, worse, p_value, further)


def _interval(better: int, worse: int, pairs: int, level: float) -> Interval:
    interval = tango(better, worse, pairs, level)
    assert interval is not None, "there are pairs"
    return interval


def _flips(
    new: Mapping[str, Standing],
    old: Mapping[str, Standing],
    keys: list[str],
    *,
    unscored_new: Standing,
    unscored_old: Standing,
) -> tuple[int, int]:
    better = worse = 0
    for key in keys:
        ours = unscored_new if new[key] == "unscored" else new[key]
        theirs = unscored_old if old[key] == "unscored" else old[key]
        better += (ours, theirs) == ("good", "bad")
        worse += (ours, theirs) == ("bad", "good")
    return better, worse
