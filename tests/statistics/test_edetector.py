import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.statistics.nightly import THRESHOLD, detect, mean_factors, presumed_mean, presumed_rate, prompt_factors

nights = st.lists(st.integers(50, 60), min_size=1, max_size=40)


def folded(counts, presumed=0.98, factors=prompt_factors):
    return detect([factors(k, 60, presumed) for k in counts])


@pytest.mark.parametrize("factors", [prompt_factors, mean_factors])
@pytest.mark.parametrize("rate", [0.96, 0.98, 0.99])
def test_a_factor_has_mean_one_at_the_presumed_rate(factors, rate):
    chances = [math.comb(60, k) * rate**k * (1 - rate) ** (60 - k) for k in range(61)]
    for bet in range(2):
        mean = sum(p * math.exp(factors(k, 60, rate)[bet]) for k, p in enumerate(chances))
        assert mean == pytest.approx(1.0)


def test_prompts_of_different_difficulty_only_lower_the_mean_of_a_factor():
    easy_and_hard = [1.0] * 55 + [0.76] * 5  # mean 0.98
    for bet in range(2):
        means = [
            rate * math.exp(prompt_factors(1, 1, 0.98)[bet]) + (1 - rate) * math.exp(prompt_factors(0, 1, 0.98)[bet])
            for rate in easy_and_hard
        ]
        assert math.prod(means) < 1.0


@given(nights)
def test_the_statistic_is_the_sum_over_all_starts(counts):
    factors = [prompt_factors(k, 60, 0.98) for k in counts]
    by_starts = np.mean(
        [
            sum(math.exp(sum(night[bet] for night in factors[start:])) for start in range(len(counts)))
            for bet in range(2)
        ]
    )
    assert detect(factors).statistic == pytest.approx(by_starts, rel=1e-9)


@given(nights, nights)
def test_later_nights_leave_earlier_ones_as_they_were(first, second):
    whole = folded(first + second)
    assert whole.statistics[: len(first)] == folded(first).statistics
    if folded(first).alarm is not None:
        assert whole.alarm == folded(first).alarm


def test_a_fall_is_found_within_nights_and_dated():
    detection = folded([59] * 20 + [54] * 6)
    assert detection.alarm is not None
    assert 20 <= detection.alarm <= 23
    assert detection.since == 20
    assert detection.statistics[detection.alarm] >= THRESHOLD > detection.statistics[detection.alarm - 1]


def test_quiet_nights_bring_the_statistic_back_down():
    detection = folded([59, 59, 55, 60, 60, 59, 60, 60])
    assert detection.alarm is None
    assert detection.statistic < detection.statistics[2]


def test_a_night_that_is_all_wrong_does_not_overflow():
    detection = detect([prompt_factors(0, 1000, 0.985)] * 50)
    assert detection.alarm == 0
    assert math.isfinite(detection.statistic)


def test_the_presumed_rate_has_a_ceiling_and_never_reaches_one():
    assert presumed_rate(600, 600) == 0.985
    rate = 589 / 602
    assert presumed_rate(588, 600) == pytest.approx(rate - 0.2 * math.sqrt(rate * (1 - rate) / 602))
    assert 0.998 < presumed_rate(600, 600, ceiling=1.0) < 601 / 602


def test_nights_that_vary_are_presumed_a_little_worse_than_their_mean():
    steady, shaky = [(59, 60)] * 10, [(60, 60), (58, 60)] * 5
    assert presumed_mean(steady) == pytest.approx(591 / 602)
    assert 0.96 < presumed_mean(shaky) < presumed_rate(590, 600)
    assert presumed_mean([(59, 60), (0, 0)]) == presumed_rate(59, 60)


def test_no_nights_are_no_alarm():
    detection = detect([])
    assert (detection.statistic, detection.alarm, detection.since) == (0.0, None, None)


def test_a_night_without_scored_prompts_neither_raises_nor_lowers():
    assert prompt_factors(0, 0, 0.98) == (0.0, 0.0)
    assert mean_factors(0, 0, 0.98) == (0.0, 0.0)


def simulate(fall_to=None, runs=300, seed=5):
    """Nights until the alarm, of 60, with ten baseline nights of 60 prompts at 0.98; inf without one."""
    generator = np.random.default_rng(seed)
    delays = []
    for _ in range(runs):
        presumed = presumed_rate(int(generator.binomial(600, 0.98)), 600)
        counts = generator.binomial(60, fall_to or 0.98, size=60)
        alarm = folded([int(k) for k in counts], presumed).alarm
        delays.append(math.inf if alarm is None else alarm + 1)
    return np.array(delays)


def test_few_quiet_histories_alarm():
    assert np.isfinite(simulate()).mean() <= 0.065  # 5 % and the noise of 300 histories


@pytest.mark.parametrize(("rate", "nights"), [(0.90, 4), (0.95, 10)])
def test_a_fall_is_told_in_time(rate, nights):
    assert np.median(simulate(rate)) <= nights
