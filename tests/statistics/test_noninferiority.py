import pytest
from scipy.stats import multinomial

from harness.statistics.noninferiority import (
    bound_level,
    non_inferior,
    pairs_for_margin,
    passing_excess,
    power_of_non_inferiority,
    settling_pairs,
    simulated_power,
    size_at_margin,
)
from harness.statistics.paired import tango


@pytest.mark.parametrize(("pairs", "power"), [(100, 0.47), (200, 0.80), (300, 0.93)])
def test_planning_numbers_at_a_margin_of_three_points(pairs, power):
    assert round(power_of_non_inferiority(pairs, 0.03, 0.01, 0.01), 2) == power


def test_power_is_the_sum_over_all_tables_that_pass():
    pairs, margin = 40, 0.1
    by_hand = sum(
        multinomial.pmf([b, w, pairs - b - w], pairs, [0.05, 0.06, 0.89])
        for w in range(pairs + 1)
        for b in range(pairs + 1 - w)
        if tango(b, w, pairs, level=bound_level(pairs, margin)).low > -margin
    )
    assert power_of_non_inferiority(pairs, margin, 0.06, 0.05) == pytest.approx(by_hand, abs=1e-9)


@pytest.mark.parametrize("pairs", [20, 100, 300])
def test_more_better_pairs_never_turn_a_pass_into_a_failure(pairs):
    fewest = [value for value in passing_excess(pairs, 0.05) if value is not None]
    assert fewest == sorted(fewest)
    for worse, better in enumerate(fewest[:10]):
        assert all(tango(b, worse, pairs, 0.90).low > -0.05 for b in range(better, pairs + 1 - worse, 7))


@pytest.mark.parametrize("margin", [0.02, 0.03, 0.05, 0.1])
def test_a_version_at_the_margin_passes_falsely_in_at_most_six_runs_of_a_hundred(margin):
    counts = [3, 5, 10, 20, 30, 52, 53, 54, 59, 88, 100, 147, 200, 247, 300]
    assert all(size_at_margin(pairs, margin) <= 0.06 for pairs in counts)


def test_uncorrected_the_published_test_passes_more_at_some_counts():
    assert size_at_margin(52, 0.05, corrected=False) == pytest.approx(0.95**52)
    assert size_at_margin(3, 0.03, corrected=False) > 0.11
    assert not non_inferior(0, 0, 52, 0.05)
    assert non_inferior(0, 0, 55, 0.05)


@pytest.mark.parametrize("pairs", [52, 88, 200, 300])
def test_the_bound_at_its_level_says_what_the_rule_says(pairs):
    level = bound_level(pairs, 0.05)
    for worse in range(12):
        for better in range(6):
            low = tango(better, worse, pairs, level).low
            assert (low > -0.05) is non_inferior(better, worse, pairs, 0.05)


def test_most_counts_need_no_correction():
    assert bound_level(300, 0.03) == pytest.approx(0.90)
    assert bound_level(100, 0.03) == pytest.approx(0.90)


def test_pairs_for_margin_gives_the_power_asked_for():
    pairs = pairs_for_margin(0.03, 0.01, 0.01)
    assert 200 <= pairs <= 220
    assert all(power_of_non_inferiority(n, 0.03, 0.01, 0.01) >= 0.8 for n in range(pairs, pairs + 120))
    assert power_of_non_inferiority(pairs, 0.03, 0.01, 0.01) >= 0.8


def test_a_true_drop_beyond_the_margin_is_never_proven_away():
    assert pairs_for_margin(0.03, 0.05, 0.01) is None


def test_settling_pairs_settle():
    further = settling_pairs(0, 1, 60, 0.05)
    assert non_inferior(0, 1, 60 + further, 0.05)
    assert not non_inferior(0, 1, 60 + further - 1, 0.05)
    assert settling_pairs(2, 1, 400, 0.05) == 0
    assert settling_pairs(0, 0, 0, 0.05) == 55


def test_simulation_agrees_with_enumeration_for_one_sample_of_cases_all_alike():
    simulated = simulated_power(200, 1, 0.05, new_rate=0.98, old_rate=0.98, spread=1e-4, runs=1500)
    both = 0.98 * 0.02
    assert simulated == pytest.approx(power_of_non_inferiority(200, 0.05, both, both), abs=0.04)


def test_more_samples_make_a_stricter_case_and_more_flips():
    once, fivefold = (simulated_power(200, n, 0.05, new_rate=0.98, old_rate=0.98, spread=0.2, runs=500) for n in (1, 5))
    assert fivefold < once


@pytest.mark.parametrize("rates", [(-0.1, 0.1), (0.6, 0.6)])
def test_impossible_rates_are_refused(rates):
    with pytest.raises(ValueError, match="shares"):
        power_of_non_inferiority(10, 0.1, *rates)
