import numpy as np
import pytest
from statsmodels.stats.contingency_tables import cochrans_q

from harness.statistics.nightly import night_dispersion


def test_it_is_cochrans_q_of_statsmodels():
    outcomes = np.random.default_rng(3).random((10, 60)) < 0.9
    theirs = cochrans_q(outcomes.T)
    ours = night_dispersion([[bool(x) for x in night] for night in outcomes])
    assert ours.p_value == pytest.approx(theirs.pvalue)
    assert ours.ratio == pytest.approx(theirs.statistic / 9)


def test_nights_that_fail_together_stand_out():
    quiet = [[True] * 60] * 9
    assert night_dispersion([*quiet, [True] * 52 + [False] * 8]).p_value < 0.001


def test_a_prompt_that_always_fails_is_no_dispersion():
    assert night_dispersion([[True, False, True]] * 10) is None


def test_one_night_says_nothing_about_nights():
    assert night_dispersion([[True, False]]) is None


def test_nights_of_different_prompts_are_refused():
    with pytest.raises(ValueError, match="same prompts"):
        night_dispersion([[True], [True, False]])
