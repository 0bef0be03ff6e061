"""The hunt: explore wide, shrink what fails, say by which rule, and use what is left of the budget for rates."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice

from harness.errors import MissingRecordingError
from harness.hunt.asking import Asker, Belief, BudgetSpentError, Oracle, Sighting, Try
from harness.hunt.metamorphic import RelatedPair, relations
from harness.hunt.probe import Probe
from harness.hunt.rule import Explanation, FailureRule, explain, rule_of
from harness.hunt.shrink import Shrinker


def damaged_symbols(parts: tuple[str, ...], target: str, mention: str, symbols: str = "-/") -> frozenset[int]:
    """Places (0-based) of symbols that are lost or have something new beside them in `mention`.

    `parts` tells which signs of the target are its symbols: those that stand between two parts.
    """
    changed, inserted = _edits(target, mention)
    hit: set[int] = set()
    for number, place in enumerate(_places(parts, target, symbols)):
        low, high = place, place + 1
        # a lost space at a symbol is the symbol's damage, a lost letter is not
        while low > 0 and target[low - 1] == " ":
            low -= 1
        while target[high] == " ":
            high += 1
        if changed & set(range(low, high)) or inserted & set(range(low, high + 1)):
            hit.add(number)
    return frozenset(hit)


def _places(parts: tuple[str, ...], target: str, symbols: str) -> list[int]:
    places: list[int] = []
    at = 0
    for part in parts[:-1]:
        at = target.index(part, at) + len(part)
        while target[at] not in symbols:
            at += 1
        places.append(at)
        at += 1
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


_PAIRS_SHARE = 0.2
_EXPLORE_SHARE = 1 - _PAIRS_SHARE
_FRESH_ASKS = 5
_FRESH_ASKS_UNSTEADY = 20
_PURSUIT = 40
"""Requests that must be left before a further failure is worth shrinking."""


@dataclass(frozen=True, slots=True)
class HuntSettings:
    """What a hunt may do.

    `omissions`: an answer that leaves the string out fails too. Otherwise it says nothing about the string.
    """

    budget: int = 300
    time_limit_s: float | None = None
    max_concurrency: int = 8
    omissions: bool = False
    most_finds: int = 3


@dataclass(slots=True)
class Find:
    """A failure made small. `failures` of `asks` are fresh answers to the smallest probe, after it was chosen."""

    first: Probe
    smallest: Probe
    verdict: str
    steady: bool = True
    sighting: Sighting | None = None
    found_at: int = 0
    """Requests sent when the failure of the smallest probe was believed."""
    failures: int = 0
    asks: int = 0
    rule: FailureRule | None = None
    again: int = 0
    """Other strings that were not explained by the rule and shrank to the same smallest probe."""


@dataclass(slots=True)
class Hunt:
    """One hunt. Its state is readable at any time, so that a stop loses nothing.

    Args:
        questions: wide probes, generated or stored.
    """

    oracle: Oracle
    questions: Iterator[Probe]
    settings: HuntSettings = field(default_factory=HuntSettings)
    heard: Callable[[Try], None] | None = None
    finds: list[Find] = field(default_factory=list)
    dismissed: list[Probe] = field(default_factory=list)
    """Failed once and never again in ten answers."""
    pairs: list[RelatedPair] = field(default_factory=list)
    wide: list[tuple[Probe, Sighting]] = field(default_factory=list)
    """Every probe that was drawn and answered, in order."""
    surveyed: int = 0
    """How many of `wide`, from the end, were drawn after the last find: stopping does not bias their rate."""
    ended: str = "interrupted"
    asker: Asker = field(init=False)

    def __post_init__(self) -> None:
        self.asker = Asker(
            self.oracle, self.settings.budget, max_concurrency=self.settings.max_concurrency, heard=self.heard
        )

    def failed(self, sighting: Sighting) -> bool:
        """Whether an answer is what the hunt looks for."""
        return sighting.outcome == "damaged" or (self.settings.omissions and sighting.outcome == "omitted")

    async def run(self) -> None:
        """Hunt until the budget, the time or the questions end."""
        try:
            async with asyncio.timeout(self.settings.time_limit_s):
                await self._run()
            self.ended = "questions" if self.asker.left >= self.oracle.most_requests else "budget"
        except BudgetSpentError:
            self.ended = "budget"
        except TimeoutError:
            self.ended = "time limit"
        except MissingRecordingError:
            if not self.asker.ledger:
                raise
            self.ended = "recording"

    async def _run(self) -> None:
        hit = await self._explore(int(self.settings.budget * _EXPLORE_SHARE))
        if hit is not None:
            await self._pursue(hit)
        await self._relate(int(self.settings.budget * _PAIRS_SHARE))
        while (hit := await self._explore(self.settings.budget)) is not None:
            await self._pursue(hit)

    async def _explore(self, until: int) -> Probe | None:
        """Draw and ask in batches; the smallest probe that fails in a way that no find explains, if one does."""
        while self.asker.spent < until:
            batch = list(islice(self.questions, self.settings.max_concurrency))
            if not batch:
                return None
            answers = await asyncio.gather(
                *(self.asker.ask(probe, 0, "explore") for probe in batch), return_exceptions=True
            )
            self._keep(batch, answers)
            hits = [probe for probe, sighting in self.wide[-len(batch) :] if self._unexplained(probe, sighting)]
            room = self.asker.left >= _PURSUIT or not self.finds
            if hits and room and len(self.finds) < self.settings.most_finds:
                return min(hits, key=lambda probe: probe.size)
        return None

    def _keep(self, batch: list[Probe], answers: list[Sighting | BaseException]) -> None:
        for probe, answer in zip(batch, answers, strict=True):
            if isinstance(answer, Sighting):
                self.wide.append((probe, answer))
                self.surveyed += 1
        for answer in answers:
            if isinstance(answer, BaseException):
                raise answer

    def _unexplained(self, probe: Probe, sighting: Sighting) -> bool:
        if not self.failed(sighting) or probe in self.dismissed:
            return False
        known = [find for find in self.finds if find.verdict == sighting.verdict]
        # a find without a rule is one whose explanation the budget cut short; a rule that missed once would miss again
        return not any(find.rule is None or find.again or find.rule.matches(probe) for find in known)

    async def _pursue(self, hit: Probe) -> None:
        """Believe it, shrink it, count how often it fails, explain it."""
        belief = Belief(self.asker, hit, self.asker.known(hit)[0].verdict)
        if not await belief.confirm():
            self.dismissed.append(hit)
            return
        find = Find(hit, hit, belief.verdict, belief.steady)
        self.finds.append(find)
        self.surveyed = 0
        try:
            await self._shrink(find, belief)
            if self._merged(find):
                return
            found = Explanation(find.smallest)
            try:
                await explain(find.smallest, belief.shows, found)
            finally:
                if found.failing or found.passing:
                    find.rule = rule_of(found, self._hit_places)
        finally:
            if not self._merged(find):
                self._describe(find, belief)

    def _merged(self, find: Find) -> bool:
        """Whether an earlier find is the same; the new one goes then."""
        if all(kept is not find for kept in self.finds):
            return True
        for earlier in self.finds[:-1]:
            if earlier.smallest == find.smallest and earlier.verdict == find.verdict:
                earlier.again += 1
                self.finds.pop()
                return True
        return False

    async def _shrink(self, find: Find, belief: Belief) -> None:
        await self._shrink_once(find, belief)
        if belief.steady and find.failures < find.asks:
            # one answer was not enough to be believed after all: again, with k of m
            belief.unsettle()
            find.steady = False
            await self._shrink_once(find, belief)

    async def _shrink_once(self, find: Find, belief: Belief) -> None:
        shrinker = Shrinker(find.first, belief.fails, lambda: self.asker.spent)
        find.failures = find.asks = 0
        try:
            await shrinker.run()
        finally:
            find.smallest, find.found_at = shrinker.smallest, shrinker.found_at
        if any(earlier.smallest == find.smallest for earlier in self.finds[:-1]):
            return  # its rate is known
        try:
            await belief.rate(find.smallest, _FRESH_ASKS if belief.steady else _FRESH_ASKS_UNSTEADY)
        finally:
            find.failures, find.asks = belief.counts

    def _describe(self, find: Find, belief: Belief) -> None:
        for told in self.asker.ledger:
            if told.probe == find.smallest and belief.same(told.sighting):
                find.sighting = told.sighting
                break

    def _hit_places(self, probe: Probe) -> frozenset[int]:
        for sighting in self.asker.known(probe):
            if sighting.mention and self.failed(sighting):
                return damaged_symbols(probe.code.parts, probe.code.text, sighting.mention)
        return frozenset()

    async def _relate(self, requests: int) -> None:
        """Pairs from the strings already asked, each relation in turn."""
        end = min(self.asker.spent + requests, self.settings.budget)
        for probe, sighting in list(self.wide):
            changes = [(relation.name, relation.changed(probe)) for relation in relations()]
            wanted = [(name, changed) for name, changed in changes if changed is not None]
            if self.asker.spent + len(wanted) > end:
                return
            if not sighting.told:
                continue
            answers = await asyncio.gather(*(self.asker.ask(changed, 0, "pairs") for _, changed in wanted))
            for (name, changed), answer in zip(wanted, answers, strict=True):
                self.pairs.append(RelatedPair(name, probe, changed, sighting, answer))
