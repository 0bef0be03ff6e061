"""The few things that matter among many, by halving (QuickXplain: Junker, AAAI 2004)."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

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
