"""`latency.toml`: the prompts that speed is measured with. Its folder is measured only when it is named."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import platform
import secrets
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError

from harness.config import ModelConfig
from harness.endpoints.pace import CostLimit, Pace, TokenPrice
from harness.endpoints.retry import Retrying
from harness.errors import EndpointError, SuiteError, explain
from harness.files import reading, toml_of
from harness.records import Record
from harness.records.answer import Completion
from harness.records.case import ID_PATTERN, Case
from harness.records.run import Evidence, Latency, PromptLatency, RunRecord
from harness.runs.fetching import Endpoint
from harness.runs.record import fold, git_commit
from harness.runs.requests import body_for, opened, secrets_of, threads_of

FILE_NAME = "latency.toml"


class LatencyPrompt(Record):
    """One prompt. Each request puts a number of its own before it, so that no endpoint answers from a cache."""

    id: str = Field(pattern=ID_PATTERN)
    prompt: str = Field(min_length=1)


class LatencySuite(Record):
    """What `latency.toml` says. `rounds` requests a prompt count, after `warm_up` requests that do not."""

    title: str = ""
    description: str = ""
    rounds: int = Field(default=80, ge=1)
    warm_up: int = Field(default=3, ge=0)
    max_tokens: int = Field(default=64, ge=2)
    prompts: tuple[LatencyPrompt, ...] = Field(min_length=1)

    def digest(self, prompt: LatencyPrompt) -> str:
        """What two measurements must share to compare."""
        return hashlib.sha256(json.dumps([prompt.prompt, self.max_tokens]).encode()).hexdigest()

    def body(self, prompt: LatencyPrompt, model: ModelConfig, number: str) -> dict[str, Any]:
        """A streamed request with the token limit of the suite, whatever the model's own is."""
        case = Case(
            suite="latency",
            id=prompt.id,
            domain="latency",
            language="en",
            task="latency",
            messages=({"role": "user", "content": f"[{number}] {prompt.prompt}"},),
            stream=True,
        )
        body = body_for(case, model)
        limit = "max_completion_tokens" if "max_completion_tokens" in model.extra_body else "max_tokens"
        return {**body, limit: self.max_tokens}


def load_latency_suite(folder: Path) -> LatencySuite:
    """Read the folder's `latency.toml`.

    Raises:
        SuiteError: it cannot be read, a field is not accepted, or two prompts have one id.
    """
    path = folder / FILE_NAME
    with reading(path, SuiteError, form="TOML"):
        table = toml_of(path)
    try:
        suite = LatencySuite.model_validate(table)
    except ValidationError as error:
        raise SuiteError(f"{path}: {explain(error, LatencySuite)}") from error
    ids = [prompt.id for prompt in suite.prompts]
    for name in ids:
        if ids.count(name) > 1:
            raise SuiteError(f"{path}: prompts: the id {name!r} is there twice; ids are unique")
    return suite


_CUT = (None, "length")
"""An answer that ends at the token limit was answered at full speed."""
_SENT_AGAIN = {"http_429": 5, "connection": 2}
"""How often at most a request goes out that was refused for coming too soon, or that met a connection which the server
had closed after the last answer: neither is an answer, slow or fast."""
_PATIENCE_S = 1.0
_FAILURES_IN_A_ROW = 5


@dataclass(slots=True)
class Timed:
    """What the requests of one model version showed besides their times."""

    resolved_model: str | None = None
    runtime: str | None = None
    dates: list[str] = field(default_factory=list)
    requests: int = 0


class Stopwatch:
    """Asks one model version; a local server runs until `close`.

    A request that fails is not sent again, with two exceptions: what made it fail may be what makes the version slow.
    """

    def __init__(
        self,
        model: ModelConfig,
        root: Path,
        suite: LatencySuite,
        *,
        rounds: int,
        budget: int | None = None,
        cost_limit: CostLimit | None = None,
    ) -> None:
        self.model = model
        self.timed = Timed()
        self._root = root
        self._suite = suite
        self._rounds = rounds
        self._secrets = secrets_of(model)
        price = TokenPrice(model.price.input, model.price.output) if model.price else None
        self._pace = Pace(
            max_concurrency=1, rpm=model.rpm, tpm=model.tpm, budget=budget, cost_limit=cost_limit, price=price
        )
        self._resources = ExitStack()
        self._runner = self._resources.enter_context(asyncio.Runner())
        self._endpoint: Endpoint | None = None
        self._resent = 0
        # the numbers before the prompts are new in each run, and of one length
        self._run = secrets.token_hex(3)

    def measure(self, prompt: LatencyPrompt) -> PromptLatency:
        """Warm up, then time.

        Raises:
            HarnessError: the endpoint cannot be used, gave no answer many times in a row, or a limit is spent.
        """
        if self._endpoint is None:
            retrying = Retrying(attempts=1, attempts_to_reach=1)
            self._endpoint = self._resources.enter_context(opened(self.model, self._root, retrying=retrying))
            self._resources.callback(lambda: self._runner.run(self._closed()))
        self._resent = 0
        answers = self._runner.run(self._ask_all(prompt, self._endpoint))
        self.timed.requests = self._pace.requests
        failures = Counter(answer.unusable for answer in answers if answer.unusable not in _CUT)
        good = [answer if answer.unusable in _CUT else None for answer in answers]
        return PromptLatency(
            prompt=prompt.id,
            digest=self._suite.digest(prompt),
            first_token_s=tuple(answer.first_token_s if answer else None for answer in good),
            total_s=tuple(answer.latency_s if answer else None for answer in good),
            completion_tokens=tuple(answer.completion_tokens if answer else None for answer in good),
            failures={str(reason): count for reason, count in sorted(failures.items(), key=str)},
            resent=self._resent,
        )

    async def _ask_all(self, prompt: LatencyPrompt, endpoint: Endpoint) -> list[Completion]:
        answers: list[Completion] = []
        failed = 0
        for number in range(self._suite.warm_up + self._rounds):
            body = self._suite.body(prompt, self.model, f"{self._run}{number:05d}")
            completion = await self._ask(body, endpoint)
            failed = 0 if completion.unusable in _CUT else failed + 1
            last = number + 1 == self._suite.warm_up + self._rounds
            if failed >= _FAILURES_IN_A_ROW or (last and failed > number):
                raise EndpointError(
                    f"model {self.model.name}: the last {failed} requests in a row got no answer "
                    f"({completion.unusable}); nothing was measured. Run: harness models check {self.model.name}"
                )
            if number >= self._suite.warm_up:
                answers.append(completion)
        return answers

    async def _ask(self, body: dict[str, object], endpoint: Endpoint) -> Completion:
        answer = await endpoint.ask(body, self._pace)
        for _ in range(_SENT_AGAIN.get(answer.completion.unusable or "", 1) - 1):
            self._resent += 1
            if answer.completion.unusable != "connection":
                await asyncio.sleep(_PATIENCE_S)
            answer = await endpoint.ask(body, self._pace)
            if answer.completion.unusable not in _SENT_AGAIN:
                break
        completion = answer.completion
        if self._secrets.echoed_in(completion):
            return Completion(unusable="secret_echoed")
        if completion.unusable in _CUT:
            self.timed.resolved_model = completion.model or self.timed.resolved_model
            self.timed.runtime = completion.runtime or self.timed.runtime
            if completion.recorded_at:
                self.timed.dates.append(completion.recorded_at)
        return completion

    async def _closed(self) -> None:
        if self._endpoint is not None:
            await self._endpoint.aclose()

    def close(self) -> None:
        """End connections and the local server; idempotent."""
        self._resources.close()


def client_of(model: ModelConfig) -> str:
    """The machine that asks, in words. Cores and threads matter only to a model that runs on it."""
    machine = f"{platform.system()} {platform.machine()}"
    if model.kind != "local":
        return machine
    threads = threads_of(model)
    return f"{machine}, {os.cpu_count()} cores, {threads or 'all'} thread{'s' * (threads != 1)}"


PARTIAL = "a measurement of latency holds no verdicts"


def latency_record(
    model: ModelConfig,
    suite: LatencySuite,
    prompts: Sequence[PromptLatency],
    timed: Timed,
    *,
    started: str,
    ended: str,
    root: Path,
) -> RunRecord:
    """One measurement of one model version. Its id ends in `-latency`."""
    latency = Latency(
        warm_up=suite.warm_up,
        max_tokens=suite.max_tokens,
        client=client_of(model),
        resolved_model=timed.resolved_model,
        runtime=timed.runtime,
        prompts=tuple(prompts),
    )
    empty = fold(
        model,
        [],
        mode="live",
        started=started,
        ended=ended,
        requests=timed.requests,
        partial_reason=PARTIAL,
        git_commit=git_commit(root),
    )
    dates = sorted(timed.dates) or [started]
    content = f"{model.label} {model.digest} {started} {latency.model_dump_json()}"
    digest = hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()[:10]
    return empty.model_copy(
        update={
            "run_id": f"{dates[-1][:10].replace('-', '')}-{digest}-latency",
            "evidence": Evidence(oldest=dates[0], newest=dates[-1]),
            "latency": latency,
        }
    )
