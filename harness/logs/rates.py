"""Counts of rows: what a group adds up to. Counts of two parts are added; the order of the parts changes nothing."""

from __future__ import annotations

import json
import math
import operator
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from statistics import NormalDist
from typing import Any, Self

from harness import __version__
from harness.decisions.metrics import Count
from harness.errors import HarnessError
from harness.logs.rows import Columns, Row, RowVerdict
from harness.statistics.rates import Interval, Squares, benjamini_hochberg, effective_trials, ratio_interval

METRICS = ("alignment_rate", "fidelity", "mention_rate", "over_correction_rate", "unscored_rate")
"""Rates of a group, as `harness.decisions.metrics` defines them, with one row as one case."""

_JUDGED = ("aligned", "damaged", "omitted")
OUTCOMES = (*_JUDGED, "unscored", "untargeted")
BUCKETS = 256
"""Random groups that clusters are dealt into: memory stays the same however many clusters there are."""

SKETCH = 256
"""Smallest hashes kept to estimate the number of clusters, to about 6 %."""

_WIDTH = len(OUTCOMES) + 2 * len(METRICS) + 3


def row_counts(verdict: RowVerdict, given: bool = True) -> tuple[Count, ...]:
    """k of n of each of METRICS that this row adds.

    An answer need not name all targets that were not `given` but looked for in the source: no alignment rate has them.
    """
    of_result = _NOTHING if verdict.outcome in _NO_RATES else _of_result(verdict)
    return _counts(verdict.outcome, given, of_result)


_OfResult = tuple[int, int, bool, bool]
"""How many targets there are and are mentioned, whether one has white space in it, and whether that was closed up."""
_NOTHING: _OfResult = (0, 0, False, False)


def _of_result(verdict: RowVerdict) -> _OfResult:
    result = verdict.result
    verdicts = result.verdicts
    mentioned = len(verdicts) + len(result.within)
    if verdict.outcome != "aligned":
        mentioned -= list(verdicts.values()).count("absent")
    spaced = any(map(_has_space, verdicts))
    closed = "closed-up" in verdict.damage and any(
        mention.is_damage and "closed-up" in mention.damage
        for target in filter(_has_space, verdicts)
        for mention in result.mentions[target]
    )
    return len(verdicts), mentioned, spaced, closed


_has_space = re.compile(r"\s").search


def _counts(outcome: str, given: bool, of_result: _OfResult) -> tuple[Count, ...]:
    if outcome in _NO_RATES:
        return _NO_RATES[outcome]
    targets, mentioned, spaced, closed = of_result
    return (
        _NONE if not given else _YES if outcome == "aligned" else _NO,
        (_NO if outcome == "damaged" else _YES) if mentioned else _NONE,
        Count(mentioned, targets),
        (_YES if closed else _NO) if spaced else _NONE,
        _NO,
    )


_NONE, _NO, _YES = Count(0, 0), Count(0, 1), Count(1, 1)
_NO_RATES = {"unscored": (_NONE, _NONE, _NONE, _NONE, _YES), "untargeted": (_NONE, _NONE, _NONE, _NONE, _NO)}


@dataclass(slots=True)
class RowCounts:
    """Counts of one group. `flat`: outcomes, then k and n of each metric, then kk, kn, nn of the mentions by row."""

    flat: list[int] = field(default_factory=lambda: [0] * _WIDTH)
    damage: dict[str, int] = field(default_factory=dict)
    """Rows with each damage code."""
    notes: dict[str, int] = field(default_factory=dict)
    """Rows with each code of a note, which counts nowhere else."""
    buckets: dict[int, list[int]] = field(default_factory=dict)
    """k and n of each metric by random group of clusters; empty if no cluster column is mapped."""
    smallest: list[int] = field(default_factory=list)

    @property
    def rows(self) -> int:
        return sum(self.flat[: len(OUTCOMES)])

    def outcome(self, name: str) -> int:
        return self.flat[OUTCOMES.index(name)]

    def count(self, metric: str) -> Count:
        place = len(OUTCOMES) + 2 * METRICS.index(metric)
        return Count(self.flat[place], self.flat[place + 1])

    def squares(self, metric: str) -> Squares | None:
        """How the counts vary between clusters; without a cluster column, how mentions vary between rows."""
        place = 2 * METRICS.index(metric)
        if self.buckets:
            return Squares.of([(sums[place], sums[place + 1]) for sums in self.buckets.values()])
        if metric == "mention_rate":
            kk, kn, nn = self.flat[-3:]
            return Squares(kk, kn, nn, sum(self.flat[: len(_JUDGED)]))
        return None

    def clusters(self) -> float | None:
        """About how many clusters there are (k minimum values), exact up to 255; None without a cluster column."""
        if not self.buckets:
            return None
        if len(self.smallest) < SKETCH:
            return float(len(self.smallest))
        return (SKETCH - 1) / (self.smallest[-1] / 2**64)

    def plain(self) -> list[Any]:
        """For JSON."""
        return [self.flat, self.damage, self.notes, self.buckets, self.smallest]

    @classmethod
    def read(cls, plain: list[Any]) -> RowCounts:
        flat, damage, notes, buckets, smallest = plain
        return cls(flat, damage, notes, {int(bucket): sums for bucket, sums in buckets.items()}, smallest)

    def add(self, other: RowCounts, times: int = 1) -> None:
        """Fold another tally into this one, as often as it came. One with clusters comes once."""
        flat = other.flat if times == 1 else [times * number for number in other.flat]
        self.flat = list(map(operator.add, self.flat, flat))
        for code, rows in other.damage.items():
            self.damage[code] = self.damage.get(code, 0) + times * rows
        for code, rows in other.notes.items():
            self.notes[code] = self.notes.get(code, 0) + times * rows
        for bucket, sums in other.buckets.items():
            mine = self.buckets.get(bucket)
            self.buckets[bucket] = list(sums) if mine is None else [a + b for a, b in zip(mine, sums, strict=True)]
        if not other.smallest:
            return
        full = len(self.smallest) >= SKETCH
        new = [one for one in other.smallest if not full or one < self.smallest[-1]]
        if new:
            self.smallest = sorted({*self.smallest, *new})[:SKETCH]


_AS_OUTCOME = {name: tuple(int(name == other) for other in OUTCOMES) for name in OUTCOMES}


def tally_of(verdict: RowVerdict, cluster: str | None, given: bool = True) -> RowCounts:
    """One row. `cluster` names its cluster where a cluster column is mapped; `given`: its targets were.

    Rows that add the same share one tally, which is not to be changed.
    """
    outcome = verdict.outcome
    if cluster is None:
        of_result = _NOTHING if outcome in _NO_RATES else _of_result(verdict)
        return _alike(outcome, given, of_result, verdict.damage, verdict.notes)
    counts = row_counts(verdict, given)
    tally = _tally(outcome, counts, verdict.damage, verdict.notes)
    hashed = int.from_bytes(blake2b(cluster.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")
    tally.buckets = {hashed % BUCKETS: [number for count in counts for number in count]}
    tally.smallest = [hashed]
    return tally


def _tally(outcome: str, counts: tuple[Count, ...], damage: tuple[str, ...], notes: tuple[str, ...]) -> RowCounts:
    mentions = counts[METRICS.index("mention_rate")]
    flat = [*_AS_OUTCOME[outcome], *(number for count in counts for number in count)]
    flat += [mentions.k * mentions.k, mentions.k * mentions.n, mentions.n * mentions.n]
    return RowCounts(flat, dict.fromkeys(damage, 1), dict.fromkeys(notes, 1))


@lru_cache(maxsize=4096)
def _alike(
    outcome: str, given: bool, of_result: _OfResult, damage: tuple[str, ...], notes: tuple[str, ...]
) -> RowCounts:
    return _tally(outcome, _counts(outcome, given, of_result), damage, notes)


Key = tuple[str | None, ...]
"""The values that a group stands for; None where a row has no value."""

VERSION_BY_DAY = ("model", "version", "day")
_COARSER = (("model",), ("model", "version"), ("day",))
"""Groupings that follow from the one by version and day, so that a row need not be added to each."""


def groupings(columns: Columns) -> tuple[tuple[str, ...], ...]:
    """The columns by which rows are grouped, each grouping for itself."""
    return (*_COARSER, VERSION_BY_DAY, *((path,) for path in columns.by))


@dataclass(slots=True)
class Grouping:
    """Tallies by group, at most `most` of them: groups that are met later are counted together in `other`."""

    columns: tuple[str, ...]
    groups: dict[Key, RowCounts] = field(default_factory=dict)
    other: RowCounts = field(default_factory=RowCounts)

    def add(self, key: Key, tally: RowCounts, most: int | None, times: int = 1) -> None:
        mine = self.groups.get(key)
        if mine is None:
            if most is not None and len(self.groups) >= most:
                self.other.add(tally, times)
                return
            mine = self.groups[key] = RowCounts()
        mine.add(tally, times)


@dataclass(slots=True)
class Counts:
    """Of a chunk, or of all. Chunks are folded in the order of the rows: then the groups kept are always the same."""

    groupings: list[Grouping]
    everything: RowCounts = field(default_factory=RowCounts)
    rejected: Counter[str] = field(default_factory=Counter)
    """Rows that could not be scored, by kind."""
    present: Counter[str] = field(default_factory=Counter)
    """Rows that have a value in each of the mapped columns."""
    _waiting: dict[tuple[Any, ...], tuple[Columns, RowCounts, list[int]]] = field(default_factory=dict)
    """What rows belong to -> what each adds, and how many they are so far."""

    @classmethod
    def of(cls, columns: Columns) -> Counts:
        return cls([Grouping(names) for names in groupings(columns)])

    def add_row(self, row: Row, columns: Columns, tally: RowCounts) -> None:
        """One row. `complete` or `plain` must follow the last: rows that add the same to the same are added then."""
        key = (row.model, row.version, row.day, row.by, row.targets is not None, row.day_unreadable, id(tally))
        waiting = self._waiting.get(key)
        if waiting is None:
            self._waiting[key] = (columns, tally, [1])
        else:
            waiting[2][0] += 1

    def _add_waiting(self) -> None:
        """In the order in which they first came, so that groups keep the order of the rows."""
        finest, *others = self.groupings[len(_COARSER) :]
        present = self.present
        for (model, version, day, by, given, day_unreadable, _), (columns, tally, (times,)) in self._waiting.items():
            finest.add((model, version, day), tally, None, times)
            for grouping, value in zip(others, by, strict=True):
                grouping.add((value,), tally, None, times)
            present["targets given"] += times * given
            present["time unreadable"] += times * day_unreadable
            present[columns.model] += times * (model is not None)
            present[columns.version] += times * (version is not None)
            present[columns.time] += times * (day is not None or day_unreadable)
            for path, value in zip(columns.by, by, strict=True):
                present[path] += times * (value is not None)
        self._waiting.clear()

    def complete(self) -> Self:
        """Add up what follows from the grouping by version and day; groups keep the order in which rows came."""
        self._add_waiting()
        for key, tally in self.groupings[len(_COARSER)].groups.items():
            self.everything.add(tally)
            for grouping in self.groupings[: len(_COARSER)]:
                coarser = tuple(key[VERSION_BY_DAY.index(column)] for column in grouping.columns)
                grouping.add(coarser, tally, None)
        return self

    def fold(self, later: Counts, most: int) -> None:
        """Add the counts of the next chunk, keeping at most `most` groups a grouping."""
        self.everything.add(later.everything)
        self.rejected += later.rejected
        self.present += later.present
        for mine, theirs in zip(self.groupings, later.groupings, strict=True):
            for key, tally in theirs.groups.items():
                mine.add(key, tally, most)

    def plain(self) -> dict[str, Any]:
        """For JSON: what the rest follows from."""
        self._add_waiting()
        return {
            "rejected": self.rejected,
            "present": self.present,
            "groupings": [
                [[list(key), tally.plain()] for key, tally in grouping.groups.items()]
                for grouping in self.groupings[len(_COARSER) :]
            ],
        }

    @classmethod
    def read(cls, plain: dict[str, Any], columns: Columns) -> Counts:
        counts = cls.of(columns)
        counts.rejected, counts.present = Counter(plain["rejected"]), Counter(plain["present"])
        for grouping, groups in zip(counts.groupings[len(_COARSER) :], plain["groupings"], strict=True):
            grouping.groups = {tuple(key): RowCounts.read(tally) for key, tally in groups}
        return counts.complete()


def effective_n(tally: RowCounts, metric: str) -> float:
    """How many independent trials tell as much as those of this tally; never more than there are."""
    count, squares = tally.count(metric), tally.squares(metric)
    return float(count.n) if squares is None else effective_trials(count.k, count.n, squares, tally.clusters())


def interval(tally: RowCounts, metric: str) -> Interval | None:
    """Wilson's 95 % interval of a rate of this tally, at the effective number of trials. None without data."""
    count = tally.count(metric)
    return ratio_interval(count.k, count.n, effective_n(tally, metric))


SCHEMA = 1


def rates(counts: Counts, columns: Columns, files: Sequence[str], most_groups: int) -> dict[str, Any]:
    """What `rates.json` holds. `files` are the names of the inputs."""
    rejected = sum(counts.rejected.values())
    return {
        "schema": SCHEMA,
        "harness": __version__,
        "inputs": list(files),
        "columns": _columns(columns),
        "rows": counts.everything.rows + rejected,
        "rejected": rejected,
        "rejected_by_kind": dict(sorted(counts.rejected.items())),
        "targets_given": counts.present["targets given"],
        "aligned_of": "rows whose targets are given",
        "time_unreadable": counts.present["time unreadable"],
        "rows_with": {path: counts.present[path] for path in _grouped(columns)},
        "level": 0.95,
        "all": _group(counts.everything),
        "by": [_grouping(grouping, most_groups) for grouping in counts.groupings],
    }


def _columns(columns: Columns) -> dict[str, Any]:
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name in columns.__slots__
        if (value := getattr(columns, name))
    }


def _grouped(columns: Columns) -> list[str]:
    return list(dict.fromkeys([columns.model, columns.version, columns.time, *columns.by]))


def _grouping(grouping: Grouping, most_groups: int) -> dict[str, Any]:
    """Groups by name, those without a value last; `other` is there if there were more than are kept."""
    plain: dict[str, Any] = {
        "columns": list(grouping.columns),
        "groups": [{"group": list(key), **_group(grouping.groups[key])} for key in sorted(grouping.groups, key=_order)],
    }
    if grouping.other.rows:
        plain["other"] = {"beyond": most_groups, **_group(grouping.other)}
    return plain


def _order(key: Key) -> list[tuple[bool, str]]:
    return [(value is None, value or "") for value in key]


def _group(tally: RowCounts) -> dict[str, Any]:
    plain: dict[str, Any] = {
        "rows": tally.rows,
        "outcomes": {name: tally.outcome(name) for name in OUTCOMES},
        "rates": {metric: _rate(tally, metric) for metric in METRICS},
        "damage": dict(sorted(tally.damage.items())),
        "notes": dict(sorted(tally.notes.items())),
    }
    clusters = tally.clusters()
    return plain if clusters is None else {**plain, "clusters": round(clusters)}


def _rate(tally: RowCounts, metric: str) -> dict[str, Any]:
    """`rate`, `low` and `high` are null without data; `effective_n` is n less what trials that hang together add."""
    count, bounds = tally.count(metric), interval(tally, metric)
    low, high = (bounds.low, bounds.high) if bounds else (None, None)
    effective = effective_n(tally, metric)
    return {"k": count.k, "n": count.n, "rate": count.rate, "low": low, "high": high, "effective_n": effective}


COMPARED = ("alignment_rate", "fidelity", "mention_rate")
LEVEL = 0.05


@dataclass(frozen=True, slots=True)
class RateDifference:
    """`now` minus `before`. `notable`: among all the differences shown, at a false discovery rate of 5 %."""

    columns: tuple[str, ...]
    group: tuple[str | None, ...]
    metric: str
    before: float
    now: float
    low: float
    high: float
    p_value: float
    notable: bool

    @property
    def difference(self) -> float:
        return self.now - self.before


def read_rates(path: Path) -> dict[str, Any]:
    """A `rates.json`, or the folder that holds one. Raises HarnessError."""
    path = path / "rates.json" if path.is_dir() else path
    try:
        value = json.loads(path.read_bytes())
    except OSError as error:
        raise HarnessError(
            f"{path}: cannot be read: {error.strerror}; accepted: the rates.json of a finished run"
        ) from None
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict) or not isinstance(value.get("by"), list) or "all" not in value:
        raise HarnessError(f"{path}: no rates of harness score; accepted: the rates.json of a finished run")
    if value.get("schema") != SCHEMA:
        raise HarnessError(f"{path}: schema {value.get('schema')!r}; this version reads {SCHEMA}: score the logs again")
    return value


def differences(before: dict[str, Any], now: dict[str, Any]) -> list[RateDifference]:
    """For all rows and every group that both have; not for days, nor for rows without a value.

    Raises HarnessError if `before` is not what `rates` makes.
    """
    try:
        return _differences(before, now)
    except (KeyError, TypeError, AttributeError, ValueError, ZeroDivisionError) as error:
        raise HarnessError(
            f"the baseline is damaged ({type(error).__name__}: {error}); score its logs again"
        ) from error


def _differences(before: dict[str, Any], now: dict[str, Any]) -> list[RateDifference]:
    # until 0.1 rows whose targets were looked for counted as aligned too
    compared = [metric for metric in COMPARED if metric != "alignment_rate" or "aligned_of" in before]
    found = [_of((), (), metric, before["all"], now["all"]) for metric in compared]
    old = {tuple(grouping["columns"]): grouping for grouping in before["by"]}
    for grouping in now["by"]:
        columns = tuple(grouping["columns"])
        if "day" in columns or columns not in old:
            continue
        there = {tuple(group["group"]): group for group in old[columns]["groups"]}
        for group in grouping["groups"]:
            key = tuple(group["group"])
            if key in there and None not in key:
                found += [_of(columns, key, metric, there[key], group) for metric in compared]
    known = [one for one in found if one]
    adjusted = benjamini_hochberg([one.p_value for one in known])
    return [replace(one, notable=p <= LEVEL) for one, p in zip(known, adjusted, strict=True)]


def _of(
    columns: tuple[str, ...], key: tuple[str | None, ...], metric: str, before: dict[str, Any], now: dict[str, Any]
) -> RateDifference | None:
    old, new = before["rates"][metric], now["rates"][metric]
    if old["rate"] is None or new["rate"] is None:
        return None
    low, high = newcombe(old, new)
    return RateDifference(columns, key, metric, old["rate"], new["rate"], low, high, _p_value(old, new), False)


def newcombe(old: dict[str, Any], new: dict[str, Any]) -> tuple[float, float]:
    """95 % interval of new - old from the Wilson bounds of both (Newcombe 1998, method 10).

    The bounds carry what is known of clusters, so the difference does too.
    """
    difference = new["rate"] - old["rate"]
    down = math.hypot(new["rate"] - new["low"], old["high"] - old["rate"])
    up = math.hypot(new["high"] - new["rate"], old["rate"] - old["low"])
    return max(-1.0, difference - down), min(1.0, difference + up)


def _p_value(old: dict[str, Any], new: dict[str, Any]) -> float:
    """Two-sided, of the pooled score test, at the effective numbers of trials that the intervals stand for."""
    sizes = old["effective_n"], new["effective_n"]
    pooled = (old["rate"] * sizes[0] + new["rate"] * sizes[1]) / sum(sizes)
    spread = math.sqrt(pooled * (1 - pooled) * (1 / sizes[0] + 1 / sizes[1]))
    if spread == 0:
        return 1.0
    return 2 * NormalDist().cdf(-abs(new["rate"] - old["rate"]) / spread)
