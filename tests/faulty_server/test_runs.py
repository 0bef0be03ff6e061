"""Whole runs against the faulty server: samples, two recorders, slow-downs, names that change, hostile text."""

from __future__ import annotations

import gc
import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from harness.config import HarnessConfig, ModelConfig
from harness.endpoints.pace import CostLimit
from harness.errors import ConfigError
from harness.recording import Cassette
from harness.records.answer import Completion
from harness.records.case import Case
from harness.records.run import Mode
from harness.runs.answers import Answers, cost_limit_of
from tests.faulty_server.conftest import FAST, TARGET, case
from tests.faulty_server.server import FaultyServer

AskAll = Callable[..., list[Completion | Exception]]
MakeModel = Callable[..., ModelConfig]
PRICE = {"input": 1000.0, "output": 1000.0}


def texts(got: list[Completion | Exception]) -> list[str]:
    return [completion.text if isinstance(completion, Completion) else str(completion) for completion in got]


def test_samples_are_requests_of_their_own(
    server: FaultyServer, make_model: MakeModel, ask_all: AskAll, tmp_path: Path
) -> None:
    cases = [case(f"{n} Repeat: {TARGET}", n) for n in range(3)]
    ask_all(make_model(), cases, samples=4)
    assert server.total == 12
    lines = (tmp_path / "cassettes" / "m@v1" / "s.jsonl").read_text().splitlines()
    assert sorted(json.loads(line)["sample"] for line in lines) == sorted([0, 1, 2, 3] * 3)
    assert len({json.loads(line)["key"] for line in lines}) == 12
    ask_all(make_model(), cases, samples=5)
    assert server.total == 15, "only the fifth sample was missing"


def test_two_recorders_ask_for_each_answer_once(server: FaultyServer, make_model: MakeModel, tmp_path: Path) -> None:
    server.delay_s = 0.02
    model = make_model(max_concurrency=2)
    cases = [case(f"{n} Repeat: {TARGET}", n) for n in range(40)]
    both = [
        Answers(HarnessConfig(root=tmp_path), model, "record", live_file=tmp_path / "l", retrying=FAST)
        for _ in range(2)
    ]
    found: list[list[str]] = [[], []]

    def record(number: int) -> None:
        answers = both[number]
        answers.start(answers.missing(cases, 1))
        for one in cases:
            completion = answers.completion(one, 0, lambda future: future.result(30))
            found[number].append(completion.text if completion else "missing")
        answers.close()

    threads = [threading.Thread(target=record, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert found == [[TARGET] * 40] * 2
    assert server.total == 40


def test_a_limit_of_the_server_is_found_and_kept_to(
    server: FaultyServer, make_model: MakeModel, ask_all: AskAll
) -> None:
    server.delay_s = 0.02
    server.limit_at_one_time = 4
    cases = [case(f"{n} Repeat: {TARGET}", n) for n in range(150)]
    got = ask_all(make_model(max_concurrency=24), cases)
    assert texts(got) == [TARGET] * 150
    assert server.total < 2 * 150


def test_an_endpoint_that_echoes_the_key_leaves_the_sample_unscored(
    server: FaultyServer, make_model: MakeModel, ask_all: AskAll, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CANARY_KEY", "topsecretkey1")
    cases = [case(f"[fault {f}] Repeat: {TARGET}") for f in ("echoes-the-key", "echoes-the-key-in-its-model-name")]
    for one in cases:
        (got,) = ask_all(make_model(api_key_env="CANARY_KEY"), [one])
        assert isinstance(got, Completion)
        assert got == Completion(unusable="secret_echoed")
    assert len(Cassette(tmp_path / "cassettes" / "m@v1" / "s.jsonl")) == 0


def test_a_ceiling_of_cost_keeps_what_was_answered(
    server: FaultyServer, make_model: MakeModel, ask_all: AskAll, tmp_path: Path
) -> None:
    model = make_model(price=PRICE, max_tokens=50, max_concurrency=4)
    cost_limit = CostLimit(0.5)
    got = ask_all(model, [case(f"{n} Repeat: {TARGET}", n) for n in range(50)], cost_limit=cost_limit)
    answered = [completion for completion in got if isinstance(completion, Completion)]
    assert 5 < len(answered) < 50
    assert cost_limit.spent <= cost_limit.ceiling
    assert "--max-cost: " in str(got[-1])
    assert len(Cassette(tmp_path / "cassettes" / "m@v1" / "s.jsonl")) == len(answered) == server.total


def test_a_ceiling_of_cost_needs_prices_of_one_currency(make_model: MakeModel, ask_all: AskAll) -> None:
    with pytest.raises(ConfigError, match="--max-cost: model m has no price"):
        ask_all(make_model(), [case("x")], cost_limit=CostLimit(1.0))
    dear = make_model(price=PRICE)
    with pytest.raises(ConfigError, match="in CNY and USD; run them apart"):
        cost_limit_of(1.0, [dear, make_model(price={**PRICE, "currency": "CNY"})])
    for nonsense in (0.0, -1.0, float("nan"), float("inf")):
        with pytest.raises(ConfigError, match="accepted: an amount above 0"):
            cost_limit_of(nonsense, [dear])


def test_requests_of_a_budget_include_retries(server: FaultyServer, make_model: MakeModel, ask_all: AskAll) -> None:
    cases = [case(f"[fault status-500 x2] {n} Repeat: {TARGET}", n) for n in range(10)]
    got = ask_all(make_model(max_concurrency=4), cases, budget=13)
    assert server.total == 13
    assert "--request-budget: 13 requests are spent" in str(got[-1])


@pytest.mark.parametrize("mode", ["record", "refresh"])
def test_a_conflict_in_the_cassette_is_told_before_anything_is_asked(
    mode: str, server: FaultyServer, make_model: MakeModel, ask_all: AskAll, tmp_path: Path
) -> None:
    path = tmp_path / "cassettes" / "m@v1" / "s.jsonl"
    path.parent.mkdir(parents=True)
    path.write_text("<<<<<<< HEAD\n")
    with pytest.raises(Exception, match=r"s\.jsonl:1: a merge conflict was left here"):
        ask_all(make_model(), [case("x")], mode=mode)
    assert server.total == 0
    assert path.read_text() == "<<<<<<< HEAD\n"


@pytest.mark.parametrize("name", ["../evil", "a/b", "..", "a\nb", "-x", ""])
def test_a_model_name_cannot_leave_the_cassettes(name: str, make_model: MakeModel) -> None:
    with pytest.raises(ValueError, match="accepted: letters, digits"):
        make_model(name=name)


@pytest.mark.parametrize("version", ["../evil", "a/b", "..", "1\n"])
def test_a_version_cannot_leave_the_cassettes(version: str, make_model: MakeModel) -> None:
    with pytest.raises(ValueError, match="version"):
        make_model(version=version)


# What was judged is forgotten by the fetcher, and can still be read once more.

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
