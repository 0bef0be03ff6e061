import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from harness.statistics.rates import benjamini_hochberg


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_adjusted_values_agree_with_statsmodels(p_values):
    theirs = multipletests(p_values, method="fdr_bh")[1]
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
