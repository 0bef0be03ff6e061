"""Distributions beside those of scipy, which no verdict imports."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from scipy.special import bdtr, bdtrc, betaincinv, stdtrit

from harness.statistics.distributions import at_least, beta_cdf, beta_quantile, binomial_cdf, t_quantile

_CHANCES = (1e-6, 0.0025, 0.05, 0.5, 0.95)


@pytest.mark.parametrize(
    ("a", "b"), [(0.5, 0.5), (1, 300), (300, 1), (260.9, 54.1), (3, 0.7), (29_000.5, 60), (2, 9e4)]
)
def test_quantiles_of_beta_are_those_of_scipy_and_go_back(a: float, b: float) -> None:
    for chance in _CHANCES:
        found = beta_quantile(chance, a, b)
        assert found == pytest.approx(float(betaincinv(a, b, chance)), rel=1e-10)
        assert beta_cdf(found, a, b) == pytest.approx(chance, rel=1e-8)
    assert [beta_quantile(0, a, b), beta_quantile(1, a, b), beta_cdf(0, a, b), beta_cdf(1, a, b)] == [0, 1, 0, 1]


@pytest.mark.parametrize("freedom", [1, 2, 19, 43.5, 593, 90_000])
def test_quantiles_of_student_are_those_of_scipy(freedom: float) -> None:
    for chance in (*_CHANCES, 0.975):
        assert t_quantile(chance, freedom) == pytest.approx(float(stdtrit(freedom, chance)), rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("trials", [1, 20, 314, 4000])
def test_sums_of_the_binomial_are_those_of_scipy(trials: int) -> None:
    for rate in (0.0, 1e-9, 0.03, 0.5, 0.999, 1.0):
        for most in (0, trials // 3, trials - 1, trials):
            assert binomial_cdf(most, trials, rate) == pytest.approx(float(bdtr(most, trials, rate)), abs=1e-11)
    assert binomial_cdf(-1, trials, 0.5) == 0


@pytest.mark.parametrize("needed", [(0,), (0, 0, 0), (3, 3, 7, 40), (0, 1, 1, 9), (300,), ()])
def test_rows_of_at_least_are_those_of_scipy_at_any_rate(needed: tuple[int, ...]) -> None:
    rates = np.array([0.0, 1e-7, 0.03, 0.2, 0.9, 1.0])
    found = at_least(needed, 314, rates)
    assert found.shape == (len(needed), len(rates))
    for row, least in enumerate(needed):
        expected = bdtrc(least - 1, 314 - row, rates) if least else np.ones(len(rates))
        assert found[row] == pytest.approx(expected, abs=1e-11)


def test_a_verdict_does_not_import_scipy() -> None:
    code = (
        "import sys; from harness.statistics.noninferiority import critical_score as score; score(93, 0.05, 0.0025); "
        "from harness.statistics import power, rates; power.expected_best(5, 300, 0.95); "
        "power.power_of_min(9, 0.98, 0.5); rates.exact_bounds(290, 300); rates.degrees_factor(300, 40); "
        "print('scipy' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
