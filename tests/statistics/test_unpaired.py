import pytest
from scipy.stats import binom, fisher_exact

from harness.statistics.unpaired import boschloo


def brute_force(x1, n1, x2, n2):
    """Boschloo by definition: the largest chance, over the common rate, of a Fisher p-value this small."""
    fisher = {
        (a, b): fisher_exact([[a, b], [n1 - a, n2 - b]], alternative="less").pvalue
        for a in range(n1 + 1)
        for b in range(n2 + 1)
    }
    tables = [t for t, p in fisher.items() if p <= fisher[x1, x2] * (1 + 1e-9)]
    grid = [i / 500 for i in range(1, 500)]
    return max(sum(binom.pmf(a, n1, r) * binom.pmf(b, n2, r) for a, b in tables) for r in grid)


@pytest.mark.parametrize("table", [(2, 6, 6, 6), (5, 8, 7, 8), (7, 7, 5, 6)])
def test_boschloo_agrees_with_its_definition(table):
    assert boschloo(*table) == pytest.approx(brute_force(*table), abs=2e-3)


def test_it_is_one_sided_towards_the_lower_first_group():
    assert boschloo(40, 60, 58, 60) < 0.001
    assert boschloo(58, 60, 40, 60) > 0.9


def test_all_right_and_all_wrong_say_nothing():
    assert boschloo(5, 5, 9, 9) == 1.0
    assert boschloo(0, 5, 0, 9) == 1.0


def test_an_empty_group_is_no_data():
    assert boschloo(0, 0, 3, 4) is None
    assert boschloo(3, 4, 0, 0) is None
