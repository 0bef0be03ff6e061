import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.statistics.quantile import Quantile, difference, quantile

FINITE = st.floats(min_value=0, max_value=1e6, allow_nan=False)


def test_the_interval_of_a_median_is_that_of_the_sign_test():
    # Conover's table of the binomial: of 20 values, the 6th and the 15th bound the median with 95.9 %
    median = quantile(range(1, 21), 0.5)
    assert (median.estimate, median.low, median.high) == (10, 6, 15)


def test_the_95th_percentile_has_an_upper_limit_from_72_values_on():
    assert quantile(range(1, 72), 0.95).high == math.inf
    assert quantile(range(1, 73), 0.95).high == 72
    assert quantile(range(1, 73), 0.95).estimate == 69


@given(st.lists(FINITE, min_size=1, max_size=200), st.sampled_from([0.05, 0.5, 0.95]))
def test_the_estimate_was_measured_and_lies_within(values, share):
    found = quantile(values, share)
    assert found.estimate in values
    assert found.low <= found.estimate <= found.high


@given(st.lists(FINITE, min_size=1, max_size=100), st.randoms())
def test_the_order_of_the_values_does_not_matter(values, chance):
    shuffled = values[:]
    chance.shuffle(shuffled)
    assert quantile(shuffled, 0.5) == quantile(values, 0.5)


@given(st.lists(FINITE, min_size=1, max_size=150))
def test_slowness_and_speed_mirror_each_other(values):
    slow, fast = quantile(values, 0.9), quantile([-value for value in values], 0.1)
    assert (slow.low, slow.high) == (-fast.high, -fast.low)


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
    old, new = Quantile(1.0, 0.7, 1.4, 0.95, 100), Quantile(2.0, 1.7, 2.3, 0.95, 100)
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
