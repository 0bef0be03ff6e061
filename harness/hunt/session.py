"""A hunt against a configured model, live or recorded: where `harness.hunt` meets `harness.runs`.

Used by the command and by the test of `suites/adversarial`.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from pydantic import Field, ValidationError

from harness.endpoints.pace import Pace, SpentError
from harness.endpoints.parse import RECORDABLE, Answer
from harness.errors import CassetteError, EndpointError, MissingRecordingError, explain
from harness.files import content_of, json_of, reading, whole
from harness.hunt.asking import BudgetSpentError, Sighting, sighting_of
from harness.hunt.pins import Provenance
from harness.hunt.probe import Probe
from harness.hunt.search import Hunt, HuntSettings
from harness.recording import Recorder, Secrets
from harness.recording.recorder import UnfitAnswerError
from harness.records import Record
from harness.records.answer import Completion, request_key
from harness.records.case import Case
from harness.records.run import SampleResult

if TYPE_CHECKING:
    from harness.config import HarnessConfig, ModelConfig
    from harness.endpoints.pace import CostLimit
    from harness.endpoints.retry import Retrying
    from harness.hunt.asking import Asker, Try
    from harness.hunt.pins import PinEvidence
    from harness.runs.fetching import Endpoint
    from harness.runs.judge import Judge


FAILURES_IN_A_ROW = 10

Body = Callable[[Case], dict[str, Any]]
Judging = Callable[[Case, Completion, int], SampleResult]


class HuntedAnswer(Protocol):
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
        endpoint: HuntedAnswer,
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
        if self._secrets.echoed_in(completion):
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


_SCHEMA = 1
_LIMIT = 100_000_000
"""Bytes of a file of questions."""


class StoredHunt(Record):
    """`<model>@<version>.json`; its answers are beside it in `<model>@<version>.jsonl`, in the form of cassettes."""

    schema_version: int = _SCHEMA
    model: str
    version: str
    recorded: str
    """Day, ISO 8601."""
    seed: int
    hypothesis: str
    """The version that drew the questions."""
    budget: int = Field(ge=1)
    max_concurrency: int = Field(ge=1)
    most_requests: int = Field(ge=1)
    omissions: bool
    ended: str
    unanswered: dict[str, str] = Field(default_factory=dict)
    """Keys of requests that brought no usable answer, and why."""
    retried: dict[str, int] = Field(default_factory=dict)
    """Keys of requests that took more than one attempt, and how many."""
    questions: tuple[dict[str, Any], ...]

    @property
    def settings(self) -> HuntSettings:
        """What the hunt was allowed; a replay needs no time limit."""
        return HuntSettings(self.budget, None, self.max_concurrency, self.omissions)

    def probes(self) -> Iterator[Probe]:
        """The questions, in the order in which they were drawn."""
        return (Probe.from_dict(question) for question in self.questions)


def questions_path(folder: Path, label: str) -> Path:
    """Where a recorded hunt is."""
    return folder / f"{label}.json"


def answers_path(folder: Path, label: str) -> Path:
    """Where its answers are."""
    return folder / f"{label}.jsonl"


def read_hunt(path: Path) -> StoredHunt:
    """A recorded hunt.

    Raises:
        CassetteError: the file cannot be read, or is of a newer form.
    """
    with reading(path, CassetteError, form="a recorded hunt"):
        value = json_of(content_of(path, limit=_LIMIT))
    try:
        stored = StoredHunt.model_validate(value)
    except ValidationError as error:
        raise CassetteError(f"{path}: not a recorded hunt: {explain(error, StoredHunt)}") from error
    if stored.schema_version > _SCHEMA:
        raise CassetteError(f"{path}: schema {stored.schema_version} is newer than this program; upgrade it")
    return stored


def write_hunt(path: Path, stored: StoredHunt) -> None:
    """Write it whole or not at all, one question a line."""
    head = stored.model_dump(mode="json", exclude={"questions"})
    lines = [json.dumps(question, ensure_ascii=False) for question in stored.questions]
    body = json.dumps(head, ensure_ascii=False, indent=1)[:-2]
    text = f'{body},\n "questions": [\n  ' + ",\n  ".join(lines) + "\n ]\n}\n"
    with whole(path) as file:
        file.write(text.encode())


ATTEMPTS = 3
"""Requests for one question, retries included."""
_WHOLE = ("budget", "questions")
"""How a hunt ends that nothing stopped."""
HUNTS = "hunts"
"""Folder of recorded hunts, under `suites/adversarial`. It holds no `suite.toml`, so nothing in it is a case."""


@dataclass(slots=True)
class HuntSession:
    """One model version to hunt."""

    config: HarnessConfig
    model: ModelConfig
    judge: Judge
    seed: int = 1
    settings: HuntSettings = field(default_factory=HuntSettings)
    on_answer: Callable[[Try], None] | None = None
    cost_limit: CostLimit | None = None
    """A ceiling of cost that is shared with other work."""
    terms: tuple[str, ...] = ()
    """Strings of the project's own, drawn beside the others."""
    templates: tuple[str, ...] = ()
    """Prompts of the project's own, each with `{string}` in it."""
    signs: tuple[str, ...] = ()
    """Symbols of the project's own, drawn beside `probe.SYMBOLS`."""
    unfinished: Path | None = field(default=None, init=False)
    """Answers of a recording that was stopped and does not replace a whole one; the next recording goes on from it."""

    @property
    def provenance(self) -> Provenance:
        """Of what is found now."""
        from hypothesis import __version__

        return Provenance(self.model.label, _today(), self.seed, __version__)

    def live(self, folder: Path | None) -> tuple[Hunt, bool]:
        """Hunt the endpoint. With a folder, questions and answers are kept there, also of a hunt that was stopped.

        What the recording of a killed hunt left there is not asked for again.

        Returns:
            The hunt, and whether Ctrl-C ended it.

        Raises:
            EndpointError: the endpoint is gone and nothing was found. With a find, `ended` says so instead.
        """
        from harness.hunt.strategies import questions
        from harness.recording import Recorder
        from harness.runs.requests import opened, secrets_of

        if folder is not None:
            self._check_shorter(questions_path(folder, self.model.label))
        drawn: list[Probe] = []
        part = answers_path(folder, self.model.label).with_suffix(".jsonl.part") if folder else None
        recalled = self._answers_in(part) if part is not None and part.is_file() else None
        recorder = Recorder(part, secrets=secrets_of(self.model)) if part else None
        with opened(
            self.model,
            self.config.root,
            retrying=self._retrying,
        ) as endpoint:
            oracle = self._oracle(endpoint, recorder, recalled)
            probes = questions(self.seed, self.terms, self.templates, self.signs)
            hunt = Hunt(oracle, _noting(probes, drawn), self.settings, self.on_answer)
            interrupted = False
            try:
                asyncio.run(_run(hunt, endpoint.aclose))
            except KeyboardInterrupt:
                interrupted = True
            except EndpointError:
                if not hunt.finds:
                    raise
                hunt.ended = "endpoint"
            finally:
                if recorder is not None:
                    recorder.close()
        if folder is not None and part is not None and part.is_file():  # without an answer there is nothing to keep
            if self._goes_on(hunt, questions_path(folder, self.model.label)):
                self.unfinished = part
            else:
                write_hunt(questions_path(folder, self.model.label), self._stored(hunt, drawn, oracle))
                part.replace(answers_path(folder, self.model.label))
        return hunt, interrupted

    def _goes_on(self, hunt: Hunt, path: Path) -> bool:
        """Whether a hunt was stopped that would replace a whole one, or whose endpoint is gone for the moment."""
        if hunt.ended == "endpoint":
            return True
        return hunt.ended not in _WHOLE and path.is_file() and read_hunt(path).ended in _WHOLE

    def _check_shorter(self, path: Path) -> None:
        """A recording is replaced by one that may ask as much, and by no shorter one.

        Raises:
            CassetteError: the one that is there asked more.
        """
        if not path.is_file():
            return
        stored = read_hunt(path)
        if stored.budget > self.settings.budget:
            raise CassetteError(
                f"{path}: holds a hunt with a budget of {stored.budget} requests, and this one has "
                f"{self.settings.budget}; a longer recording is not replaced; add --request-budget={stored.budget} "
                "or more, or move the file away"
            )

    def recorded(self, folder: Path) -> Hunt:
        """Replay the hunt that is kept in a folder: the same questions, the same answers, judged again."""
        stored = read_hunt(questions_path(folder, self.model.label))
        oracle = RecordedOracle(
            self._answers_in(answers_path(folder, self.model.label)),
            stored.unanswered,
            stored.retried,
            self._body,
            self.judge.sample,
            most_requests=stored.most_requests,
        )
        hunt = Hunt(oracle, stored.probes(), stored.settings, self.on_answer)
        asyncio.run(hunt.run())
        if hunt.ended != "recording" or stored.ended not in _WHOLE:
            hunt.ended = stored.ended
        return hunt

    def evidence(self, cases: list[Case]) -> list[tuple[Case, PinEvidence]]:
        """Ask each pin and strings of its shape, within one budget; pins that it did not reach are missing."""
        from harness.hunt.asking import Asker
        from harness.runs.requests import opened

        found: list[tuple[Case, PinEvidence]] = []
        with opened(self.model, self.config.root, retrying=self._retrying) as endpoint:
            oracle = self._oracle(endpoint, None)
            asker = Asker(oracle, self.settings.budget, max_concurrency=1)
            asyncio.run(self._gather(asker, cases, found, endpoint.aclose))
        return found

    async def _gather(
        self,
        asker: Asker,
        cases: list[Case],
        found: list[tuple[Case, PinEvidence]],
        close: Callable[[], Awaitable[None]],
    ) -> None:
        from harness.hunt.asking import BudgetSpentError
        from harness.hunt.pins import gather_evidence

        try:
            for case in cases:
                found.append((case, await gather_evidence(asker, case, self.model.label, _today(), self.seed)))
        except BudgetSpentError:
            pass
        finally:
            await close()

    @property
    def most_requests(self) -> int:
        """Attempts that one question can cost."""
        return 1 if self.model.kind == "callable" else ATTEMPTS

    @property
    def _retrying(self) -> Retrying:
        from harness.endpoints.retry import Retrying

        return Retrying(attempts=ATTEMPTS)

    def _answers_in(self, path: Path) -> Callable[[str], Completion | None]:
        from harness.recording import Cassette
        from harness.runs.answers import completion_of

        answers = Cassette(path)

        def answer(key: str) -> Completion | None:
            interaction = answers.get(key)
            return None if interaction is None else completion_of(interaction)

        return answer

    def _oracle(
        self,
        endpoint: Endpoint,
        recorder: Recorder | None,
        recalled: Callable[[str], Completion | None] | None = None,
    ) -> EndpointOracle:
        from harness.endpoints.pace import Pace, TokenPrice
        from harness.runs.requests import secrets_of

        price = self.model.price
        pace = Pace(
            max_concurrency=self.settings.max_concurrency,
            rpm=self.model.rpm,
            tpm=self.model.tpm,
            budget=self.settings.budget,
            cost_limit=self.cost_limit,
            price=TokenPrice(price.input, price.output) if price else None,
            timeout_s=self.model.timeout_s,
        )
        return EndpointOracle(
            endpoint,
            self._body,
            self.judge.sample,
            pace=pace,
            recorder=recorder,
            secrets=secrets_of(self.model),
            most_requests=self.most_requests,
            recalled=recalled,
        )

    def _body(self, case: Case) -> dict[str, object]:
        from harness.runs.requests import body_for

        return body_for(case, self.model)

    def _stored(self, hunt: Hunt, drawn: list[Probe], oracle: EndpointOracle) -> StoredHunt:
        return StoredHunt(
            model=self.model.name,
            version=self.model.version,
            recorded=_today(),
            seed=self.seed,
            hypothesis=self.provenance.hypothesis,
            budget=self.settings.budget,
            max_concurrency=self.settings.max_concurrency,
            most_requests=self.most_requests,
            omissions=self.settings.omissions,
            ended=hunt.ended,
            unanswered=oracle.unanswered,
            retried=oracle.retried,
            questions=tuple(probe.as_dict() for probe in drawn),
        )


async def _run(hunt: Hunt, close: Callable[[], Awaitable[None]]) -> None:
    try:
        await hunt.run()
    finally:
        await close()


def _noting(probes: Iterator[Probe], drawn: list[Probe]) -> Iterator[Probe]:
    for probe in probes:
        drawn.append(probe)
        yield probe


def _today() -> str:
    return datetime.now(UTC).date().isoformat()
