"""Where an answer comes from in each mode, with a Python function in the place of a server."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.config import HarnessConfig, ModelConfig
from harness.endpoints.pace import CostLimit
from harness.errors import CassetteError, ConfigError
from harness.recording import Cassette
from harness.records.answer import Completion
from harness.runs.answers import Answers
from harness.runs.fetching import FetchJob
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
