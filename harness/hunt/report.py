"""What a hunt found, as figures."""

import re
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from itertools import chain
from typing import Any

from harness.hunt.conditions import STYLE_WORDS
from harness.hunt.metamorphic import RelationResult, summarise
from harness.hunt.probe import ALPHABETS, INNER_SIGNS, LEVELS, STYLES, SYMBOLS, Probe, style_of_char
from harness.hunt.rule import FailureRule
from harness.hunt.search import Find, Hunt, struck
from harness.show.figures import pad
from harness.show.words import phrase, spoken, translated
from harness.statistics.rates import benjamini_hochberg, exact_upper, wilson
from harness.text.visible import show

FALSE_DISCOVERIES = 0.05
_LONG = 20
_MANY = 3


@dataclass(frozen=True, slots=True)
class FeatureResult:
    """Failures with and without a feature; `adjusted` is the p-value after Benjamini–Hochberg over all features."""

    feature: str
    failed_with: int
    tries_with: int
    failed_without: int
    tries_without: int
    p_value: float
    adjusted: float

    @property
    def matters(self) -> bool:
        """Whether it is kept at a false discovery rate of 5 %."""
        return self.adjusted <= FALSE_DISCOVERIES


def features_of(probe: Probe) -> frozenset[str]:
    """The features that a probe has."""
    code = probe.code
    pairs = list(zip(code.parts[:-1], code.parts[1:], strict=True))
    found = {name for name, test in _STRING.items() if test(probe)}
    for style in STYLES[:-1]:
        if any(style_of_char(before[-1]) == style for before, _ in pairs):
            found.add(f"{style} before a symbol")
        if any(style_of_char(after[0]) == style for _, after in pairs):
            found.add(f"{style} after a symbol")
        if any(style_of_char(before[-1]) == style_of_char(after[0]) == style for before, after in pairs):
            found.add(f"{style} on both sides of a symbol")
    found |= {f"symbol '{symbol}'" for symbol in code.symbols}
    found |= {f"{factor}: {probe.context.level(factor)}" for factor in LEVELS}
    return frozenset(found)


_STRING: dict[str, Callable[[Probe], bool]] = {
    "two symbols or more": lambda probe: len(probe.code.symbols) > 1,
    "three symbols or more": lambda probe: len(probe.code.symbols) >= _MANY,
    "more than 20 characters": lambda probe: len(probe.code.text) > _LONG,
    "three digits or more after a symbol": lambda probe: any(
        len(part) >= _MANY and part[:_MANY].isdecimal() for part in probe.code.parts[1:]
    ),
    "a leading zero after a symbol": lambda probe: any(
        part[0] == "0" and part[1:2].isdecimal() for part in probe.code.parts[1:]
    ),
    "a symbol at an edge": lambda probe: any(probe.code.edges),
    "spaces of its own": lambda probe: any(probe.code.spaced),
    "a look-alike inside": lambda probe: any(sign in part for part in probe.code.parts for sign in INNER_SIGNS),
}


def screen(tries: Sequence[tuple[Probe, bool]]) -> tuple[FeatureResult, ...]:
    """All features over (probe, failed), the least p-value first.

    Fisher's exact test, two-sided. Give it strings that were drawn, and not those that a shrinker chose: those fail or
    pass because of what was asked before.
    """
    from scipy.stats import fisher_exact

    rows = [(features_of(probe), failed) for probe, failed in tries]
    total, failures = len(rows), sum(failed for _, failed in rows)
    tables = []
    for name in sorted(set().union(*(features for features, _ in rows)) if rows else ()):
        having = sum(name in features for features, _ in rows)
        failed = sum(name in features and failed for features, failed in rows)
        if 0 < having < total:
            tables.append((name, failed, having, failures - failed, total - having))
    p_values = [
        float(fisher_exact([[k, n - k], [other_k, other_n - other_k]]).pvalue) for _, k, n, other_k, other_n in tables
    ]
    results = [
        FeatureResult(*table, p_value=min(1.0, p), adjusted=adjusted)
        for table, p, adjusted in zip(
            tables, p_values, benjamini_hochberg([min(1.0, p) for p in p_values]), strict=True
        )
    ]
    return tuple(sorted(results, key=lambda result: (result.p_value, result.feature)))


@dataclass(frozen=True, slots=True)
class Fit:
    """How a rule does on the wide strings: it should hold for those that fail and for no other."""

    failing: int
    failing_matched: int
    sound: int
    sound_matched: int


@dataclass(frozen=True, slots=True)
class HuntReport:
    """Figures of a hunt, also of one that was stopped.

    `judged` are wide strings that are in their answer; only they say anything. `survey` counts those drawn after the
    last find, whose rate no early stop has biased; without a find it is all of them. `bound` is the exact upper
    95 % bound of the failure rate where nothing failed.
    """

    ended: str
    budget: int
    spent: int
    wide: int
    judged: int
    failed: int
    omitted: int
    unscored: int
    survey: tuple[int, int]
    bound: float | None
    finds: tuple[tuple[Find, Fit | None], ...]
    dismissed: int
    features: tuple[FeatureResult, ...]
    relations: tuple[RelationResult, ...]
    pairs: tuple[int, int]
    """Metamorphic pairs asked, and those with the string in both answers."""
    covered: dict[str, tuple[int, int]]
    """What has come up in a string that is in its answer, of how many there are."""


def report_of(hunt: Hunt) -> HuntReport:
    """The report so far."""
    judged = [
        (struck(probe, sighting), hunt.failed(sighting))
        for probe, sighting in hunt.wide
        if sighting.present or hunt.failed(sighting)
    ]
    outcomes = [sighting.outcome for _, sighting in hunt.wide]
    late = hunt.wide[len(hunt.wide) - hunt.surveyed :]
    survey = [hunt.failed(sighting) for _, sighting in late if sighting.present or hunt.failed(sighting)]
    failed = sum(failed for _, failed in judged)
    clean = not failed and not hunt.finds and judged
    return HuntReport(
        ended=hunt.ended,
        budget=hunt.settings.budget,
        spent=hunt.asker.spent,
        wide=len(hunt.wide),
        judged=len(judged),
        failed=failed,
        omitted=outcomes.count("omitted"),
        unscored=outcomes.count("unscored"),
        survey=(sum(survey), len(survey)),
        bound=exact_upper(0, len(judged)) if clean else None,
        finds=tuple((find, _fit(hunt, find)) for find in hunt.finds),
        dismissed=len(hunt.dismissed),
        features=screen(judged) if failed else (),
        relations=tuple(result for result in summarise(hunt.pairs) if result.pairs),
        pairs=(len(hunt.pairs), sum(pair.usable for pair in hunt.pairs)),
        covered=_covered([probe for probe, _ in judged]),
    )


def _covered(probes: list[Probe]) -> dict[str, tuple[int, int]]:
    triples = {
        (style_of_char(before[-1]), symbol, style_of_char(after[0]))
        for code in (probe.code for probe in probes)
        for before, symbol, after in zip(code.parts, code.symbols, code.parts[1:], strict=False)
    }
    common = {(one, symbol, other) for one in ALPHABETS for symbol in "-/" for other in ALPHABETS}
    edges = {side for probe in probes for side in (0, 1) if probe.code.edges[side]}
    levels = {(factor, probe.context.level(factor)) for probe in probes for factor in LEVELS}
    return {
        "scripts round - and /": (len(triples & common), len(common)),
        "symbols": (len({symbol for _, symbol, _ in triples} & set(SYMBOLS)), len(SYMBOLS)),
        "edges": (len(edges), 2),
        "levels of the prompt": (len(levels), sum(map(len, LEVELS.values()))),
    }


def _fit(hunt: Hunt, find: Find) -> Fit | None:
    if find.rule is None or find.rule.withdrawn is not None:
        return None
    failing = [
        probe if find.rule.matches(probe) else struck(probe, s)
        for probe, s in hunt.wide
        if hunt.failed(s) and s.verdict == find.verdict
    ]
    sound = [probe for probe, s in hunt.wide if s.outcome == "aligned"]
    matches = find.rule.matches
    return Fit(len(failing), sum(map(matches, failing)), len(sound), sum(map(matches, sound)))


_PROMPT = 160
_FEATURES = 12
_ENDED = {
    "budget": "the budget is spent",
    "time limit": "the time is up",
    "questions": "all questions are asked",
    "interrupted": "stopped by hand; what was found until then",
    "recording": "the recording ends here",
    "endpoint": "the endpoint gives no usable answer any more; run: harness models check",
}


def report_lines(label: str, report: HuntReport) -> list[str]:
    """Plain text in the language of the terminal, one thing a line."""
    spent = f"{report.spent} of {report.budget} requests; {_ENDED.get(report.ended, report.ended)}"
    lines = [f"{label}: {translated(_verdict(report))}", f"  {translated(spent)}"]
    for number, (find, fit) in enumerate(report.finds, start=1):
        lines += ["", *_find(number, find, fit)]
    lines += ["", *_wide(report)]
    matter = [feature for feature in report.features if feature.matters]
    if matter:
        lines += ["", translated("factors that go with failing, over all wide strings (false discovery rate 5 %)")]
        for f in matter[:_FEATURES]:
            counts = f"{f.failed_with} of {f.tries_with} with, {f.failed_without} of {f.tries_without} without"
            lines.append(f"  {pad(feature_in_words(f.feature), 40)} {translated(counts)}  q = {f.adjusted:.2g}")
    if report.relations:
        asked, usable = report.pairs
        lines += ["", translated(f"pairs: {asked} asked, {usable} with the string in both answers")]
        lines.append(f"  {translated('worse: only the change is damaged; better: only the first form is')}")
        for r in report.relations:
            kind = translated("must not fall" if r.direction else "must not move")
            counts = f"{r.pairs:>3} pairs  {r.worse:>2} worse  {r.better:>2} better"
            lines.append(f"  {pad(translated(r.relation), 22)} {translated(counts)}  p = {r.p_value:.2g}  ({kind})")
    return lines


def _verdict(report: HuntReport) -> str:
    if report.finds:
        number = len(report.finds)
        return f"{number} {'string breaks' if number == 1 else 'strings break'} it"
    if report.bound is not None:
        return f"nothing found in {report.judged} tries: failure rate below {report.bound:.1%} at 95 %"
    if report.failed:
        interval = wilson(report.failed, report.judged)
        assert interval is not None
        return (
            f"{report.failed} of {report.judged} tries failed, {interval.estimate:.1%} "
            f"[{interval.low:.1%}, {interval.high:.1%}]: now and then, and bound to no string"
        )
    return "no answer held the string that was asked for; nothing can be said"


def feature_in_words(name: str) -> str:
    """A feature of `conditions.features_of` in the language of the terminal."""
    factor, colon, level = name.partition(": ")
    return f"{translated(factor)}{phrase('colon')}{translated(level)}" if colon else translated(name)


def _row(head: str, said: str) -> str:
    return f"   {pad(translated(head), 10)}{said}"


def _find(number: int, find: Find, fit: Fit | None) -> list[str]:
    smallest = show(find.smallest.code.text, lookalikes=True)
    lines = [f"{number}. {pad(translated('smallest'), 10)}{smallest}"]
    sighting = find.sighting
    if sighting is not None and sighting.mention:
        codes = ", ".join(sighting.damage)
        if sighting.target:
            other = show(sighting.target, lookalikes=True)
            lines.append(_row("broke", translated(f"{other}, which is asked for beside it")))
        lines.append(_row("became", f"{show(sighting.mention, lookalikes=True)}  {find.verdict} [{codes}]"))
    elif find.verdict == "absent":
        lines.append(_row("became", translated("nothing: the answer leaves it out")))
    last = find.smallest.case.messages[-1]["content"]
    shown = last if len(last) <= _PROMPT else last[:_PROMPT] + "…"
    lines.append(_row("prompt", show(shown, blanks=False)))
    again = translated(f", and {find.again} more strings came down to it") if find.again else ""
    lines.append(_row("first", f"{show(find.first.code.text, lookalikes=True)}  ({_oddities(find)}){again}"))
    interval = wilson(find.failures, find.asks)
    if interval is not None:
        rate = f"in {find.failures} of {find.asks} fresh answers [{interval.low:.0%}, {interval.high:.0%}]"
        lines.append(_row("fails", translated(rate)))
    if find.rule is None:
        lines.append(_row("rule", translated("not looked for: the hunt ended before")))
        return lines
    rule = find.rule
    guess = ""
    if rule.withdrawn is None and not rule.tested:
        guess = translated("not tested, the budget ended before; a first guess: ")
    lines.append(_row("rule", guess + in_words(rule)))
    if rule.tested:
        agree = f"{rule.tested} strings chosen to refute it, inside and outside, agree with it"
        lines.append(_row("tested", translated(agree)))
    if fit is not None:
        fits = (
            f"{fit.failing_matched} of {fit.failing} wide strings that fail so, "
            f"{fit.sound_matched} of {fit.sound} that do not"
        )
        lines.append(_row("fits", translated(fits)))
    if rule.unasked:
        why = translated("(the budget ended, or no answer holds the string)")
        lines.append(_row("untried", f"{_comma().join(map(translated, rule.unasked))} {why}"))
    return lines


def _oddities(find: Find) -> str:
    context = find.first.context
    odd = [feature_in_words(f"{factor}: {context.level(factor)}") for factor in context.odd]
    return _comma().join(odd) or translated("plain prompt")


def _comma() -> str:
    return "，" if spoken() == "zh" else ", "


def _wide(report: HuntReport) -> list[str]:
    said = [f"wide strings: {report.wide} drawn, {report.judged} of them in their answer, {report.failed} failed"]
    said += [f"{report.omitted} left out"] if report.omitted else []
    said += [f"{report.unscored} without a usable answer"] if report.unscored else []
    lines = [_comma().join(map(translated, said))]
    if report.judged:
        covered = (translated(f"{n} of {of} {what}") for what, (n, of) in report.covered.items())
        lines.append(f"  {translated('covered: ')}{_comma().join(covered)}")
    failed, tries = report.survey
    interval = wilson(failed, tries)
    if report.finds and interval is not None:
        between = f"[{interval.low:.1%}, {interval.high:.1%}]  {failed} of {tries}"
        lines.append(f"  {translated(f'failure rate after the last find: {interval.estimate:.1%} {between}')}")
    if report.dismissed:
        lines.append(f"  {translated(f'{report.dismissed} failed once and not again in nine answers: not believed')}")
    return lines


def in_words(rule: FailureRule) -> str:
    """The rule as a sentence in the language of the terminal."""
    if spoken() != "zh":
        return rule.text
    if rule.withdrawn is not None:
        return translated(
            f"cannot be named; something about this: {_clause(rule.withdrawn)}" if rule.withdrawn else rule.text
        )
    clauses = rule.clauses
    return f"{translated('fails when')}{'，且'.join(map(_clause, clauses))}" if clauses else translated(rule.text)


def _clause(clause: str) -> str:
    """A condition in Chinese: lists first, since a sentence of the table has room for one thing in each place."""

    def listed(found: re.Match[str]) -> str:
        return "、".join(translated(item) for item in _ITEM.findall(found[0]))

    return translated(_ITEMS.sub(listed, clause))


_NAMED = sorted({*STYLE_WORDS.values(), *chain.from_iterable(LEVELS.values())}, key=len, reverse=True)
_ITEM = re.compile(f"'[^']+'|(?<![\\w'])(?:{'|'.join(map(re.escape, _NAMED))})(?![\\w'])")
_ITEMS = re.compile(f"(?:{_ITEM.pattern})(?:(?:, | or )(?:{_ITEM.pattern}))+")


def report_json(label: str, report: HuntReport) -> dict[str, Any]:
    """The same for machines; every rate with its counts."""
    return {
        "model": label,
        "ended": report.ended,
        "budget": report.budget,
        "requests": report.spent,
        "wide": report.wide,
        "told": report.judged,
        "failed": report.failed,
        "omitted": report.omitted,
        "unscored": report.unscored,
        "survey": {"failed": report.survey[0], "tries": report.survey[1]},
        "failure_rate_below": report.bound,
        "dismissed": report.dismissed,
        "finds": [_find_json(find, fit) for find, fit in report.finds],
        "features": [asdict(feature) | {"matters": feature.matters} for feature in report.features],
        "pairs": {"asked": report.pairs[0], "usable": report.pairs[1]},
        "covered": {what: {"seen": n, "of": of} for what, (n, of) in report.covered.items()},
        "relations": [asdict(result) for result in report.relations],
    }


def _find_json(find: Find, fit: Fit | None) -> dict[str, Any]:
    interval = wilson(find.failures, find.asks)
    sighting = find.sighting
    return {
        "smallest": find.smallest.code.text,
        "messages": list(find.smallest.case.messages),
        "context": find.smallest.context.as_dict(),
        "verdict": find.verdict,
        "broken": (sighting.target or find.smallest.code.text) if sighting else "",
        "mention": sighting.mention if sighting else "",
        "damage": list(sighting.damage) if sighting else [],
        "first": find.first.as_dict() | {"text": find.first.code.text},
        "steady": find.steady,
        "found_at_request": find.found_at,
        "failures": find.failures,
        "asks": find.asks,
        "interval": [interval.low, interval.high] if interval else None,
        "rule": find.rule.text if find.rule else None,
        "rule_tested": find.rule.tested if find.rule else None,
        "rule_withdrawn": find.rule.withdrawn is not None if find.rule else None,
        "untried": list(find.rule.unasked) if find.rule else None,
        "fit": asdict(fit) if fit else None,
    }
