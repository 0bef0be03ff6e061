"""A gate verdict as lines of a terminal, as Markdown and as JSON values."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from harness.decisions.concentration import Broken
from harness.decisions.gate import GateVerdict, RuleVerdict
from harness.decisions.population import MOST_ATTEMPTS, WELL_KNOWN_DOMAINS
from harness.decisions.run_summary import RunSummary
from harness.records import Record
from harness.records.policy import GatePolicy
from harness.show import figures
from harness.show.figures import bound, command_line, percent, plural, points, wrapped
from harness.show.sinks import code, markdown_sentence
from harness.show.words import Name, phrase, spoken, translated
from harness.statistics.rates import LEAST_DOMAINS
from harness.text.visible import show

if TYPE_CHECKING:
    from harness.decisions.plan import Plan, PlanLine

_SHORT = {"PASS": "PASS", "BREACH": "BREACH", "INSUFFICIENT_EVIDENCE": "NOT ENOUGH EVIDENCE"}
_OTHER_SUITES = "The two runs have different suite digests."
_CASES_NAMED = 3
_FEW_DOMAINS = {
    True: "simulated with 20 domains: a false GO in 4% of runs at the limit",
    False: "simulated with 20 domains: a false GO in 6% of runs at the limit if it is 0.1 in truth, 12% if 0.2",
}
"""By whether the correlation was estimated from earlier versions (benchmarks/simulations/population.py)."""
_ASSUMED = "assumed: fewer than two earlier versions show it"
_UNEVEN = "assumed: the domains are too unequal in size to show it"


def gate_lines(verdict: GateVerdict, policy_source: str = "", *, with_next: bool = True) -> list[str]:
    """The verdict for a terminal of 80 columns, without colour, in its language.

    The order is that of a decision: the verdict, what holds it back, the rules with their bounds, the worst slices,
    what it rests on, and in the last line what to do next.
    """
    against = f" against {show(verdict.baseline.label)}" if verdict.baseline else ""
    lines = [translated(f"{verdict.verdict}  {show(verdict.candidate.label)}{against}"), f"  {in_words(verdict)}"]
    lines += _sentences([*_stale(verdict), *_crowd(verdict), *_undelivered(verdict), *_held_back(verdict)])
    lines.append("")
    before: list[str] = []
    why: tuple[str, ...] = ()
    for rule in verdict.rules:
        tier = translated(f"({rule.rule.tier})")
        lines.append(f"  {figures.pad(translated(_SHORT[rule.result]), 20)} {rule_name(rule)}  {tier}")
        sentences = rule_sentences(rule, verdict.reasons, reasons_above=why)
        for one in ["as above"] if sentences and sentences == before else sentences:
            lines += wrapped(translated(one), indent=" " * 23)
        before, why = rule_sentences(rule, verdict.reasons, reasons_above=rule.reasons), rule.reasons
    worst = worst_slices(verdict)
    lines += ["", *_sentences(worst[:1]), *_sentences(worst[1:], indent="    ")] if worst else []
    lines += ["", *_sentences(basis(verdict)), *evidence_lines(verdict)]
    if policy_source:
        lines += _sentences([f"Policy: {policy_source}{_takes(verdict.policy)}"])
    return [*lines, *command_line(next_line(verdict))] if with_next else lines


def _sentences(sentences: Iterable[str], indent: str = "  ") -> list[str]:
    """In the language of the terminal, and with foreign names made safe."""
    return [line for one in sentences for line in wrapped(translated(show(one, blanks=False)), indent)]


def in_words(verdict: GateVerdict) -> str:
    """The verdict in a plain sentence of at most 78 columns."""
    return phrase(f"{verdict.verdict}-plain")


def next_line(verdict: GateVerdict) -> str:
    """`next: pytest ...`, on one line."""
    return f"{phrase('next')}{translated(show(next_sentence(verdict), blanks=False))}"


def _held_back(verdict: GateVerdict) -> list[str]:
    return [f"Held back: {reason}" for reason in verdict.reasons]


def headlines(verdict: GateVerdict) -> list[str]:
    """What a reader must know with the verdict, the most important first. They hold foreign names."""
    return [*_stale(verdict), *_crowd(verdict), *_undelivered(verdict)]


def basis(verdict: GateVerdict) -> list[str]:
    """What the verdict speaks for, and what it rests on. They hold foreign names."""
    return [*_population(verdict), *_attempts(verdict)]


def worst_slices(verdict: GateVerdict) -> list[str]:
    """A title and at most three slices with their cases: newly broken ones, or without a baseline those that fail."""
    found = verdict.concentration
    if found is not None and found.broken:
        allowed = ", which the rules allow" if verdict.verdict == "GO" else ""
        title = f"newly broken: {len(found.broken)} of {plural(found.pairs, 'case')}{allowed}"
        return [title, *map(_slice, found.worst)]
    if found is None and verdict.failing:
        return ["worst slices, by cases that fail", *map(_slice, verdict.failing)]
    return []


def _slice(broken: Broken) -> str:
    more = len(broken.cases) - _CASES_NAMED
    named = ", ".join(broken.cases[:_CASES_NAMED]) + (f" and {more} more" if more > 0 else "")
    return f"{broken.slice} {len(broken.cases):,} of {broken.size:,}: {named}"


def _stale(verdict: GateVerdict) -> Iterator[str]:
    """Answers that are not evidence of today keep their reading."""
    breached = [rule for rule in verdict.rules if rule.reasons and rule.reading.result == "BREACH"]
    critical = [rule for rule in breached if _is_critical(rule)]
    if critical:
        names = " and ".join(_rule(rule) for rule in critical)
        yield f"BREACH on these answers, which {_answers_are(verdict)}: {names}"
    elif all(rule.reasons and rule.reading.result == "PASS" for rule in verdict.rules if _is_critical(rule)):
        yield f"every critical rule passes on these answers, which {_answers_are(verdict)}"


def _is_critical(rule: RuleVerdict) -> bool:
    return rule.rule.tier == "critical"


def _answers_are(verdict: GateVerdict) -> str:
    limit = verdict.policy.max_age_days
    policy = "" if limit is None else f" (policy: at most {limit:g} days)"
    replayed = ", replayed" if verdict.candidate.mode == "replay" else ""
    return f"are {figures.days(verdict.age_days)}{policy}{replayed}"


def _crowd(verdict: GateVerdict) -> Iterator[str]:
    found = verdict.concentration
    if found is not None and found.significant and found.crowd is not None:
        crowd = found.crowd
        yield (
            f"CAUTION: {crowd.marked} of {crowd.size} cases of {crowd.slice} are newly broken; chance does not put so "
            f"many in one place (p {figures.p_value(crowd.p_value)})"
        )


def _undelivered(verdict: GateVerdict) -> Iterator[str]:
    found = verdict.undelivered
    if found is not None:
        yield (
            f"CAUTION: tool calls that the server delivers as calls: {points(found.estimate)} points on "
            f"{plural(found.cases, 'pair')}. A call written as text is read all the same, and no rule of this policy "
            "is about delivered_rate"
        )


def _population(verdict: GateVerdict) -> Iterator[str]:
    rules = [rule for rule in verdict.rules if rule.reading.size is not None]
    if not rules:
        return
    if verdict.policy.population == "suite":
        yield "speaks for this mix of cases and no other (population = suite)"
        return
    wide = next((rule for rule in rules if rule.reading.population == "domains"), None)
    if wide is None or wide.reading.size is None:
        most = max(rule.reading.size.domains for rule in rules if rule.reading.size is not None)
        yield (
            f"speaks for this mix of cases and no other: {plural(most, 'domain')}, and {LEAST_DOMAINS} are needed to "
            "say anything about strings in other fields"
        )
        return
    size = wide.reading.size
    source = _source(wide.estimated_from, is_uneven=wide.is_uneven)
    line = (
        f"speaks for strings like these in fields like these: {size.answers:,} answers in {size.domains} domains are "
        f"worth {size.effective:,.0f} independent ones (correlation {wide.correlation:.2f} in a domain, {source})"
    )
    if size.domains < WELL_KNOWN_DOMAINS:
        line += f"; {_FEW_DOMAINS[bool(wide.estimated_from)]}"
    yield line


def _source(versions: Sequence[str], *, is_uneven: bool) -> str:
    if versions:
        return f"estimated from {figures.some(versions)}"
    return _UNEVEN if is_uneven else _ASSUMED


def _attempts(verdict: GateVerdict) -> Iterator[str]:
    if verdict.attempts > 1:
        yield (
            f"attempt {verdict.attempts} of at most {MOST_ATTEMPTS}: all answers to unchanged cases are read together, "
            f"each bound at {bound(verdict.alpha)} instead of 5%"
        )
    if verdict.planned is not None:
        looks = ", ".join(f"{look:,}" for look in verdict.looks)
        asked = verdict.candidate.cases
        looked = f"looked at after {looks}" if looks else "stopped before the first look"
        yield f"sequential: {asked:,} of {plural(verdict.planned, 'case')} asked; {looked}"
    judged = verdict.judged
    if judged is not None:
        line = f"{len(judged.versions)} versions were judged on these cases"
        if judged.best is not None and judged.limit is not None:
            line += (
                f": if all of them were at {bound(judged.limit)}, the best would show {percent(judged.best)} on average"
            )
        yield line


def next_sentence(verdict: GateVerdict) -> str:
    """`pytest ... (answers of today; 594 requests, about 1.19 CNY)`."""
    step = verdict.next
    parts = [step.why]
    if step.requests:
        price = "" if step.cost is None else f", about {figures.money(step.cost, step.currency)}"
        parts.append(f"{plural(step.requests, 'request')}{price}")
    return f"{step.command}  ({'; '.join(parts)})"


def next_markdown(verdict: GateVerdict, lang: str = "en") -> str:
    """The same, the command as code."""
    command, _, why = translated(next_sentence(verdict), "zh" if lang == "zh" else "en").partition("  ")
    gap = "" if lang == "zh" else " "
    return f"{code(command, blanks=False)}{gap}{markdown_sentence(why, chinese=lang == 'zh')}"


def rule_name(rule: RuleVerdict | PlanLine) -> str:
    """`alignment_rate (untrained) max_drop 5%`, in the language of the terminal."""
    return translated(_rule(rule))


def _rule(rule: RuleVerdict | PlanLine) -> str:
    """The same as a part of a sentence, which is translated as a whole: a page has both languages."""
    where = f" ({show(rule.rule.slice, blanks=False)})" if rule.rule.slice else ""
    return f"{rule.rule.metric}{where} {rule.bound} {bound(rule.limit)}"


def rule_sentences(
    rule: RuleVerdict, held_back: tuple[str, ...] = (), *, reasons_above: tuple[str, ...] = ()
) -> list[str]:
    """What was measured and needed, and what would settle it.

    Reasons given for the whole verdict are not repeated, nor are those of the rule above.
    """
    sentences = []
    if rule.reading.cases:
        sentences.append(f"{_measured(rule)}; {_needed(rule)}")
    if rule.reasons and rule.reading.result != "INSUFFICIENT_EVIDENCE":
        sentences.append(f"{rule.reading.result} on these answers, if they counted")
    own = [show(reason, blanks=False) for reason in rule.reasons if reason not in held_back]
    sentences += ["does not count, for the reason above"] if own and rule.reasons == reasons_above else own
    settle = _settle(rule)
    return [*sentences, settle] if settle else sentences


def _measured(rule: RuleVerdict) -> str:
    reading = rule.reading
    unscored = f", {reading.unscored} unscored" if reading.unscored else ""
    if reading.estimate is None:
        what = "case" if rule.bound in ("min", "max") else "pair"
        bounds = f"{points(reading.low)} and {points(reading.high)}"
        if what == "case":
            return f"none of {plural(reading.cases, what)} is scored"
        return f"none of {plural(reading.cases, what)} is scored (bounds with the unscored at their worst: {bounds})"
    level = f"one-sided {bound(1 - reading.alpha)} bounds"
    if reading.look is not None:
        level += f" at the look after {plural(reading.look, 'case')}"
    if rule.bound in ("min", "max"):
        return (
            f"{percent(reading.estimate)} of {plural(reading.cases, 'case')}{_worth(rule)}{unscored} "
            f"({level} {percent(reading.low)} and {percent(reading.high)})"
        )
    p_value = figures.p_value(reading.p_value)
    return (
        f"{points(reading.estimate)} points on {plural(reading.cases, 'pair')}{_worth(rule)}{unscored}: "
        f"{reading.worse} worse, {reading.better} better ({level} {points(reading.low)} and {points(reading.high)}; "
        f"McNemar p {p_value})"
    )


def _worth(rule: RuleVerdict) -> str:
    size = rule.reading.size
    if size is None or size.effective > size.answers - 0.5:
        return ""
    return f" worth {size.effective:,.0f}"


def _needed(rule: RuleVerdict) -> str:
    limit = rule.limit
    return {
        "min": f"needed: lower bound at least {bound(limit)}",
        "max": f"needed: upper bound at most {bound(limit)}",
        "max_drop": f"needed: lower bound above {points(-limit)}",
        "max_rise": f"needed: upper bound below {points(limit)}",
    }[rule.bound]


def _settle(rule: RuleVerdict) -> str:
    """Asking again comes before adding cases; no number is promised where the estimate is on the wrong side."""
    reading = rule.reading
    if rule.result != "INSUFFICIENT_EVIDENCE" or reading.cases == 0 or rule.reasons:
        return ""
    if reading.reask:
        return f"the {reading.unscored} unscored, asked again and all right, would settle it as a pass"
    if reading.further is not None:
        alike = "all clean" if rule.bound in ("min", "max") else "all alike in both versions"
        return f"{plural(reading.further, 'further case')}, {alike}, would settle it as a pass"
    if reading.estimate is None:
        return f"ask the {reading.unscored} unscored again"
    return "the estimate is on the wrong side of the limit: more cases are not expected to make it a pass"


class LastVerdict(Record):
    """The verdict on the newest version of a model, as the index keeps it."""

    label: str
    against: str
    verdict: str
    when: str
    """When the candidate's answers were made."""
    href: str
    """The page, from the index; empty where it was not built."""
    command: str
    """What to do next."""
    why: str
    reasons: tuple[str, ...] = ()
    """What holds a GO back."""
    firm: bool = True
    """Of a complete run of a version that the settings name: others come after these."""


def last_verdict_lines(
    verdicts: Iterable[LastVerdict],
    folder: str,
    newest: str = "",
    some: str = "",
    unjudged: str = "",
    *,
    over: Callable[[str], str] = str,
) -> list[str]:
    """The verdict on the newest version in short, for the end of `harness report`; its page holds the rules.

    Args:
        folder: where the pages are.
        newest: the version of the newest complete run, which may become the first baseline.
        some: the model of the newest run of all, complete or not.
        unjudged: a version that has a baseline, where a record is in the way of its verdict.
        over: makes of a command one over the runs of this history.
    """
    known = sorted(verdicts, key=lambda one: (one.firm, one.when))
    if not known and not newest:
        asked = over(f"pytest --model={show(some, blanks=False) or 'NAME'}")
        return [phrase("no-complete-run"), f"{phrase('next')}{translated(f'{asked}  (a run of all cases)')}"]
    if not known and unjudged:
        label = show(unjudged, blanks=False)
        step = f"{over(f'harness gate --candidate {label}')}  ({phrase('next-says-what')})"
        return [phrase("no-verdict-on", label=label), f"{phrase('next')}{translated(step)}"]
    if not known:
        step = f"{over(f'harness runs baseline {show(newest, blanks=False)}')}  ({phrase('next-baseline')})"
        return [phrase("no-verdict"), f"{phrase('next')}{translated(step)}"]
    last = known[-1]
    lines = ["", translated(f"{last.verdict}  {show(last.label)} against {show(last.against)}")]
    lines.append(f"  {phrase(f'{last.verdict}-plain')}")
    lines += _sentences(f"Held back: {reason}" for reason in last.reasons)
    if last.href:
        lines += [f"  {phrase('verdict-page')}", f"    {show(f'{folder}/{last.href}', blanks=False)}"]
    if len(known) > 1:
        lines.append(f"  {phrase('verdict-others', n=len(known) - 1)}")
        lines.append(f"    {show(f'{folder}/index.html', blanks=False)}")
    step = translated(show(f"{last.command}  ({last.why})", blanks=False))
    return [*lines, *command_line(f"{phrase('next')}{step}")]


def evidence_lines(verdict: GateVerdict) -> list[str]:
    """Mode, age, suite, unscored share, and the other runs of the version."""
    lines = _run_lines("Candidate", verdict.candidate, verdict.age_days)
    if verdict.baseline is not None:
        lines += _run_lines("Baseline", verdict.baseline, verdict.baseline_age_days)
        if verdict.baseline.suite_digest != verdict.candidate.suite_digest:
            lines += wrapped(translated(_OTHER_SUITES))
    if len(verdict.runs) > 1:
        lines += wrapped(translated(_listed(verdict, show(verdict.candidate.label))))
        rows = [_run_row(run) for run in verdict.runs[: figures.MOST]]
        lines += figures.table([[Name(show(run_id)), *rest] for run_id, *rest in rows], indent="    ")
        more = len(verdict.runs) - figures.MOST
        lines += [f"    {translated(f'... and {more:,} more (--json lists all)')}"] if more > 0 else []
    return lines


def _listed(verdict: GateVerdict, label: str) -> str:
    read, every = len(verdict.runs), len(verdict.runs) + verdict.too_old
    if verdict.too_old:
        return f"{read} of {every} runs of {label}, newest first; the others are too old for this policy:"
    return f"All {every} runs of {label}, newest first:"


def _takes(policy: GatePolicy) -> str:
    """What it takes as evidence beyond what the default policy does; a verdict under it is not one on today."""
    limits = ["answers of any age"] if policy.max_age_days is None else []
    limits += ["replays"] if policy.evidence == "any" else []
    return f" (takes {' and '.join(limits)}: it says nothing of the endpoint today)" if limits else ""


def _run_lines(role: str, run: RunSummary, age: float | None) -> list[str]:
    return wrapped(translated(_run_sentence(role, run, age, show)))


def _run_sentence(role: str, run: RunSummary, age: float | None, safe: Callable[[str], str]) -> str:
    partial = ", PARTIAL" if run.partial else ""
    return (
        f"{role}: {safe(run.label)}, run {safe(run.run_id)}, {run.mode}{partial}, answers "
        f"{figures.days(age)}, {plural(run.cases, 'case')}, unscored {percent(run.unscored.rate)}, "
        f"suite {safe(run.suite_digest[:12])}"
    )


def _run_row(run: RunSummary) -> list[str]:
    """The id is foreign text, and not made safe yet."""
    return [
        run.run_id,
        (run.newest or run.started)[:10],
        run.mode,
        "partial" if run.partial else "",
        figures.counted(run.alignment),
    ]


def gate_markdown(verdict: GateVerdict, policy_source: str = "") -> str:
    """The verdict as a comment on a pull request, in the language of the terminal."""
    chinese = spoken() == "zh"

    def item(sentence: str) -> str:
        return f"- {markdown_sentence(translated(sentence), chinese=chinese)}"

    against = f" against {code(verdict.baseline.label)}" if verdict.baseline else ""
    rows = [[phrase(key) for key in ("rule", "tier", "result", "measured", "needed")]]
    for rule in verdict.rules:
        metric = f"{code(rule.rule.metric)} {rule.bound} {bound(rule.limit)}"
        where = f" on {code(rule.rule.slice)}" if rule.rule.slice else ""
        measured = translated(_measured(rule)) if rule.reading.cases else phrase("no-data")
        needed = [translated(one) for one in (_needed(rule).removeprefix("needed: "), _settle(rule)) if one]
        tier = phrase(rule.rule.tier) if chinese else rule.rule.tier
        rows.append([metric + where, tier, translated(_SHORT[rule.result]), measured, phrase("semicolon").join(needed)])
    said = frozenset(verdict.reasons)
    reasons = dict.fromkeys(reason for rule in verdict.rules for reason in rule.reasons if reason not in said)
    parts = [f"## {verdict.verdict}: {code(verdict.candidate.label)}{against}", ""]
    top = [*_stale(verdict), *_crowd(verdict), *_undelivered(verdict), *_held_back(verdict)]
    parts += [in_words(verdict), "", *map(item, top)]
    parts += ["", *figures.markdown_table(rows)]
    worst = worst_slices(verdict)
    parts += ["", *map(item, worst)] if worst else []
    parts += ["", *map(item, basis(verdict))]
    parts += ["", *map(item, reasons)] if reasons else []
    parts += ["", *_evidence_markdown(verdict)]
    if policy_source:
        parts.append(f"- {translated(f'Policy: {markdown_sentence(policy_source)}{_takes(verdict.policy)}')}")
    parts += ["", f"{phrase('next')}{next_markdown(verdict, spoken())}"]
    return "\n".join(parts) + "\n"


def _evidence_markdown(verdict: GateVerdict) -> list[str]:
    parts = [f"- {translated(_run_sentence('Candidate', verdict.candidate, verdict.age_days, code))}"]
    if verdict.baseline is not None:
        parts.append(f"- {translated(_run_sentence('Baseline', verdict.baseline, verdict.baseline_age_days, code))}")
        if verdict.baseline.suite_digest != verdict.candidate.suite_digest:
            parts.append(f"- {translated(_OTHER_SUITES)}")
    if len(verdict.runs) > 1:
        parts.append(f"- {translated(_listed(verdict, code(verdict.candidate.label)))}")
        for run in verdict.runs[: figures.MOST]:
            run_id, *rest = _run_row(run)
            comma = ", " if spoken() == "en" else "、"
            parts.append(f"    - {comma.join([code(run_id), *map(translated, filter(None, rest))])}")
        more = len(verdict.runs) - figures.MOST
        parts += [f"    - {translated(f'... and {more:,} more (--json lists all)')}"] if more > 0 else []
    return parts


def gate_json(verdict: GateVerdict, policy_source: str = "") -> dict[str, Any]:
    """The whole verdict as JSON values, with its exit code."""
    value: dict[str, Any] = figures.plain(verdict)
    return {**value, "exit_code": verdict.exit_code, "crowded": verdict.crowded, "policy_source": policy_source}


def plan_lines(plan: Plan, policy_source: str = "") -> list[str]:
    """What the cases can prove, for a terminal of 80 columns."""
    assumed = plan.assumption
    can = "can" if plan.possible else "cannot"
    lines = [translated(f"{plural(plan.cases, 'case')}: {can} reach a GO under this policy")]
    lines += wrapped(_population_of_plan(plan))
    lines.append("")
    for line in plan.lines:
        lines.append(f"  {translated(rule_name(line))}  {translated(f'({line.rule.tier})')}")
        for sentence in _plan_sentences(line):
            lines += wrapped(sentence, indent="      ")
    chance = "Chance of a GO, all critical rules together, of a version as good as its base:"
    lines += ["", f"  {translated(chance)}"]
    rows = [["samples a case", "GO", "requests", "cost"]]
    for one in plan.prospects:
        requests = plan.cases * one.samples
        rows.append([str(one.samples), percent(one.chances.go), f"{requests:,}", _cost(plan, requests)])
    early = plan.sequential
    asked = f"{early.mean_cases:,.0f} on average"
    rows.append(["1, --sequential", percent(early.go), asked, _cost(plan, early.mean_cases)])
    lines += figures.table(rows if plan.price else [row[:-1] for row in rows], indent="      ")
    if plan.price:
        lines += wrapped(f"at what an answer of {show(plan.price.run)} cost", indent="      ")
    lines.append("")
    lines += wrapped(
        f"Assumed: a true rate of {bound(assumed.good_rate)} for min and max; {bound(assumed.discordant)} of cases "
        f"worse and {bound(assumed.discordant)} better for max_drop and max_rise. Every bound is one-sided at 5%. "
        "With several samples a case, a case counts only if all are right, and samples are taken as independent."
    )
    if policy_source:
        lines += wrapped(f"Policy: {show(policy_source, blanks=False)}")
    return lines


def _cost(plan: Plan, requests: float) -> str:
    return figures.money(requests * plan.price.per_request, plan.price.currency) if plan.price else ""


def _population_of_plan(plan: Plan) -> str:
    if not plan.speaks_for_domains:
        few = f" ({plural(plan.domains, 'domain')}; {LEAST_DOMAINS} are needed for more)"
        few = "" if plan.policy.population == "suite" else few
        return f"The verdict will speak for this mix of cases and no other{few}."
    known = plan.correlation
    source = _source(known.versions, is_uneven=known.is_uneven)
    return show(
        f"The verdict will speak for strings like these in fields like these: {plan.domains} domains, correlation "
        f"{known.value:.2f} within one ({source}).",
        blanks=False,
    )


def _plan_sentences(line: PlanLine) -> list[str]:
    alike = "all clean" if line.bound in ("min", "max") else "all alike in both versions"
    least = (
        "no number of cases can pass it"
        if line.least is None
        else f"at least {plural(line.least, 'case')} that are independent, {alike}"
    )
    worth = "" if line.size.effective > line.cases - 0.5 else f" worth {line.size.effective:,.0f}"
    if not line.possible:
        first = f"{plural(line.cases, 'case')}{worth} cannot pass it: {least}"
    else:
        what = "failing" if line.bound in ("min", "max") else "worse and none better"
        first = (
            f"{plural(line.cases, 'case')}{worth}: passes with at most {line.allowed} {what}; power "
            f"{percent(line.power)}"
        )
    needed = (
        "no number of cases gives 80% power"
        if line.needed is None
        else f"80% power needs {plural(line.needed, 'case')} or more that are independent"
    )
    sentences = [first, needed]
    if line.error is not None:
        sentences.append(f"false pass at exactly the margin: at most {percent(line.error)}")
    return sentences


def plan_json(plan: Plan, policy_source: str = "") -> dict[str, Any]:
    """The plan as JSON values."""
    value: dict[str, Any] = figures.plain(plan)
    return {
        **value,
        "possible": plan.possible,
        "speaks_for_domains": plan.speaks_for_domains,
        "policy_source": policy_source,
    }
