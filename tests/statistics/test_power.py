import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from harness.statistics.power import (
    allowed_failures,
    breaching_failures,
    cases_for_min,
    clean_cases_for,
    expected_best,
    further_clean_cases,
    power_of_min,
)
from harness.statistics.rates import exact_lower, exact_upper


@pytest.mark.parametrize(("minimum", "cases"), [(0.95, 59), (0.97, 99), (0.98, 149), (0.99, 299)])
def test_clean_cases_that_prove_a_rate(minimum, cases):
    assert clean_cases_for(minimum) == cases
    assert exact_lower(cases, cases) >= minimum > exact_lower(cases - 1, cases - 1)


def test_eighteen_of_eighteen_prove_85_percent_and_so_bear_no_min_by_domain():
    assert 0.84 < exact_lower(18, 18) < 0.85
    assert round(exact_lower(18, 18), 2) == 0.85


@pytest.mark.parametrize(("minimum", "power"), [(0.97, 0.27), (0.95, 0.89)])
def test_360_cases_at_98_percent_pass_min_as_often_as_planned(minimum, power):
    assert round(power_of_min(360, 0.98, minimum), 2) == power


def test_power_is_the_sum_over_the_counts_that_pass():
    by_hand = sum(binom.pmf(k, 200, 0.98) for k in range(201) if exact_lower(k, 200) >= 0.95)
    assert power_of_min(200, 0.98, 0.95) == pytest.approx(by_hand)


def test_too_few_cases_have_no_power_at_all():
    assert power_of_min(58, 1.0, 0.95) == 0.0
    assert power_of_min(59, 1.0, 0.95) == 1.0
    assert allowed_failures(58, 0.95) is None
    assert allowed_failures(0, 0.95) is None


@settings(max_examples=40)
@given(st.integers(0, 400), st.integers(0, 12), st.sampled_from([0.8, 0.95, 0.97, 0.99]))
def test_further_clean_cases_are_enough_and_no_more(clean, failed, minimum):
    further = further_clean_cases(clean, clean + failed, minimum)
    assert exact_lower(clean + further, clean + failed + further) >= minimum
    if further:
        assert exact_lower(clean + further - 1, clean + failed + further - 1) < minimum


@pytest.mark.parametrize("true_rate", [0.97, 0.98, 0.99])
def test_from_cases_for_min_on_every_larger_number_has_the_power(true_rate):
    cases = cases_for_min(true_rate, 0.95, power=0.8)
    assert power_of_min(cases - 1, true_rate, 0.95) < 0.8
    assert all(power_of_min(n, true_rate, 0.95) >= 0.8 for n in range(cases, cases + 400))


@pytest.mark.parametrize("worth", [1.0, 0.5])
def test_failures_that_are_allowed_and_that_breach_are_the_first_beyond_the_bounds(worth):
    allowed = allowed_failures(300, 0.95, worth=worth)
    assert exact_lower(worth * (300 - allowed), worth * 300) >= 0.95
    assert exact_lower(worth * (300 - allowed - 1), worth * 300) < 0.95
    least = breaching_failures(300, 0.95, worth=worth)
    assert exact_upper(worth * (300 - least), worth * 300) < 0.95
    assert exact_upper(worth * (300 - least + 1), worth * 300) >= 0.95
    assert breaching_failures(0, 0.95) is None


def test_the_best_of_k_is_the_mean_of_the_maximum():
    counts = np.random.default_rng(3).binomial(300, 0.95, size=(20_000, 5)) / 300
    assert expected_best(5, 300, 0.95) == pytest.approx(counts.max(axis=1).mean(), abs=0.0005)
    assert expected_best(1, 300, 0.95) == pytest.approx(0.95)


def test_a_rate_at_the_minimum_is_never_proven():
    assert cases_for_min(0.95, 0.95) is None


def test_a_share_outside_0_to_1_is_refused():
    with pytest.raises(ValueError, match="minimum"):
        clean_cases_for(1.0)
