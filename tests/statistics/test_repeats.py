import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.simulations.repeats import cluster_bootstrap, mean_pass_hat_k, pass_hat_k
from harness.statistics.rates import wilson


@given(st.lists(st.booleans(), min_size=1, max_size=7), st.integers(1, 7))
def test_pass_hat_k_is_the_share_of_draws_that_are_all_right(outcomes, k):
    draws = list(itertools.combinations(outcomes, k))
    expected = sum(map(all, draws)) / len(draws) if draws else None
    assert pass_hat_k(sum(outcomes), len(outcomes), k) == (None if expected is None else pytest.approx(expected))


def test_with_k_equal_to_n_one_bad_sample_spoils_the_case():
    assert pass_hat_k(4, 5, 5) == 0.0
    assert pass_hat_k(5, 5, 5) == 1.0


def test_cases_without_enough_samples_are_left_out_of_the_mean():
    assert mean_pass_hat_k([(2, 2), (1, 2), (1, 1)], 2) == 0.5
    assert mean_pass_hat_k([(1, 1)], 2) is None


def test_identical_samples_of_a_case_add_no_evidence():
    once = cluster_bootstrap([(1, 1)] * 50 + [(0, 1)] * 5)
    fivefold = cluster_bootstrap([(5, 5)] * 50 + [(0, 5)] * 5)
    assert fivefold.high - fivefold.low == pytest.approx(once.high - once.low, rel=0.05)


def test_cases_that_are_all_clean_still_have_a_width():
    interval = cluster_bootstrap([(5, 5)] * 10)
    assert interval.method == "wilson"
    assert interval.low == wilson(10, 10).low < 0.75


def test_the_bootstrap_gives_the_same_figures_each_time():
    cases = [(3, 3)] * 40 + [(1, 3)] * 4
    assert cluster_bootstrap(cases) == cluster_bootstrap(cases)
    assert cluster_bootstrap(cases).method == "bootstrap"


def test_no_samples_are_no_data():
    assert cluster_bootstrap([]) is None
    assert cluster_bootstrap([(0, 0)]) is None
