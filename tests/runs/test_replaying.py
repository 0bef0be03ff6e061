"""Recorded answers, looked up by request: the model's own first, then those of the models it comes from."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.config import ModelConfig
from harness.errors import CassetteError
from harness.records.answer import request_key
from harness.runs.answers import Replay, cassette_path, read_back
from harness.runs.requests import body_for
from tests.runs.conftest import MakeCase, Record

BASE = ModelConfig(name="base", version="v1", model="weights")
TUNED = ModelConfig(name="tuned", version="v2", model="weights", lineage=("base@v1",))


def test_an_answer_comes_back_with_when_and_where_it_was_made(
    tmp_path: Path, make_case: MakeCase, record: Record
) -> None:
    record(BASE, make_case(), "A - 1")
    found = Replay(tmp_path / "cassettes", BASE).get("s", request_key(body_for(make_case(), BASE), 0))
    assert found is not None
    assert (found.text, found.model, found.finish_reason) == ("A - 1", "resolved", "stop")
    assert (found.recorded_at, found.runtime, found.latency_s) == ("2026-01-31T10:00:00Z", "r 1", 0.25)


def test_a_derived_version_answers_with_its_own_recording_before_an_inherited_one(
    tmp_path: Path, make_case: MakeCase, record: Record
) -> None:
    both, inherited = make_case(1), make_case(2)
    for case in (both, inherited):
        record(BASE, case, "of the base")
    record(TUNED, both, "its own")
    replay = Replay(tmp_path / "cassettes", TUNED)
    texts = [replay.get("s", request_key(body_for(case, TUNED), 0)) for case in (both, inherited)]
    assert [found.text for found in texts if found] == ["its own", "of the base"]


def test_another_sample_suite_or_prompt_is_another_answer(tmp_path: Path, make_case: MakeCase, record: Record) -> None:
    record(BASE, make_case(), "A-1")
    replay = Replay(tmp_path / "cassettes", BASE)
    body = body_for(make_case(), BASE)
    assert replay.get("s", request_key(body, 1)) is None
    assert replay.get("other", request_key(body, 0)) is None
    assert replay.get("s", request_key({**body, "seed": 1}, 0)) is None


def test_a_cassette_is_read_once_until_it_is_forgotten(tmp_path: Path, make_case: MakeCase, record: Record) -> None:
    replay = Replay(tmp_path / "cassettes", BASE)
    key = request_key(body_for(make_case(), BASE), 0)
    assert replay.get("s", key) is None
    record(BASE, make_case(), "A-1")
    assert replay.get("s", key) is None
    replay.forget("s")
    found = replay.get("s", key)
    assert found is not None
    assert found.text == "A-1"


def test_the_model_that_an_answer_names_is_told_though_a_line_names_another(
    tmp_path: Path, make_case: MakeCase, record: Record
) -> None:
    record(BASE, make_case(), "", body='{"model": "renamed", "choices": []}')
    found = Replay(tmp_path / "cassettes", BASE).get("s", request_key(body_for(make_case(), BASE), 0))
    assert found is not None
    assert (found.model, found.unusable) == ("renamed", "no_choices")


def test_an_edited_line_is_an_error_with_its_place(tmp_path: Path, make_case: MakeCase, record: Record) -> None:
    path = record(BASE, make_case(), "A-1")
    path.write_text(path.read_text().replace("0 Repeat", "9 Repeat"))
    with pytest.raises(CassetteError, match=r"s\.jsonl:1: key: does not belong to this request"):
        Replay(tmp_path / "cassettes", BASE).get("s", request_key(body_for(make_case(), BASE), 0))


def test_what_this_run_recorded_can_be_read_back(tmp_path: Path, make_case: MakeCase, record: Record) -> None:
    path = record(BASE, make_case(), "A-1")
    key = request_key(body_for(make_case(), BASE), 0)
    found = read_back(path, key)
    assert found is not None
    assert found.text == "A-1"
    assert read_back(path, "0" * 64) is None
    assert read_back(tmp_path / "gone.jsonl", key) is None


def test_the_path_of_a_cassette_is_its_version_and_suite() -> None:
    assert cassette_path(Path("cassettes"), "m@v1", "s") == Path("cassettes/m@v1/s.jsonl")
