"""The few things that matter among many, by halving (QuickXplain: Junker, AAAI 2004)."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import replace
from typing import TypeVar

from harness.hunt.code import ALPHABETS, PLAIN_CODE, STYLES, ZERO_LED, Code, plainest, style_of, style_of_char
from harness.hunt.probe import LEVELS, PLAIN_CONTEXT, Probe

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
        slash = PLAIN_CODE.with_symbol(0, "/")
        for candidate in (
            Probe(PLAIN_CODE, PLAIN_CONTEXT),
            probe.with_code(PLAIN_CODE),
            *([probe.with_code(slash)] if "/" in probe.code.symbols else []),
        ):
            if await self._try(candidate):
                break
        await self._try(self.smallest.with_context(PLAIN_CONTEXT))

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
        if any(code.spaced) and not await self._code(replace(code, spaced=(False,) * len(code.symbols))):
            for place, spaced in enumerate(code.spaced):
                if spaced:
                    tight = self.smallest.code.spaced
                    tight = (*tight[:place], False, *tight[place + 1 :])
                    await self._code(replace(self.smallest.code, spaced=tight))
        if "/" in code.symbols and not await self._code(
            replace(self.smallest.code, symbols=("-",) * len(code.symbols))
        ):
            for place, symbol in enumerate(self.smallest.code.symbols):
                if symbol == "/":
                    await self._code(self.smallest.code.with_symbol(place, "-"))

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
        """Length that is needed as such stands behind the first symbol and not before it."""
        code = self.smallest.code
        if len(code.parts) == 2 and len(code.parts[0]) > 1 and style_of(code.parts[0]) == style_of(code.parts[1]):
            moved = Code((code.parts[0][:1], code.parts[0][1:] + code.parts[1]), code.symbols, code.spaced)
            candidate = self.smallest.with_code(moved)
            if await self._fails(candidate):
                self._take(candidate)

    async def _characters(self) -> None:
        """No character can go, and none can be plainer: the last doubts about a short string."""
        for place, part in enumerate(self.smallest.code.parts):
            for shorter in _without_one(part):
                if await self._code(self.smallest.code.with_part(place, shorter)):
                    break
        for place, part in enumerate(self.smallest.code.parts):
            if len(part) > 6 or part == plainest("lower", len(part)):
                continue
            for at, char in enumerate(part):
                now = self.smallest.code.parts[place]
                for plain in dict.fromkeys(("a", ALPHABETS.get(style_of_char(char), char)[0])):
                    if await self._code(self.smallest.code.with_part(place, now[:at] + plain + now[at + 1 :])):
                        break


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
    if len(part) > 2 and len(set(part)) > 1:
        yield part[:-1]
