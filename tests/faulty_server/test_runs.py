"""Whole runs against the faulty server: samples, two recorders, slow-downs, names that change, hostile text."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.config import HarnessConfig, ModelConfig
from harness.endpoints.pace import CostLimit
from harness.errors import ConfigError
from harness.recording import Cassette
from harness.records.answer import Completion
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
