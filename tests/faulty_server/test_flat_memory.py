"""What was judged is forgotten by the fetcher, and can still be read once more."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from harness.config import HarnessConfig, ModelConfig
from harness.records.answer import Completion
from harness.records.case import Case
from harness.records.run import Mode
from harness.runs.answers import Answers
from tests.faulty_server.conftest import FAST, TARGET, case
from tests.faulty_server.server import FaultyServer

MakeModel = Callable[..., ModelConfig]
Start = Callable[[Mode, list[Case]], Answers]


@pytest.fixture
def start(make_model: MakeModel, tmp_path: Path) -> Iterator[Start]:
    running: list[Answers] = []

    def begin(mode: Mode, cases: list[Case]) -> Answers:
        live = tmp_path / "live.jsonl"
        answers = Answers(HarnessConfig(root=tmp_path), make_model(), mode, live_file=live, retrying=FAST)
        running.append(answers)
        answers.start(answers.missing(cases, 1))
        return answers

    yield begin
    for answers in running:
        answers.close()


def held() -> int:
    """Answers in memory."""
    gc.collect()
    return sum(type(thing) is Completion for thing in gc.get_objects())


@pytest.mark.parametrize("mode", ["record", "refresh", "live"])
def test_answers_that_were_read_are_held_no_longer(start: Start, mode: Mode) -> None:
    before = held()
    cases = [case(f"{n} Repeat: {TARGET}", n) for n in range(30)]
    answers = start(mode, cases)
    assert answers.fetcher is not None
    answers.fetcher.join()
    assert held() - before == 30
    for one in cases:
        answers.completion(one, 0)
    assert held() - before == 0


@pytest.mark.parametrize("mode", ["record", "refresh", "live"])
def test_a_case_that_is_run_once_more_gets_the_same_answer(server: FaultyServer, start: Start, mode: Mode) -> None:
    cases = [case(f"{n} Repeat: {TARGET}", n) for n in range(3)]
    answers = start(mode, cases)
    first = [answers.completion(one, 0) for one in cases]
    again = [answers.completion(one, 0) for one in cases]
    assert [one and (one.text, one.recorded_at) for one in first] == [
        one and (one.text, one.recorded_at) for one in again
    ]
    assert None not in first
    assert server.total == 3


def test_two_cases_that_ask_the_same_thing_share_one_answer(server: FaultyServer, start: Start) -> None:
    cases = [case(f"Repeat: {TARGET}", n) for n in range(2)]
    answers = start("live", cases)
    assert [one.text for one in (answers.completion(each, 0) for each in cases) if one] == [TARGET] * 2
    assert server.total == 1


def test_suites_of_a_live_run_that_ask_the_same_thing_keep_their_own_answers(
    server: FaultyServer, start: Start
) -> None:
    one = case(f"Repeat: {TARGET}", 1)
    cases = [one, one.model_copy(update={"suite": "other"})]
    answers = start("live", cases)
    first = [answers.completion(each, 0) for each in cases]
    assert [answers.completion(each, 0) for each in cases] == first
    assert server.total == 2


def test_an_answer_that_was_not_recorded_is_kept(start: Start, server: FaultyServer) -> None:
    cases = [case(f"[fault status-500] Repeat: {TARGET}", 1)]
    answers = start("record", cases)
    first = answers.completion(cases[0], 0)
    assert first is not None
    assert first.unusable
    assert answers.completion(cases[0], 0) == first
