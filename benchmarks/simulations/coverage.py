"""How often each interval holds the truth, near 100 % above all.

    python -m benchmarks.simulations.coverage

Coverage of intervals for counts is summed over every possible count, so it has no simulation error; only
the cluster bootstrap and the times are simulated (fixed seed). Takes about a minute of CPU.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.optimize import brentq
from scipy.stats import binom, norm

from benchmarks.simulations.repeats import cluster_bootstrap
from benchmarks.simulations.tables import percent, show
from harness.statistics.paired import tango
from harness.statistics.quantile import quantile
from harness.statistics.rates import exact_lower, wilson

RATES = (0.90, 0.95, 0.98, 0.99, 0.995)
SIZES = (10, 60, 100, 300, 1000)
Z_ONE_SIDED = 1.6448536269514722
Z_TWO_SIDED = 1.959963984540054


def rate_coverage() -> None:
    rows = []
    for n in SIZES:
        counts = range(n + 1)
        exact = [exact_lower(k, n) for k in counts]
        score = [wilson(k, n) for k in counts]
        normal = [k / n - Z_ONE_SIDED * math.sqrt(k / n * (1 - k / n) / n) for k in counts]
        for rate in RATES:
            chance = binom.pmf(counts, n, rate)
            two_sided = sum(p for p, i in zip(chance, score, strict=True) if i.low <= rate <= i.high)
            wald = [Z_TWO_SIDED * math.sqrt(k / n * (1 - k / n) / n) for k in counts]
            normal_two = sum(p for k, p, w in zip(counts, chance, wald, strict=True) if abs(k / n - rate) <= w)
            rows.append(
                [
                    str(n),
                    percent(rate),
                    percent(sum(p for p, low in zip(chance, exact, strict=True) if low > rate), 2),
                    percent(sum(p for p, low in zip(chance, normal, strict=True) if low > rate), 2),
                    percent(two_sided),
                    percent(normal_two),
                ]
            )
    show(
        "Rates: how often a one-sided 5 % lower bound is above the truth, and how often a 95 % interval holds it",
        ["cases", "true rate", "exact bound too high", "normal bound too high", "Wilson holds", "normal holds"],
        rows,
    )


def paired_coverage() -> None:
    rows = []
    for n in (60, 100, 300):
        most = min(n, 60)
        tables = [(b, w) for b in range(most + 1) for w in range(most + 1 - b)]
        interval = {table: tango(*table, n, 0.95) for table in tables}
        for better, worse in ((0.01, 0.01), (0.005, 0.02), (0.02, 0.05), (0.0, 0.03), (0.05, 0.05)):
            truth = better - worse
            held = wald = mass = 0.0
            for (b, w), bounds in interval.items():
                chance = binom.pmf(w, n, worse) * binom.pmf(b, n - w, better / (1 - worse))
                mass += chance
                held += chance * (bounds.low <= truth <= bounds.high)
                spread = Z_TWO_SIDED * math.sqrt(max(0.0, b + w - (b - w) ** 2 / n)) / n
                wald += chance * (abs((b - w) / n - truth) <= spread)
            rows.append([str(n), percent(worse), percent(better), percent(held / mass), percent(wald / mass)])
    show(
        "Paired differences: how often a 95 % interval holds the truth",
        ["pairs", "worse", "better", "Tango holds", "normal (Wald) holds"],
        rows,
    )


def cluster_coverage(runs: int = 2000) -> None:
    generator = np.random.default_rng(20260101)
    rows = []
    for cases, rate, correlation in ((60, 0.95, 0.5), (300, 0.95, 0.5), (300, 0.98, 0.5), (300, 0.98, 0.9)):
        precision = 1 / correlation - 1
        held = naive = 0
        for _ in range(runs):
            chance = generator.beta(rate * precision, (1 - rate) * precision, size=cases)
            hits = generator.binomial(5, chance)
            interval = cluster_bootstrap([(int(k), 5) for k in hits], resamples=500)
            held += interval.low <= rate <= interval.high
            alone = wilson(int(hits.sum()), 5 * cases)
            naive += alone.low <= rate <= alone.high
        rows.append([str(cases), percent(rate), str(correlation), percent(held / runs), percent(naive / runs)])
    show(
        "Five samples a case: how often a 95 % interval for the mean rate holds it (simulated)",
        ["cases", "true rate", "correlation", "cluster bootstrap holds", "Wilson over all samples holds"],
        rows,
    )


def latency_coverage(runs: int = 400) -> None:
    """Times of requests in a row, each correlated with the one before: what a slow minute does."""
    generator = np.random.default_rng(20260101)
    rows = []
    for n in (30, 100, 300):
        for serial in (0.0, 0.3, 0.6, 0.8):
            times = _in_a_row(generator, n, serial, runs)
            row = [str(n), f"{serial:g}"]
            for share in (0.5, 0.95):
                truth = float(norm.ppf(share))
                found = [quantile(list(values), share) for values in times]
                plain = [_plain_interval(np.sort(values), share) for values in times]
                row.append(percent(np.mean([one.low <= truth <= one.high for one in found])))
                row.append(percent(np.mean([low <= truth <= high for low, high in plain])))
                row.append(percent(_block_bootstrap(generator, times, share, truth)))
            rows.append(row)
    show(
        f"Latency: how often a 95 % interval holds the quantile, by correlation with the next request ({runs} runs)",
        [
            "requests",
            "correlation",
            "p50: product",
            "independent",
            "block bootstrap",
            "p95: product",
            "independent",
            "block bootstrap",
        ],
        rows,
    )


def slow_minutes(runs: int = 400) -> None:
    """A tenth of the minutes (20 requests each) three times as slow: a measurement may meet none of them."""
    generator = np.random.default_rng(20260101)
    rows = []
    for n in (30, 100, 300, 1000):
        spread = np.exp(0.3 * generator.normal(size=(runs, n)))
        slow = np.where(generator.random((runs, math.ceil(n / 20))) < 0.1, 3.0, 1.0)
        times = spread * np.repeat(slow, 20, axis=1)[:, :n]
        row = [str(n)]
        for share in (0.5, 0.95):
            truth = brentq(_slow_minutes_below, 0.1, 30, args=(share,))
            found = [quantile(list(values), share) for values in times]
            row.append(percent(np.mean([one.low <= truth <= one.high for one in found])))
        rows.append(row)
    show(
        f"Latency where a tenth of the minutes is three times as slow: how often a 95 % interval holds ({runs} runs)",
        ["requests in a row, 20 a minute", "p50", "p95"],
        rows,
    )


def _slow_minutes_below(time: float, share: float) -> float:
    return float(0.9 * norm.cdf(math.log(time) / 0.3) + 0.1 * norm.cdf(math.log(time / 3) / 0.3) - share)


def _in_a_row(generator: np.random.Generator, n: int, serial: float, runs: int) -> np.ndarray:
    """Stationary first-order autoregressive values, standard normal; quantiles of any monotone change are alike."""
    values = generator.normal(size=(runs, n))
    for at in range(1, n):
        values[:, at] = serial * values[:, at - 1] + math.sqrt(1 - serial**2) * values[:, at]
    return values


def _plain_interval(ordered: np.ndarray, share: float) -> tuple[float, float]:
    n = len(ordered)
    below = binom.cdf(np.arange(n), n, share)
    low, high = np.flatnonzero(below <= 0.025), np.flatnonzero(1 - below <= 0.025)
    return (ordered[low[-1]] if len(low) else -np.inf, ordered[high[0]] if len(high) else np.inf)


def _block_bootstrap(generator: np.random.Generator, times: np.ndarray, share: float, truth: float) -> float:
    """Share of runs whose circular block bootstrap (blocks of 1.5 x cube root of n, 300 resamples) holds the truth."""
    n = times.shape[1]
    length = max(2, round(1.5 * n ** (1 / 3)))
    held = 0
    for values in times:
        starts = generator.integers(0, n, size=(300, math.ceil(n / length)))
        places = (starts[:, :, None] + np.arange(length)).reshape(300, -1)[:, :n] % n
        quantiles = np.sort(values[places], axis=1)[:, math.ceil(share * n) - 1]
        low, high = np.quantile(quantiles, [0.025, 0.975])
        held += bool(low <= truth <= high)
    return held / len(times)


if __name__ == "__main__":
    rate_coverage()
    paired_coverage()
    cluster_coverage()
    latency_coverage()
    slow_minutes()
