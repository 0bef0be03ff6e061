import random
from itertools import combinations, permutations

import pytest

from harness.statistics.paired import Gain, crowding, gap_test

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
