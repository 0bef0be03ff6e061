"""A hunt against a configured model, live or recorded: where `harness.adversarial` meets `harness.runner`.

Used by the command and by the test of `suites/adversarial`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from harness.adversarial.endpoint_oracle import EndpointOracle, RecordedOracle
from harness.adversarial.hunting import Hunt, HuntSettings
from harness.adversarial.pinning import Provenance
from harness.adversarial.stored_hunt import StoredHunt, answers_path, questions_path, read_hunt, write_hunt

if TYPE_CHECKING:
    from harness.adversarial.asking import Asker, Try
    from harness.adversarial.pinning import Evidence
    from harness.adversarial.probe import Probe
    from harness.config import HarnessConfig, ModelConfig
    from harness.endpoints.retrying import Retrying
    from harness.endpoints.spending import Purse
    from harness.recording import Recorder
    from harness.records.case import Case
    from harness.records.completion import Completion
    from harness.runner.fetching import Endpoint
    from harness.runner.judging import Judge

ATTEMPTS = 3
"""Requests for one question, retries included."""
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
    heard: Callable[[Try], None] | None = None
    purse: Purse | None = None
    """A ceiling of cost that is shared with other work."""

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
        """
        from harness.adversarial.strategies import questions
        from harness.recording import Recorder
        from harness.runner.opening import opened, secrets_of

        drawn: list[Probe] = []
        part = answers_path(folder, self.model.label).with_suffix(".jsonl.part") if folder else None
        recalled = self._answers_in(part) if part is not None and part.is_file() else None
        recorder = Recorder(part, secrets=secrets_of(self.model)) if part else None
        with opened(
            self.model,
            self.config.root,
            max_concurrency=self.settings.max_concurrency,
            retrying=self._retrying,
        ) as endpoint:
            oracle = self._oracle(endpoint, recorder, recalled)
            hunt = Hunt(oracle, _noting(questions(self.seed), drawn), self.settings, self.heard)
            interrupted = False
            try:
                asyncio.run(_run(hunt, endpoint.aclose))
            except KeyboardInterrupt:
                interrupted = True
            finally:
                if recorder is not None:
                    recorder.close()
        if folder is not None and part is not None:
            part.replace(answers_path(folder, self.model.label))
            write_hunt(questions_path(folder, self.model.label), self._stored(hunt, drawn, oracle))
        return hunt, interrupted

    def recorded(self, folder: Path) -> Hunt:
        """Replay the hunt that is kept in a folder: the same questions, the same answers, judged anew."""
        stored = read_hunt(questions_path(folder, self.model.label))
        oracle = RecordedOracle(
            self._answers_in(answers_path(folder, self.model.label)),
            stored.unanswered,
            stored.retried,
            self._body,
            self.judge.sample,
            most_requests=stored.most_requests,
        )
        hunt = Hunt(oracle, stored.probes(), stored.settings, self.heard)
        asyncio.run(hunt.run())
        hunt.ended = stored.ended
        return hunt

    def evidence(self, cases: list[Case]) -> list[tuple[Case, Evidence]]:
        """Ask each pin and strings of its shape, within one budget; pins that it did not reach are missing."""
        from harness.adversarial.asking import Asker
        from harness.runner.opening import opened

        found: list[tuple[Case, Evidence]] = []
        with opened(self.model, self.config.root, max_concurrency=1, retrying=self._retrying) as endpoint:
            oracle = self._oracle(endpoint, None)
            asker = Asker(oracle, self.settings.budget, max_concurrency=1)
            asyncio.run(self._gather(asker, cases, found, endpoint.aclose))
        return found

    async def _gather(
        self,
        asker: Asker,
        cases: list[Case],
        found: list[tuple[Case, Evidence]],
        close: Callable[[], Awaitable[None]],
    ) -> None:
        from harness.adversarial.asking import BudgetSpentError
        from harness.adversarial.pinning import gather_evidence

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
        from harness.endpoints.retrying import Retrying

        return Retrying(attempts=ATTEMPTS)

    def _answers_in(self, path: Path) -> Callable[[str], Completion | None]:
        from harness.recording import Cassette
        from harness.runner.replaying import completion_of

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
        from harness.endpoints.pacing import Pace
        from harness.endpoints.spending import TokenPrice
        from harness.runner.opening import secrets_of

        price = self.model.price
        pace = Pace(
            max_concurrency=self.settings.max_concurrency,
            rpm=self.model.rpm,
            tpm=self.model.tpm,
            budget=self.settings.budget,
            purse=self.purse,
            price=TokenPrice(price.input, price.output) if price else None,
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
        from harness.runner.prompting import body_for

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
