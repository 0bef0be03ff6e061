import math
import random
from itertools import combinations, permutations
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from scipy.special import bdtrc
from scipy.stats import binomtest, false_discovery_control, multinomial

from harness.statistics import noninferiority
from harness.statistics.noninferiority import (
    _at_least,
    bound_level,
    critical_score,
    non_inferior,
    pairs_for_margin,
    passing_excess,
    power_of_non_inferiority,
    search_steps,
    settling_pairs,
    simulated_power,
    size_at_margin,
)
from harness.statistics.paired import Gain, crowding, gap_test, mcnemar_exact, tango, tango_score
from harness.statistics.rates import benjamini_hochberg

tables = st.tuples(st.integers(0, 60), st.integers(0, 60), st.integers(0, 400)).map(
    lambda t: (t[0], t[1], t[0] + t[1] + t[2])
)


@pytest.mark.parametrize("margin", [0.03, 0.05, -0.03, -0.05])
@pytest.mark.parametrize("alpha", [0.05, 0.0025])
def test_kept_critical_scores_are_those_that_a_search_finds(margin, alpha):
    kept = noninferiority._kept_steps()[str(margin)][str(alpha)]
    assert len(kept) == 1400
    for pairs in (1, 2, 3, 7, 29, 52, 59, 93, 118, 147, 213, 314, 594, 900, 1400):
        assert kept[pairs - 1] == search_steps(pairs, margin, alpha), pairs


@pytest.mark.parametrize(("pairs", "size"), [(3, 0.1366), (4, 0.0886), (7, 0.0729), (8, 0.0513), (100, 0.0882)])
def test_a_breach_is_as_sure_as_a_pass(pairs, size):
    """The uncorrected sizes were enumerated apart, with the restricted likelihood searched for its maximum."""
    assert size_at_margin(pairs, -0.03, corrected=False) == pytest.approx(size, abs=4e-4)
    assert size_at_margin(pairs, -0.03) <= 0.06


@pytest.mark.parametrize("margin", [0.02, 0.05, 0.1])
@pytest.mark.parametrize("alpha", [0.05, 0.0025, 0.019])
def test_the_critical_score_is_the_least_whose_size_is_small_enough(margin, alpha):
    """By halving, with every table enumerated at every share."""
    nominal = NormalDist().inv_cdf(1 - alpha)
    target = 0.0598 if alpha >= 0.05 else 0.95 * alpha

    def size(critical, pairs):
        shares = (1 - margin) / 2 * (np.arange(121) / 120) ** 3
        fewest = noninferiority._fewest(pairs, margin, critical)
        return noninferiority._pass_chances(fewest, pairs, margin + shares, shares).max()

    for pairs in (5, 31, 52, 118, 301):
        loose, strict = nominal, nominal if size(nominal, pairs) <= target else 4 * nominal
        while strict - loose > 1e-4:
            middle = (loose + strict) / 2
            loose, strict = (loose, middle) if size(middle, pairs) <= target else (middle, strict)
        assert critical_score(pairs, margin, alpha) == strict, pairs
    assert critical_score(2001, margin, alpha) == nominal


@pytest.mark.parametrize(
    ("table", "level", "bounds"),
    [
        # Fagerland, Lydersen & Laake, Statistics in Medicine 33 (2014): airway reactivity, 1/1/7/12
        ((1, 7, 21), 0.95, (-0.517, -0.026)),
        # R, PropCIs::scoreci.mp, which follows Tango (1998)
        ((20, 60, 1000), 0.95, (-0.0584, -0.0231)),
        ((60, 20, 1000), 0.95, (0.0231, 0.0584)),
        ((28, 25, 618), 0.90, (-0.0148, 0.0247)),
        ((48, 41, 549), 0.90, (-0.0157, 0.0414)),
    ],
)
def test_tango_gives_published_intervals(table, level, bounds):
    interval = tango(*table, level)
    digits = 3 if table == (1, 7, 21) else 4
    assert (round(interval.low, digits), round(interval.high, digits)) == bounds


def restricted_score(better: int, worse: int, pairs: int, difference: float) -> float:
    """The same statistic with the nuisance parameter found by a search over the likelihood."""
    same = pairs - better - worse

    def negative_log_likelihood(q: float) -> float:
        cells = [(better, q + difference), (worse, q), (same, 1 - 2 * q - difference)]
        return -sum(k * math.log(max(p, 1e-300)) for k, p in cells if k)

    low, high = max(0.0, -difference), (1 - difference) / 2
    q = minimize_scalar(negative_log_likelihood, bounds=(low, high), method="bounded", options={"xatol": 1e-12}).x
    return (better - worse - pairs * difference) / math.sqrt(pairs * (2 * q + difference * (1 - difference)))


@given(tables, st.floats(-0.9, 0.9))
def test_closed_form_agrees_with_a_search_over_the_likelihood(table, difference):
    better, worse, pairs = table
    assume(pairs > 0 and abs(difference) > 1e-3)
    closed = tango_score(better, worse, pairs, difference)
    assert closed == pytest.approx(restricted_score(better, worse, pairs, difference), rel=2e-3, abs=2e-3)


@given(tables)
def test_bounds_solve_the_score_equation_and_hold_the_estimate(table):
    better, worse, pairs = table
    assume(pairs > 0)
    interval = tango(better, worse, pairs)
    assert -1 <= interval.low <= interval.estimate <= interval.high <= 1
    assert interval.high - interval.low > 0
    if interval.high < 1 - 1e-9:
        assert tango_score(better, worse, pairs, interval.high) == pytest.approx(-1.959964, abs=1e-3)
    if interval.low > -1 + 1e-9:
        assert tango_score(better, worse, pairs, interval.low) == pytest.approx(1.959964, abs=1e-3)


@given(tables)
def test_swapping_the_versions_mirrors_the_interval(table):
    better, worse, pairs = table
    assume(pairs > 0)
    here, there = tango(better, worse, pairs), tango(worse, better, pairs)
    assert (here.low, here.high) == pytest.approx((-there.high, -there.low), abs=1e-12)


@pytest.mark.parametrize("pairs", [1, 10, 300])
def test_a_table_without_discordant_pairs_has_a_width(pairs):
    z = 1.6448536
    interval = tango(0, 0, pairs, level=0.90)
    assert interval.high == pytest.approx(z * z / (pairs + z * z), abs=1e-6)
    assert interval.low == -interval.high


def test_all_pairs_discordant_one_way_end_at_the_edge():
    z = 1.6448536
    interval = tango(10, 0, 10, level=0.90)
    assert interval.high == 1.0
    assert 0 < interval.low < 1
    assert tango(0, 10, 10, level=0.90).low == -1.0
    # with all pairs on one side the restricted estimate keeps them there: n(1-d)/(1+d) = z²
    assert interval.low == pytest.approx((10 - z * z) / (10 + z * z), abs=1e-6)


def test_no_pairs_are_no_data():
    assert tango(0, 0, 0) is None


def test_an_impossible_table_is_refused():
    with pytest.raises(ValueError, match="not a paired table"):
        tango(3, 3, 5)


@given(st.integers(0, 80), st.integers(0, 80))
def test_mcnemar_agrees_with_scipy(better, worse):
    assume(better + worse > 0)
    theirs = binomtest(better, better + worse).pvalue
    assert mcnemar_exact(better, worse) == pytest.approx(theirs, abs=1e-9)


def test_mcnemar_without_discordant_pairs_says_nothing():
    assert mcnemar_exact(0, 0) == 1.0


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


SIZES = {"finance": 19, "law": 60, "office": 100, "places": 415}


def slices():
    found, start = {}, 0
    for name, size in SIZES.items():
        found[f"domain={name}"] = list(range(start, start + size))
        start += size
    return found


def test_ten_of_nineteen_in_one_domain_are_a_crowd():
    crowd = crowding(slices(), range(10), 594)
    assert (crowd.slice, crowd.marked, crowd.size) == ("domain=finance", 10, 19)
    assert crowd.p_value <= 0.001


def test_three_of_three_flips_in_a_domain_of_nineteen_are_told():
    assert crowding(slices(), [0, 7, 18], 594).p_value <= 0.01


def test_two_are_no_crowd_and_marks_all_over_are_none():
    assert crowding(slices(), [0, 1], 594) is None
    assert crowding(slices(), range(594), 594) is None
    assert crowding(slices(), range(0, 594, 30), 594).p_value > 0.05


def test_a_slice_of_one_case_is_no_crowd():
    tiny = {**slices(), "domain=tiny": [300]}
    crowd = crowding(tiny, [300, 301, 302], 594)
    assert crowd is None or crowd.slice != "domain=tiny"


def test_the_p_value_is_the_share_of_all_ways_to_mark():
    groups = {"a": [0, 1, 2, 3], "b": [4, 5, 6, 7, 8]}

    def largest(marked):
        scores = []
        for members in groups.values():
            hits, share = len(set(marked) & set(members)), len(members) / 12
            if hits >= 3:
                scores.append((hits - 4 * share) / (share * (1 - share)) ** 0.5)
        return max(scores, default=float("-inf"))

    ways = list(combinations(range(12), 4))
    exact = sum(largest(way) >= largest([0, 1, 2, 5]) - 1e-9 for way in ways) / len(ways)
    assert crowding(groups, [0, 1, 2, 5], 12).p_value == pytest.approx(exact, abs=0.02)


def test_random_marks_are_called_a_crowd_about_as_often_as_the_p_value_says():
    generator = random.Random(5)
    found = [crowding(slices(), generator.sample(range(594), 12), 594) for _ in range(40)]
    assert sum(crowd is not None and crowd.p_value <= 0.05 for crowd in found) <= 6


def gains(effect, *, suites=("s",), leaked=0):
    generator = random.Random(2)
    found = []
    for suite in suites:
        for number in range(8):
            trained = number < 4
            base = generator.choice((0.0, 0.0, 0.0, 1.0))
            found += [Gain(base + effect * trained, suite, f"{suite}-{number}", trained) for _ in range(5)]
    return found + [Gain(1.0, suites[0], f"{suites[0]}-7", True) for _ in range(leaked)]


def test_the_gap_is_the_difference_of_the_means_in_one_suite():
    cases = gains(0.5)
    trained = [gain.value for gain in cases if gain.trained]
    untrained = [gain.value for gain in cases if not gain.trained]
    expected = sum(trained) / 20 - sum(untrained) / 20
    assert gap_test(cases).difference == pytest.approx(expected)


def test_whole_domains_change_places():
    cases = gains(0.5)
    means = {gain.domain: gain.value for gain in cases}  # alike within a domain

    def gap(trained):
        rest = [means[name] for name in means if name not in trained]
        return sum(means[name] for name in trained) / 4 - sum(rest) / 4

    observed = gap([f"s-{i}" for i in range(4)])
    ways = list(combinations(sorted(means), 4))
    exact = sum(gap(way) >= observed - 1e-9 for way in ways) / len(ways)
    assert gap_test(cases).p_value == pytest.approx(exact)


def test_suites_that_hold_one_kind_alone_have_no_part():
    alone = [Gain(0.0, "other", f"o-{i}", False) for i in range(50)]
    assert gap_test(gains(0.5) + alone) == gap_test(gains(0.5))
    assert gap_test(alone) is None
    assert gap_test([]) is None


def test_suites_are_weighted_and_the_order_does_not_matter():
    cases = gains(0.5, suites=("s", "t"))
    found = gap_test(cases)
    assert found.domains == 16
    for order in list(permutations(range(3)))[:3]:
        parts = [cases[:20], cases[20:50], cases[50:]]
        assert gap_test([gain for i in order for gain in parts[i]]) == found


def test_a_leaked_string_does_not_make_its_domain_a_trained_one():
    assert gap_test(gains(0.5, leaked=2)) == gap_test(gains(0.5))


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_adjusted_values_agree_with_scipy(p_values):
    theirs = false_discovery_control(p_values)
    assert benjamini_hochberg(p_values) == pytest.approx(tuple(theirs), abs=1e-12)


def test_the_published_example_keeps_four_of_fifteen():
    # Benjamini & Hochberg (1995), section 3.2: 15 hypotheses about thrombolysis, q = 0.05
    p_values = [
        0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344,
        0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0000,
    ]  # fmt: skip
    assert sum(p <= 0.05 for p in benjamini_hochberg(p_values)) == 4


def test_no_slices_are_no_values():
    assert benjamini_hochberg([]) == ()


@pytest.mark.parametrize("needed", [(0,), (0, 0, 0), (3, 3, 7, 40), (0, 1, 1, 9), (300,), ()])
def test_running_sums_of_a_table_are_the_sums_of_scipy_at_any_rate(needed):
    rates = np.array([0.0, 1e-7, 0.03, 0.2, 0.9, 1.0])
    found = _at_least(needed, 314, rates)
    assert found.shape == (len(needed), len(rates))
    for row, least in enumerate(needed):
        expected = bdtrc(least - 1, 314 - row, rates) if least else np.ones(len(rates))
        assert found[row] == pytest.approx(expected, abs=1e-11)
