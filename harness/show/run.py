"""One run as lines of a terminal: its rates, and its failures by kind."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from harness.decisions.metrics import METRICS, answered_rate
from harness.decisions.run_summary import Resources, collateral_rate, has_repair, residual_rate
from harness.errors import RecordError, listed, nearest
from harness.records.case import HELD_OUT, texts_of
from harness.records.run import GOOD, CaseResult, CheckResult, MentionRecord, Outcome, RunRecord, SampleResult
from harness.show import figures
from harness.show.comparison import latency_lines, seconds, tokens
from harness.show.figures import counted, pad
from harness.show.words import phrase, spoken, translated, words
from harness.statistics.rates import wilson
from harness.text.visible import show

_MOST_CASES = 20


def run_lines(run: RunRecord) -> list[str]:
    """The run for a terminal of 80 columns, with its first failing cases."""
    made = run.evidence
    lines = [translated(f"{show(run.label)}  run {show(run.run_id)}")]
    lines += figures.wrapped(
        f"{run.mode}; answers of {made.oldest or 'unknown date'} to {made.newest or 'unknown date'}; "
        f"suite {show(run.suite_digest[:12])}; harness {show(run.harness_version)}"
    )
    if run.partial:
        lines += figures.wrapped(f"PARTIAL: {show(run.partial_reason or 'narrowed or stopped', blanks=False)}")
    if run.latency is not None:
        lines += ["", *latency_lines(run.latency)]
    if run.latency is not None and not run.cases:
        return lines
    rows = [["", "rate", "95% interval"]]
    counts = {name: metric(run.cases) for name, metric in METRICS.items()}
    counts = {"alignment_rate": counts["alignment_rate"], "answered_rate": answered_rate(run.cases), **counts}
    if has_repair(run):
        counts |= {"residual_rate": residual_rate(run), "collateral_rate": collateral_rate(run)}
    for name, count in counts.items():
        interval = wilson(count.k, count.n)
        bounds = f"{figures.percent(interval.low)} to {figures.percent(interval.high)}" if interval else figures.NO_DATA
        rows.append([name, counted(count), bounds])
    lines += ["", *figures.table(rows), ""]
    taken = Resources.of(run.cases, run.currency)
    lines += figures.wrapped(
        f"{figures.plural(taken.samples, 'answer')}: median latency {seconds(taken.median_latency_s)}, "
        f"{tokens(taken.prompt_tokens)} prompt tokens, {tokens(taken.completion_tokens)} answer tokens, "
        f"1,000 answers cost {figures.money(taken.cost_per_1000, taken.currency)}"
    )
    bad = [case for case in run.cases if case.outcome not in GOOD]
    lines += ["", translated(f"{figures.plural(len(bad), 'case')} not aligned or passed:")] if bad else []
    for case in bad[:_MOST_CASES]:
        lines += figures.wrapped(f"{case.outcome}: {show(case.key)}{_shown(case)}")
    if len(bad) > _MOST_CASES:
        lines += figures.wrapped(f"... and {len(bad) - _MOST_CASES} more (--json has all)")
    return lines


def _shown(case: CaseResult) -> str:
    for sample in case.samples:
        for target, mentions in sample.mentions.items():
            for mention in mentions:
                if mention.is_damage:
                    return f"  {show(target)} -> {show(mention.text)}"
    return ""


KINDS: tuple[Outcome, ...] = ("damaged", "omitted", "failed", "unscored")
"""Failures in the order in which a reader wants them: what a training can fix first."""
CATEGORIES = {
    "space": ("space-left", "space-right", "cjk-boundary"),
    "inside": ("space-inside", "wide-space", "zero-width", "line-break"),
    "lookalike": (
        *("hyphen-lookalike", "slash-lookalike", "quote-lookalike", "sign-lookalike", "fullwidth", "homoglyph"),
        *("normal-form", "space-kind"),
    ),
    "symbol": ("dropped", "to-space", "swapped", "replaced", "doubled"),
    "markup": ("escaped", "markup"),
    "case": ("case", "accents"),
    "closed-up": ("closed-up",),
    "changed": ("changed", "transposed", "truncated", "added"),
}
"""Damage codes that have one cause in the eyes of the person who fixes it."""
_CATEGORY_OF = {code: name for name, codes in CATEGORIES.items() for code in codes}
_CATEGORIES_SHOWN = 8
_PROMPT_SHOWN = 200
_OUTPUT_SHOWN = 600
_ANSWER_SHOWN = 200
_MENTIONS_SHOWN = 5
_CHECKS_SHOWN = 5
_AROUND = 20
_LABEL = 9
"""As wide as the longest verdict, so that a target is above its damaged form."""
_TARGET_SHOWN = 240


def failure_lines(
    cases: Iterable[CaseResult], rerun: Mapping[str, str] | Callable[[CaseResult], str], most: int | None = 3
) -> list[str]:
    """The failures of a run: by kind, each kind by category, then cases with their defect.

    Args:
        rerun: the command that reruns a case.
        most: cases shown of each kind, the first of every large category before the second of any; None for all.
    """
    every = list(cases)
    command = rerun if callable(rerun) else lambda case: rerun.get(case.key, "")
    lines: list[str] = []
    for kind in KINDS:
        found = [case for case in every if case.outcome == kind]
        if not found:
            continue
        lines += ["", phrase("kind-count", kind=phrase(f"kind-{kind}"), n=f"{len(found):,}", all=f"{len(every):,}")]
        categories = by_category(found)
        for name, members in list(categories.items())[:_CATEGORIES_SHOWN]:
            domains = len({case.domain for case in members})
            lines += figures.wrapped(
                phrase("category", name=name, cases=_count("case", len(members)), domains=_count("domain", domains))
            )
        shown = found if most is None else _one_of_each(found, list(categories.values()), most)
        for case in shown:
            lines += ["", *_failure(case, command(case))]
        if len(shown) < len(found):
            more = phrase("kind-more", n=f"{len(found) - len(shown):,}", kind=phrase(f"kind-{kind}"))
            lines += ["", f"  {more}"]
    return lines


def by_category(cases: Iterable[CaseResult]) -> dict[str, list[CaseResult]]:
    """Cases by what is wrong with them, in the language of the terminal, the largest group first.

    A case with two kinds of damage is in two groups.
    """
    groups: dict[str, list[CaseResult]] = {}
    for case in cases:
        for name in dict.fromkeys(_categories(case)):
            groups.setdefault(name, []).append(case)
    return dict(sorted(groups.items(), key=lambda item: (-len(item[1]), item[0])))


def _categories(case: CaseResult) -> Iterator[str]:
    """Names of foreign checks and reasons are made safe."""
    for sample in case.samples:
        if sample.outcome != case.outcome:
            continue
        if case.outcome == "damaged":
            for mentions in sample.mentions.values():
                codes = (code for mention in mentions if mention.is_damage for code in mention.damage)
                yield from (phrase(f"category-{_CATEGORY_OF.get(code, 'changed')}") for code in codes)
            if sample.within:
                yield phrase("category-within")
        elif case.outcome == "omitted":
            empty = not sample.output.strip() and not sample.tool_calls
            yield phrase("category-empty" if empty else "category-absent")
        elif case.outcome == "failed":
            yield from (show(check.check, blanks=False) for check in sample.checks if not check.passed)
        else:
            yield show(sample.reason or "?", blanks=False)


def _one_of_each(found: Sequence[CaseResult], groups: Sequence[Sequence[CaseResult]], most: int) -> list[CaseResult]:
    """The first case of each category, largest first, then the first of what is left; in the order of the run."""
    chosen: dict[str, CaseResult] = {}
    for case in [*(group[0] for group in groups), *found]:
        if len(chosen) == most:
            break
        chosen.setdefault(case.key, case)
    return [case for case in found if case.key in chosen]


def _count(noun: str, number: int) -> str:
    return phrase(f"count-{noun}" if number == 1 else f"count-{noun}-many", n=f"{number:,}")


def _failure(case: CaseResult, command: str) -> list[str]:
    """One failing case: what is wrong, the prompt, the passage of the answer, the command."""
    failing = _failing(case)
    if not failing:  # an unscored case that was never asked
        return [_headline(case, None), _field("case", _case(case))]
    lines = [_headline(case, failing[0]), _field("case", _case(case)), _field("prompt", _prompt(case))]
    if HELD_OUT not in case.tags:
        lines += _defects(case, failing[0], damage_alone=case.outcome == "damaged")
        if case.outcome != "damaged" or not any(_in_text(failing[0])):
            lines.append(_field("answer", _cut_to(failing[0].output, _ANSWER_SHOWN)))
            lines += [_call(name, _cut_to(text, _ANSWER_SHOWN)) for name, text in _calls(failing[0])]
    if len(case.samples) > 1:
        lines.append(_samples_alike(case, failing))
    return [*lines, _field("rerun", command)] if command else lines


def explain_case(result: CaseResult) -> str:
    """One failing case in full, as JUnit XML and other reports of pytest hold it. Plain text."""
    failing = _failing(result)
    lines = [_headline(result, failing[0]), _field("case", _case(result)), *_defects(result, failing[0])]
    lines.append(_field("answer", _as_lines(failing[0].output)))
    lines += [_call(name, _as_lines(text)) for name, text in _calls(failing[0])]
    if len(result.samples) > 1:
        lines.append(_samples_alike(result, failing))
    return "\n".join(lines)


def _failing(case: CaseResult) -> list[SampleResult]:
    return [sample for sample in case.samples if sample.outcome == case.outcome]


def _case(case: CaseResult, *, with_exposure: bool = True) -> str:
    exposure = [_word(case.exposure)] if with_exposure else []
    facts = phrase("list-comma").join([*map(show, (case.domain, case.language, case.task)), *exposure])
    return f"{show(case.key)} ({facts})" if spoken() == "en" else f"{show(case.key)}（{facts}）"


def _word(value: str) -> str:
    """A value of a record in the language of the terminal; in English as it is in the record."""
    return show(value) if spoken() == "en" or value not in words() else phrase(value)


def _samples_alike(case: CaseResult, failing: Sequence[SampleResult]) -> str:
    kind = phrase(f"kind-{case.outcome}")
    return f"  {phrase('samples-alike', n=len(failing), all=len(case.samples), outcome=kind)}"


def _headline(case: CaseResult, sample: SampleResult | None) -> str:
    """The first thing that is wrong, short: it is shown in pytest's one-line list of failures."""
    if case.outcome == "unscored" and sample is not None and sample.recorded_at is None:
        return phrase("never-came", reason=show(sample.reason or "?", blanks=False))
    return f"{phrase(f'kind-{case.outcome}')}{phrase('colon')}{_in_short(case, sample)}"


def _in_short(case: CaseResult, sample: SampleResult | None) -> str:
    if sample is None or HELD_OUT in case.tags:
        return show(case.key)
    if case.outcome == "damaged":
        mentions = (mention for found in sample.mentions.values() for mention in found)
        first = next((mention.text for mention in mentions if mention.is_damage), None)
        return show(first if first is not None else next(iter(sample.within), ""), lookalikes=True)
    if case.outcome == "omitted":
        return show(next((target for target in case.required if sample.verdicts.get(target) == "absent"), ""))
    if case.outcome == "unscored":
        return show(sample.reason or "?", blanks=False)
    return show(next((check.check for check in sample.checks if not check.passed), ""), blanks=False)


def _field(name: str, text: str) -> str:
    return f"  {pad(phrase(f'field-{name}'), _LABEL)} {text}"


def _prompt(case: CaseResult) -> str:
    """The last thing that was asked, on one line."""
    if HELD_OUT in case.tags:
        return phrase("held-out-text")
    try:
        asked = [one for one in case.messages if one.get("role") == "user"] or case.messages
        text = "\n".join(texts_of(tuple(asked[-1:])))
    except (AttributeError, TypeError):  # a record of another program: its messages have another shape
        return ""
    return _cut_to(text, _PROMPT_SHOWN)


def _cut_to(text: str, limit: int) -> str:
    return show(text if len(text) <= limit else text[:limit] + "…", blanks=False)


def _defects(result: CaseResult, sample: SampleResult, *, damage_alone: bool = False) -> list[str]:
    """What is wrong with a sample. With `damage_alone`, what else is wrong beside the damage is only counted."""
    lines: list[str] = []
    if sample.outcome == "unscored":
        return lines
    omitted = 0
    for target, verdict in sample.verdicts.items():
        if target in sample.within:
            lines.append(_field("target", _folded(show(target))))
            lines.append(_field("within", phrase("within-damaged", target=show(sample.within[target]))))
        elif verdict == "absent" and target in result.required and damage_alone:
            omitted += 1
        elif verdict == "absent" and target in result.required:
            lines += [_field("target", _folded(show(target))), _field("absent", phrase("absent-note"))]
        elif verdict not in ("verbatim", "absent"):
            lines.append(_field("target", _folded(show(target))))
            damaged = [mention for mention in sample.mentions.get(target, ()) if mention.is_damage]
            for mention in damaged[:_MENTIONS_SHOWN]:
                lines += _mention(sample, mention)
            if len(damaged) > _MENTIONS_SHOWN:
                lines.append(f"{' ' * (_LABEL + 3)}{phrase('more-mentions', n=len(damaged) - _MENTIONS_SHOWN)}")
        for mention in [one for one in sample.mentions.get(target, ()) if one.is_note][:_MENTIONS_SHOWN]:
            note = f"{show(mention.text, lookalikes=True)}  [{_codes(mention)}], {phrase('not-counted')}"
            lines.append(_field("note", note))
    failed = [check for check in sample.checks if not check.passed]
    if damage_alone:
        also = [("target-absent", omitted), ("check-failed", len(failed))]
        said = phrase("comma").join(_count(noun, number) for noun, number in also if number)
        return [*lines, _field("also", said)] if said else lines
    return [*lines, *_failed_checks(failed)]


def _failed_checks(failed: Sequence[CheckResult]) -> Iterator[str]:
    """Several checks of one case fail for one reason where the answer has not the form that they read."""
    by_detail: dict[str, list[str]] = {}
    for check in failed:
        by_detail.setdefault(check.detail, []).append(show(check.check, blanks=False))
    for detail, names in list(by_detail.items())[:_CHECKS_SHOWN]:
        named = figures.some(list(dict.fromkeys(names)))
        yield _field("check", f"{named}{phrase('colon')}{show(detail, blanks=False)}")
    if len(by_detail) > _CHECKS_SHOWN:
        yield f"{' ' * (_LABEL + 3)}{translated(f'... and {len(by_detail) - _CHECKS_SHOWN} more')}"


def _mention(sample: SampleResult, mention: MentionRecord) -> list[str]:
    verdict = _word(mention.verdict)
    place = f" at {mention.path}" if mention.path is not None else ""
    place += "" if mention.probability is None else f" p {mention.probability:.2g}"
    shown = f"{_folded(show(mention.text, lookalikes=True))}  [{_codes(mention)}]{show(place)}"
    lines = [f"  {pad(verdict, _LABEL)} {shown}"]
    if mention.path is None and mention.tool_call is None:
        lines.append(_field("context", _in_context(sample.output, mention.start, mention.end)))
    return lines


def _in_text(sample: SampleResult) -> Iterator[bool]:
    """For each damaged mention whether it is shown within the passage of the answer."""
    for mentions in sample.mentions.values():
        yield from (one.path is None and one.tool_call is None for one in mentions if one.is_damage)


def _folded(text: str) -> str:
    """A long target without its middle; the page and the record hold all of it."""
    if len(text) <= _TARGET_SHOWN:
        return text
    return f"{text[: _TARGET_SHOWN - 60]}…({len(text) - _TARGET_SHOWN:,})…{text[-60:]}"


def _codes(mention: MentionRecord) -> str:
    return ", ".join(mention.damage)


def _calls(sample: SampleResult) -> list[tuple[str, str]]:
    return [(call.name, call.arguments) for call in sample.tool_calls]


def _call(name: str, arguments: str) -> str:
    return _field("call", f"{show(name)}({arguments})")


def _in_context(output: str, start: int, end: int) -> str:
    """The mention with its blanks visible, between its surroundings in ordinary print."""
    low, high = max(0, start - _AROUND), min(len(output), end + _AROUND)
    before, after = show(output[low:start], blanks=False), show(output[end:high], blanks=False)
    mention = _folded(show(output[start:end], lookalikes=True))
    return f"{'…' if low else ''}{before}{mention}{after}{'…' if high < len(output) else ''}"


def _as_lines(text: str) -> str:
    cut = text if len(text) <= _OUTPUT_SHOWN else text[:_OUTPUT_SHOWN] + "…"
    # line breaks stay readable, everything else that could move the cursor does not; each line of the answer begins
    # with a sign of ours, for a workflow's runner obeys a line that begins with `::`, blanks before it or not
    return "\n          | ".join(show(line, blanks=False) for line in cut.split("\n"))


@dataclass(frozen=True, slots=True)
class OneCase:
    """One case in several runs. `results` has one for each record, None where it was not asked."""

    key: str
    records: tuple[RunRecord, ...]
    results: tuple[CaseResult | None, ...]


def found_in(reference: str, records: Sequence[RunRecord]) -> OneCase:
    """The case that `suite/id`, or an id alone, names in these runs.

    Raises:
        RecordError: no run has it, or the id is in several suites; with what is nearest.
    """
    keys = dict.fromkeys(case.key for run in records for case in run.cases)
    matching = [key for key in keys if key == reference] or [k for k in keys if k.partition("/")[2] == reference]
    if len(matching) > 1:
        raise RecordError(f"{reference}: found in several suites; accepted: {', '.join(matching)}")
    if not matching:
        labels = listed([run.label for run in records]) if records else "any run"
        raise RecordError(
            f"{reference or repr(reference)}: no such case in {labels}{nearest(reference, keys)}; accepted: suite/id"
        )
    (key,) = matching
    by_run = [{case.key: case for case in run.cases} for run in records]
    return OneCase(key, tuple(records), tuple(cases.get(key) for cases in by_run))


def case_lines(found: OneCase, past: Mapping[str, Sequence[RunRecord]]) -> list[str]:
    """The case side by side, a block for each version, with its outcomes over the runs of the version.

    Args:
        past: the runs of each version, by label.
    """
    first = next(case for case in found.results if case is not None)
    lines = [_case(first, with_exposure=False), _field("prompt", _prompt(first))]
    if HELD_OUT not in first.tags:
        lines += [_field("target", _folded(show(target))) for target in first.targets]
    for record, case in zip(found.records, found.results, strict=True):
        lines.append("")
        if case is None:
            lines.append(f"{show(record.label)}  {phrase('not-asked')}")
            continue
        day = (record.evidence.newest or record.started)[:10]
        lines.append(f"{show(record.label)}  {phrase(f'kind-{case.outcome}')}  {day}  {_word(case.exposure)}")
        if case.digest != first.digest:
            lines.append(f"  {phrase('other-content')}")
        if HELD_OUT not in case.tags and case.samples:
            sample = (_failing(case) or list(case.samples))[0]
            lines += _defects(case, sample, damage_alone=case.outcome == "damaged")
            lines.append(_field("answer", _cut_to(sample.output, _ANSWER_SHOWN)))
            lines += [_call(name, _cut_to(text, _ANSWER_SHOWN)) for name, text in _calls(sample)]
        lines.append(_field("history", _history(found.key, past.get(record.label, ()))))
    return lines


def spells(key: str, runs: Sequence[RunRecord]) -> list[tuple[Outcome, str, int]]:
    """Outcomes of a case over runs, oldest first: outcome, day of the first, and how many runs in a row have it."""
    found: list[tuple[Outcome, str, int]] = []
    for run in runs:
        case = next((case for case in run.cases if case.key == key), None)
        if case is None:
            continue
        day = (run.evidence.newest or run.started)[:10]
        if found and found[-1][0] == case.outcome:
            found[-1] = (*found[-1][:2], found[-1][2] + 1)
        else:
            found.append((case.outcome, day, 1))
    return found


def _history(key: str, runs: Sequence[RunRecord]) -> str:
    """`aligned 3x from 2026-11-01, damaged 1x from 2026-11-04`."""
    return phrase("comma").join(
        phrase("spell", kind=phrase(f"kind-{kind}"), n=number, day=day) for kind, day, number in spells(key, runs)
    )


def case_json(found: OneCase, past: Mapping[str, Sequence[RunRecord]]) -> dict[str, object]:
    """The case in each run as JSON values, with its outcomes over the runs of each version."""

    def outcomes(label: str) -> list[dict[str, str]]:
        rows = []
        for run in past.get(label, ()):
            case = next((case for case in run.cases if case.key == found.key), None)
            if case is not None:
                rows.append(
                    {"run_id": run.run_id, "answers": run.evidence.newest or run.started, "outcome": case.outcome}
                )
        return rows

    return {
        "case": found.key,
        "versions": [
            {
                "label": record.label,
                "run_id": record.run_id,
                "result": None if case is None else figures.plain(case),
                "history": outcomes(record.label),
            }
            for record, case in zip(found.records, found.results, strict=True)
        ],
    }
