import math
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.statistics.nightly import (
    THRESHOLD,
    detect,
    flipped,
    mean_factors,
    presumed_mean,
    presumed_rate,
    prompt_factors,
    watch_nights,
    watch_prompts,
    watch_unscored,
)


def night(bad, seed=0, prompts=60):
    chosen = set(random.Random(seed).sample(range(prompts), bad))
    return [i not in chosen for i in range(prompts)]


def nights(bads):
    return [night(bad, seed) for seed, bad in enumerate(bads)]


def test_prompts_are_bet_on_when_the_baseline_is_even():
    watched = watch_nights(nights([1] * 12 + [9, 9]), 10)
    assert watched.bets == "prompts"
    assert watched.detection.alarm is not None
    assert watched.detection.since == 2


def test_the_mean_is_bet_on_when_the_baseline_is_not():
    watched = watch_nights(nights([0, 0, 0, 9, 0, 0, 0, 8, 0, 0] + [1] * 5), 10)
    assert watched.bets == "nightly mean"
    assert watched.dispersion_ratio > 2


def test_an_alarm_by_prompts_is_held_against_the_calm_nights_before_it():
    # an even baseline, then nights that come in lumps: the lumps do not raise an alarm, a lasting fall does
    lumps = [1] * 10 + [0, 5, 0, 0, 5, 0, 0, 5, 0, 0, 5, 0, 0, 9, 0, 0]
    watched = watch_nights(nights(lumps), 10)
    assert watched.bets == "nightly mean"
    assert watched.detection.alarm is None
    lasting = watch_nights(nights(lumps + [12] * 6), 10)
    assert lasting.detection.alarm is not None
    assert lasting.detection.alarm >= len(lumps) - 10


def test_prompts_that_could_not_be_told_do_not_count():
    rows = nights([1] * 14)
    rows[12] = [None] * 30 + rows[12][30:]
    watched = watch_nights(rows, 10)
    assert watched.counts[2][1] == 30
    assert watched.detection.alarm is None


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 9), min_size=11, max_size=35), st.integers(1, 20))
def test_what_was_said_of_earlier_nights_never_changes(bads, later):
    rows = nights(bads)
    whole = watch_nights(rows, 10).detection.alarm
    cut = max(10, len(rows) - later)
    earlier = watch_nights(rows[:cut], 10).detection.alarm
    if whole is not None and whole < cut - 10:
        assert earlier == whole
    else:
        assert earlier is None


@pytest.mark.parametrize("rows", [[], nights([1] * 10)])
def test_without_a_night_after_the_baseline_there_is_no_alarm(rows):
    watched = watch_nights(rows, 10)
    assert watched.detection.alarm is None
    assert watched.counts == ()


nights_in_a_row = st.lists(st.integers(50, 60), min_size=1, max_size=40)


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


@given(nights_in_a_row)
def test_the_statistic_is_the_sum_over_all_starts(counts):
    factors = [prompt_factors(k, 60, 0.98) for k in counts]
    by_starts = np.mean(
        [
            sum(math.exp(sum(night[bet] for night in factors[start:])) for start in range(len(counts)))
            for bet in range(2)
        ]
    )
    assert detect(factors).statistic == pytest.approx(by_starts, rel=1e-9)


@given(nights_in_a_row, nights_in_a_row)
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


def nights_of_prompts(count, broken=(), prompts=60):
    return [[prompt not in broken for prompt in range(prompts)] for _ in range(count)]


def test_one_prompt_that_breaks_for_good_is_seen_in_six_nights():
    watch = watch_prompts(nights_of_prompts(10) + nights_of_prompts(20) + nights_of_prompts(8, broken=[17]), 10)
    assert (watch.since, watch.broken) == (20, (17,))
    assert watch.alarm - watch.since == 5


def test_more_baseline_nights_make_it_quicker():
    watch = watch_prompts(nights_of_prompts(30) + nights_of_prompts(8, broken=[17]), 30)
    assert watch.alarm == 3


def test_it_needs_ten_unanimous_nights():
    assert watch_prompts(nights_of_prompts(9) + nights_of_prompts(30, broken=[17]), 9).alarm is None
    wobbly = nights_of_prompts(10)
    wobbly[3][17] = False
    watch = watch_prompts(wobbly + nights_of_prompts(30, broken=[17]), 10)
    assert (watch.alarm, watch.watched) == (None, 59)
    assert flipped(nights_of_prompts(9) + nights_of_prompts(30, broken=[17]), 9) == (17,)


def test_a_night_without_an_answer_neither_breaks_nor_mends():
    silent = nights_of_prompts(4, broken=[17])
    silent.insert(2, [None if prompt == 17 else True for prompt in range(60)])
    watch = watch_prompts(nights_of_prompts(10) + silent + nights_of_prompts(2, broken=[17]), 10)
    assert (watch.alarm, watch.since) == (6, 0)


def test_the_statistic_is_the_mean_over_prompts_of_the_sums_over_all_starts():
    generator = np.random.default_rng(3)
    watched = [[bool(right) for right in night] for night in generator.random((12, 5)) < 0.7]
    failing = 1 / 12
    odds = {True: 0.1 / (1 - failing), False: 0.9 / failing}
    expected = np.mean(
        [sum(math.prod(odds[night[p]] for night in watched[start:]) for start in range(12)) for p in range(5)]
    )
    watch = watch_prompts(nights_of_prompts(10, prompts=5) + watched, 10)
    assert watch.statistic == pytest.approx(expected)


def test_a_factor_has_mean_one_for_a_prompt_that_fails_as_often_as_presumed():
    failing = 1 / 12
    assert failing * (0.9 / failing) + (1 - failing) * (0.1 / (1 - failing)) == pytest.approx(1.0)


def test_quiet_nights_of_sixty_independent_prompts_do_not_alarm():
    generator = np.random.default_rng(11)
    alarms = 0
    for _ in range(20):
        drawn = (generator.random((375, 60)) < 0.98).tolist()
        alarms += watch_prompts(drawn, 10).alarm is not None
    assert alarms == 0


def test_hundreds_of_nights_do_not_overflow():
    watch = watch_prompts(nights_of_prompts(10) + nights_of_prompts(2000, broken=range(60)), 10)
    assert math.isfinite(watch.statistic)


@pytest.mark.parametrize("before", [0, 3, 12, 40])
def test_eleven_of_sixty_unanswered_for_three_nights_is_an_alarm(before):
    found = watch_unscored([(60, 60)] * before + [(49, 60)] * 3, 10)
    assert found.alarm == before + 2


def test_one_outage_or_two_nights_are_none():
    for bad in (1, 2):
        assert watch_unscored([(60, 60)] * 15 + [(0, 60)] * bad + [(60, 60)] * 15, 10).alarm is None


def test_a_baseline_that_leaves_a_fifth_unanswered_is_no_health():
    assert watch_unscored([(49, 60)] * 60, 10).alarm == 2
    assert watch_unscored([(58, 60)] * 365, 10).alarm is None
    assert watch_unscored([], 10).alarm is None
