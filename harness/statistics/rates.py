"""Intervals and bounds for one proportion, right near 100 % too; and how many independent cases a sample of domains is.

Cases of one domain tend to be right or wrong together, and domains are what was sampled: the claim is about fields like
these. A bound is therefore taken at n / design effect (Kish 1965), with the degrees-of-freedom factor of Korn &
Graubard, Survey Methodology 24 (1998), whose exact bounds at an effective n hold near 100 % too. Miller, "Adding Error
Bars to Evals" (arXiv 2411.00640), gives the same reason for clustered errors."""

from __future__ import annotations

import math
import sys
import threading
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import import_module
from importlib.util import find_spec, module_from_spec
from statistics import NormalDist
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    import numpy as np

    Floats = np.ndarray[tuple[int, ...], np.dtype[Any]]


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate with its bounds. `level` is two-sided coverage; for one-sided bounds, that of each side."""

    estimate: float
    low: float
    high: float
    level: float


def check_counts(successes: float, trials: float) -> None:
    """Refuse counts that no experiment can give; the caller, not a user, is at fault."""
    if trials < 0 or not 0 <= successes <= trials:
        raise ValueError(f"{successes} of {trials} is not a count of successes")


def wilson(successes: float, trials: float, level: float = 0.95) -> Interval | None:
    """Wilson's score interval (1927), for showing a rate. None without trials: no data is not 0 %.

    Pure Python: pages and terminal summaries of a replay use it without loading scipy.
    """
    check_counts(successes, trials)
    if trials == 0:
        return None
    z = NormalDist().inv_cdf((1 + level) / 2)
    rate = successes / trials
    spread = z * z / trials
    centre = (rate + spread / 2) / (1 + spread)
    half = math.sqrt(spread * (rate * (1 - rate) + spread / 4)) / (1 + spread)
    low = 0.0 if successes == 0 else max(0.0, centre - half)
    high = 1.0 if successes == trials else min(1.0, centre + half)
    return Interval(rate, low, high, level)


@lru_cache(maxsize=64)
def _log_factorials(most: int) -> Floats:
    """Logarithms of 0! to `most`!"""
    import numpy as np

    return np.array([math.lgamma(one + 1) for one in range(most + 1)])


def binomial_chances(counts: Floats, trials: Floats | int, rates: Floats | float) -> Floats:
    """Chance of each count of successes among so many trials, at each rate; the shapes are broadcast.

    `scipy.stats.binom.pmf` gives the same, and takes a second to load.
    """
    import numpy as np

    logs, failures, rate = _log_factorials(int(np.max(trials))), trials - counts, np.asarray(rates, dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):  # at a rate of 0 or 1: no count times an endless logarithm
        of_counts = np.where(counts == 0, 0.0, counts * np.log(rate))
        of_failures = np.where(failures == 0, 0.0, failures * np.log1p(-rate))
    chances: Floats = np.exp(logs[trials] - logs[counts] - logs[failures] + of_counts + of_failures)
    return chances


@cache
def special() -> Any:
    """The compiled functions of `scipy.special`, without the rest of that package.

    The rest is most of its import, 165 of 190 ms, and no function here needs it. Whoever imports `scipy.special` gets
    all of it, with these very functions.
    """
    name = "scipy.special"
    spec = None if name in sys.modules else find_spec(name)
    if spec is None or threading.active_count() > 1:  # another thread might import it in this moment
        return import_module(name)
    with suppress(ImportError):  # of a scipy that keeps them elsewhere
        sys.modules[name] = module_from_spec(spec)  # which runs nothing
        try:
            found = import_module(f"{name}._ufuncs")
        finally:
            del sys.modules[name]
        if all(hasattr(found, one) for one in _USED):
            return found
    return import_module(name)


_USED = ("bdtr", "betaincinv")


def beta_quantile(a: float, b: float, chance: float) -> float:
    """The x at which the incomplete beta function I_x(a, b) is `chance`.

    `scipy.special.betaincinv` gives the same to 12 digits and more, and needs numpy: 0.12 s and 25 MB of a verdict.
    """
    if not 0 < chance < 1:
        return float(chance >= 1)
    if chance > 0.5 and _beta_tails(a, b, 0.5)[0] < chance:  # near 1 only the distance from it has digits enough
        return 1 - _beta_quantile(b, a, 1 - chance, chance)
    return _beta_quantile(a, b, chance, 1 - chance)


def _beta_quantile(a: float, b: float, chance: float, beyond: float) -> float:
    """The same of a chance that has its digits in itself or in `beyond`, which is the rest."""
    low, high = 0.0, 1.0
    x = _near_beta_quantile(a, b, chance)
    if x < _TINY:
        return 0.0
    for _ in range(_MOST_STEPS):
        if not low < x < high:
            x = (low + high) / 2
        below, above, term = _beta_tails(a, b, x)
        error = below - chance if below < 0.5 else beyond - above  # of the smaller tail: no digits are lost
        low, high = (low, x) if error > 0 else (x, high)
        slope = term / (x * (1 - x))
        if error == 0:
            return x
        if slope == 0:
            x = (low + high) / 2
            continue
        step = error / slope
        step /= max(0.5, 1 - min(1.0, step * ((a - 1) / x - (b - 1) / (1 - x))) / 2)  # Halley's
        if abs(step) <= _SURE * x:
            return x - step
        x -= step
    return (low + high) / 2


_MOST_STEPS = 200
_SURE = 1e-13
"""Share of the result; the next step of the search would be a millionth of it and less."""


def _near_beta_quantile(a: float, b: float, chance: float) -> float:
    """Where to look first: Abramowitz and Stegun, 26.5.22, or the ends of the distribution."""
    if a > 1 and b > 1:
        z = -NormalDist().inv_cdf(chance)
        left, right = 1 / (2 * a - 1), 1 / (2 * b - 1)
        mean, bent = 2 / (left + right), (z * z - 3) / 6
        w = z * math.sqrt(max(0.0, mean + bent)) / mean - (right - left) * (bent + 5 / 6 - 2 / (3 * mean))
        return a / (a + b * math.exp(min(2 * w, 700.0)))
    left, right = math.exp(a * math.log(a / (a + b))) / a, math.exp(b * math.log(b / (a + b))) / b
    if chance < left / (left + right):
        return float((a * (left + right) * chance) ** (1 / a))
    return float(1 - (b * (left + right) * (1 - chance)) ** (1 / b))


def _beta_tails(a: float, b: float, x: float) -> tuple[float, float, float]:
    """The chances below and above x, and x^a (1 - x)^b / B(a, b), by the continued fraction of the smaller tail.

    The term by its distance from the mode (Loader, Fast and Accurate Computation of Binomial Probabilities, 2000): the
    difference of three large logarithms would lose digits.
    """
    n = a + b
    distance = _deviance(a, n * x) + _deviance(b, n * (1 - x))
    term = math.sqrt(a * b / (2 * math.pi * n)) * math.exp(_remainder(n) - _remainder(a) - _remainder(b) - distance)
    if x < (a + 1) / (n + 2) or (a < 1 and x < 0.5 and n * x < _SHORT):
        below = term * _beta_fraction(a, b, x) / a
        return below, 1 - below, term
    above = term * _beta_fraction(b, a, 1 - x) / b
    return 1 - above, above, term


_SHORT = 4
"""Of a and b of which the first is below 1, n * x up to which the fraction of the chance below is the shorter one.
Beyond it the chance above is the difference of what is nearly 1, and at 14 it has two digits of one in 10^9.
"""


def _deviance(count: float, expected: float) -> float:
    """count x log(count / expected) + expected - count, without a difference of what is nearly the same."""
    apart = count - expected
    if abs(apart) >= 0.1 * (count + expected):
        return count * math.log(count / expected) - apart
    ratio = apart / (count + expected)
    total, power, odd = apart * ratio, 2 * count * ratio, 3
    while True:
        power *= ratio * ratio
        if total + power / odd == total:
            return total
        total, odd = total + power / odd, odd + 2


def _remainder(n: float) -> float:
    """The logarithm of gamma(n) less Stirling's formula."""
    if n < 16:
        return math.lgamma(n) - ((n - 0.5) * math.log(n) - n + math.log(2 * math.pi) / 2)
    s = 1 / (n * n)
    return (1 / 12 - s * (1 / 360 - s * (1 / 1260 - s * (1 / 1680 - s * (1 / 1188 - s * 691 / 360360))))) / n


_TINY = 1e-300


def _beta_fraction(a: float, b: float, x: float) -> float:
    """The continued fraction of the incomplete beta function (Abramowitz and Stegun, 26.5.8), by Lentz's method."""
    c, d = 1.0, 1 / (1 - (a + b) * x / (a + 1) or _TINY)
    value = d
    for m in range(1, 100_000):
        for part in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1 / (1 + part * d or _TINY)
            c = 1 + part / c or _TINY
            value *= c * d
        if abs(c * d - 1) < 1e-16:
            break
    return value


def student_quantile(freedom: float, chance: float) -> float:
    """The t at which Student's distribution is `chance`, which is below one half."""
    beyond = 2 * chance
    if _beta_tails(0.5, freedom / 2, 0.5)[1] <= beyond:
        share = _beta_quantile(0.5, freedom / 2, 1 - beyond, beyond)
        return -math.sqrt(freedom * share / (1 - share))
    rest = beta_quantile(freedom / 2, 0.5, beyond)
    return -math.sqrt(freedom * (1 - rest) / rest) if rest else -math.inf


def exact_lower(successes: float, trials: float, alpha: float = 0.05) -> float:
    """Clopper–Pearson lower bound (1934): the rate at which `successes` or more has probability `alpha`.

    Counts may be fractions, those at an effective number of cases: the beta quantile joins the whole ones smoothly.
    """
    check_counts(successes, trials)
    if successes <= 0:
        return 0.0
    return beta_quantile(successes, trials - successes + 1, alpha)


def proves(successes: float, trials: float, minimum: float, alpha: float = 0.05, *, more: bool = False) -> bool:
    """Whether `exact_lower` is at least `minimum`, or `more`, which is between 0 and 1: in a fifth of its time."""
    check_counts(successes, trials)
    if successes <= 0:
        return False
    chance, _, _ = _beta_tails(successes, trials - successes + 1, minimum)
    return chance < alpha or (chance == alpha and not more)


def exact_upper(successes: float, trials: float, alpha: float = 0.05) -> float:
    """Clopper–Pearson upper bound; 1.0 without trials, since anything is still possible."""
    return 1.0 - exact_lower(trials - successes, trials, alpha)


def exact_bounds(successes: int, trials: int, alpha: float = 0.05) -> Interval | None:
    """Both one-sided bounds, each wrong in at most `alpha` of samples. None without trials.

    300 of 300 gives 0.9901 and not 1: that is all 300 clean cases prove at 5 %.
    """
    check_counts(successes, trials)
    if trials == 0:
        return None
    return Interval(
        successes / trials,
        exact_lower(successes, trials, alpha),
        exact_upper(successes, trials, alpha),
        1 - alpha,
    )


def benjamini_hochberg(p_values: Sequence[float]) -> tuple[float, ...]:
    """Adjusted p-values (Benjamini & Hochberg 1995), in the order given.

    Keeping the slices at or below q keeps the expected share of false ones among them at q or less.
    """
    # by hand: scipy.stats takes a second to load, and every comparison with slices comes here
    adjusted, least = [1.0] * len(p_values), 1.0
    order = sorted(range(len(p_values)), key=lambda place: p_values[place])
    for rank in range(len(order), 0, -1):
        place = order[rank - 1]
        least = min(least, p_values[place] * (len(order) / rank))
        adjusted[place] = least
    return tuple(adjusted)


ASSUMED_CORRELATION = 0.05
"""Correlation of two cases of a domain where no earlier version tells it."""

LEAST_DOMAINS = 20
"""With fewer domains nothing is said about fields like these: the spread between domains is not known well enough."""

_LEAST_EVEN_DOMAINS = 10
"""Where a few domains hold most cases, they are near the mean of all, and the spread looks small whatever it is."""

_LEAST_CHANGES = 5
"""Fewer cases that differ between two versions do not tell whether they come together."""

_RATES = (0.5, 0.995)
"""Rates of the earlier versions that tell a correlation. A flawless version does not say that domains are alike."""


@dataclass(frozen=True, slots=True)
class Size:
    """What a set of answers is worth. `effective` is at most `answers` and is what a bound is taken at.

    `answers` counts every case once an attempt; `design_effect` is that of domains and attempts together.
    """

    answers: int
    domains: int
    design_effect: float
    effective: float


Answers = Sequence[tuple[float, str]]
"""One version on one suite: a value a case, 0 or 1 (or -1, 0, 1 for a difference), and the domain of the case."""


def pooled_correlation(versions: Iterable[Answers]) -> float | None:
    """Correlation of two cases of a domain, from the spread of domain totals, pooled over versions; from 0 to 1.

    The moment estimate that makes the design effect 1 + (m - 1) x correlation equal to the ratio of the variance
    between domains (ultimate clusters) and the variance of independent cases. None where nothing tells it: no values
    that differ, or no domain of two cases.
    """
    excess = weight = 0.0
    for answers in versions:
        n = len(answers)
        totals: dict[str, float] = {}
        sizes: dict[str, int] = {}
        for value, domain in answers:
            totals[domain] = totals.get(domain, 0.0) + value
            sizes[domain] = sizes.get(domain, 0) + 1
        if len(sizes) < 2:
            continue
        mean = sum(totals.values()) / n
        single = sum((value - mean) ** 2 for value, _ in answers)
        between = sum((total - mean * sizes[domain]) ** 2 for domain, total in totals.items())
        excess += between * len(sizes) / (len(sizes) - 1) - single
        weight += single * (neighbours(sizes.values()) - 1)
    return min(1.0, max(0.0, excess / weight)) if weight > 0 else None


def informative_rate(answers: Answers) -> bool:
    """Whether the rate of a version is between 50 and 99.5 %, where the spread of its domains can be read."""
    if not answers:
        return False
    rate = sum(value for value, _ in answers) / len(answers)
    return _RATES[0] <= rate <= _RATES[1]


def informative_changes(changes: Answers) -> bool:
    """Whether enough cases differ between two versions to say if they come together."""
    return sum(value != 0 for value, _ in changes) >= _LEAST_CHANGES


def are_uneven(answers: Answers) -> bool:
    """Whether the sizes of the domains hide how much the cases of a domain have in common.

    n² over the sum of the squared sizes is the number of domains of equal size that would spread as much. With 300
    cases in one domain and two in each of forty it is 1.6: the estimate then is near 0, and a bound on it passed a rate
    at the limit in 40 % of simulated runs (benchmarks/simulations/uneven.py).
    """
    sizes = Counter(domain for _, domain in answers)
    return bool(sizes) and sum(sizes.values()) / neighbours(sizes.values()) < _LEAST_EVEN_DOMAINS


def neighbours(sizes: Iterable[int]) -> float:
    """Mean number of cases in the domain of a case, itself included: the sum of squares over the sum."""
    counts = list(sizes)
    return sum(count * count for count in counts) / sum(counts)


def size_of(
    attempts: Sequence[tuple[int, str]],
    correlation: float,
    alpha: float = 0.05,
    *,
    between_attempts: float = 1.0,
    by_domain: bool = True,
) -> Size:
    """The effective number of independent answers in (attempts, domain) of every case.

    The variance of a mean over answers is that of one answer times the sum of all correlations of two of them: 1 for
    an answer with itself, `between_attempts` for two attempts at a case, `correlation` for two cases of a domain.
    `by_domain=False` takes the cases as given: no correlation of domains, and no factor for their number.
    """
    answers = sum(count for count, _ in attempts)
    squares = sum(count * count for count, _ in attempts)
    domains: dict[str, int] = {}
    for count, domain in attempts:
        domains[domain] = domains.get(domain, 0) + count
    if answers == 0:
        return Size(0, 0, 1.0, 0.0)
    shared = answers + between_attempts * (squares - answers)
    if not by_domain:
        effect = max(1.0, shared / answers)
        return Size(answers, len(domains), effect, answers / effect)
    shared += correlation * (sum(total * total for total in domains.values()) - squares)
    effect = max(1.0, shared / answers)
    effective = answers / effect * degrees_factor(answers, len(domains), alpha)
    return Size(answers, len(domains), effect, min(float(answers), effective))


@lru_cache(maxsize=1024)  # the rules of a verdict have the same numbers of answers and domains
def degrees_factor(answers: int, domains: int, alpha: float = 0.05) -> float:
    """(t of n - 1 over t of D - 1 degrees of freedom) squared: a spread between few domains is known badly."""
    if domains < 2 or answers < 2:
        return 0.0
    few = student_quantile(domains - 1, alpha)
    return (student_quantile(answers - 1, alpha) / few) ** 2 if math.isfinite(few) else 0.0


def between_attempts(cases: Sequence[tuple[int, int, int]]) -> float:
    """Correlation of two attempts at a case, from (better, worse, attempts) of every case; from 0 to 1.

    For a rate, `better` is 0 and `worse` counts the attempts that went wrong. One case that is always worse is added:
    attempts that never went wrong do not show that they are independent, and an endpoint at temperature 0 repeats
    itself. 1 without a case that was attempted twice.
    """
    repeated = [one for one in cases if one[2] > 1]
    if not repeated:
        return 1.0
    most = max(count for _, _, count in repeated)
    repeated.append((0, most, most))
    n = sum(count for _, _, count in repeated)
    mean = sum(better - worse for better, worse, _ in repeated) / n
    single = sum(better + worse for better, worse, _ in repeated) - n * mean * mean
    between = sum((better - worse - mean * count) ** 2 for better, worse, count in repeated)
    weight = single * (neighbours(count for _, _, count in repeated) - 1)
    return min(1.0, max(0.0, (between - single) / weight)) if weight > 0 else 1.0


_FEW_UNITS, _MANY_UNITS = 40, 1000
"""Fewer units than `_FEW_UNITS` show their own spread badly (simulated: 95 % intervals of 20 clusters cover 87 %): each
is one trial. More than `_MANY_UNITS` need no correction.
"""


@dataclass(frozen=True, slots=True)
class Squares:
    """Sums over units of k², kn and n², and how many units: what the variance of a ratio between units needs."""

    kk: int
    kn: int
    nn: int
    units: int

    @classmethod
    def of(cls, units: Sequence[tuple[int, int]]) -> Self:
        """From (k, n) of every unit; one without trials is none."""
        pairs = [(k, n) for k, n in units if n]
        return cls(sum(k * k for k, _ in pairs), sum(k * n for k, n in pairs), sum(n * n for _, n in pairs), len(pairs))


def effective_trials(k: int, n: int, squares: Squares, clusters: float | None = None) -> float:
    """How many independent trials tell as much as these n; never more than there are.

    Args:
        clusters: how many clusters there are, where a unit is a random group of them.
    """
    if n == 0:
        return 0.0
    trials = n / max(1.0, _design_effect(k, n, squares, clusters))
    return min(trials, squares.units) if squares.units < _FEW_UNITS else trials


def ratio_interval(k: int, n: int, trials: float) -> Interval | None:
    """Wilson's 95 % interval of k / n at an effective number of trials. None without data."""
    # the formula holds for any positive weight of a trial, not for whole numbers alone
    return wilson(trials * (k / n), trials) if n else None


def _design_effect(k: int, n: int, squares: Squares, clusters: float | None) -> float:
    """How many times the variance is that of independent trials (Kish 1965), by the linearised variance of a ratio.

    Random groups of clusters estimate the same variance as the clusters (Wolter, "Introduction to Variance
    Estimation", chapter 2). Where every trial came out alike there is no variance to compare; then the trials of a
    unit count as one.
    """
    rate = k / n
    independent = rate * (1 - rate) / n
    if independent == 0 or squares.units < 2:
        return n / min(n, clusters) if clusters else squares.nn / n
    spread = squares.kk - 2 * rate * squares.kn + rate * rate * squares.nn
    between = spread / (n * n) * squares.units / (squares.units - 1)
    return between / independent * _few_units(squares.units)


def _few_units(units: int) -> float:
    """A variance that comes from few units makes wider intervals: Student's quantile (Korn & Graubard 1998)."""
    if units > _MANY_UNITS:
        return 1.0
    return (student_quantile(units - 1, 0.025) / NormalDist().inv_cdf(0.975)) ** 2
