"""Where an answer comes from in each mode, with a Python function in the place of a server."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from harness.config import HarnessConfig, ModelConfig
from harness.endpoints.pace import CostLimit
from harness.errors import CassetteError, ConfigError
from harness.recording import Cassette
from harness.records.answer import Completion, request_key
from harness.records.run import RunRecord
from harness.runs.answers import Answers, Replay, cassette_path, read_back
from harness.runs.fetching import FetchJob
from harness.runs.record import freshness_warnings, is_same_model
from harness.runs.requests import body_for
from tests.factory import case_result, run_record, sample_result
from tests.runs.conftest import MakeCase, Record

APPLICATION = """
asked = []

def answer(body):
    prompt = body["messages"][-1]["content"]
    asked.append(prompt)
    return f"{prompt} ({len(asked)})"

def echo_key(body):
    return "the key is topsecretkey1"
"""
MakeAnswers = Callable[..., Answers]


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The prompts that the function was asked, in order."""
    import importlib
    import sys

    (tmp_path / "answering_application.py").write_text(APPLICATION)
    monkeypatch.syspath_prepend(tmp_path)
    module = importlib.import_module("answering_application")
    yield module.asked
    del sys.modules["answering_application"]


@pytest.fixture
def model() -> ModelConfig:
    return ModelConfig(name="m", version="v1", kind="callable", function="answering_application:answer")


@pytest.fixture
def make_answers(config: HarnessConfig, model: ModelConfig, tmp_path: Path) -> Iterator[MakeAnswers]:
    made: list[Answers] = []

    def make(mode: str, of: ModelConfig = model, **settings: Any) -> Answers:
        answers = Answers(config, of, mode, live_file=tmp_path / "reports" / "live.jsonl", **settings)  # type: ignore[arg-type]
        made.append(answers)
        return answers

    yield make
    for answers in made:
        answers.close()


def told(answers: Answers, *cases: Any, samples: int = 1) -> list[str]:
    """What each case is answered, in order."""
    answers.start(answers.missing(cases, samples))
    found = [answers.completion(case, sample) for case in cases for sample in range(samples)]
    answers.close()
    return [completion.text for completion in found if completion is not None]


def test_replay_asks_nobody(asked: list[str], make_answers: MakeAnswers, make_case: MakeCase) -> None:
    answers = make_answers("replay")
    assert answers.missing([make_case()], 1) == []
    assert answers.completion(make_case(), 0) is None
    assert asked == []


def test_record_asks_for_what_lacks_and_replay_gives_it(
    asked: list[str], make_answers: MakeAnswers, make_case: MakeCase, record: Record, model: ModelConfig
) -> None:
    cases = [make_case(1), make_case(2)]
    record(model, cases[0], "recorded before")
    assert told(make_answers("record"), *cases) == ["recorded before", "2 Repeat: A-1 (1)"]
    assert told(make_answers("replay"), *cases) == ["recorded before", "2 Repeat: A-1 (1)"]
    assert asked == ["2 Repeat: A-1"]


def test_refresh_asks_anew_and_the_later_answer_wins(
    asked: list[str], make_answers: MakeAnswers, make_case: MakeCase, record: Record, model: ModelConfig
) -> None:
    path = record(model, make_case(1), "recorded before")
    assert told(make_answers("refresh"), make_case(1)) == ["1 Repeat: A-1 (1)"]
    assert told(make_answers("replay"), make_case(1)) == ["1 Repeat: A-1 (1)"]
    assert len(path.read_text().splitlines()) == 2


def test_live_keeps_its_answers_beside_the_run_record(
    asked: list[str], make_answers: MakeAnswers, make_case: MakeCase, tmp_path: Path
) -> None:
    answers = make_answers("live")
    assert told(answers, make_case(1)) == ["1 Repeat: A-1 (1)"]
    answers.keep_live_file_as(tmp_path / "reports" / "run.live.jsonl")
    assert len(Cassette(tmp_path / "reports" / "run.live.jsonl")) == 1
    assert not (tmp_path / "cassettes").exists()


def test_samples_are_so_many_answers(asked: list[str], make_answers: MakeAnswers, make_case: MakeCase) -> None:
    texts = told(make_answers("record", max_concurrency=1), make_case(1), samples=3)
    assert texts == [f"1 Repeat: A-1 ({n})" for n in (1, 2, 3)]
    assert told(make_answers("replay"), make_case(1), samples=3) == texts


@pytest.mark.parametrize("kept", [1000, 2])
def test_the_key_of_a_request_is_made_once_while_its_answer_is_looked_for(
    kept: int, asked: list[str], make_answers: MakeAnswers, make_case: MakeCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[int] = []

    def counted(body: dict[str, Any], sample: int) -> str:
        made.append(sample)
        return request_key(body, sample)

    monkeypatch.setattr("harness.runs.answers.request_key", counted)
    monkeypatch.setattr("harness.runs.answers._MOST_PLACES", kept)
    answers = make_answers("live", max_concurrency=1)
    cases = [make_case(number) for number in range(5)]
    answers.start(answers.missing(cases, 1))
    for number, case in enumerate(cases):
        while not answers.is_there(case, 0):
            time.sleep(0.01)
        completion = answers.completion(case, 0)
        assert completion is not None
        assert completion.text == f"{number} Repeat: A-1 ({number + 1})"
    assert len(made) == 5 * (1 if kept > 5 else 2)  # those that had to go are made again, once


def test_two_cases_that_ask_the_same_share_an_answer_and_two_suites_do_not(
    asked: list[str], make_answers: MakeAnswers, make_case: MakeCase
) -> None:
    same = [make_case(1), make_case(1, id="other"), make_case(1, suite="t")]
    first, second, elsewhere = told(make_answers("record", max_concurrency=1), *same)
    assert first == second != elsewhere
    assert len(asked) == 2


def test_a_selection_is_served_by_the_recordings_of_the_suites_it_is_taken_from(
    make_answers: MakeAnswers, make_case: MakeCase, record: Record, model: ModelConfig
) -> None:
    record(model, make_case(1), "of the whole suite")
    answers = make_answers("replay")
    chosen = make_case(1, suite="few", id="s.c-1")
    assert answers.completion(chosen, 0) is None
    answers.also_recorded_in = ("s",)
    assert told(answers, chosen) == ["of the whole suite"]
    assert answers.has_cassette("few")


def test_answers_of_a_file_need_no_mode(make_answers: MakeAnswers, make_case: MakeCase, tmp_path: Path) -> None:
    (tmp_path / "o.jsonl").write_text('{"id": "s/c-1", "output": "A-1"}\n')
    kept = ModelConfig(name="m", version="v1", kind="outputs", outputs="o.jsonl")
    answers = make_answers("record", kept)
    assert answers.missing([make_case(1), make_case(2)], 1) == []
    assert told(answers, make_case(1)) == ["A-1"]
    assert answers.has_cassette("s")
    assert str(answers.no_recording(make_case(2), 1)).endswith("o.jsonl holds no output for s/c-2 (sample 1)")
    with pytest.raises(ConfigError, match=r"kind outputs needs outputs = 'FILE\.jsonl'"):
        make_answers("replay", ModelConfig(name="m", kind="outputs"))


def test_a_missing_recording_names_the_command_that_mends_it(
    make_answers: MakeAnswers, make_case: MakeCase, record: Record, model: ModelConfig
) -> None:
    answers = make_answers("replay")
    words = str(answers.no_recording(make_case(1), 2))
    assert "no recorded answer of m@v1 for s/c-1, sample 2 in cassettes/m@v1/s.jsonl" in words
    assert words.endswith("run: pytest --model=m --samples=3 --cassette-mode=record")
    assert not answers.has_cassette("s")
    record(ModelConfig(name="other", version="v3"), make_case(1), "A-1")
    words = answers.nothing_recorded(["s"], 7)
    assert "for s (7 cases); recorded are other@v3. Run: pytest --model=m --cassette-mode=record" in words


def test_a_torn_line_is_told_and_its_answer_asked_again(
    asked: list[str], make_answers: MakeAnswers, make_case: MakeCase, record: Record, model: ModelConfig
) -> None:
    path = record(model, make_case(1), "recorded before")
    path.write_bytes(path.read_bytes()[:-30])
    answers = make_answers("record")
    assert told(answers, make_case(1)) == ["1 Repeat: A-1 (1)"]
    (note,) = answers.notes
    assert "bytes was torn (the run that wrote it was killed); it was taken away" in note


def test_what_another_recorder_wrote_meanwhile_is_not_asked_again(
    asked: list[str], make_answers: MakeAnswers, make_case: MakeCase, record: Record, model: ModelConfig
) -> None:
    answers = make_answers("record")
    jobs = answers.missing([make_case(1)], 1)
    assert len(jobs) == 1
    record(model, make_case(1), "of the other recorder")
    answers.start(jobs)
    found = answers.completion(make_case(1), 0)
    assert found is not None
    assert found.text == "of the other recorder"
    assert asked == []


def test_a_cassette_that_cannot_be_written_is_told_before_anything_is_asked(
    asked: list[str], make_answers: MakeAnswers, make_case: MakeCase, tmp_path: Path
) -> None:
    (tmp_path / "cassettes").write_text("a file in the place of the folder")
    answers = make_answers("refresh")
    with pytest.raises(CassetteError, match="cannot be written"):
        answers.start(answers.missing([make_case(1)], 1))
    assert asked == []


def test_an_answer_that_repeats_a_key_is_neither_kept_nor_passed_on(
    asked: list[str],
    config: HarnessConfig,
    make_answers: MakeAnswers,
    make_case: MakeCase,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MY_API_KEY", "topsecretkey1")
    passed_on: list[Completion] = []

    class Told:
        def __call__(self, job: FetchJob, completion: Completion) -> None:
            passed_on.append(completion)

        def ended(self, fatal: str | None) -> None:
            passed_on.append(Completion(text=f"ended: {fatal}"))

    leaking = ModelConfig(name="m", version="v1", kind="callable", function="answering_application:echo_key")
    assert told(make_answers("record", leaking, on_answer=Told()), make_case(1)) == [""]
    assert passed_on == [Completion(unusable="secret_echoed"), Completion(text="ended: None")]
    assert not (config.root / "cassettes" / "m@v1" / "s.jsonl").exists()


@pytest.mark.parametrize(
    ("settings", "place"),
    [
        ({"extra_body": {"auth": {"api_key": "topsecretkey1"}}}, r"extra_body\.auth\.api_key"),
        ({"system": "Say topsecretkey1."}, "system"),
        ({"training": {"command": "curl -H 'Authorization: Bearer abcdef0123456789abcdef'"}}, r"training\.command"),
    ],
)
def test_a_secret_in_the_settings_is_refused(
    settings: dict[str, Any], place: str, make_answers: MakeAnswers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_API_KEY", "topsecretkey1")
    with pytest.raises(ConfigError, match=f"model m: {place}: holds a secret") as raised:
        make_answers("replay", ModelConfig.model_validate({"name": "m", **settings}))
    assert "topsecretkey1" not in str(raised.value)


def test_a_ceiling_of_cost_needs_a_price_unless_nothing_is_asked(make_answers: MakeAnswers) -> None:
    make_answers("replay", cost_limit=CostLimit(1.0))
    with pytest.raises(ConfigError, match="--max-cost: model m has no price"):
        make_answers("record", cost_limit=CostLimit(1.0))


def test_closing_twice_does_no_harm(asked: list[str], make_answers: MakeAnswers, make_case: MakeCase) -> None:
    answers = make_answers("record")
    told(answers, make_case(1))
    answers.close()
    assert answers.completion(make_case(1), 0) is not None


def test_every_line_is_an_answer_to_its_request(
    asked: list[str], make_answers: MakeAnswers, make_case: MakeCase, config: HarnessConfig
) -> None:
    cases = [make_case(number) for number in range(20)]
    told(make_answers("record", max_concurrency=5), *cases)
    lines = (config.root / "cassettes" / "m@v1" / "s.jsonl").read_text().splitlines()
    for line in map(json.loads, lines):
        prompt = json.loads(line["request"]["body"])["messages"][0]["content"]
        assert json.loads(line["response"]["body"]["string"])["choices"][0]["message"]["content"].startswith(prompt)
    assert len(lines) == 20


# Recorded answers, looked up by request: the model's own first, then those of the models it comes from.

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


# Warnings about answers that are old, or of another model.

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


def test_a_suite_without_recordings_names_one_that_has_them(
    make_answers: MakeAnswers, make_case: MakeCase, record: Record, model: ModelConfig
) -> None:
    record(model, make_case(1), "A-1")
    words = str(make_answers("replay").no_recording(make_case(2, suite="other"), 0))
    assert words == (
        "no answer of m@v1 is recorded for suite other (c-2); run: pytest --model=m --cassette-mode=record; or name "
        "what is recorded: pytest --model=m --suites=s"
    )
