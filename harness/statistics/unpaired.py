"""Two groups of different cases: a hint, since groups of prompts differ in difficulty."""

from __future__ import annotations

from harness.statistics.proportion import check_counts


def boschloo(successes: int, trials: int, other_successes: int, other_trials: int) -> float | None:
    """One-sided Boschloo p-value (1970) for "the first group's rate is the lower one".

    None if a group is empty. Uniformly more powerful
    than Fisher's test; takes about a second with 300 cases a group.
    """
    from scipy.stats import boschloo_exact

    check_counts(successes, trials)
    check_counts(other_successes, other_trials)
    if trials == 0 or other_trials == 0:
        return None
    if successes + other_successes in (0, trials + other_trials):
        return 1.0  # scipy returns nan for a table with an empty row
    table = [
        [successes, other_successes],
        [trials - successes, other_trials - other_successes],
    ]
    return min(1.0, float(boschloo_exact(table, alternative="less").pvalue))
