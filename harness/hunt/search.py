"""The hunt: explore wide, shrink what fails, say by which rule, and use what is left of the budget for rates."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TypeVar

from harness.errors import MissingRecordingError
from harness.hunt.asking import (
    Asker,
    Belief,
    BudgetSpentError,
    Oracle,
    RateDueError,
    Sighting,
    Try,
    damaged_symbols,
    edge_damaged,
)
from harness.hunt.metamorphic import RelatedPair, relations
from harness.hunt.probe import (
    ALPHABETS,
    LEVELS,
    PLAIN_CODE,
    PLAIN_CONTEXT,
    STYLES,
    ZERO_LED,
    Code,
    Probe,
    plainest,
    second_of,
    style_of,
    style_of_char,
)
from harness.hunt.refutation import Refutation
from harness.hunt.rule import Explanation, FailureRule, explain, rule_of

T = TypeVar("T")


async def essential(items: Sequence[T], fails: Callable[[tuple[T, ...]], Awaitable[bool]]) -> tuple[T, ...]:
    """A subset of `items` that still fails and of which, if failing is monotone, nothing can be left out.

    All items together are known to fail. About k + k log2(n / k) questions for k that matter. If failing is not
    monotone the result may fail no longer: then all items come back.
    """
    items = tuple(items)
    if not items or await fails(()):
        return ()
    if len(items) == 1:
        return items
    found = set(await _among((), False, items, fails))
    kept = tuple(item for item in items if item in found)
    return kept if len(kept) == len(items) or await fails(kept) else items


async def _among(
    background: tuple[T, ...],
    grown: bool,
    items: tuple[T, ...],
    fails: Callable[[tuple[T, ...]], Awaitable[bool]],
) -> tuple[T, ...]:
    if grown and await fails(background):
        return ()
    if len(items) == 1:
        return items
    half = len(items) // 2
    left, right = items[:half], items[half:]
    of_right = await _among(background + left, bool(left), right, fails)
    of_left = await _among(background + of_right, bool(of_right), left, fails)
    return of_left + of_right


Fails = Callable[[Probe], Awaitable[bool]]
_ROUNDS = 4


class Shrinker:
    """`smallest` is the best so far at any time, also after an exception out of `fails`.

    `found_at` is what `spent` said when it was believed.
    """

    def __init__(self, probe: Probe, fails: Fails, spent: Callable[[], int]) -> None:
        self.smallest = probe
        self.found_at = spent()
        self._fails = fails
        self._spent = spent

    async def run(self) -> Probe:
        """Shrink until a whole round finds nothing smaller."""
        for _ in range(_ROUNDS):
            before = self.smallest
            await self._leap()
            await self._edges()
            await self._context()
            await self._symbols()
            await self._parts()
            await self._characters()
            if self.smallest == before:
                break
        return self.smallest

    async def _try(self, candidate: Probe) -> bool:
        """Take a candidate if it is smaller and fails."""
        if candidate.size >= self.smallest.size or not await self._fails(candidate):
            return False
        self._take(candidate)
        return True

    def _take(self, candidate: Probe) -> None:
        self.smallest = candidate
        self.found_at = self._spent()

    async def _code(self, code: Code) -> bool:
        return await self._try(self.smallest.with_code(code))

    async def _leap(self) -> None:
        """The plainest of all, then the plainest string here, then this string in a plain prompt."""
        probe = self.smallest
        own = [symbol for symbol in dict.fromkeys(probe.code.symbols) if symbol != "-"]
        edged = [probe.with_code(replace(PLAIN_CODE, edges=probe.code.edges))] if any(probe.code.edges) else []
        for candidate in (
            Probe(PLAIN_CODE, PLAIN_CONTEXT),
            probe.with_code(PLAIN_CODE),
            *edged,
            *(probe.with_code(PLAIN_CODE.with_symbol(0, symbol)) for symbol in own),
        ):
            if await self._try(candidate):
                break
        await self._try(self.smallest.with_context(PLAIN_CONTEXT))

    async def _edges(self) -> None:
        """No sign at an edge that is not needed, and the plainest that is."""
        front, end = self.smallest.code.edges
        for edges in dict.fromkeys((("", ""), ("", end), (front, ""))):
            if await self._code(replace(self.smallest.code, edges=edges)):
                break
        front, end = self.smallest.code.edges
        first, *_, last = self.smallest.code.parts
        if front:  # its length alone may matter
            await self._code(replace(self.smallest.code.with_part(0, "a" * len(front) + first), edges=("", end)))
        if end:
            place = len(self.smallest.code.parts) - 1
            padded = self.smallest.code.with_part(place, last + "a" * len(end))
            await self._code(replace(padded, edges=(self.smallest.code.edges[0], "")))
        code = self.smallest.code
        # a sign that matters may do so between two parts as well
        if code.edges[0]:
            await self._code(Code(("a", code.parts[0]), (code.edges[0],)))
        if code.edges[1] and self.smallest.code == code:
            await self._code(Code((code.parts[-1], "a"), (code.edges[1],)))
        for side in (0, 1):
            for plainer in ("-", "/"):
                front, end = self.smallest.code.edges
                if (front, end)[side]:
                    edges = (plainer, end) if side == 0 else (front, plainer)
                    if await self._code(replace(self.smallest.code, edges=edges)):
                        break

    async def _context(self) -> None:
        """Only the factors that are needed stay odd; of those, the plainest level that fails."""
        probe = self.smallest
        odd = probe.context.odd

        async def fails(kept: tuple[str, ...]) -> bool:
            levels = {factor: probe.context.level(factor) for factor in kept}
            candidate = probe.with_context(PLAIN_CONTEXT.at(**levels))
            return candidate == probe or await self._fails(candidate)

        kept = await essential(odd, fails)
        levels = {factor: probe.context.level(factor) for factor in kept}
        await self._try(probe.with_context(PLAIN_CONTEXT.at(**levels)))
        if self.smallest.context.touching == LEVELS["touching"][3]:
            for level in LEVELS["touching"][1:3]:
                candidate = self.smallest.with_context(self.smallest.context.at(touching=level))
                if await self._fails(candidate):
                    self._take(candidate)
                    break

    async def _symbols(self) -> None:
        """As few symbols as possible, tight, and hyphens rather than slashes."""
        code = self.smallest.code
        count = len(code.symbols)
        for candidate in _fewer_symbols(code, count):
            if await self._code(candidate):
                break
        code = self.smallest.code
        tight = replace(code, spaced=(False,) * len(code.symbols))
        padding = "aa" * sum(code.spaced)  # the length alone may matter
        padded = tight.with_part(len(code.parts) - 1, code.parts[-1] + padding)
        if any(code.spaced) and not (await self._code(tight) or await self._code(padded)):
            for place, spaced in enumerate(code.spaced):
                if spaced:
                    left = self.smallest.code.spaced
                    left = (*left[:place], False, *left[place + 1 :])
                    await self._code(replace(self.smallest.code, spaced=left))
        for plainer in ("-", "/"):
            symbols = self.smallest.code.symbols
            odd = [place for place, symbol in enumerate(symbols) if symbol not in ("-", plainer)]
            all_plain = tuple(plainer if place in odd else symbol for place, symbol in enumerate(symbols))
            if odd and not await self._code(replace(self.smallest.code, symbols=all_plain)):
                for place in odd:
                    await self._code(self.smallest.code.with_symbol(place, plainer))

    async def _parts(self) -> None:
        """Only the parts that matter keep more than one plain letter, and no more of it than needed."""
        code = self.smallest.code

        def plain(kept: tuple[int, ...]) -> Code:
            return replace(code, parts=tuple(part if n in kept else "a" for n, part in enumerate(code.parts)))

        async def fails(kept: tuple[int, ...]) -> bool:
            candidate = self.smallest.with_code(plain(kept))
            return candidate == self.smallest or await self._fails(candidate)

        busy = tuple(n for n, part in enumerate(code.parts) if part != "a")
        kept = await essential(busy, fails)
        await self._code(plain(kept))
        for place in kept:
            await self._shorten(place)
            await self._plainer(place)
        await self._move_length()

    async def _shorten(self, place: int) -> None:
        """The shortest part that fails: first the end at the symbol alone, then by halving."""
        part = self.smallest.code.parts[place]
        first = place == 0
        low, high = 0, len(part)  # `high` characters fail, `low` do not
        guess = 1
        while high - low > 1:
            size = max(low + 1, min(high - 1, guess))
            cut = part[-size:] if first else part[:size]
            if await self._code(self.smallest.code.with_part(place, cut)):
                high = size
            else:
                low = size
            guess = 3 if low == 1 and high > 3 else (low + high) // 2

    async def _plainer(self, place: int) -> None:
        """The same length in the plainest style that fails, whole part first."""
        part = self.smallest.code.parts[place]
        wanted = dict.fromkeys(("lower", *_styles_in(part)))
        for style in (style for style in STYLES if style in wanted):
            if style == ZERO_LED and len(part) < 2:
                continue
            if await self._code(self.smallest.code.with_part(place, plainest(style, len(part)))):
                return
        canonical = "".join(ALPHABETS.get(style_of_char(char), char)[0] for char in part)
        await self._code(self.smallest.code.with_part(place, canonical))

    async def _move_length(self) -> None:
        """Length that is needed as such comes after the first symbol and not before it."""
        code = self.smallest.code
        if len(code.parts) == 2 and len(code.parts[0]) > 1 and style_of(code.parts[0]) == style_of(code.parts[1]):
            moved = replace(code, parts=(code.parts[0][:1], code.parts[0][1:] + code.parts[1]))
            candidate = self.smallest.with_code(moved)
            if await self._fails(candidate):
                self._take(candidate)

    async def _characters(self) -> None:
        """No character can go, and none can be plainer: the last doubts about a short string."""
        for place, part in enumerate(self.smallest.code.parts):
            for shorter in _without_one(part):
                if await self._code(self.smallest.code.with_part(place, shorter)):
                    break
        await self._shared_out()
        for place, part in enumerate(self.smallest.code.parts):
            if len(part) > 6 or part == plainest("lower", len(part)):
                continue
            for at, char in enumerate(part):
                now = self.smallest.code.parts[place]
                for plain in dict.fromkeys(("a", ALPHABETS.get(style_of_char(char), char)[0])):
                    if await self._code(self.smallest.code.with_part(place, now[:at] + plain + now[at + 1 :])):
                        break

    async def _shared_out(self) -> None:
        """What one part holds alone may do as well on both sides of the symbol: `1-1` for `a-11`."""
        code = self.smallest.code
        if len(code.parts) != 2:
            return
        long = max(code.parts, key=len)
        if 2 <= len(long) <= 6 and min(map(len, code.parts)) == 1:
            for cut in (1, len(long) - 1):
                if await self._code(replace(code, parts=(long[:cut], long[cut:]))):
                    return


def _fewer_symbols(code: Code, count: int) -> Iterator[Code]:
    """Single symbols with their neighbours; one symbol at full length; then growing stretches."""
    if count == 1:
        return
    for first in range(count):
        yield code.window(first, 1)
    for kept in range(count):
        yield code.merged(kept)
    for size in range(2, count):
        for first in range(count - size + 1):
            yield code.window(first, size)


def _styles_in(part: str) -> list[str]:
    style = style_of(part)
    return [style] if style != "mixed" else sorted({style_of_char(char) for char in part} & set(ALPHABETS))


def _without_one(part: str) -> Iterator[str]:
    if len(part) == 1:
        return
    yield part[1:]
    if len(part) > 2:
        if len(set(part)) > 1:
            yield part[:-1]
        yield part[2:]  # where only an even number, or an odd one, fails


def struck(probe: Probe, sighting: Sighting) -> Probe:
    """The string that was damaged: of two in one prompt, where it was the second, that one asked for alone."""
    return Probe(second_of(probe.code), probe.context.at(asked="alone")) if sighting.target else probe


_PAIRS_SHARE = 0.2
_EXPLORE_SHARE = 1 - _PAIRS_SHARE
_FRESH_ASKS = 5
_FRESH_ASKS_UNSTEADY = 20
_TEST_SHARE = 0.25
"""Of the budget, for strings that are chosen to refute one rule."""
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
    on_answer: Callable[[Try], None] | None = None
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
            self.oracle, self.settings.budget, max_concurrency=self.settings.max_concurrency, on_answer=self.on_answer
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
        return not any(
            find.rule is None
            or find.rule.withdrawn is not None
            or find.again
            or find.rule.matches(probe)
            or find.rule.matches(struck(probe, sighting))
            for find in known
        )

    async def _pursue(self, hit: Probe) -> None:
        """Believe it, shrink it, count how often it fails, explain it."""
        sighting = self.asker.known(hit)[0]
        if sighting.target:  # may fail by itself
            alone = struck(hit, sighting)
            answer = await self.asker.ask(alone, 0, "confirm")
            if self.failed(answer):
                hit, sighting = alone, answer
        second = bool(sighting.target)
        belief = Belief(self.asker, hit, sighting.verdict, second=second, kept=_FRESH_ASKS_UNSTEADY)
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
            if find.rule is not None:
                await self._test(find, belief)
        finally:
            if not self._merged(find):
                self._describe(find, belief)

    async def _test(self, find: Find, belief: Belief) -> None:
        """Hold the rule against what is known, and against strings that are chosen to refute it."""
        assert find.rule is not None
        known = {
            tried.probe.digest: (tried.probe, belief.same(tried.sighting))
            for tried in self.asker.ledger
            if isinstance(tried.probe, Probe)
            and not self._elsewhere(find, tried.probe)
            # one sound answer of a model that fails now and then says nothing about its string
            and (belief.same(tried.sighting) or (belief.steady and tried.sighting.outcome == "aligned"))
        }
        spent = self.asker.spent
        limit = spent + int(self.settings.budget * _TEST_SHARE)

        async def shows(probe: Probe) -> bool | None:
            failed = await belief.shows(probe)
            return None if failed and self._elsewhere(find, probe) else failed

        test = Refutation(find.rule, find.smallest, shows, self._hit_places, lambda: self.asker.spent, limit)
        try:
            await test.run(list(known.values()))
        finally:
            find.rule = test.rule

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
            with suppress(RateDueError):
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
        for tried in self.asker.ledger:
            if tried.probe == find.smallest and belief.same(tried.sighting):
                find.sighting = tried.sighting
                break

    def _hit_places(self, probe: Probe) -> frozenset[int]:
        for sighting in self.asker.known(probe):
            if sighting.mention and self.failed(sighting) and not sighting.target:
                return damaged_symbols(probe.code, sighting.mention)
        return frozenset()

    def _at_an_edge(self, probe: Probe) -> bool:
        """Whether a failing string is damaged at its edges alone."""
        for sighting in self.asker.known(probe):
            if sighting.mention and self.failed(sighting) and not sighting.target:
                code, mention = probe.code, sighting.mention
                return edge_damaged(code, mention) and not damaged_symbols(code, mention)
        return False

    def _elsewhere(self, find: Find, probe: Probe) -> bool:
        """Whether a string fails at an edge, and the find between its parts: that says nothing about its rule."""
        return self._at_an_edge(probe) and not self._at_an_edge(find.smallest)

    async def _relate(self, requests: int) -> None:
        """Pairs from the strings already asked, each relation in turn."""
        end = min(self.asker.spent + requests, self.settings.budget)
        for probe, sighting in list(self.wide):
            changes = [(relation.name, relation.changed(probe)) for relation in relations()]
            wanted = [(name, changed) for name, changed in changes if changed is not None]
            if self.asker.spent + len(wanted) > end:
                return
            if not sighting.present:
                continue
            answers = await asyncio.gather(*(self.asker.ask(changed, 0, "pairs") for _, changed in wanted))
            for (name, changed), answer in zip(wanted, answers, strict=True):
                self.pairs.append(RelatedPair(name, probe, changed, sighting, answer))
