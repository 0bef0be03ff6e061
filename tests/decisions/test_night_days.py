"""Nights are days of the time zone that is set, where clocks change too."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from harness.decisions.drift import drift
from harness.decisions.run_summary import utc
from harness.records.policy import DriftPolicy
from tests.factory import case_result, run_record


def nights_of(zone, moments):
    policy = DriftPolicy(time_zone=zone)
    cases = [case_result(f"c{number}", "aligned") for number in range(3)]
    runs = [run_record(cases, version="1", run_id=f"r{at}", made=made) for at, made in enumerate(moments)]
    return drift("m@1", runs, policy, max(moments) + timedelta(minutes=30))


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Asia/Shanghai", "Australia/Lord_Howe", "UTC"])
@pytest.mark.parametrize("hour", [0, 2, 12, 23])
def test_a_run_every_local_day_is_a_night_every_day_of_the_year(zone, hour):
    moments = [datetime(2026, 1, 1, hour, 5, tzinfo=ZoneInfo(zone)) + timedelta(days=day) for day in range(365)]
    report = nights_of(zone, [moment.astimezone(UTC) for moment in moments])
    assert report.nights == 365
    assert (report.first, report.last) == (date(2026, 1, 1), date(2026, 12, 31))
    assert report.notes == ()


def test_two_runs_of_one_local_night_are_one_night_though_utc_has_two_dates():
    moments = [datetime(2026, 3, 1, 23, 50, tzinfo=UTC), datetime(2026, 3, 2, 0, 20, tzinfo=UTC)]
    assert nights_of("UTC", moments).nights == 2
    local = nights_of("Asia/Shanghai", moments)
    assert (local.nights, local.first) == (1, date(2026, 3, 2))
    assert [note.kind for note in local.notes] == ["second run"]


def test_silence_is_counted_in_days_of_the_zone():
    policy = DriftPolicy(time_zone="Asia/Shanghai")
    assert policy.day(datetime(2026, 3, 1, 16, 0, tzinfo=UTC)) == date(2026, 3, 2)
    assert policy.day(datetime(9999, 12, 31, 23, 0, tzinfo=UTC)) == date(9999, 12, 31)


@pytest.mark.parametrize(
    ("stamp", "meant"),
    [
        ("2026-06-30T23:59:60Z", "2026-07-01T00:00:00+00:00"),
        ("2026-06-30T23:59:60.5+00:00", "2026-07-01T00:00:00+00:00"),
        ("2026-07-01T07:59:60+08:00", "2026-07-01T00:00:00+00:00"),
        ("2026-06-30 23:59:60", "2026-07-01T00:00:00+00:00"),
    ],
)
def test_second_60_begins_the_next_minute(stamp, meant):
    assert utc(stamp).isoformat() == meant


@pytest.mark.parametrize("stamp", ["2026-06-30T23:59:61Z", "2026-06-30T23:60:60Z", "2026-06-31T23:59:60Z", ":60"])
def test_other_impossible_times_stay_errors(stamp):
    with pytest.raises(ValueError, match=r"."):
        utc(stamp)
