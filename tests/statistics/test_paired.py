import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from statsmodels.stats.contingency_tables import mcnemar

from harness.statistics.paired import mcnemar_exact, tango, tango_score

tables = st.tuples(st.integers(0, 60), st.integers(0, 60), st.integers(0, 400)).map(
    lambda t: (t[0], t[1], t[0] + t[1] + t[2])
)


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
def test_mcnemar_agrees_with_statsmodels(better, worse):
    assume(better + worse > 0)
    theirs = mcnemar([[0, better], [worse, 0]], exact=True).pvalue
    assert mcnemar_exact(better, worse) == pytest.approx(theirs, abs=1e-9)


def test_mcnemar_without_discordant_pairs_says_nothing():
    assert mcnemar_exact(0, 0) == 1.0
