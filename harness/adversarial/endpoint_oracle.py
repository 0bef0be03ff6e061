"""Oracles over a model: one that asks its endpoint and keeps the answers, and one that replays what was kept.

What builds a request and what judges an answer comes from the caller, who has the model's configuration.
"""

from collections.abc import Callable
from typing import Any, Protocol

from harness.adversarial.asking import BudgetSpentError
from harness.adversarial.oracle import Sighting, sighting_of
from harness.endpoints.answer import Answer
from harness.endpoints.pacing import Pace
from harness.endpoints.parse import RECORDABLE
from harness.endpoints.spending import SpentError
from harness.recording import Recorder, Secrets
from harness.recording.recorder import UnfitAnswerError
from harness.records.case import Case
from harness.records.completion import Completion
from harness.records.errors import EndpointError, MissingRecordingError
from harness.records.request import request_key
from harness.records.run import SampleResult

FAILURES_IN_A_ROW = 10

Body = Callable[[Case], dict[str, Any]]
Judging = Callable[[Case, Completion, int], SampleResult]


class Asked(Protocol):
    """Anything that answers a chat-completions body."""

    async def ask(self, body: dict[str, Any], pace: Pace | None = None) -> Answer:
        """One answer."""


class EndpointOracle:
    """Asks an endpoint.

    Args:
        pace: lets requests out; its budget is a second wall behind that of the hunt.
        recorder: keeps every usable answer. What has none (an error, a time-out) is kept in `unanswered`, and what took
            more than one request in `retried`.
        secrets: an answer that holds one says nothing, and is kept nowhere.
        most_requests: attempts that one question can take, retries included.
        recalled: answers of a recording that was killed, by key. They count as requests, so that the hunt goes the
            same way again.
    """

    def __init__(
        self,
        endpoint: Asked,
        body: Body,
        judge: Judging,
        *,
        pace: Pace,
        recorder: Recorder | None,
        secrets: Secrets,
        most_requests: int,
        recalled: Callable[[str], Completion | None] | None = None,
    ) -> None:
        self.most_requests = most_requests
        self.unanswered: dict[str, str] = {}
        self.retried: dict[str, int] = {}
        self._endpoint = endpoint
        self._body = body
        self._judge = judge
        self._pace = pace
        self._recorder = recorder
        self._secrets = secrets
        self._recalled = recalled
        self._failures_in_a_row = 0

    async def ask(self, case: Case, sample: int) -> Sighting:
        """One answer, judged and kept.

        Raises:
            EndpointError: too many questions in a row had no answer.
            BudgetSpentError: `pace` lets no more requests out.
        """
        body = self._body(case)
        known = self._recalled(request_key(body, sample)) if self._recalled is not None else None
        if known is not None:
            return sighting_of(self._judge(case, known, sample), case.targets[0], 1)
        try:
            answer = await self._endpoint.ask(body, self._pace)
        except SpentError as error:
            raise BudgetSpentError(str(error)) from error
        if answer.requests > 1:
            self.retried[request_key(body, sample)] = answer.requests
        completion = self._kept(answer, sample)
        if completion.unusable and completion.unusable not in RECORDABLE:
            self.unanswered[request_key(body, sample)] = completion.unusable
        self._failures_in_a_row = self._failures_in_a_row + 1 if answer.exchange is None else 0
        if self._failures_in_a_row >= FAILURES_IN_A_ROW:
            raise EndpointError(
                f"{FAILURES_IN_A_ROW} questions in a row had no answer ({completion.unusable}); the hunt stops here; "
                "run: harness models check"
            )
        return sighting_of(self._judge(case, completion, sample), case.targets[0], answer.requests)

    def _kept(self, answer: Answer, sample: int) -> Completion:
        completion = answer.completion
        if self._secrets.found_in(completion.model_dump_json()):
            return Completion(unusable="secret_echoed")
        if answer.exchange is not None and self._recorder is not None:
            try:
                self._recorder.append(
                    answer.exchange, sample=sample, model=completion.model, runtime=completion.runtime
                )
            except UnfitAnswerError as error:
                return Completion(unusable=error.reason)
        return completion


class RecordedOracle:
    """Replays a hunt. `recorded` gives the answer kept under a request's key."""

    def __init__(
        self,
        recorded: Callable[[str], Completion | None],
        unanswered: dict[str, str],
        retried: dict[str, int],
        body: Body,
        judge: Judging,
        *,
        most_requests: int,
    ) -> None:
        self.most_requests = most_requests
        self._recorded = recorded
        self._unanswered = unanswered
        self._retried = retried
        self._body = body
        self._judge = judge

    async def ask(self, case: Case, sample: int) -> Sighting:
        """The answer of then, judged now.

        Raises:
            MissingRecordingError: the hunt that was recorded did not come to this question.
        """
        key = request_key(self._body(case), sample)
        completion = self._recorded(key)
        if completion is None and key in self._unanswered:
            completion = Completion(unusable=self._unanswered[key])
        if completion is None:
            raise MissingRecordingError(
                f"the recorded hunt holds no answer to {case.id}, sample {sample}: it ended before, or the prompts, "
                "the checker or a setting of the model have changed since; "
                "run: harness hunt --model=NAME --record"
            )
        return sighting_of(self._judge(case, completion, sample), case.targets[0], self._retried.get(key, 1))
