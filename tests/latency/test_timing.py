"""Times are those of the wire, one request at a time; a failure is a slow answer, and no answer is none."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from harness.config import ModelConfig
from harness.errors import EndpointError
from harness.records.run import PromptLatency
from harness.runs.latency import LatencyPrompt, LatencySuite, Stopwatch
from tests.latency.paced_server import PacedServer

PROMPT = LatencyPrompt(id="p", prompt="Say something.")
SUITE = LatencySuite(rounds=4, warm_up=1, max_tokens=16, prompts=(PROMPT,))

Measure = Callable[..., PromptLatency]


@pytest.fixture
def measure(tmp_path: Path) -> Measure:
    def run(server: PacedServer, rounds: int = 4, **settings: object) -> PromptLatency:
        model = ModelConfig.model_validate({"name": "m", "base_url": server.base_url, "timeout_s": 5, **settings})
        stopwatch = Stopwatch(model, tmp_path, SUITE, rounds=rounds)
        try:
            return stopwatch.measure(PROMPT)
        finally:
            stopwatch.close()

    return run


def test_times_are_those_of_the_endpoint(measure: Measure) -> None:
    with PacedServer(first_s=0.08, between_s=0.02, tokens=6) as server:
        found = measure(server)
    assert found.completion_tokens == (6,) * 4
    first = [time for time in found.first_token_s if time is not None]
    total = [time for time in found.total_s if time is not None]
    assert len(first) == len(total) == 4
    # no answer can be faster than the server sleeps; how much slower a busy machine makes the worst one is not known
    assert min(first) >= 0.08
    assert min(total) >= 0.18
    assert min(first) < 0.13
    assert min(total) < 0.28


def test_requests_go_one_at_a_time_after_a_warm_up_that_does_not_count(measure: Measure) -> None:
    with PacedServer(first_s=0.01, between_s=0) as server:
        found = measure(server)
        assert len(server.bodies) == 1 + 4
        assert server.most_running == 1
    assert len(found.total_s) == 4


def test_no_two_requests_are_the_same_so_that_no_cache_answers(measure: Measure) -> None:
    with PacedServer(first_s=0, between_s=0) as server:
        measure(server)
        measure(server)
        contents = [body["messages"][-1]["content"] for body in server.bodies]
    assert len(set(contents)) == len(contents) == 10
    assert len({len(content) for content in contents}) == 1
    assert all(content.endswith("] Say something.") for content in contents)


def test_the_suite_sets_the_limit_of_tokens_and_asks_for_a_stream(measure: Measure) -> None:
    with PacedServer(first_s=0, between_s=0) as server:
        measure(server, max_tokens=500)
        measure(server, extra_body={"max_completion_tokens": 500})
        plain, reasoning = server.bodies[0], server.bodies[-1]
    assert plain["stream"] is reasoning["stream"] is True
    assert plain["max_tokens"] == reasoning["max_completion_tokens"] == 16
    assert "max_tokens" not in reasoning


def test_a_request_that_failed_has_no_time_and_is_not_sent_again(measure: Measure) -> None:
    with PacedServer(first_s=0, between_s=0, script=("ok", "ok", "500", "ok", "ok")) as server:
        found = measure(server)
        assert len(server.bodies) == 5
    assert [total is None for total in found.total_s] == [False, True, False, False]
    assert found.failures == {"http_500": 1}


@pytest.mark.parametrize("meets", ["429", "close"])
def test_what_was_never_answered_is_sent_again_and_timed_anew(
    measure: Measure, meets: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("harness.runs.latency._PATIENCE_S", 0.01)
    with PacedServer(first_s=0, between_s=0, script=("ok", "ok", meets, "ok")) as server:
        found = measure(server)
        assert len(server.bodies) == 6
    assert None not in found.total_s
    assert found.resent == 1
    assert found.failures == {}


def test_an_answer_that_is_no_stream_has_a_total_alone(measure: Measure) -> None:
    with PacedServer(first_s=0, default="whole") as server:
        found = measure(server)
    assert found.first_token_s == (None,) * 4
    assert None not in found.total_s


def test_an_endpoint_that_answers_nothing_is_given_up_soon(measure: Measure) -> None:
    with PacedServer(default="500") as server, pytest.raises(EndpointError, match=r"5 requests in a row .*http_500"):
        measure(server, rounds=50)


def test_an_echoed_key_is_no_answer(measure: Measure, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAT_KEY", "paced-1 t0 t1 t2")
    monkeypatch.setenv("OPENAI_API_KEY", "t0 t1 t2 t3")
    with PacedServer(first_s=0, between_s=0) as server, pytest.raises(EndpointError, match="secret_echoed"):
        measure(server, rounds=10)
