"""How many cases a bound on one rate needs, worked out exactly before money is spent."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

from harness.statistics.rates import check_counts, proves, special

_LARGEST = 200_000  # cases; beyond this no suite of prompts is the answer
_TEETH = 12  # of the saw, all with enough power: the later ones have more


def _check_share(**shares: float) -> None:
    for name, share in shares.items():
        if not 0 < share < 1:
            raise ValueError(f"{name} = {share} is not between 0 and 1")


def clean_cases_for(minimum: float, alpha: float = 0.05) -> int:
    """Cases that prove rate >= `minimum` if not one of them fails: 59 for 95 %, 299 for 99 %."""
    _check_share(minimum=minimum, alpha=alpha)
    return math.ceil(math.log(alpha) / math.log(minimum) - 1e-12)


def further_clean_cases(
    successes: int, trials: int, minimum: float, alpha: float = 0.05, *, worth: float = 1.0
) -> int | None:
    """Further cases, all of them successes, after which the exact lower bound reaches `minimum`.

    `worth` is the effective number of cases that one case counts for. 0 when it does already; None when even 200,000
    would not do.
    """
    check_counts(successes, trials)
    _check_share(minimum=minimum, alpha=alpha)

    def proven(further: int) -> bool:
        return proves(worth * (successes + further), worth * (trials + further), minimum, alpha)

    return _first(proven)


def _first(proven: Callable[[int], bool]) -> int | None:
    """The least number from 0 on that is proven, as are all larger ones; None beyond 200,000."""
    if proven(0):
        return 0
    reach = 1
    while not proven(reach):
        reach *= 2
        if reach > _LARGEST:
            return None
    short, enough = reach // 2, reach
    while enough - short > 1:
        middle = (short + enough) // 2
        short, enough = (short, middle) if proven(middle) else (middle, enough)
    return enough


def allowed_failures(cases: int, minimum: float, alpha: float = 0.05, *, worth: float = 1.0) -> int | None:
    """Most failures with which `cases` still prove `minimum`; None when not even a clean run does.

    `worth` is the effective number of cases that one case counts for.
    """
    _check_share(minimum=minimum, alpha=alpha)

    def proven(failures: int) -> bool:
        return proves(worth * (cases - failures), worth * cases, minimum, alpha)

    if cases == 0 or not proven(0):
        return None
    few, many = 0, cases
    while many - few > 1:
        middle = (few + many) // 2
        few, many = (middle, many) if proven(middle) else (few, middle)
    return few


def breaching_failures(cases: int, minimum: float, alpha: float = 0.05, *, worth: float = 1.0) -> int | None:
    """Fewest failures with which `cases` prove a rate below `minimum`; None when not even a run of failures does."""
    _check_share(minimum=minimum, alpha=alpha)

    def proven(failures: int) -> bool:
        return proves(worth * failures, worth * cases, 1 - minimum, alpha, more=True)

    if cases == 0 or not proven(cases):
        return None
    few, many = 0, cases
    while many - few > 1:
        middle = (few + many) // 2
        few, many = (few, middle) if proven(middle) else (middle, many)
    return many


def power_of_min(cases: int, true_rate: float, minimum: float, alpha: float = 0.05) -> float:
    """Chance that a model that is right in `true_rate` of cases passes `min` on this many."""
    failures = allowed_failures(cases, minimum, alpha)
    return 0.0 if failures is None else float(special().bdtr(failures, cases, 1 - true_rate))


def cases_for_min(true_rate: float, minimum: float, power: float = 0.8, alpha: float = 0.05) -> int | None:
    """Smallest number of cases that has this power for `min`, and so has every larger one.

    None beyond 200,000 or if it cannot be. Power runs in a saw-tooth, since failures are whole: it is least just before
    one more failure becomes allowed, so that is where it is looked at.
    """
    _check_share(minimum=minimum, power=power, alpha=alpha)
    if true_rate <= minimum:
        return None

    def proven(successes: int, trials: int, further: int) -> bool:
        # a rate near the limit needs thousands of teeth, for which the compiled function is the faster one
        a, b = successes + further, trials - successes + 1
        return bool(a > 0 and special().betaincinv(a, b, alpha) >= minimum)

    failures, first = 0, clean_cases_for(minimum, alpha)
    enough: int | None = None
    held = 0
    while first <= _LARGEST:
        following = first + 1
        while (further := _first(partial(proven, following - failures - 1, following))) != 0:
            following += further or 1
        if special().bdtr(failures, following - 1, 1 - true_rate) >= power:
            enough = first if enough is None else enough
            held += 1
            if held == _TEETH:
                return enough
        else:
            enough, held = None, 0
        failures, first = failures + 1, following
    return None


def expected_best(versions: int, cases: float, rate: float) -> float:
    """Mean of the highest rate among `versions` equally good ones, each seen on this many cases.

    What a choice of the best makes of a true rate: 95 % looks like 96.4 % for the best of five on 300 cases.
    """
    n = max(1, round(cases))
    if not 0 < rate < 1:
        return float(rate)
    below = total = 0.0
    ways = math.lgamma(n + 1)
    for k in range(n):
        logarithm = (
            ways - math.lgamma(k + 1) - math.lgamma(n - k + 1) + k * math.log(rate) + (n - k) * math.log1p(-rate)
        )
        below += math.exp(logarithm)
        total += 1 - below**versions
    return total / n
