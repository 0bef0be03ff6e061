from datetime import UTC, datetime, timedelta

import pytest

from tests.factory import case_result, case_results, check_results, run_record

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def build_run(cases, *, age_days=0.5, **fields):
    """A run whose answers were made `age_days` before NOW."""
    return run_record(cases, made=NOW - timedelta(days=age_days), **fields)


@pytest.fixture
def now():
    return NOW


@pytest.fixture
def case():
    return case_result


@pytest.fixture
def cases():
    return case_results


@pytest.fixture
def checks():
    return check_results


@pytest.fixture
def run():
    return build_run


@pytest.fixture(scope="module")
def factories():
    """The builders of a case and of a run, for tests that hypothesis drives."""
    return case_result, build_run
