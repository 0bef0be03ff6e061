import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.statistics.nightly import watch_nights


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
