"""Markdown for a pull request or a job summary: short, and the answers in it can do nothing.

Text of a run is in code spans alone (`sinks.code`). One document for a run, for a comparison and for the index.
"""

from __future__ import annotations

from collections.abc import Sequence

from harness.decisions.compare import Change, Comparison, Flip, Option, telling_slices
from harness.decisions.gate import GateVerdict
from harness.decisions.latency import LatencyComparison
from harness.records.case import HELD_OUT
from harness.records.run import CaseResult, RunRecord
from harness.show import rates
from harness.show.comparison import OPTION_ROWS, change_cells, disagreements, in_reading_order
from harness.show.figures import NO_DATA as _EMPTY
from harness.show.figures import markdown_table
from harness.show.html import Judgement, needed, p_phrase, read
from harness.show.index import IndexLine, current
from harness.show.rates import BAD, OUTCOMES, slices, summarise
from harness.show.sinks import code, markdown_sentence
from harness.show.verdicts import basis, headlines, next_markdown, worst_slices
from harness.show.words import translated, word, words

_SHOWN = 20


def run_markdown(record: RunRecord, *, lang: str = "en", contradictions: Sequence[str] = ()) -> str:
    """One run: the rate, where it fails, and the failing cases."""
    summary = summarise(record)
    rate = summary.alignment
    counts = word("list-comma", lang).join(
        f"{rates.number(summary.outcomes[outcome])} {word(outcome, lang)}"
        for outcome in OUTCOMES
        if summary.outcomes.get(outcome)
    )
    lines = [
        f"### {code(record.label)}{word('colon', lang)}{rate}",
        "",
        word("interval", lang, bounds=rate.bounds) + f" · {counts}",
    ]
    lines += _warned(contradictions, lang)
    if record.partial:
        why = translated(record.partial_reason or word("narrowed", lang), lang)
        lines += ["", f"> {word('partial', lang, why=code(why, blanks=False))}"]
    worst = [row for row in slices(record.cases, "domain") if row.bad][:5]
    if worst:
        shown = word("list-comma", lang).join(
            f"{code(row.name)} {row.rate} ({row.rate.k}/{row.rate.n})" for row in worst
        )
        lines += ["", f"{word('domain', lang)}{word('colon', lang)}{shown}"]
    failing = [case for case in record.cases if case.outcome in BAD]
    lines += _folded(
        f"{word('failing', lang)}{word('colon', lang)}{len(failing)}", [_case(case, lang) for case in failing]
    )
    return "\n".join([*lines, ""])


def compare_markdown(
    comparison: Comparison,
    *,
    judged: Judgement | None = None,
    most: int = _SHOWN,
    lang: str = "en",
    contradictions: Sequence[str] = (),
) -> str:
    """Two runs: the verdict if there is one, the difference, the rules, the tables, at most `most` flips of a kind."""
    gate = judged.verdict if judged else None
    lines = [f"### {code(comparison.old.label)} → {code(comparison.new.label)}", ""]
    lines += [*_warned(contradictions, lang)[1:], ""] if contradictions else []
    same = [f"> **{_sentence(comparison.same, lang)}**", ""] if comparison.same else []
    if gate:
        advice = ("" if lang == "zh" else " ").join(word(gate.verdict + part, lang) for part in ("-note", "-advice"))
        lines += [f"**{gate.verdict}** – {word(gate.verdict, lang)}{word('colon', lang)}{advice}", ""]
        lines += [f"- {_sentence(one, lang)}" for one in headlines(gate)]
        held_back = [f"> {_sentence(reason, lang)}" for reason in gate.reasons]
        lines += ["", *held_back, *([""] if held_back else []), *_rules(gate, lang), ""]
        lines += [f"- {_sentence(one, lang)}" for one in [*worst_slices(gate), *basis(gate)]]
        lines += ["", f"{word('next', lang)}{next_markdown(gate, lang)}", ""]
    lines += same
    if comparison.pairing.keys or comparison.latency is None:
        lines += _difference(comparison, lang)
    if comparison.pairing.keys:
        lines += ["", *_changes(comparison, lang), "", *_resources(comparison, lang)]
    if comparison.latency is not None:
        lines += ["", *_latency(comparison.latency, lang)]
    if comparison.slices:
        lines += ["", *_slices(comparison, lang)]
    ordered = in_reading_order(comparison.flips)
    for kind in dict.fromkeys(flip.kind for flip in ordered):
        chosen = [flip for flip in ordered if flip.kind == kind]
        lines += _folded(
            word("kind-number", lang, n=len(chosen), kind=word(kind, lang)),
            [_flip(flip, lang) for flip in chosen],
            most,
        )
    return "\n".join([*lines, ""])


def _sentence(text: str, lang: str) -> str:
    """A sentence of a verdict in the language of the document."""
    return markdown_sentence(translated(text, "zh" if lang == "zh" else "en"), chinese=lang == "zh")


def _warned(contradictions: Sequence[str], lang: str) -> list[str]:
    found = [word("contradiction", lang, why=_sentence(one, lang)) for one in contradictions[:_SHOWN]]
    more = len(contradictions) - _SHOWN
    found += [f"{word('and-more', lang, n=more)} harness runs verify"] if more > 0 else []
    return [line for one in found for line in ("", f"> **{one}**")]


def _difference(comparison: Comparison, lang: str) -> list[str]:
    """What changed, on how many cases, and what was left out."""
    change = comparison.changes[0]
    lines = [word("no-pairs", lang)]
    if change.pairs:
        p = p_phrase(change.p_value).replace("<", "&lt;")
        counts = {"better": change.better, "worse": change.worse, "pairs": change.pairs}
        lines = [
            word("difference-line", lang, points=rates.points(change.difference), bounds=_bounds(change)) + "  ",
            word("pairs-line", lang, p=p, **counts),
        ]
    runs = (comparison.old, comparison.new)
    if any(run.answered.k != run.answered.n for run in runs):
        lines += ["", word("both-answered", lang, n=rates.number(len(comparison.answered)))]
        for run in runs:
            key = "own-answered" if run.comparable else "not-comparable"
            answered, n = rates.percent(run.answered.rate), rates.number(run.answered.n)
            lines.append(f"- {word(key, lang, label=code(run.label), rate=answered, n=n)}")
    if not comparison.pairing.complete:
        lines += ["", f"> {word('left-out-cases', lang, why=_sentence(comparison.pairing.reason, lang))}"]
    if comparison.renamed:
        lines += ["", word("renamed-cases", lang, n=rates.number(comparison.renamed))]
    return lines


def _bounds(change: Change) -> str:
    return rates.NO_DATA if change.low is None else f"{rates.points(change.low)} … {rates.points(change.high)}"


def _head(lang: str, *keys: str) -> list[str]:
    return [word(key, lang) if key in words() else key for key in keys]


def _changes(comparison: Comparison, lang: str) -> list[str]:
    rows = [
        [
            word("mention-cases" if change.metric == "mention_rate" else change.metric, lang),
            rates.percent(change.old.rate),
            rates.percent(change.new.rate),
            rates.points(change.difference),
            _bounds(change),
            rates.p_value(change.p_value),
            rates.number(change.pairs),
        ]
        for change in comparison.changes
    ]
    head = _head(lang, "metric", "before", "after", "difference", "interval-95", "p", "pairs")
    sentences = disagreements(comparison.changes)
    return [*markdown_table([head, *rows]), *(line for one in sentences for line in ("", _sentence(one, lang)))]


def _resources(comparison: Comparison, lang: str) -> list[str]:
    both = (comparison.old_resources, comparison.new_resources)
    rows = [
        ["latency", *(rates.seconds(one.median_latency_s) for one in both)],
        ["latency-slow", *(rates.seconds(one.p95_latency_s) for one in both)],
        ["prompt-tokens", *(rates.mean(one.prompt_tokens) for one in both)],
        ["completion-tokens", *(rates.mean(one.completion_tokens) for one in both)],
        ["cost-per-1000", *(markdown_sentence(rates.money(one.cost_per_1000, one.currency)) for one in both)],
    ]
    shown = [[word(key, lang), *cells] for key, *cells in rows]
    return markdown_table([_head(lang, "per-answer", "before", "after"), *shown])


def _latency(comparison: LatencyComparison, lang: str) -> list[str]:
    rows = [
        [
            code(one.prompt),
            f"{word(one.quantity, lang)}, p{one.percentile}",
            *change_cells(one),
            "" if one.faster is None else word("faster" if one.faster else "slower", lang),
        ]
        for one in comparison.changes
    ]
    head = _head(lang, "prompt", "quantity", "before", "after", "difference", "interval-95", "")
    cautions = [word("caution", lang, text=markdown_sentence(caution)) for caution in comparison.caution]
    return [*markdown_table([head, *rows]), *(line for caution in cautions for line in ("", caution))]


def _slices(comparison: Comparison, lang: str) -> list[str]:
    shown = telling_slices(comparison.slices)
    if not shown:
        return [word("slices-more", lang, n=len(comparison.slices))]
    rows = [
        [
            word(one.dimension, lang)
            + " "
            + (translated(one.value, lang) if one.dimension == "exposure" else code(one.value)),
            rates.percent(one.change.old.rate),
            rates.percent(one.change.new.rate),
            rates.points(one.change.difference),
            rates.number(one.change.pairs),
            rates.p_value(one.q_value),
        ]
        for one in shown
    ]
    head = _head(lang, "slice", "before", "after", "difference", "pairs", "q")
    more = len(comparison.slices) - len(shown)
    return [
        *markdown_table([head, *rows]),
        *(["", word("slices-more", lang, n=more)] if more else []),
        "",
        word("slice-note", lang),
    ]


def options_markdown(options: Sequence[Option], *, lang: str = "en", contradictions: Sequence[str] = ()) -> str:
    """Several versions side by side."""
    rows = [["", *(code(one.run.label) for one in options)]]
    for _, key, cell in OPTION_ROWS:
        cells = (cell(one) for one in options)
        rows.append([word(key, lang), *(rates.NO_DATA if one == _EMPTY else markdown_sentence(one) for one in cells)])
    lines = [f"## {word('options', lang)}", "", *_warned(contradictions, lang)[1:]]
    lines += [""] if contradictions else []
    if options:
        shared = {"n": rates.number(options[0].alignment.n), "m": rates.number(options[0].answered)}
        lines += [word("options-shared", lang, **shared), ""]
    return "\n".join([*lines, *markdown_table(rows), "", word("options-legend", lang)]) + "\n"


def index_markdown(lines: Sequence[IndexLine], *, lang: str = "en") -> str:
    """The latest complete run of each version, best first."""
    found = [f"### {word('index-title', lang)}", ""]
    found += [
        f"- {code(line.label)}: **{line.rate}** ({line.rate.bounds}, n = {line.rate.n:,}) · {rates.moment(line.when)}"
        for line in current(lines)[:_SHOWN]
    ]
    more = len(current(lines)) - _SHOWN
    found += [f"- {word('and-more', lang, n=more)}`harness runs list`"] if more > 0 else []
    return "\n".join([*(found if lines else [*found, word("no-runs", lang) + "`pytest --model=NAME`"]), ""])


def _rules(gate: GateVerdict, lang: str) -> list[str]:
    found: list[str] = []
    above: tuple[str, ...] = ()
    for rule in gate.rules:
        estimate, bounds = read(rule)
        named = (word(rule.rule.metric, lang) if lang == "zh" else rule.rule.metric).replace("_", r"\_")
        where = f" {code(rule.rule.slice)}" if rule.rule.slice else ""
        asked = needed(rule).replace("<", "&lt;").replace(">", "&gt;")
        line = f"- **{word(rule.result, lang)}** {named}{where} {asked}{word('colon', lang)}{estimate}"
        line += word("brackets", lang, text=bounds) + word("comma", lang) + word(rule.rule.tier, lang)
        reasons = [reason for reason in rule.reasons if reason not in gate.reasons]
        reasons = ["does not count, for the reason above"] if reasons and rule.reasons == above else reasons
        line += "".join(f"{word('semicolon', lang)}{_sentence(reason, lang)}" for reason in reasons)
        if rule.result == "INSUFFICIENT_EVIDENCE" and rule.reading.further and not rule.reasons:
            line += f"{word('semicolon', lang)}{word('further', lang, n=rates.number(rule.reading.further))}"
        found.append(line)
        above = rule.reasons
    return found


def _flip(flip: Flip, lang: str) -> str:
    if flip.target:
        return f"- {code(flip.key)}{word('colon', lang)}{code(flip.old_text)} → {code(flip.new_text)}"
    return f"- {code(flip.key)}{word('colon', lang)}{word(flip.old, lang)} → {word(flip.new, lang)}"


def _case(case: CaseResult, lang: str) -> str:
    line = f"- {code(case.key)} {word(case.outcome, lang)}"
    bad = [
        f"{code(target)} → {code(mention.text)}"
        for sample in case.samples
        for target, mentions in sample.mentions.items()
        for mention in mentions
        if mention.is_damage and HELD_OUT not in case.tags
    ]
    notes = sum(one.is_note for sample in case.samples for found in sample.mentions.values() for one in found)
    line = f"{line}{word('colon', lang)}{bad[0]}" if bad else line
    return line + word("brackets", lang, text=word("notes", lang, n=notes)) if notes else line


def _folded(title: str, items: list[str], most: int = _SHOWN) -> list[str]:
    """A folded list; GitHub opens it on a click."""
    if not items:
        return []
    rest = [f"- … +{len(items) - most}"] if len(items) > most else []
    return ["", f"<details><summary>{title}</summary>", "", *items[:most], *rest, "", "</details>"]
