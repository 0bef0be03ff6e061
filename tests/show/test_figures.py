"""How figures are written."""

import pytest

from harness.decisions.metrics import Count
from harness.show import rates
from harness.show.rates import Rate


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "–"), (1.0, "100.0%"), (1999 / 2000, "99.95%"), (0.0, "0.0%"), (1 / 3000, "0.03%"), (0.974, "97.4%")],
)
def test_a_rate_is_never_rounded_to_all_or_nothing(value, text):
    assert rates.percent(value) == text


def test_no_cases_are_no_data_and_no_percentage():
    rate = Rate.of(Count(0, 0))
    assert (str(rate), rate.bounds, rate.value) == ("–", "–", None)


def test_all_of_many_still_has_an_interval():
    assert Rate.of(Count(300, 300)).bounds == "98.7–100.0%"


@pytest.mark.parametrize(("value", "text"), [(0.033, "+3.3"), (-0.1, "−10.0"), (0.0, "0.0"), (-0.0001, "0.0")])
def test_points_carry_their_sign(value, text):
    assert rates.points(value) == text


@pytest.mark.parametrize(
    ("stamp", "text"),
    [
        ("2026-11-20T06:00:00+00:00", "2026-11-20 06:00 UTC"),
        ("2026-11-20T14:00:00+08:00", "2026-11-20 06:00 UTC"),
        (None, "–"),
        ("yesterday", "yesterday"),
    ],
)
def test_times_are_shown_in_utc(stamp, text):
    assert rates.moment(stamp) == text


def test_small_costs_keep_digits():
    assert rates.money(0.0004, "USD") == "0.0004 USD"
    assert rates.money(1234.5, "CNY") == "1,234.50 CNY"
