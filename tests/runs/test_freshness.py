"""Warnings about answers that are old, or of another model."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from harness.records.run import RunRecord
from harness.runs.record import freshness_warnings, is_same_model
from tests.factory import case_result, run_record, sample_result

NOW = datetime(2026, 2, 1, tzinfo=UTC)


def run(*models: str, oldest: str = "2026-01-31T00:00:00Z") -> RunRecord:
    samples = [sample_result(sample=n, resolved_model=model) for n, model in enumerate(models)]
    return run_record([case_result(samples=samples)], made=oldest, mode="replay")


def warnings(record: RunRecord, *, asked: str = "gpt-4o", days: float | None = 7) -> list[str]:
    return freshness_warnings(record, request_model=asked, max_age_days=days, now=NOW)


def test_young_answers_of_the_model_asked_for_need_no_warning() -> None:
    assert warnings(run("gpt-4o", "gpt-4o")) == []


def test_old_answers_are_told_with_the_command_that_mends_it() -> None:
    (warning,) = warnings(run("gpt-4o", oldest="2026-01-01T00:00:00Z"))
    assert "tuned@v1: the oldest answer is 31 days old, the policy accepts 7" in warning
    assert "run: pytest --model=tuned --cassette-mode=refresh" in warning
    assert warnings(run("gpt-4o", oldest="2026-01-01T00:00:00Z"), days=None) == []


def test_a_model_name_that_changes_in_the_middle_of_a_run_is_told() -> None:
    (warning,) = warnings(run("gpt-4o-2024-05-13", "gpt-4o-2024-08-06", "gpt-4o-2024-05-13"))
    assert "2 models gave the answers: gpt-4o-2024-05-13, gpt-4o-2024-08-06" in warning


def test_another_model_than_the_one_asked_for_is_told() -> None:
    assert warnings(run("mixtral")) == ["tuned@v1: asked for 'gpt-4o', answered by 'mixtral'"]


@pytest.mark.parametrize(
    ("asked", "resolved", "same"),
    [
        ("gpt-4o", "gpt-4o-2024-08-06", True),
        ("Qwen/Qwen2.5-7B-Instruct", "qwen2.5-7b-instruct", True),
        ("ep-20241201-abcde", "doubao-pro-32k-241215", True),
        ("gpt-4o", "mixtral", False),
    ],
)
def test_aliases_and_dated_names_are_the_same_model(asked: str, resolved: str, same: bool) -> None:
    assert is_same_model(asked, resolved) is same
