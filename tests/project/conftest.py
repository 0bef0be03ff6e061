"""Runs of one version, and a history to put them into."""

import pytest

from harness.history import History
from harness.records.run import Evidence, SampleResult, Totals
from tests.factory import case_result, run_record


def build(run_id="20260301-aaaa", day="2026-03-01", output="AB-1", **fields):
    begun, ended = f"{day}T01:00:00+00:00", f"{day}T02:00:00+00:00"
    one = case_result(samples=[SampleResult(sample=0, outcome="aligned", output=output)])
    values = {"cases": [one], "run_id": run_id, "started": begun, "ended": ended, "totals": Totals(cases=1, requests=1)}
    return run_record(**(values | {"evidence": Evidence(oldest=begun, newest=ended)} | fields))


@pytest.fixture
def history(tmp_path):
    return History(tmp_path / "reports")
