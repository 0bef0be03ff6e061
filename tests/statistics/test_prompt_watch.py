import math

import numpy as np
import pytest

from harness.statistics.nightly import flipped, watch_prompts, watch_unscored


def nights(count, broken=(), prompts=60):
    return [[prompt not in broken for prompt in range(prompts)] for _ in range(count)]


def test_one_prompt_that_breaks_for_good_is_seen_in_six_nights():
    watch = watch_prompts(nights(10) + nights(20) + nights(8, broken=[17]), 10)
    assert (watch.since, watch.broken) == (20, (17,))
    assert watch.alarm - watch.since == 5


def test_more_baseline_nights_make_it_quicker():
    watch = watch_prompts(nights(30) + nights(8, broken=[17]), 30)
    assert watch.alarm == 3


def test_it_needs_ten_unanimous_nights():
    assert watch_prompts(nights(9) + nights(30, broken=[17]), 9).alarm is None
    wobbly = nights(10)
    wobbly[3][17] = False
    watch = watch_prompts(wobbly + nights(30, broken=[17]), 10)
    assert (watch.alarm, watch.watched) == (None, 59)
    assert flipped(nights(9) + nights(30, broken=[17]), 9) == (17,)


def test_a_night_without_an_answer_neither_breaks_nor_mends():
    silent = nights(4, broken=[17])
    silent.insert(2, [None if prompt == 17 else True for prompt in range(60)])
    watch = watch_prompts(nights(10) + silent + nights(2, broken=[17]), 10)
    assert (watch.alarm, watch.since) == (6, 0)


def test_the_statistic_is_the_mean_over_prompts_of_the_sums_over_all_starts():
    generator = np.random.default_rng(3)
    watched = [[bool(right) for right in night] for night in generator.random((12, 5)) < 0.7]
    failing = 1 / 12
    odds = {True: 0.1 / (1 - failing), False: 0.9 / failing}
    expected = np.mean(
        [sum(math.prod(odds[night[p]] for night in watched[start:]) for start in range(12)) for p in range(5)]
    )
    watch = watch_prompts(nights(10, prompts=5) + watched, 10)
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
    watch = watch_prompts(nights(10) + nights(2000, broken=range(60)), 10)
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
