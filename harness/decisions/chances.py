"""How likely is a GO? Runs of a suite are drawn, and judged with the bounds of the gate.

Cells of a pair (worse, better, wrong in both, right in both) are drawn by domain from a Dirichlet distribution, which
gives rates and differences the same correlation within a domain; with a correlation of 0 all cases are independent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import TYPE_CHECKING

from harness.decisions.bounds import ALPHA
from harness.decisions.ground import Population
from harness.decisions.standing import in_slice, standing
from harness.records.policy import Bound, GatePolicy, Rule
from harness.records.run import CaseResult
from harness.statistics.clusters import ASSUMED_CORRELATION, LEAST_DOMAINS, Size, size_of
from harness.statistics.noninferiority import critical_score
from harness.statistics.paired import tango_scores
from harness.statistics.power import allowed_failures, breaching_failures
from harness.statistics.sequential import looks, pair_boundary, rate_boundary, stratified_order

if TYPE_CHECKING:
    import numpy as np

    Flags = np.ndarray[tuple[int, ...], np.dtype[np.bool_]]
    Counts = np.ndarray[tuple[int, ...], np.dtype[np.float64]]

_NORMAL = NormalDist()
_SEED = 20260101


@dataclass(frozen=True, slots=True)
class Truth:
    """What is so. Rates are shares of cases; `discordant` turn better, and as many and the drop turn worse."""

    new_rate: float
    old_rate: float
    discordant: float
    correlation: float = 0.0
    """Of two cases of a domain."""

    @property
    def cells(self) -> tuple[float, float, float, float]:
        """Worse, better, wrong in both, right in both; as discordant as the two rates allow."""
        better = min(self.discordant, 1 - self.old_rate, self.new_rate)
        worse = better + self.old_rate - self.new_rate
        if worse < 0:
            better, worse = self.new_rate - self.old_rate, 0.0
        wrong = max(0.0, 1 - self.new_rate - worse)
        return worse, better, wrong, max(0.0, 1 - worse - better - wrong)


@dataclass(frozen=True, slots=True)
class Chances:
    """Shares of the runs drawn, and the mean number of cases that one asks before it stops."""

    go: float
    no_go: float
    mean_cases: float

    @property
    def inconclusive(self) -> float:
        return 1 - self.go - self.no_go


@dataclass(frozen=True, slots=True)
class Ruled:
    """A bound with the positions of its cases in the order in which they are asked."""

    rule: Rule
    bound: Bound
    limit: float
    places: tuple[int, ...]

    @property
    def absolute(self) -> bool:
        return self.bound in ("min", "max")

    @property
    def minimum(self) -> float:
        return self.limit if self.bound == "min" else 1 - self.limit


def size_in(
    domains: Sequence[str], population: Population, correlation: float = ASSUMED_CORRELATION, alpha: float = ALPHA
) -> Size:
    """The effective number of cases of these domains, as the gate takes it."""
    by_domain = population == "domains" and len(set(domains)) >= LEAST_DOMAINS
    return size_of([(1, domain) for domain in domains], correlation, alpha, by_domain=by_domain)


def bearing(rule: Rule, cases: Sequence[CaseResult]) -> list[int]:
    """Positions of the cases that the rule is about, whatever their outcome was."""
    return [
        place
        for place, case in enumerate(cases)
        if in_slice(rule, case) and standing(rule.metric, case.model_copy(update={"outcome": "unscored"})) is not None
    ]


def chances(
    cases: Sequence[CaseResult],
    policy: GatePolicy,
    truth: Truth,
    *,
    correlation: float = ASSUMED_CORRELATION,
    sequential: bool = False,
    runs: int = 2000,
    seed: int = _SEED,
) -> Chances:
    """The chance of a GO and of a NO-GO of one run that answers all cases, and what a sequential one asks.

    `correlation` is what the gate takes for true of domains before the run; `truth` has the one that is.
    """
    import numpy as np

    domains = [case.domain for case in cases]
    order = stratified_order(dict(enumerate(domains)), seed)
    position = {place: at for at, place in enumerate(order)}
    ruled = [
        Ruled(rule, bound, limit, tuple(sorted(position[place] for place in bearing(rule, cases))))
        for rule in policy.rules
        if rule.tier == "critical"
        for bound, limit in rule.bounds
    ]
    sizes = looks(len(cases)) if sequential else (len(cases),)
    generator = np.random.default_rng(seed)
    asked = [domains[place] for place in order]
    passed = np.full(runs, 0)
    breached = np.full(runs, len(sizes))
    worse, better, wrong = _drawn(generator, asked, truth, runs)
    for one in ruled:
        places = np.array(one.places, dtype=np.intp)
        reached = [int(count) for count in np.searchsorted(places, sizes)]
        own = [asked[place] for place in one.places]
        grounds = [size_in(own[:count], policy.population, correlation) for count in reached]
        if one.absolute:
            failures = (worse | wrong)[:, places].cumsum(axis=1)
            good, bad = _rates(one, failures, reached, grounds, sequential=sequential)
        else:
            table = worse[:, places].cumsum(axis=1), better[:, places].cumsum(axis=1)
            good, bad = _pairs(one, *table, reached, grounds, sequential=sequential)
        passed = np.maximum(passed, _first(good))
        breached = np.minimum(breached, _first(bad))
    go = passed < breached
    no_go = (breached < len(sizes)) & ~go
    stop = np.minimum(np.minimum(passed, breached), len(sizes) - 1)
    return Chances(float(go.mean()), float(no_go.mean()), float(np.array(sizes)[stop].mean()))


def _first(hits: Flags) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    """Column of the first hit of each row; the number of columns where there is none."""
    import numpy as np

    return np.where(hits.any(axis=1), hits.argmax(axis=1), hits.shape[1])


def _drawn(
    generator: np.random.Generator, domains: Sequence[str], truth: Truth, runs: int
) -> tuple[Flags, Flags, Flags]:
    """Worse, better and wrong in both, by run and case."""
    import numpy as np

    cells = np.array(truth.cells)
    names = sorted(set(domains))
    where = np.array([names.index(domain) for domain in domains])
    if truth.correlation > 0:
        precision = 1 / truth.correlation - 1
        shares = generator.standard_gamma(np.maximum(cells * precision, 1e-12), size=(runs, len(names), 4))
        shares /= np.maximum(shares.sum(axis=2, keepdims=True), 1e-300)
    else:
        shares = np.broadcast_to(cells, (runs, len(names), 4))
    steps = shares.cumsum(axis=2)[:, where, :]
    dice = generator.random((runs, len(domains)))
    worse = dice < steps[..., 0]
    better = ~worse & (dice < steps[..., 1])
    return worse, better, ~worse & ~better & (dice < steps[..., 2])


def _rates(
    one: Ruled, failures: Counts, reached: Sequence[int], grounds: Sequence[Size], *, sequential: bool
) -> tuple[Flags, Flags]:
    import numpy as np

    passing, breaching = ALPHA, ALPHA
    if sequential and _increasing(reached):
        strict = rate_boundary(_increasing(reached), one.minimum)
        passing, breaching = strict.passing, strict.breaching
    good = np.zeros((len(failures), len(reached)), dtype=bool)
    bad = np.zeros_like(good)
    for look, (count, size) in enumerate(zip(reached, grounds, strict=True)):
        if count == 0:
            continue
        worth = size.effective / count
        allowed = allowed_failures(int(count), one.minimum, passing, worth=worth)
        least = breaching_failures(int(count), one.minimum, breaching, worth=worth)
        seen = failures[:, count - 1]
        good[:, look] = seen <= (-1 if allowed is None else allowed)
        bad[:, look] = seen >= (count + 1 if least is None else least)
    return good, bad


def _pairs(
    one: Ruled,
    worse: Counts,
    better: Counts,
    reached: Sequence[int],
    grounds: Sequence[Size],
    *,
    sequential: bool,
) -> tuple[Flags, Flags]:
    import numpy as np

    good = np.zeros((len(worse), len(reached)), dtype=bool)
    bad = np.zeros_like(good)
    strict = pair_boundary(_increasing(reached), one.limit) if sequential and _increasing(reached) else None
    for look, (count, size) in enumerate(zip(reached, grounds, strict=True)):
        if count == 0 or size.effective < 1:
            continue
        worth = size.effective / count
        pairs = np.full(len(worse), size.effective)
        scores = tango_scores(worth * better[:, count - 1], worth * worse[:, count - 1], pairs, -one.limit)
        passing = strict.passing if strict else critical_score(int(size.effective), one.limit, ALPHA)
        breaching = strict.breaching if strict else _NORMAL.inv_cdf(1 - ALPHA)
        good[:, look] = scores > passing
        bad[:, look] = scores < -breaching
    return good, bad


def _increasing(reached: Sequence[int]) -> tuple[int, ...]:
    return tuple(sorted({int(count) for count in reached if count > 0}))


def with_samples(truth: Truth, samples: int) -> Truth:
    """The same models asked several times a case, where a case is right only if all samples are (pass^n).

    Samples are taken as independent, which is the hardest that can be: models that fail the same cases do better.
    """
    if samples == 1:
        return truth
    new, old = truth.new_rate**samples, truth.old_rate**samples
    return replace(truth, new_rate=new, old_rate=old, discordant=new * (1 - old))
