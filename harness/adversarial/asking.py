"""Asking within a budget: a hard cap, a cache, and a ledger of every answer."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from harness.adversarial.oracle import Oracle, Sighting
from harness.records.case import Case
from harness.records.errors import MissingRecordingError


class BudgetSpentError(Exception):
    """The next question could send one request more than allowed."""


class Question(Protocol):
    """What can be asked; two with one digest ask the same."""

    @property
    def case(self) -> Case:
        """The case that is put to the model."""

    @property
    def digest(self) -> str:
        """The digest of the case."""


@dataclass(frozen=True, slots=True)
class Try:
    """One answer in the order in which answers came; `spent` is the requests sent until then."""

    probe: Question
    sample: int
    sighting: Sighting
    phase: str
    spent: int


class Asker:
    """Puts probes to an oracle, each sample once.

    A question is asked only if the most that it and those in flight can send still fits into the budget. An endpoint
    that retries can therefore leave a few requests unused, and never sends one too many.
    """

    def __init__(
        self,
        oracle: Oracle,
        budget: int,
        *,
        max_concurrency: int = 8,
        heard: Callable[[Try], None] | None = None,
    ) -> None:
        self.budget = budget
        self.spent = 0
        self.ledger: list[Try] = []
        self._oracle = oracle
        self._heard = heard
        self._reserved = 0
        self._freed = asyncio.Condition()
        self._slots = asyncio.Semaphore(max_concurrency)
        self._answers: dict[tuple[str, int], Sighting] = {}
        self._samples: dict[str, int] = {}

    @property
    def left(self) -> int:
        """Requests that may still be sent."""
        return self.budget - self.spent

    def known(self, probe: Question) -> tuple[Sighting, ...]:
        """Answers to a probe so far, in the order of their samples."""
        count = self._samples.get(probe.digest, 0)
        return tuple(self._answers[probe.digest, sample] for sample in range(count))

    async def ask(self, probe: Question, sample: int, phase: str) -> Sighting:
        """The answer to a sample, from the cache or the oracle. Samples are asked in order, from 0.

        Raises:
            BudgetSpentError: it could exceed the budget.
        """
        key = (probe.digest, sample)
        if key in self._answers:
            return self._answers[key]
        async with self._slots:
            return await self._ask(probe, sample, phase)

    async def _ask(self, probe: Question, sample: int, phase: str) -> Sighting:
        key = (probe.digest, sample)
        most = self._oracle.most_requests
        await self._reserve(most)
        sent = most  # if the question is cancelled, nobody knows how many requests went out
        try:
            sighting = await self._oracle.ask(probe.case, sample)
            sent = sighting.requests
        except MissingRecordingError:
            sent = 0
            raise
        finally:
            self.spent += sent
            async with self._freed:
                self._reserved -= most
                self._freed.notify_all()
        self._answers[key] = sighting
        self._samples[probe.digest] = max(self._samples.get(probe.digest, 0), sample + 1)
        told = Try(probe, sample, sighting, phase, self.spent)
        self.ledger.append(told)
        if self._heard is not None:
            self._heard(told)
        return sighting

    async def ask_again(self, probe: Question, phase: str) -> Sighting:
        """An answer that nobody has looked at yet."""
        return await self.ask(probe, self._samples.get(probe.digest, 0), phase)

    async def _reserve(self, most: int) -> None:
        async with self._freed:
            while self.spent + self._reserved + most > self.budget:
                if self._reserved == 0:
                    raise BudgetSpentError
                await self._freed.wait()
            self._reserved += most
