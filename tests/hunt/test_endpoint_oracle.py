import asyncio

import pytest

from harness.config import ModelConfig
from harness.endpoints.pace import Pace, SpentError
from harness.endpoints.parse import Answer
from harness.errors import EndpointError, MissingRecordingError
from harness.hunt.asking import BudgetSpentError
from harness.hunt.probe import PLAIN
from harness.hunt.session import FAILURES_IN_A_ROW, EndpointOracle, RecordedOracle
from harness.recording import Cassette, Recorder, Secrets
from harness.records.answer import Completion, request_key
from harness.runs.judge import Judge
from harness.runs.requests import body_for
from tests.factory import exchange

MODEL = ModelConfig(name="m")
JUDGE = Judge(MODEL).sample
BODY = body_for(PLAIN.case, MODEL)


class Endpoint:
    """Answers every request with what it is given."""

    def __init__(self, *answers):
        self._answers = list(answers)

    async def ask(self, body, pace=None):
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def oracle(*answers, recorder=None, secrets=None):
    return EndpointOracle(
        Endpoint(*answers),
        lambda case: body_for(case, MODEL),
        JUDGE,
        pace=Pace(),
        recorder=recorder,
        secrets=secrets or Secrets(),
        most_requests=3,
    )


def answered(text, requests=1):
    import json

    body = json.dumps({"choices": [{"finish_reason": "stop", "message": {"role": "assistant", "content": text}}]})
    made = exchange(
        request_body=json.dumps(BODY).encode(),
        response_body=body.encode(),
    )
    return Answer(Completion(text=text, finish_reason="stop"), made, requests)


def ask(asked, sample=0):
    return asyncio.run(asked.ask(PLAIN.case, sample))


def test_an_answer_is_judged_and_its_retries_are_counted():
    sighting = ask(oracle(answered("It reads a - a.", requests=2)))
    assert (sighting.outcome, sighting.verdict, sighting.mention) == ("damaged", "spaced", "a - a")
    assert sighting.damage == ("space-left", "space-right")
    assert sighting.requests == 2


def test_what_was_recorded_is_replayed_and_nothing_else(tmp_path):
    recorder = Recorder(tmp_path / "hunt.jsonl")
    live = oracle(answered("It reads a - a."), Answer(Completion(unusable="timeout"), None, 3), recorder=recorder)
    first, second = ask(live, 0), ask(live, 1)
    recorder.close()
    cassette = Cassette(tmp_path / "hunt.jsonl")

    def recorded(key):
        return Completion(text="It reads a - a.", finish_reason="stop") if key in cassette else None

    replay = RecordedOracle(
        recorded, live.unanswered, live.retried, lambda case: body_for(case, MODEL), JUDGE, most_requests=3
    )
    assert ask(replay, 0) == first
    assert (ask(replay, 1), second.outcome, second.requests) == (second, "unscored", 3)
    with pytest.raises(MissingRecordingError, match="harness hunt"):
        ask(replay, 2)


def test_an_answer_that_holds_a_secret_is_kept_nowhere(tmp_path):
    recorder = Recorder(tmp_path / "hunt.jsonl")
    live = oracle(answered("a-a key-0123456789"), recorder=recorder, secrets=Secrets(["key-0123456789"]))
    sighting = ask(live)
    recorder.close()
    assert (sighting.outcome, sighting.reason) == ("unscored", "secret_echoed")
    assert not list(tmp_path.iterdir())
    assert live.unanswered == {request_key(BODY, 0): "secret_echoed"}


def test_an_endpoint_that_answers_nothing_ends_the_hunt():
    silent = oracle(*[Answer(Completion(unusable="http_503"), None, 3)] * FAILURES_IN_A_ROW)
    for sample in range(FAILURES_IN_A_ROW - 1):
        ask(silent, sample)
    with pytest.raises(EndpointError, match="harness models check"):
        ask(silent, FAILURES_IN_A_ROW)


def test_a_spent_purse_ends_the_hunt_like_a_spent_budget():
    with pytest.raises(BudgetSpentError):
        ask(oracle(SpentError("--max-cost: 1.00 USD are spent")))
