"""A rule is tested before it is printed, on strings that are chosen to refute it.

A rule that one failing string suggests is a guess. Here it is held against every answer so far, then against strings
inside it that share as little as possible with what failed, and strings that miss it by one condition. What they show
narrows it, widens it, or withdraws it. The idea is that of Alhazen (Kampmann et al., FSE 2020) and DDSet (Gopinath et
al., ISSTA 2020), for prompts in place of program inputs.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from harness.hunt.asking import answered
from harness.hunt.conditions import Also, Condition, EdgeIs, SymbolIs, Trait, traits_of
from harness.hunt.probe import (
    ALPHABETS,
    LEVELS,
    STYLES,
    SYMBOLS,
    Code,
    Context,
    Probe,
    some_edges,
    some_run,
    style_of,
    style_of_char,
)
from harness.hunt.rule import FailureRule, Shows

ROUND = 6
"""Strings of each sort, inside and outside, in one round."""
CLEAN_ROUNDS = 2
"""Rounds without a contradiction after which a rule is printed."""
_CANDIDATES = 600
_OFTEN = ("-", "/") * len(SYMBOLS) + SYMBOLS
_MOST_ADDED = 3
_MOST_SIGNS = 3
"""Signs that a condition on a symbol takes in; one more, and it is about any symbol."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One probe whose answer tells. `hits` are the symbols (0-based) that were damaged, where that is known."""

    probe: Probe
    failed: bool
    hits: frozenset[int] = frozenset()


@dataclass(slots=True)
class Refutation:
    """The test of one rule. `rule` is the best so far at any time.

    Args:
        smallest: the failing probe that suggested it.
        shows: asks a probe; None if its answer tells nothing.
        hits: which symbols of a failing probe were damaged.
        spent: requests so far, and `limit`, at which the test ends.
    """

    rule: FailureRule
    smallest: Probe
    shows: Shows
    hits: Callable[[Probe], frozenset[int]]
    spent: Callable[[], int]
    limit: int
    evidence: list[Shown] = field(default_factory=list)

    async def run(self, known: Sequence[tuple[Probe, bool]]) -> None:
        """Test the rule; `known` are the probes that were asked before, and whether they failed in the same way."""
        self.evidence = [self._of(probe, failed) for probe, failed in known]
        rng = random.Random(self.smallest.digest)  # noqa: S311  # the same strings again in a replay
        clean = 0
        # what failed among the wide strings may be another defect; only a string near the rule can widen it
        self._settle([])
        while clean < CLEAN_ROUNDS and self.rule.withdrawn is None and self.spent() < self.limit:
            chosen = self._chosen(rng)
            if not chosen:
                break
            outcomes, ended = await answered(self.shows(probe) for probe in chosen)
            pairs = zip(chosen, outcomes, strict=True)
            fresh = [self._of(probe, failed) for probe, failed in pairs if isinstance(failed, bool)]
            near = [one for one in fresh if one.failed and not self.rule.matches(one.probe)]
            wrong = [one for one in fresh if not one.failed and self.rule.matches(one.probe)]
            self.evidence += fresh
            if near or wrong:
                clean = 0
                self._settle(near)
            elif fresh:
                clean += 1
                self.rule = replace(self.rule, tested=self.rule.tested + len(fresh))
            if ended:
                break

    def _of(self, probe: Probe, failed: bool) -> Shown:
        return Shown(probe, failed, self.hits(probe) if failed else frozenset())

    def _positives(self) -> list[Shown]:
        """The failures that the rule speaks of: the smallest, and those near it or inside the rule."""
        own = [one for one in self.evidence if one.failed and (one.probe == self.smallest or self._near(one))]
        return own or [Shown(self.smallest, True, self.hits(self.smallest))]

    def _shared(self, positives: list[Shown]) -> list[Trait]:
        """What all failures have in common. Of several symbols, nothing is said of a single one."""
        traits = [
            trait
            for trait in traits_of((one.probe, one.hits) for one in positives)
            if trait.whole or self.rule.symbols == 1
        ]
        return [trait for trait in traits if all(_anywhere(trait, one.probe, one.hits) for one in positives)]

    def _near(self, one: Shown) -> bool:
        return self.rule.matches(one.probe) or min(_missed(self.rule, one.probe, one.hits), default=9) <= 1

    def _settle(self, near: list[Shown]) -> None:
        """Mend the rule so that it holds for all failures near it and for no sound string, or withdraw it."""
        rule = self.rule
        sound = [one for one in self.evidence if not one.failed]
        for one in near:
            rule = _without_missed(rule, one)
        accused = [one for one in sound if rule.matches(one.probe)]
        if rule is self.rule and not accused:
            return
        rule = replace(rule, tested=0)
        positives = [*self._positives(), *near]
        traits = self._shared(positives)
        added = 0
        while accused:
            narrower = [_with(rule, trait) for trait in traits]
            left = [sum(one.matches(e.probe) for e in accused) for one in narrower]
            if added == _MOST_ADDED or not left or min(left) == len(accused):
                self.rule = replace(rule, withdrawn=_hint(traits, sound), tested=0)
                return
            rule = narrower[left.index(min(left))]
            accused = [one for one in accused if rule.matches(one.probe)]
            added += 1
        self.rule = rule

    def _chosen(self, rng: random.Random) -> list[Probe]:
        seen = {one.probe.digest for one in self.evidence}
        inside: list[Probe] = []
        outside: list[Probe] = []
        for probe in _drawn(rng, self.smallest):
            missed = min(_missed(self.rule, probe, frozenset()), default=None)
            if missed in (0, 1) and probe.digest not in seen:
                seen.add(probe.digest)
                (outside if missed else inside).append(probe)
        traits = self._shared(self._positives())
        return [*_most_unlike(inside, traits, ROUND), *_least_unlike(outside, traits, self.rule, ROUND)]


def _hint(traits: Sequence[Trait], sound: Sequence[Shown]) -> str:
    """The one trait that tells most failures from sound strings."""
    if not traits or not sound:
        return ""
    having = [sum(_anywhere(trait, one.probe) for one in sound) for trait in traits]
    best = min(having)
    return traits[having.index(best)].clause if best < 0.5 * len(sound) else ""


def _with(rule: FailureRule, trait: Trait) -> FailureRule:
    return replace(rule, conditions=(*rule.conditions, Also(trait)))


def _offsets(rule: FailureRule, probe: Probe, hits: frozenset[int]) -> Iterator[int]:
    for offset in range(len(probe.code.symbols) - rule.symbols + 1):
        if not hits or hits & set(range(offset, offset + rule.symbols)):
            yield offset


def _missed(rule: FailureRule, probe: Probe, hits: frozenset[int]) -> list[int]:
    """For each stretch of the string, how many conditions it does not meet."""
    return [
        sum(not condition.holds(probe.code, probe.context, offset) for condition in rule.conditions)
        for offset in _offsets(rule, probe, hits)
    ]


def _without_missed(rule: FailureRule, one: Shown) -> FailureRule:
    """The rule without the conditions that a failing string does not meet; one on a symbol takes its sign in first."""
    best: list[Condition] | None = None
    at = 0
    for offset in _offsets(rule, one.probe, one.hits):
        missed = [c for c in rule.conditions if not c.holds(one.probe.code, one.probe.context, offset)]
        if best is None or len(missed) < len(best):
            best, at = missed, offset
    if not best:
        return rule
    kept: list[Condition] = []
    for condition in rule.conditions:
        if condition not in best:
            kept.append(condition)
        elif isinstance(condition, SymbolIs) and len(condition.others) < _MOST_SIGNS:
            sign = one.probe.code.symbols[condition.place + at]
            kept.append(replace(condition, others=(*condition.others, sign)))
        elif (
            isinstance(condition, EdgeIs)
            and 0 < len(condition.signs) <= _MOST_SIGNS
            and (edge := one.probe.code.edges[condition.side])
        ):
            kept.append(replace(condition, signs=condition.signs | {edge}))
    return replace(rule, conditions=tuple(kept))


def _anywhere(trait: Trait, probe: Probe, hits: frozenset[int] = frozenset()) -> bool:
    places = hits or range(len(probe.code.symbols))
    return any(trait.test(probe.code, probe.context, place) for place in places)


def _most_unlike(probes: Sequence[Probe], traits: Sequence[Trait], count: int) -> list[Probe]:
    """Probes that together lack as many of the traits as they can, the smaller first where they are alike."""
    lacking = {p.digest: {n for n, trait in enumerate(traits) if not _anywhere(trait, p)} for p in probes}
    chosen: list[Probe] = []
    seen: set[int] = set()
    pool = sorted(probes, key=lambda probe: probe.size)
    while pool and len(chosen) < count:
        best = max(pool, key=lambda probe: (len(lacking[probe.digest] - seen), len(lacking[probe.digest])))
        pool.remove(best)
        chosen.append(best)
        seen |= lacking[best.digest]
    return chosen


def _least_unlike(probes: Sequence[Probe], traits: Sequence[Trait], rule: FailureRule, count: int) -> list[Probe]:
    """Near misses, each condition in turn, that have as many of the traits as they can."""
    having = {p.digest: sum(_anywhere(trait, p) for trait in traits) for p in probes}
    without = [
        replace(rule, conditions=tuple(other for other in rule.conditions if other is not condition))
        for condition in rule.conditions
    ]
    by_condition: dict[int, list[Probe]] = {}
    for probe in sorted(probes, key=lambda probe: -having[probe.digest]):
        for number, wider in enumerate(without):
            if wider.matches(probe):
                by_condition.setdefault(number, []).append(probe)
                break
    chosen: list[Probe] = []
    while by_condition and len(chosen) < count:
        for number in list(by_condition):
            chosen.append(by_condition[number].pop(0))
            if not by_condition[number]:
                del by_condition[number]
    return chosen[:count]


def _drawn(rng: random.Random, base: Probe) -> Iterator[Probe]:
    """Candidates: variations of the failing string, and strings that have nothing to do with it."""
    for number in range(_CANDIDATES):
        code = _fresh(rng) if number % 3 == 0 else _varied(rng, base.code)
        yield Probe(code, base.context if rng.random() < 0.5 else _prompt(rng, base.context))


def _prompt(rng: random.Random, context: Context) -> Context:
    return context.at(**{factor: rng.choice(LEVELS[factor]) for factor in rng.sample(sorted(LEVELS), 2)})


def _run(rng: random.Random, style: str | None = None) -> str:
    style = style or rng.choice(("lower", "upper", "digits", *STYLES))
    return some_run(rng, style, rng.choice((1, 1, 2, 2, 3, 4, 5, 7, 12)))


def _fresh(rng: random.Random) -> Code:
    count = rng.choice((1, 1, 1, 2, 2, 3))
    symbol = rng.choice(_OFTEN)
    symbols = tuple(symbol if rng.random() < 0.7 else rng.choice(_OFTEN) for _ in range(count))
    parts = [_run(rng) if rng.random() < 0.8 else _run(rng) + _run(rng) for _ in range(count + 1)]
    if rng.random() < 0.2:
        parts = [parts[0]] * len(parts)
    return Code(tuple(parts), symbols, (False,) * count, some_edges(rng))


def _other_signs(rng: random.Random, code: Code) -> Code:
    """Another symbol, or other edges."""
    if rng.random() < 0.4:
        return replace(code, edges=some_edges(rng, 0.5))
    return code.with_symbol(rng.randrange(len(code.symbols)), rng.choice(_OFTEN))


def _varied(rng: random.Random, code: Code) -> Code:
    """The string with one to three changes, most of them away from the symbols or of one kind of character."""
    for _ in range(rng.randint(1, 3)):
        place = rng.randrange(len(code.parts))
        part = code.parts[place]
        style = style_of(part)
        same = style if style in STYLES else None
        change = rng.randrange(9)
        if change == 0:
            code = code.with_part(place, _run(rng))
        elif change == 1:
            code = code.with_part(place, _run(rng, same))
        elif change == 2:
            code = code.with_part(place, _run(rng) + part if place == 0 else part + _run(rng))
        elif change == 3:
            code = code.with_part(place, _run(rng, same) + part if place == 0 else part + _run(rng, same))
        elif change == 4:
            at = rng.randrange(len(part))
            letters = ALPHABETS.get(style_of_char(part[at]), ALPHABETS["lower"])
            code = code.with_part(place, part[:at] + rng.choice(letters) + part[at + 1 :])
        elif change == 5:
            code = _other_signs(rng, code)
        elif change == 6:
            part = _run(rng, same)
            if rng.random() < 0.5:
                symbols, spaced = (*code.symbols, code.symbols[-1]), (*code.spaced, code.spaced[-1])
                code = Code((*code.parts, part), symbols, spaced, code.edges)
            else:
                symbols, spaced = (code.symbols[0], *code.symbols), (code.spaced[0], *code.spaced)
                code = Code((part, *code.parts), symbols, spaced, code.edges)
        elif change == 7:
            code = code.with_part(place, code.parts[place - 1])
        else:
            code = replace(code, parts=(_run(rng, same),) * len(code.parts))
    return code
