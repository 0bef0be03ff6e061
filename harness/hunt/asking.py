"""What the hunt asks: anything that puts a case to a model and says what became of the string."""

import asyncio
import math
import re
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from harness.errors import MissingRecordingError
from harness.hunt.probe import SYMBOLS, Code, Probe
from harness.records.case import Case
from harness.records.run import Outcome, SampleResult
from harness.statistics.rates import wilson

T = TypeVar("T")
_SIGN_CHARS = "".join(dict.fromkeys("".join(SYMBOLS)))
_MOST_CUT = 4
"""Characters that a string may lose at its edges and still be known: both pairs of `__init__`."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """What one answer did to the string. `requests` counts what went over the wire for it, retries included."""

    outcome: Outcome
    verdict: str = "absent"
    damage: tuple[str, ...] = ()
    mention: str = ""
    target: str = ""
    """The second string of the prompt, if it was damaged and the one that the probe is about was not."""
    output: str = ""
    reason: str | None = None
    requests: int = 1

    @property
    def present(self) -> bool:
        """Whether the string is in the answer, whole or damaged; only then does the answer say anything about it."""
        return self.outcome in ("aligned", "damaged")


class Oracle(Protocol):
    """A model behind an endpoint, a recording, or a function in a test."""

    most_requests: int
    """How many requests one call of `ask` can send at most."""

    async def ask(self, case: Case, sample: int) -> Sighting:
        """One answer, judged. Two samples of one case are two independent answers."""


def sighting_of(result: SampleResult, target: str, requests: int) -> Sighting:
    """The part of a judged sample that the hunt looks at: the worst mention of the target, or of a second one.

    The checker takes `usr/bin` for another string than `/usr/bin`, and says that the latter is left out. A hunt that
    asked for it knows better: see `cut_at_an_edge`.
    """
    own = target
    if result.outcome == "omitted" and (cut := cut_at_an_edge(target, result.output)) is not None:
        return Sighting("damaged", "altered", ("dropped",), cut, output=result.output, requests=requests)
    if result.outcome == "damaged" and result.verdicts.get(target, "absent") in ("verbatim", "absent"):
        hurt = (other for other, found in result.mentions.items() if any(m.is_damage for m in found))
        target = next(hurt, target)
    mentions = [m for m in result.mentions.get(target, ()) if m.is_damage]
    verdict = result.verdicts.get(target, "absent")
    worst = next((m for m in mentions if m.verdict == verdict), None)
    return Sighting(
        outcome=result.outcome,
        verdict=verdict,
        damage=worst.damage if worst else (),
        mention=worst.text if worst else "",
        target="" if target == own else target,
        output=result.output,
        reason=result.reason,
        requests=requests,
    )


def cut_at_an_edge(target: str, output: str) -> str | None:
    """What an answer says in place of a string that lost some of the signs at its edges, or zeros in front.

    None if it lost nothing of the kind, or more than that.
    """
    body = target.strip(_SIGN_CHARS)
    front, end = len(target) - len(target.lstrip(_SIGN_CHARS)), len(target) - len(target.rstrip(_SIGN_CHARS))
    if body.lstrip("0")[:1].isdecimal():
        front += len(body) - len(body.lstrip("0"))
    if not any(sign in target[front + 1 : len(target) - end - 1] for sign in _SIGN_CHARS):
        return None  # a single word would be found by chance
    for cut in range(1, min(_MOST_CUT, front + end) + 1):
        for left in range(max(0, cut - end), min(cut, front) + 1):
            said = target[left : len(target) - (cut - left)]
            number = ",." if said[0].isdecimal() else ""  # 0,111 did not lose its zero
            before = number + re.escape(target[:front]) + (r"A-Za-z0-9_" if said[0].isascii() else r"\w")
            after = re.escape(target[len(target) - end :]) + (r"A-Za-z0-9_" if said[-1].isascii() else r"\w")
            if re.search(f"(?<![{before}]){re.escape(said)}(?![{after}])", output):
                return said
    return None


def damaged_symbols(code: Code, mention: str) -> frozenset[int]:
    """Places (0-based) of the symbols of a string that are lost or have something new beside them in `mention`."""
    target = code.text
    edits = _edits(target, mention)
    hit: set[int] = set()
    for number, place in enumerate(places_of(code)):
        low, high = place, place + len(code.symbols[number])
        # a lost space at a symbol is the symbol's damage, a lost letter is not
        while low > 0 and target[low - 1] == " ":
            low -= 1
        while target[high] == " ":
            high += 1
        if _edited(edits, low, high):
            hit.add(number)
    return frozenset(hit)


def edge_damaged(code: Code, mention: str) -> bool:
    """Whether a sign at an edge of a string is lost or has something new beside it in `mention`."""
    edits, (front, end), length = _edits(code.text, mention), code.edges, len(code.text)
    return (front != "" and _edited(edits, 0, len(front))) or (end != "" and _edited(edits, length - len(end), length))


def _edited(edits: tuple[set[int], set[int]], low: int, high: int) -> bool:
    changed, inserted = edits
    return not changed.isdisjoint(range(low, high)) or not inserted.isdisjoint(range(low, high + 1))


def places_of(code: Code) -> list[int]:
    """Where the symbols begin in the text."""
    places: list[int] = []
    at = len(code.edges[0])
    for part, symbol, spaced in zip(code.parts, code.symbols, code.spaced, strict=False):
        at += len(part) + spaced
        places.append(at)
        at += len(symbol) + spaced
    return places


def _edits(target: str, mention: str) -> tuple[set[int], set[int]]:
    """Characters of `target` that are lost or replaced, and places before which something is inserted.

    The fewest edits (Levenshtein); both strings are short.
    """
    rows = [list(range(len(mention) + 1))]
    for i, char in enumerate(target, start=1):
        row = [i]
        for j, other in enumerate(mention, start=1):
            row.append(min(rows[-1][j] + 1, row[-1] + 1, rows[-1][j - 1] + (char != other)))
        rows.append(row)
    changed: set[int] = set()
    inserted: set[int] = set()
    i, j = len(target), len(mention)
    while i or j:
        if i and j and rows[i][j] == rows[i - 1][j - 1] + (target[i - 1] != mention[j - 1]):
            i, j = i - 1, j - 1
            if target[i] != mention[j]:
                changed.add(i)
        elif j and rows[i][j] == rows[i][j - 1] + 1:
            j -= 1
            inserted.add(i)
        else:
            i -= 1
            changed.add(i)
    return changed, inserted


class BudgetSpentError(Exception):
    """The next question could send one request more than allowed."""


class RateDueError(Exception):
    """What is left of the budget is kept for the rate of what was found."""


async def answered(asks: Iterable[Awaitable[T]]) -> tuple[list[T | BudgetSpentError], bool]:
    """What each of them gives, or the error where the budget ended before it, and whether the budget ended.

    Raises:
        BaseException: the first of another kind that one of them raises, after all are done.
    """
    given: list[T | BudgetSpentError] = []
    for outcome in await asyncio.gather(*asks, return_exceptions=True):
        if isinstance(outcome, BaseException) and not isinstance(outcome, BudgetSpentError):
            raise outcome
        given.append(outcome)
    return given, any(isinstance(one, BudgetSpentError) for one in given)


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
        on_answer: Callable[[Try], None] | None = None,
    ) -> None:
        self.budget = budget
        self.spent = 0
        self.ledger: list[Try] = []
        self._oracle = oracle
        self._on_answer = on_answer
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
        tried = Try(probe, sample, sighting, phase, self.spent)
        self.ledger.append(tried)
        if self._on_answer is not None:
            self._on_answer(tried)
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


STEADY_ASKS = 2
"""Further answers to a first hit. If they all fail too, one answer decides from then on."""

HIT_ASKS = 10
_MOST_ASKS = 40
_MISSED = 0.003
_SECOND_LOOKS = 4
"""Answers without the string that are asked for again; if none of the second ones holds it, later ones are not."""


class Belief:
    """Whether a probe fails in the way of one hit: the same verdict, so that the shrinker stays on the same defect.

    `second`: the hit damaged the second string of the prompt.
    `kept`: requests that shrinking leaves for the rate, if the model answers differently each time.

    A steady failure is believed at the first answer. Otherwise `k` failing answers of at most `m` are wanted, with `m`
    so large that a probe that fails as often as the hit is missed in 0.3 % of cases.
    """

    def __init__(self, asker: Asker, hit: Probe, verdict: str, *, second: bool = False, kept: int = 0) -> None:
        self.verdict = verdict
        self.second = second
        self.kept = kept
        self.steady = True
        self._asker = asker
        self._hit = hit
        self._failures = self._asks = 0
        self._looks = self._helped = 0

    def same(self, sighting: Sighting) -> bool:
        """Whether an answer shows the defect that is hunted."""
        outcome = "omitted" if self.verdict == "absent" else "damaged"
        same_string = bool(sighting.target) is self.second
        return sighting.verdict == self.verdict and sighting.outcome == outcome and same_string

    def tells(self, sighting: Sighting) -> bool:
        """Whether an answer is evidence: it holds the string, or leaving it out is the defect."""
        return sighting.present or self.same(sighting)

    async def confirm(self) -> bool:
        """Ask the hit again; False if it does not come back in HIT_ASKS answers."""
        for number in range(1, HIT_ASKS):
            self._count(await self._asker.ask(self._hit, number, "confirm"))
            if self._asks == STEADY_ASKS and self._failures == STEADY_ASKS:
                return True
            if self._asks >= STEADY_ASKS and self._failures >= 2:
                break
        self.steady = False
        return self._failures > 0

    async def fails(self, probe: Probe) -> bool:
        """Whether a probe fails: one answer for a steady model, two failing ones of m for another.

        Raises:
            RateDueError: no more than `kept` requests are left.
        """
        return await self._shows(probe, "shrink", 2) is True

    async def shows(self, probe: Probe) -> bool | None:
        """Whether a probe fails, for a rule: one failing answer is enough, since nothing is made smaller by it.

        None if no answer tells: the string is left out, or damaged in another way.
        """
        return await self._shows(probe, "explain", 1)

    async def _shows(self, probe: Probe, phase: str, wanted: int) -> bool | None:
        failures = asked = silent = 0
        sound = False
        most = 1 if self.steady else self.most_asks(wanted)
        wanted = min(wanted, most)
        for number in range(most + 1):
            if phase == "shrink" and not self.steady and self._asker.left <= self.kept:
                raise RateDueError
            sighting = await self._asker.ask(probe, number, phase)
            if self.tells(sighting):
                asked += 1
                self._helped += silent
            elif not self._looks_again(number):
                break
            else:
                silent = 1
            failures += self.same(sighting)
            sound = sound or sighting.outcome == "aligned"
            if failures >= wanted:
                return True
            if asked >= most or failures + most - asked < wanted:
                break
        return False if sound else None

    def _looks_again(self, number: int) -> bool:
        """Whether an answer that says nothing is asked for again: once, and only where that has ever helped."""
        if not self.steady:
            return True
        self._looks += number == 0
        return number == 0 and (self._helped > 0 or self._looks <= _SECOND_LOOKS)

    def most_asks(self, wanted: int) -> int:
        """The m of "k of m": how many answers a probe that fails as often as the hit needs to show it."""
        rate = self._cautious_rate()
        for most in range(wanted, _MOST_ASKS):
            missed = sum(math.comb(most, k) * rate**k * (1 - rate) ** (most - k) for k in range(wanted))
            if missed <= _MISSED:
                return most
        return _MOST_ASKS

    async def rate(self, probe: Probe, asks: int) -> None:
        """Count failures among fresh answers, which played no part in choosing the probe; `counts` has them so far."""
        self._failures = self._asks = 0
        for _ in range(2 * asks):
            self._count(await self._asker.ask_again(probe, "rate"))
            if self._asks == asks:
                break

    @property
    def counts(self) -> tuple[int, int]:
        """Failures and answers that the model's failure rate is estimated from."""
        return self._failures, self._asks

    def unsettle(self) -> None:
        """Take the model for one that answers differently each time, as the last answers showed."""
        self.steady = False

    def _count(self, sighting: Sighting) -> None:
        if self.tells(sighting):
            self._asks += 1
            self._failures += self.same(sighting)

    def _cautious_rate(self) -> float:
        interval = wilson(self._failures, self._asks, level=0.5)
        return max(0.1, interval.low) if interval else 0.1
