import math
import random
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import betaincinv, stdtrit
from scipy.stats import binom, binomtest

from harness.statistics.quantile import Quantile, difference, inefficiency, quantile
from harness.statistics.rates import (
    beta_quantile,
    exact_bounds,
    exact_lower,
    exact_upper,
    proves,
    student_quantile,
    wilson,
)

counts = st.integers(1, 2000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(counts)
def test_wilson_agrees_with_scipy(count):
    k, n = count
    interval = wilson(k, n)
    theirs = binomtest(k, n).proportion_ci(method="wilson")
    assert (interval.low, interval.high) == pytest.approx((theirs.low, theirs.high), abs=1e-9)


@given(counts)
def test_exact_bounds_agree_with_scipy(count):
    k, n = count
    bounds = exact_bounds(k, n)
    low = binomtest(k, n, alternative="greater").proportion_ci(method="exact").low
    high = binomtest(k, n, alternative="less").proportion_ci(method="exact").high
    assert (bounds.low, bounds.high) == pytest.approx((low, high), abs=1e-9)


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


@pytest.mark.parametrize("before", ["", "import scipy.special", "import scipy.stats"])
def test_quantiles_are_those_of_scipy_and_the_rest_of_it_is_not_imported_for_them(before):
    """`scipy.special` as a whole costs 165 of 800 ms of a gate."""
    script = f"""{before}
import sys
from harness.statistics import rates
found = rates.special()
found.bdtr(2, 100, 0.02)
print("scipy.special" in sys.modules, "scipy.special._spherical_bessel" in sys.modules)
import scipy.special, scipy.stats
print([getattr(found, name) is getattr(scipy.special, name) for name in rates._USED], scipy.special.gammaln(3) > 0)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    imported, same = done.stdout.splitlines()
    assert imported.split() == [str(bool(before))] * 2
    assert same == "[True, True] True"


@pytest.mark.parametrize("odd", ["threads", "elsewhere", "fewer"])
def test_where_the_functions_of_scipy_cannot_be_had_alone_all_of_it_is_imported(odd):
    script = f"""
import sys, threading, types
from harness.statistics import rates
if {odd!r} == "threads":
    threading.Thread(target=threading.Event().wait, daemon=True).start()
elif {odd!r} == "elsewhere":
    real = rates.import_module
    rates.import_module = lambda name: real(name.replace("_ufuncs", "_gone"))
else:
    rates._USED = (*rates._USED, "of_tomorrow")
import_ = rates.special()
import scipy.special
print(import_ is scipy.special, rates.exact_lower(98, 100) > 0.9)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "True"]


def test_quantiles_of_the_beta_and_of_student_are_those_of_scipy():
    draw = random.Random(20260101)
    for _ in range(600):
        n = draw.choice([10 ** draw.uniform(0, 5), float(draw.randint(1, 2000))])
        a = draw.choice([n * draw.random(), n - min(n - 1e-3, draw.expovariate(0.2)), 1.0, n])
        chance = draw.choice([0.05, 0.0025, 0.025, 0.95, draw.uniform(1e-4, 0.1)])
        expected = betaincinv(a, n - a + 1, chance)
        assert math.isclose(beta_quantile(a, n - a + 1, chance), expected, rel_tol=1e-12 / min(1, a), abs_tol=1e-300), (
            a,
            n,
            chance,
        )
    for freedom in [*range(1, 60), 75, 594, 1841, 3000, 151_382]:
        for chance in (0.05, 0.025, 0.0025):
            expected = stdtrit(freedom, chance)
            assert math.isclose(student_quantile(freedom, chance), expected, rel_tol=1e-11), (freedom, chance)


@pytest.mark.parametrize("chance", [1e-9, 1e-6, 1e-4, 0.05, 0.3, 0.45])
def test_students_quantile_at_the_levels_of_early_looks(chance):
    """At one in 10^9 it was 8 % off for 71 degrees, and an error for 11 and 28."""
    for freedom in [1, 2, 3, 11.381857842415323, 19, 28.080499573667318, 55, 60, 71.67, 99, 1000, 1e6]:
        expected = stdtrit(freedom, chance)
        assert math.isclose(student_quantile(freedom, chance), expected, rel_tol=1e-10), freedom


def test_quantiles_of_the_beta_near_one():
    """Searched from below they were an error, 3 % off, or took 13 seconds."""
    draw = random.Random(20260103)
    places = [(0.0009806650761105939, 1.9990193349238894, 0.975), (5.763961395644954e-05, 1.9999423603860436, 0.975)]
    for _ in range(300):
        n = draw.choice([0.7, 1.0, 1.5, 2.3, 10, 47.3])
        a = max(1e-3, n * draw.random())
        places.append((a, n - a + 1, draw.choice([0.5, 0.8, 0.95, 0.999, 1 - 1e-9])))
    for a, b, chance in places:
        expected = betaincinv(a, b, chance)
        assert math.isclose(beta_quantile(a, b, chance), expected, rel_tol=1e-9), (a, b, chance)


def test_what_proves_a_rate_is_what_the_bound_says():
    draw = random.Random(20260102)
    for _ in range(400):
        n = draw.choice([draw.uniform(1, 900), float(draw.randint(1, 900))])
        k, minimum = n * draw.random() ** 0.1, draw.uniform(0.3, 0.995)
        assert proves(k, n, minimum) == (exact_lower(k, n) >= minimum)
        assert proves(n - k, n, 1 - minimum, more=True) == (exact_upper(k, n) < minimum)
    assert not proves(0, 10, 0.01)


def test_a_bound_of_a_usual_policy_needs_neither_numpy_nor_scipy():
    """They take 0.12 s to import, and 25 MB: a third of a gate in which nothing newly broke."""
    script = """
import sys
from harness.statistics.noninferiority import bound_level, non_inferior, settling_pairs
from harness.statistics.paired import crowding
from harness.statistics.power import allowed_failures, expected_best, further_clean_cases
from harness.statistics.rates import degrees_factor, exact_bounds
assert crowding({"a": range(5), "b": range(5, 50)}, [0, 1, 7, 9], 60) is None
exact_bounds(290, 300), degrees_factor(594, 44), further_clean_cases(290, 300, 0.98), allowed_failures(300, 0.95)
expected_best(3, 300, 0.95)
for margin in 0.03, 0.05:
    for alpha in 0.05, 0.0025:
        non_inferior(2, 5, 213.7, margin, alpha), bound_level(314, margin, alpha)
        settling_pairs(0, 1, 93, margin, alpha)
print([name for name in ("numpy", "scipy") if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_wilson_needs_no_scipy():
    script = "import sys; from harness.statistics.rates import wilson; wilson(3, 4)"
    script += "\nsys.exit('scipy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def mixed(count):
    """1 ... count in no order, so that no value tells about the next."""
    return random.Random(count).sample(range(1, count + 1), count)


FINITE = st.floats(min_value=0, max_value=1e6, allow_nan=False)


def test_the_interval_of_a_median_is_that_of_the_sign_test():
    # Conover's table of the binomial: of 20 values, the 6th and the 15th bound the median with 95.9 %
    median = quantile([7 * n % 20 + 1 for n in range(20)], 0.5)
    assert (median.estimate, median.low, median.high) == (10, 6, 15)


def test_the_95th_percentile_has_an_upper_limit_from_72_values_on():
    assert quantile(mixed(71), 0.95).high == math.inf
    assert quantile(mixed(72), 0.95).high == 72
    assert quantile(mixed(72), 0.95).estimate == 69


@given(st.lists(FINITE, min_size=1, max_size=200), st.sampled_from([0.05, 0.5, 0.95]))
def test_the_estimate_was_measured_and_lies_within(values, share):
    found = quantile(values, share)
    assert found.estimate in values
    assert found.low <= found.estimate <= found.high


def plain(values, share):
    """The interval for independent values, counted out by the definition of Conover."""
    n, ordered = len(values), sorted(values)
    below = [sum(math.comb(n, i) * share**i * (1 - share) ** (n - i) for i in range(k + 1)) for k in range(n)]
    low = [rank for rank in range(1, n + 1) if below[rank - 1] <= 0.025]
    high = [rank for rank in range(1, n + 1) if 1 - below[rank - 1] <= 0.025]
    return (ordered[low[-1] - 1] if low else -math.inf, ordered[high[0] - 1] if high else math.inf)


@given(st.lists(FINITE, min_size=1, max_size=60), st.sampled_from([0.05, 0.5, 0.95]))
def test_values_that_tell_nothing_about_the_next_have_the_plain_interval(values, share):
    found = quantile(values, share)
    low, high = plain(values, share)
    if found.effective == len(values):
        assert (found.low, found.high) == (low, high)
    else:
        assert found.low <= low
        assert found.high >= high


@given(st.lists(FINITE, min_size=1, max_size=60, unique=True))
def test_slowness_and_speed_mirror_each_other(values):
    slow, fast = quantile(values, 0.9), quantile([-value for value in values], 0.1)
    if slow.effective == fast.effective:
        assert (slow.low, slow.high) == (-fast.high, -fast.low)


def test_values_in_a_row_that_are_alike_are_worth_less():
    generator = np.random.default_rng(4)
    flags = [bool(flag) for flag in np.repeat(generator.random(100) < 0.5, 5)]
    assert inefficiency(flags) == pytest.approx(5, rel=0.35)
    assert inefficiency([True] * 50) == 1.0
    assert inefficiency([bool(flag) for flag in generator.random(2000) < 0.5]) < 1.3
    assert quantile([float(n) for n in range(100)], 0.5).effective < 5  # it only ever got slower


def test_intervals_of_times_that_hang_together_hold_where_plain_ones_do_not():
    generator = np.random.default_rng(8)
    held = kept = 0
    for _ in range(250):
        level, values = generator.normal(), []
        for _ in range(200):
            level = 0.6 * level + 0.8 * generator.normal()
            values.append(level)
        found = quantile(values, 0.5)
        held += found.low <= 0 <= found.high
        low, high = plain(values, 0.5)
        kept += low <= 0 <= high
    assert held / 250 > 0.90
    assert kept / 250 < 0.85


def test_a_request_that_never_ended_is_the_slowest():
    values = [1.0] * 90 + [math.inf] * 10
    assert quantile(values, 0.5).estimate == 1.0
    assert quantile(values, 0.95).estimate == math.inf
    assert difference(quantile(values, 0.95), quantile([1.0] * 100, 0.95)).estimate is None


def test_no_value_is_no_data():
    assert quantile([], 0.5) is None


@pytest.mark.parametrize(("share", "level"), [(0, 0.95), (1, 0.95), (0.5, 1)])
def test_shares_that_no_quantile_has_are_refused(share, level):
    with pytest.raises(ValueError, match="between 0 and 1"):
        quantile([1.0], share, level)


def test_a_difference_squares_and_adds_the_distances():
    old, new = Quantile(1.0, 0.7, 1.4, 0.95, 100, 100), Quantile(2.0, 1.7, 2.3, 0.95, 100, 100)
    found = difference(old, new)
    assert found.estimate == 1.0
    assert found.low == pytest.approx(1.0 - 0.5)
    assert found.high == pytest.approx(1.0 + math.hypot(0.3, 0.3))


def test_a_side_without_a_limit_leaves_the_difference_without_one():
    few = quantile([1.0, 2.0, 3.0], 0.95)
    assert difference(few, quantile([1.0] * 100, 0.95)).low == -math.inf


@pytest.mark.parametrize(("share", "true_change"), [(0.5, 0.1), (0.95, 0.1)])
def test_intervals_of_skewed_times_cover_what_they_promise(share, true_change):
    chance = random.Random(20260101)
    rounds, single, both = 1500, 0, 0
    spread = 0.5
    true = math.exp(spread * {0.5: 0.0, 0.95: 1.6448536}[share])
    for _ in range(rounds):
        old = quantile([chance.lognormvariate(0, spread) for _ in range(80)], share)
        new = quantile([chance.lognormvariate(0, spread) + true_change for _ in range(80)], share)
        single += old.low <= true <= old.high
        change = difference(old, new)
        both += change.low <= true_change <= change.high
    # four standard errors of a simulation of this size below 95 %
    assert single / rounds > 0.928
    assert both / rounds > 0.928
