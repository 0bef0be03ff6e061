import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, binomtest
from statsmodels.stats.proportion import proportion_confint

from harness.statistics.rates import exact_bounds, wilson

counts = st.integers(1, 2000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(counts)
def test_wilson_agrees_with_statsmodels_and_scipy(count):
    k, n = count
    interval = wilson(k, n)
    assert (interval.low, interval.high) == pytest.approx(proportion_confint(k, n, method="wilson"), abs=1e-9)
    theirs = binomtest(k, n).proportion_ci(method="wilson")
    assert (interval.low, interval.high) == pytest.approx((theirs.low, theirs.high), abs=1e-9)


@given(counts)
def test_exact_bounds_agree_with_scipy_and_statsmodels(count):
    k, n = count
    bounds = exact_bounds(k, n)
    low = binomtest(k, n, alternative="greater").proportion_ci(method="exact").low
    high = binomtest(k, n, alternative="less").proportion_ci(method="exact").high
    assert (bounds.low, bounds.high) == pytest.approx((low, high), abs=1e-9)
    assert (bounds.low, bounds.high) == pytest.approx(proportion_confint(k, n, alpha=0.10, method="beta"), abs=1e-9)


@pytest.mark.parametrize(
    ("k", "n", "low", "high"),
    # Newcombe, Statistics in Medicine 17 (1998) 857–872, table I: score method without continuity correction
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_gives_newcombes_published_table(k, n, low, high):
    interval = wilson(k, n)
    assert (round(interval.low, 4), round(interval.high, 4)) == (low, high)


@pytest.mark.parametrize(
    ("k", "n", "low", "high"),
    # the same table, Clopper–Pearson, 95 % two-sided
    [(81, 263, 0.2527, 0.3676), (15, 148, 0.0578, 0.1617), (0, 20, 0.0, 0.1684), (1, 29, 0.0009, 0.1776)],
)
def test_exact_bounds_give_newcombes_published_table(k, n, low, high):
    bounds = exact_bounds(k, n, alpha=0.025)
    assert (round(bounds.low, 4), round(bounds.high, 4)) == (low, high)


def test_no_trials_are_no_data_and_neither_0_nor_100_percent():
    assert wilson(0, 0) is None
    assert exact_bounds(0, 0) is None


def test_three_hundred_of_three_hundred_is_no_proof_of_99_5_percent():
    bounds = exact_bounds(300, 300)
    assert bounds.low == pytest.approx(0.05 ** (1 / 300), abs=1e-12)
    assert 0.990 < bounds.low < 0.995
    assert bounds.high == 1.0
    assert wilson(300, 300).low < 0.99


def test_ten_of_ten_proves_three_quarters_and_no_more():
    assert exact_bounds(10, 10).low == pytest.approx(0.741, abs=5e-4)


@pytest.mark.parametrize(("k", "n"), [(-1, 3), (4, 3), (0, -1)])
def test_impossible_counts_are_refused(k, n):
    with pytest.raises(ValueError, match="not a count"):
        wilson(k, n)
    with pytest.raises(ValueError, match="not a count"):
        exact_bounds(k, n)


@pytest.mark.parametrize("n", [10, 60, 300])
@pytest.mark.parametrize("rate", [0.5, 0.9, 0.95, 0.98, 0.995, 0.999])
def test_exact_bounds_are_wrong_in_at_most_one_run_of_twenty(rate, n):
    too_high = sum(binom.pmf(k, n, rate) for k in range(n + 1) if exact_bounds(k, n).low > rate)
    too_low = sum(binom.pmf(k, n, rate) for k in range(n + 1) if exact_bounds(k, n).high < rate)
    assert too_high <= 0.05
    assert too_low <= 0.05


def test_wilson_needs_no_scipy():
    script = "import sys; from harness.statistics.rates import wilson; wilson(3, 4)"
    script += "\nsys.exit('scipy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
