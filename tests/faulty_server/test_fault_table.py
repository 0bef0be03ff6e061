"""The fault table: how an endpoint can fail, what becomes of the sample, and what it costs in requests."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.config import ModelConfig
from harness.endpoints.retry import Retrying
from harness.errors import EndpointError
from harness.recording import Cassette
from harness.records.answer import Completion
from tests.faulty_server import faults, faults_of_echo
from tests.faulty_server.conftest import FAST, TARGET, case, outcome
from tests.faulty_server.server import FaultyServer

AskAll = Callable[..., list[Completion | Exception]]
MakeModel = Callable[..., ModelConfig]
ATTEMPTS = FAST.attempts

LASTING = {
    # fault: (outcome, requests)
    "status-400": ("unscored(http_400)", 1),
    "status-413": ("unscored(http_413)", 1),
    "status-422": ("unscored(http_422)", 1),
    "status-408": ("unscored(http_408)", ATTEMPTS),
    "status-409": ("unscored(http_409)", ATTEMPTS),
    "status-425": ("unscored(http_425)", ATTEMPTS),
    "status-429": ("unscored(http_429)", ATTEMPTS),
    "status-500": ("unscored(http_500)", ATTEMPTS),
    "status-501": ("unscored(http_501)", ATTEMPTS),
    "status-502": ("unscored(http_502)", ATTEMPTS),
    "status-503": ("unscored(http_503)", ATTEMPTS),
    "status-504": ("unscored(http_504)", ATTEMPTS),
    "status-529": ("unscored(http_529)", ATTEMPTS),
    "500-do-not-retry": ("unscored(http_500)", 1),
    "reset-before-headers": ("unscored(connection)", ATTEMPTS),
    "close-before-headers": ("unscored(connection)", ATTEMPTS),
    "reset-in-headers": ("unscored(connection)", ATTEMPTS),
    "reset-in-body": ("unscored(connection)", ATTEMPTS),
    "close-in-body": ("unscored(connection)", ATTEMPTS),
    "stream-reset": ("unscored(connection)", ATTEMPTS),
    "truncated-json": ("unscored(not_json)", ATTEMPTS),
    "deep-nesting": ("unscored(not_json)", ATTEMPTS),
    "empty-body": ("unscored(not_json)", ATTEMPTS),
    "html": ("unscored(not_json)", ATTEMPTS),
    "stream-without-end": ("unscored(broken_stream)", ATTEMPTS),
    "stream-cut-in-an-event": ("unscored(broken_stream)", ATTEMPTS),
    "stream-error": ("unscored(error_in_body)", ATTEMPTS),
    "error-in-body": ("unscored(error_in_body)", ATTEMPTS),
    "empty-choices": ("unscored(no_choices)", ATTEMPTS),
    "null-content": ("unscored(no_content)", ATTEMPTS),
    "invalid-utf8": ("unscored(invalid_utf8)", ATTEMPTS),
    "lone-surrogate": ("unscored(invalid_unicode)", ATTEMPTS),
    "gzip-cut": ("unscored(bad_encoding)", ATTEMPTS),
    "unknown-encoding": ("unscored(bad_encoding)", ATTEMPTS),
    "fifty-megabytes": ("unscored(too_long)", 1),
    "gzip-bomb": ("unscored(too_long)", 1),
    "right-answer-with-status-201": ("unscored(http_201)", ATTEMPTS),
    "right-answer-with-status-203": ("unscored(http_203)", ATTEMPTS),
    "right-answer-with-status-206": ("unscored(http_206)", ATTEMPTS),
    "content-is-a-number": ("unscored(content_not_text)", ATTEMPTS),
    "unknown-finish-reason": ("unscored(unknown_end)", ATTEMPTS),
    "flat-error": ("unscored(error_in_body)", ATTEMPTS),
    "error-beside-choices": ("unscored(error_in_body)", ATTEMPTS),
    "messages-in-place-of-deltas": ("unscored(broken_stream)", ATTEMPTS),
    "refusal-in-a-stream": ("unscored(refusal)", 1),
    "length": ("unscored(length)", 1),
    "content-filter": ("unscored(content_filter)", 1),
    "refusal": ("unscored(refusal)", 1),
}
PASSING = [
    "status-408", "status-409", "status-425", "status-429", "429-after-seconds", "429-after-date", "status-500",
    "status-502", "status-503", "status-504", "reset-before-headers", "close-before-headers", "reset-in-headers",
    "reset-in-body", "close-in-body", "stream-reset", "truncated-json", "stream-without-end",
    "stream-cut-in-an-event", "stream-error", "html", "empty-body", "error-in-body", "empty-choices",
    "null-content", "invalid-utf8", "gzip-cut",
]  # fmt: skip
SILENT = ["stall-before-headers", "stall-in-body", "stall-in-stream", "drip"]
STOPPING = {
    "status-401": r"refuses the request without a key \(401\); set api_key_env",
    "status-403": r"refuses the request without a key \(403\); set api_key_env",
    "status-404": r"does not know 'm' or has no chat completions there \(404\)",
    "status-402": r"has no credit left \(402\)",
    "429-no-credit": r"has no credit left \(429\). It says: You exceeded your current quota",
    "429-after-an-hour": r"left alone for 60 min, until 20\d\d-.* UTC \(429, Retry-After\). It says: told 429",
    "redirect": r"a redirect \(307\) to 'http://elsewhere.invalid/v1', which is not followed",
}
TOLD_ELSEWHERE = set(faults_of_echo.names(faults.WRONG))


def test_every_fault_of_the_server_is_in_the_table() -> None:
    assert {*LASTING, *PASSING, *SILENT, *STOPPING, *TOLD_ELSEWHERE} == set(faults.WRONG)


@pytest.mark.parametrize("fault", LASTING)
def test_a_lasting_fault_leaves_the_sample_unscored(
    fault: str, server: FaultyServer, make_model: MakeModel, ask_all: AskAll, tmp_path: Path
) -> None:
    model, prompt = make_model(), f"[fault {fault}] Repeat: {TARGET}"
    (got,) = ask_all(model, [case(prompt)])
    assert isinstance(got, Completion)
    assert (outcome(model, prompt, got), server.total) == LASTING[fault]
    recorded = len(Cassette(tmp_path / "cassettes" / "m@v1" / "s.jsonl"))
    assert recorded == (fault in ("length", "content-filter", "refusal", "refusal-in-a-stream")), (
        "errors are never recorded as answers"
    )


@pytest.mark.parametrize("fault", PASSING)
def test_a_passing_fault_is_asked_again(
    fault: str, server: FaultyServer, make_model: MakeModel, ask_all: AskAll
) -> None:
    model, prompt = make_model(), f"[fault {fault} x1] Repeat: {TARGET}"
    (got,) = ask_all(model, [case(prompt)])
    assert isinstance(got, Completion)
    assert outcome(model, prompt, got) == "aligned"
    assert server.total == 2


@pytest.mark.parametrize("fault", SILENT)
def test_silence_ends_at_the_deadline(fault: str, server: FaultyServer, make_model: MakeModel, ask_all: AskAll) -> None:
    model, prompt = make_model(timeout_s=0.5), f"[fault {fault}] Repeat: {TARGET}"
    started = time.monotonic()
    (got,) = ask_all(model, [case(prompt)])
    assert isinstance(got, Completion)
    assert outcome(model, prompt, got) == "unscored(timeout)"
    assert server.total in (2, 3)
    assert time.monotonic() - started < 60, "three times timeout_s, and room for a busy machine"


@pytest.mark.parametrize("fault", STOPPING)
def test_a_refusal_stops_the_run_after_one_request(
    fault: str, server: FaultyServer, make_model: MakeModel, ask_all: AskAll
) -> None:
    cases = [case(f"[fault {fault}] {number} Repeat: {TARGET}", number) for number in range(5)]
    got = ask_all(make_model(), cases)
    assert all(isinstance(error, EndpointError) for error in got)
    assert server.total == 1
    with pytest.raises(EndpointError, match=STOPPING[fault]):
        raise got[0]  # type: ignore[misc]
    assert "hunter2" not in str(got[0])


@pytest.mark.parametrize("form", faults.ODD)
@pytest.mark.parametrize("verb", ["Repeat", "Damage"])
def test_an_unusual_form_changes_no_verdict(
    form: str, verb: str, server: FaultyServer, make_model: MakeModel, ask_all: AskAll
) -> None:
    model, prompt = make_model(), f"[fault {form}] {verb}: {TARGET}"
    (got,) = ask_all(model, [case(prompt)])
    assert isinstance(got, Completion)
    assert outcome(model, prompt, got) == ("aligned" if verb == "Repeat" else "damaged")
    assert server.total == 1


def test_an_empty_text_is_an_answer_and_omits_the_target(
    server: FaultyServer, make_model: MakeModel, ask_all: AskAll
) -> None:
    model, prompt = make_model(), "Repeat:  "
    (got,) = ask_all(model, [case(prompt)])
    assert isinstance(got, Completion)
    assert outcome(model, prompt, got) == "omitted"


def test_nothing_listening_stops_the_run_and_says_so(make_model: MakeModel, ask_all: AskAll) -> None:
    (got, _) = ask_all(make_model(base_url="http://127.0.0.1:9/v1"), [case("a", 1), case("b", 2)])
    assert isinstance(got, EndpointError)
    assert "nothing answers at http://127.0.0.1:9/v1; is the server running" in str(got)


@pytest.mark.parametrize("address", ["localhost:8000/v1", "ftp://127.0.0.1/v1", "127.0.0.1"])
def test_an_address_that_is_none_is_told(address: str, make_model: MakeModel, ask_all: AskAll) -> None:
    (got,) = ask_all(make_model(base_url=address), [case("a")])
    assert isinstance(got, EndpointError)
    assert "base_url" in str(got)


def test_403_for_one_prompt_does_not_stop_a_run_that_has_had_answers(
    server: FaultyServer, make_model: MakeModel, ask_all: AskAll
) -> None:
    prompts = [f"1 Repeat: {TARGET}", f"[fault status-403] Repeat: {TARGET}", f"2 Repeat: {TARGET}"]
    got = ask_all(make_model(max_concurrency=1), [case(prompt, number) for number, prompt in enumerate(prompts)])
    assert [getattr(completion, "unusable", "error") for completion in got] == [None, "http_403", None]
    assert server.total == 3


def test_a_pause_that_the_endpoint_asks_for_is_kept(
    server: FaultyServer, make_model: MakeModel, ask_all: AskAll
) -> None:
    started = time.monotonic()
    ask_all(make_model(), [case(f"[fault 429-after-seconds x2] Repeat: {TARGET}")])
    assert time.monotonic() - started >= 0.8
    assert server.total == 3


def test_many_failures_in_a_row_open_the_circuit_and_keep_what_was_answered(
    server: FaultyServer, make_model: MakeModel, ask_all: AskAll, tmp_path: Path
) -> None:
    good = [case(f"{number} Repeat: {TARGET}", number) for number in range(5)]
    bad = [case(f"[fault status-500] {number} Repeat: {TARGET}", number) for number in range(5, 200)]
    model = make_model(max_concurrency=2)
    got = ask_all(model, [*good, *bad], retrying=Retrying(attempts=2, first_delay_s=0.001, longest_delay_s=0.001))
    assert all(isinstance(completion, Completion) for completion in got[:5])
    assert isinstance(got[-1], EndpointError)
    assert "requests in a row got no answer (http_500 10); the endpoint says: told 500, you sent Bearer" in str(got[-1])
    assert "--cassette-mode=record" in str(got[-1])
    assert server.total <= 5 + 2 * 12
    assert len(Cassette(tmp_path / "cassettes" / "m@v1" / "s.jsonl")) == 5
    before = server.total
    again = ask_all(model, good)
    assert all(isinstance(completion, Completion) for completion in again)
    assert server.total == before


def test_a_short_outage_is_no_end(server: FaultyServer, make_model: MakeModel, ask_all: AskAll) -> None:
    cases = [case(f"[fault status-500 x3] {number} Repeat: {TARGET}", number) for number in range(40)]
    got = ask_all(make_model(max_concurrency=16), cases)
    assert all(isinstance(completion, Completion) and completion.unusable is None for completion in got)
    assert server.total == 160
