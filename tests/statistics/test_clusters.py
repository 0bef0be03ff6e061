import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import t

from benchmarks.simulations.repeats import cluster_bootstrap, mean_pass_hat_k, pass_hat_k
from harness.statistics.nightly import night_dispersion
from harness.statistics.rates import (
    between_attempts,
    degrees_factor,
    informative_changes,
    informative_rate,
    neighbours,
    pooled_correlation,
    size_of,
    wilson,
)


def drawn(generator, rate, correlation, domains=44, size=13):
    chances = generator.beta(*(share * (1 / correlation - 1) for share in (rate, 1 - rate)), size=domains)
    return [(float(generator.random() < chance), f"d{d}") for d, chance in enumerate(chances) for _ in range(size)]


def test_the_correlation_of_beta_binomial_domains_is_found():
    generator = np.random.default_rng(1)
    versions = [drawn(generator, 0.9, 0.1) for _ in range(60)]
    assert pooled_correlation(versions) == pytest.approx(0.1, abs=0.015)


def test_it_makes_the_design_effect_the_ratio_of_two_variances():
    """Linearised variance of a mean by ultimate clusters, as survey packages have it, over that of single cases."""
    answers = drawn(np.random.default_rng(2), 0.8, 0.3, domains=30)
    values = np.array([value for value, _ in answers]).reshape(30, 13)
    n, rate = values.size, values.mean()
    by_cluster = 30 / 29 * ((values - rate).sum(axis=1) ** 2).sum() / n**2
    effect = by_cluster / (values.var() / n)
    assert 1 + 12 * pooled_correlation([answers]) == pytest.approx(effect)


def test_nothing_tells_a_correlation_without_differences_or_companions():
    assert pooled_correlation([[(1.0, "a")] * 5 + [(1.0, "b")] * 5]) is None
    assert pooled_correlation([[(0.0, "a"), (1.0, "b"), (1.0, "c")]]) is None
    assert pooled_correlation([]) is None


@pytest.mark.parametrize(("good", "told"), [(50, True), (49, False), (99, True), (100, False)])
def test_a_flawless_version_does_not_tell_that_domains_are_alike(good, told):
    answers = [(1.0, "a")] * good + [(0.0, "b")] * (100 - good)
    assert informative_rate(answers) is told


def test_few_changes_do_not_tell_whether_they_come_together():
    assert not informative_changes([(0.0, "a")] * 50 + [(-1.0, "b")] * 4)
    assert informative_changes([(0.0, "a")] * 50 + [(-1.0, "b")] * 4 + [(1.0, "c")])


@given(st.lists(st.tuples(st.integers(1, 4), st.sampled_from("abcdefgh")), min_size=2, max_size=40), st.floats(0, 1))
def test_the_size_is_the_sum_over_all_pairs_of_answers(cases, correlation):
    """The variance of a mean, written out answer by answer."""
    within = 0.7
    answers = [(i, domain) for i, (count, domain) in enumerate(cases) for _ in range(count)]
    total = sum(
        1.0 if a == b else within if answers[a][0] == answers[b][0] else correlation * (answers[a][1] == answers[b][1])
        for a in range(len(answers))
        for b in range(len(answers))
    )
    size = size_of(cases, correlation, between_attempts=within)
    effect = max(1.0, total / len(answers))
    assert size.design_effect == pytest.approx(effect)
    expected = len(answers) / effect * degrees_factor(len(answers), len({d for _, d in cases}))
    assert size.effective == pytest.approx(min(expected, len(answers)))


def test_the_factor_for_few_domains_is_that_of_korn_and_graubard():
    assert degrees_factor(594, 44, 0.05) == pytest.approx((t.ppf(0.95, 593) / t.ppf(0.95, 43)) ** 2)
    assert degrees_factor(10, 1) == 0.0
    assert degrees_factor(300, 20, 0.0) == 0.0  # at no error at all nothing is known, and it is a number


def test_cases_taken_as_given_have_no_correlation_of_domains():
    size = size_of([(1, "a")] * 60, 0.5, by_domain=False)
    assert (size.effective, size.design_effect, size.domains) == (60.0, 1.0, 1)
    assert size_of([(3, "a")] * 60, 0.5, by_domain=False).effective == pytest.approx(60.0)
    assert size_of([], 0.1).effective == 0.0


def test_neighbours_counts_the_cases_that_share_a_domain_with_a_case():
    assert neighbours([13] * 44) == 13
    assert neighbours([1, 3]) == 2.5


def test_equal_attempts_are_one_attempt_and_independent_ones_are_many():
    same = [(0, 3 * (i % 20 == 0), 3) for i in range(300)]
    assert between_attempts(same) == pytest.approx(1.0)
    generator = np.random.default_rng(4)
    independent = [(0, int(k), 3) for k in generator.binomial(3, 0.05, size=2000)]
    assert 0.0 <= between_attempts(independent) < 0.05
    assert between_attempts([(0, 0, 1)] * 50) == 1.0


def test_attempts_that_never_went_wrong_do_not_show_that_they_are_independent():
    assert between_attempts([(0, 0, 5)] * 300) == pytest.approx(1.0)


def test_attempts_at_differences_use_the_variance_of_differences():
    cases = [(1, 0, 2), (0, 1, 2), (0, 2, 2), (0, 0, 2), (1, 1, 2)]
    values = [[1, 0], [-1, 0], [-1, -1], [0, 0], [1, -1], [-1, -1]]  # the last is the case that is added
    mean = np.mean(values)
    total = sum((a - mean) * (b - mean) for a, b in values)
    expected = 2 * total / sum((v - mean) ** 2 for row in values for v in row)
    assert between_attempts(cases) == pytest.approx(max(0.0, expected))
    assert math.isfinite(between_attempts(cases))


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


def test_it_is_cochrans_q_of_statsmodels():
    """What `cochrans_q` of statsmodels 0.15 says of these outcomes; not installed for this one figure."""
    outcomes = np.random.default_rng(3).random((10, 60)) < 0.9
    p_value, statistic = 0.9688303357078024, 2.880893300248139
    ours = night_dispersion([[bool(x) for x in night] for night in outcomes])
    assert ours.p_value == pytest.approx(p_value)
    assert ours.ratio == pytest.approx(statistic / 9)


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
