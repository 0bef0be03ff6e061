"""Counts of rows: what a group adds up to. Counts of two parts are added; the order of the parts changes nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

from harness.decisions.metrics import Count
from harness.scoring.row_verdict import RowVerdict

METRICS = ("alignment_rate", "fidelity", "mention_rate", "over_correction_rate", "unscored_rate")
"""Rates of a group, as `harness.decisions.metrics` defines them, with one row as one case."""

OUTCOMES = ("aligned", "damaged", "omitted", "unscored", "untargeted")
BUCKETS = 256
"""Random groups that clusters are dealt into: memory stays the same however many clusters there are."""

SKETCH = 256
"""Smallest hashes kept to estimate the number of clusters, to about 6 %."""

_WIDTH = len(OUTCOMES) + 2 * len(METRICS) + 3


@dataclass(frozen=True, slots=True)
class Squares:
    """Sums over units of k², kn and n², and how many units: what the variance of a ratio between units needs."""

    kk: int
    kn: int
    nn: int
    units: int


def row_counts(verdict: RowVerdict) -> tuple[Count, ...]:
    """k of n of each of METRICS that this row adds."""
    none = Count(0, 0)
    if verdict.outcome == "unscored":
        return none, none, none, none, Count(1, 1)
    if verdict.outcome == "untargeted":
        return none, none, none, none, Count(0, 1)
    verdicts = verdict.result.verdicts
    mentioned = sum(one != "absent" for one in verdicts.values())
    spaced = [target for target in verdicts if any(map(str.isspace, target))]
    closed = any("closed-up" in mention.damage for target in spaced for mention in verdict.result.mentions[target])
    return (
        Count(int(verdict.outcome == "aligned"), 1),
        Count(int(verdict.outcome != "damaged"), 1) if mentioned else none,
        Count(mentioned, len(verdicts)),
        Count(int(closed), 1) if spaced else none,
        Count(0, 1),
    )


@dataclass(slots=True)
class Tally:
    """Counts of one group. `flat`: outcomes, then k and n of each metric, then kk, kn, nn of the mentions by row."""

    flat: list[int] = field(default_factory=lambda: [0] * _WIDTH)
    damage: dict[str, int] = field(default_factory=dict)
    """Rows with each damage code."""
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
            pairs = [(sums[place], sums[place + 1]) for sums in self.buckets.values() if sums[place + 1]]
            return Squares(
                sum(k * k for k, _ in pairs), sum(k * n for k, n in pairs), sum(n * n for _, n in pairs), len(pairs)
            )
        if metric == "mention_rate":
            kk, kn, nn = self.flat[-3:]
            return Squares(kk, kn, nn, self.count("alignment_rate").n)
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
        return [self.flat, self.damage, self.buckets, self.smallest]

    @classmethod
    def read(cls, plain: list[Any]) -> Tally:
        flat, damage, buckets, smallest = plain
        return cls(flat, damage, {int(bucket): sums for bucket, sums in buckets.items()}, smallest)

    def add(self, other: Tally) -> None:
        """Fold another tally into this one."""
        self.flat = [one + more for one, more in zip(self.flat, other.flat, strict=True)]
        for code, rows in other.damage.items():
            self.damage[code] = self.damage.get(code, 0) + rows
        for bucket, sums in other.buckets.items():
            mine = self.buckets.get(bucket)
            self.buckets[bucket] = list(sums) if mine is None else [a + b for a, b in zip(mine, sums, strict=True)]
        full = len(self.smallest) >= SKETCH
        new = [one for one in other.smallest if not full or one < self.smallest[-1]]
        if new:
            self.smallest = sorted({*self.smallest, *new})[:SKETCH]


def tally_of(verdict: RowVerdict, cluster: str | None) -> Tally:
    """One row. `cluster` names its cluster where a cluster column is mapped."""
    counts = row_counts(verdict)
    mentions = counts[METRICS.index("mention_rate")]
    sums = [number for count in counts for number in count]
    flat = [int(verdict.outcome == name) for name in OUTCOMES]
    flat += [*sums, mentions.k * mentions.k, mentions.k * mentions.n, mentions.n * mentions.n]
    tally = Tally(flat, dict.fromkeys(verdict.damage, 1))
    if cluster is not None:
        hashed = int.from_bytes(blake2b(cluster.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")
        tally.buckets = {hashed % BUCKETS: sums}
        tally.smallest = [hashed]
    return tally
