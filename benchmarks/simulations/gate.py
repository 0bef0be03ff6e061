"""How often the gate is wrong, and how often it can say yes.

    python -m benchmarks.simulations.gate

Sizes and powers are enumerated over every possible table; only the rows that say so are simulated (fixed
seed). Takes about half a minute of CPU.
"""

from __future__ import annotations

import numpy as np
from scipy.stats import binom

from benchmarks.simulations.tables import percent, show
from harness.statistics.noninferiority import passing_excess, power_of_non_inferiority, simulated_power, size_at_margin
from harness.statistics.power import allowed_failures, clean_cases_for, power_of_min


def sizes() -> None:
    rows = []
    for margin in (0.02, 0.03, 0.05, 0.10):
        counts = [*range(3, 401), 600, 1000, 2000]
        plain = {n: size_at_margin(n, margin, corrected=False) for n in counts}
        found = {n: size_at_margin(n, margin) for n in counts}
        first = next(n for n in counts if passing_excess(n, margin)[0] == 0)
        worst, worst_plain = max(found, key=found.__getitem__), max(range(30, 401), key=plain.__getitem__)
        raised = sum(found[n] < plain[n] for n in range(30, 401)) / 371
        shown = [percent(found[n], 2) for n in (100, 200, 300, 1000)]
        plain_shown = f"{percent(plain[worst_plain], 2)} at {worst_plain}"
        rows.append([percent(margin, 0), str(first), percent(found[worst], 2), plain_shown, percent(raised, 0), *shown])
    show(
        "False pass of max_drop at a true drop of exactly the margin: worst case over how often pairs differ",
        [
            "margin",
            "fewest pairs that pass, all alike",
            "worst of 3 to 400, 600, 1000, 2000 pairs",
            "the same for plain Tango, from 30 pairs",
            "counts that needed correction, from 30 pairs",
            "100 pairs",
            "200",
            "300",
            "1000",
        ],
        rows,
    )


def best_possible(pairs: int, margin: float, worse: float, better: float, alpha: float = 0.05) -> float:
    """No test of size alpha has more power than this: Neyman–Pearson against the hardest point of the margin.

    Each point (margin + q, q) gives an upper bound, the power of the likelihood-ratio test of that point;
    the least of them is shown. The test is randomised, which no usable rule is.
    """
    most = min(pairs, 60)
    b, w = np.meshgrid(np.arange(most + 1), np.arange(most + 1))

    def chances(worse_rate: float, better_rate: float) -> np.ndarray:
        return binom.pmf(w, pairs, worse_rate) * binom.pmf(b, np.maximum(pairs - w, 0), better_rate / (1 - worse_rate))

    alternative = chances(worse, better)
    bounds = []
    for q in np.linspace(0.0, 0.04, 41):
        null = chances(margin + q, q)
        order = np.argsort(-(alternative / np.maximum(null, 1e-300)).ravel(), kind="stable")
        sizes_, powers = np.cumsum(null.ravel()[order]), np.cumsum(alternative.ravel()[order])
        last = int(np.searchsorted(sizes_, alpha))
        before = (sizes_[last - 1], powers[last - 1]) if last else (0.0, 0.0)
        share = (alpha - before[0]) / max(null.ravel()[order][last], 1e-300)
        bounds.append(before[1] + min(1.0, share) * alternative.ravel()[order][last])
    return float(min(bounds))


def powers() -> None:
    rows = []
    for margin in (0.03, 0.05):
        for n in (100, 200, 300, 400):
            for rate in (0.005, 0.01, 0.02):
                rows.append(
                    [
                        percent(margin, 0),
                        str(n),
                        f"{percent(rate)} / {percent(rate)}",
                        percent(power_of_non_inferiority(n, margin, rate, rate)),
                        percent(best_possible(n, margin, rate, rate)),
                    ]
                )
    show(
        "Power of max_drop when nothing got worse, beside an upper bound for every test of size 5 %",
        ["margin", "pairs", "worse / better", "gate", "no test exceeds"],
        rows,
    )


def minima() -> None:
    rows = []
    for minimum in (0.95, 0.97, 0.98, 0.99):
        for n in (100, 200, 300, 360, 600, 1000):
            failures = allowed_failures(n, minimum)
            rows.append(
                [
                    percent(minimum, 0),
                    str(clean_cases_for(minimum)),
                    str(n),
                    "none passes" if failures is None else str(failures),
                    percent(power_of_min(n, minimum, minimum)),
                    *(percent(power_of_min(n, rate, minimum)) for rate in (0.98, 0.99, 0.995)),
                ]
            )
    show(
        "min: failures allowed, false pass at exactly the minimum, and power by true rate",
        ["min", "clean cases needed", "cases", "failures allowed", "false pass", "power at 98%", "99%", "99.5%"],
        rows,
    )


def selection(runs: int = 200_000) -> None:
    """A candidate at both limits of the default policy: true rate 0.95, baseline 0.98, 300 cases."""
    generator = np.random.default_rng(20260101)
    n, margin = 300, 0.03
    failures = allowed_failures(n, 0.95)
    table = np.array([np.inf if value is None else value for value in passing_excess(n, margin)])
    # of the candidate's 5 % failures 3.5 points are worse pairs; 0.5 points are better ones; 1.5 fail in both
    cells = generator.multinomial(n, [0.035, 0.005, 0.015, 0.945], size=(runs, 5))
    worse, better, both = cells[..., 0], cells[..., 1], cells[..., 2]
    go = (worse + both <= failures) & (better >= table[worse])
    show(
        "False GO at both limits of the default policy (300 cases; simulated, 200,000 candidates)",
        ["judged on", "false GO"],
        [["one run", percent(go[:, 0].mean())], ["the best of five runs", percent(go.any(axis=1).mean())]],
    )


def repeats() -> None:
    rows = []
    for samples in (1, 3, 5):
        rows.append(
            [str(samples)]
            + [
                percent(simulated_power(300, samples, 0.03, new_rate=0.99, old_rate=0.99, spread=spread))
                for spread in (0.2, 0.5, 0.9)
            ]
        )
    show(
        "Power of max_drop 3 % with several samples a case, pass^n, both versions right in 99 % of samples (simulated)",
        ["samples a case", "correlation 0.2", "0.5", "0.9"],
        rows,
    )


if __name__ == "__main__":
    sizes()
    powers()
    minima()
    selection()
    repeats()
