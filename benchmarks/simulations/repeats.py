"""Several samples a case: the case is the cluster, and its samples are not independent evidence."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from harness.statistics.rates import Interval, check_counts, wilson


def pass_hat_k(successes: int, samples: int, k: int) -> float | None:
    """Unbiased estimate, from one case, of the chance that k fresh samples all succeed: C(c, k) / C(n, k).

    None with fewer than k samples. With k = n it is 1 when all are right and else 0, as the headline counts.
    """
    check_counts(successes, samples)
    if k < 1:
        raise ValueError("k counts samples, from 1")
    if samples < k:
        return None
    return math.comb(successes, k) / math.comb(samples, k)


def mean_pass_hat_k(cases: Sequence[tuple[int, int]], k: int) -> float | None:
    """Mean of `pass_hat_k` over (successes, samples) of the cases that have k samples; None if none has."""
    values = [value for c, n in cases if (value := pass_hat_k(c, n, k)) is not None]
    return math.fsum(values) / len(values) if values else None


@dataclass(frozen=True, slots=True)
class ClusterInterval(Interval):
    """An interval over clusters. `method` is "bootstrap", or "wilson" where the clusters show no spread."""

    method: str
    clusters: int


def cluster_bootstrap(
    cases: Sequence[tuple[int, int]], *, level: float = 0.95, resamples: int = 2000, seed: int = 20260101
) -> ClusterInterval | None:
    """Percentile interval of the mean rate when whole cases are drawn again; cases are (successes, samples).

    A bootstrap of cases that are all alike has no width, which would make ten clean cases a proof; Wilson's
    interval over the cases takes its place then. For showing only: no verdict rests on this.
    None without samples.
    """
    import numpy as np

    kept = [(c, n) for c, n in cases if n > 0]
    for successes, samples in kept:
        check_counts(successes, samples)
    if not kept:
        return None
    hits, totals = (np.array(column) for column in zip(*kept, strict=True))
    estimate = float(hits.sum() / totals.sum())
    if hits.sum() in (0, totals.sum()):
        whole = wilson(len(kept) if hits.sum() else 0, len(kept), level)
        assert whole is not None
        return ClusterInterval(estimate, whole.low, whole.high, level, "wilson", len(kept))
    generator = np.random.default_rng(seed)
    drawn = generator.integers(0, len(kept), size=(resamples, len(kept)))
    rates = hits[drawn].sum(axis=1) / totals[drawn].sum(axis=1)
    low, high = np.quantile(rates, [(1 - level) / 2, (1 + level) / 2])
    return ClusterInterval(estimate, float(low), float(high), level, "bootstrap", len(kept))
