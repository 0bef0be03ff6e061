"""Markdown for a pull request or a job summary: short, and the answers in it can do nothing.

Text of a run stands in code spans alone, where no Markdown, HTML, address, `@mention` or `#issue` is read. Lists
are used and no tables, because a table reads a `|` even in a code span.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

from harness.decisions.compare import Comparison, Flip
from harness.decisions.gate import GateVerdict
from harness.records.case import HELD_OUT
from harness.records.run import CaseResult, RunRecord, SampleResult
from harness.show import rates
from harness.show.evidence import Rulings
from harness.show.html import Judgement, needed, p_phrase, read
from harness.show.index import HistoryEvent, IndexLine, current
from harness.show.rates import BAD, DIMENSIONS, OUTCOMES, Rate, slices, summarise
from harness.show.sinks import code, spreadsheet_cell
from harness.show.verdicts import headlines, next_sentence
from harness.show.words import word

_SHOWN = 20


def run_markdown(record: RunRecord, *, lang: str = "en") -> str:
    """One run: the rate, where it fails, and the failing cases."""
    summary = summarise(record)
    rate = summary.alignment
    counts = ", ".join(
        f"{rates.number(summary.outcomes[outcome])} {word(outcome, lang)}"
        for outcome in OUTCOMES
        if summary.outcomes.get(outcome)
    )
    lines = [f"### {code(record.label)}: {rate}", "", word("interval", lang, bounds=rate.bounds) + f" · {counts}"]
    if record.partial:
        why = record.partial_reason or word("narrowed", lang)
        lines += ["", f"> {word('partial', lang, why=code(why, blanks=False))}"]
    worst = [row for row in slices(record.cases, "domain") if row.bad][:5]
    if worst:
        shown = ", ".join(f"{code(row.name)} {row.rate} ({row.rate.k}/{row.rate.n})" for row in worst)
        lines += ["", f"{word('domain', lang)}: {shown}"]
    failing = [case for case in record.cases if case.outcome in BAD]
    lines += _folded(f"{word('failing', lang)}: {len(failing)}", [_case(case, lang) for case in failing], lang)
    return "\n".join([*lines, ""])


def compare_markdown(comparison: Comparison, *, judged: Judgement | None = None, lang: str = "en") -> str:
    """Two runs: the verdict if there is one, the difference, the rules and the flips."""
    gate = judged.verdict if judged else None
    change = comparison.changes[0]
    lines = [f"### {code(comparison.old.label)} → {code(comparison.new.label)}", ""]
    if gate:
        lines += [f"**{gate.verdict}** – {word(gate.verdict + '-note', lang)}", ""]
        lines += [f"- {code(one, blanks=False)}" for one in headlines(gate)]
        lines += [f"- {word('next', lang)} {code(next_sentence(gate), blanks=False)}", ""]
    if change.pairs:
        bounds = f"{rates.points(change.low)} … {rates.points(change.high)}"
        lines.append(word("difference-line", lang, points=rates.points(change.difference), bounds=bounds) + "  ")
        lines.append(
            word(
                "pairs-line",
                lang,
                better=change.better,
                worse=change.worse,
                pairs=change.pairs,
                p=p_phrase(change.p_value).replace("<", "&lt;"),
            )
        )
    else:
        lines.append(word("no-pairs", lang))
    if not comparison.pairing.complete:
        lines += ["", f"> {word('left-out-cases', lang, why=code(comparison.pairing.reason, blanks=False))}"]
    if gate:
        held_back = [f"> {code(reason, blanks=False)}" for reason in gate.reasons]
        lines += ["", *held_back, *([""] if held_back else []), *_rules(gate, lang)]
    for kind in dict.fromkeys(flip.kind for flip in comparison.flips):
        chosen = [flip for flip in comparison.flips if flip.kind == kind]
        lines += _folded(f"{len(chosen)} {word(kind, lang)}", [_flip(flip) for flip in chosen], lang)
    return "\n".join([*lines, ""])


def index_markdown(lines: Sequence[IndexLine], *, lang: str = "en") -> str:
    """The latest complete run of each version, best first."""
    found = [f"### {word('index-title', lang)}", ""]
    found += [
        f"- {code(line.label)}: **{line.rate}** ({line.rate.bounds}, n = {line.rate.n:,}) · {rates.moment(line.when)}"
        for line in current(lines)
    ]
    return "\n".join([*(found if lines else [*found, word("no-runs", lang) + " `pytest --model=NAME`"]), ""])


def _rules(gate: GateVerdict, lang: str) -> list[str]:
    found = []
    for rule in gate.rules:
        estimate, bounds = read(rule)
        named = f"{rule.rule.metric.replace('_', chr(92) + '_')}"
        where = f" {code(rule.rule.slice)}" if rule.rule.slice else ""
        asked = needed(rule).replace("<", "&lt;").replace(">", "&gt;")
        line = f"- **{word(rule.result, lang)}** {named}{where} {asked}: {estimate} ({bounds})"
        line += f", {word(rule.rule.tier, lang)}"
        line += "".join(f"; {code(reason, blanks=False)}" for reason in rule.reasons if reason not in gate.reasons)
        if rule.result == "INSUFFICIENT_EVIDENCE" and rule.reading.further:
            line += f"; {word('further', lang, n=rates.number(rule.reading.further))}"
        found.append(line)
    return found


def _flip(flip: Flip) -> str:
    if flip.target:
        return f"- {code(flip.key)}: {code(flip.old_text)} → {code(flip.new_text)}"
    return f"- {code(flip.key)}: {flip.old} → {flip.new}"


def _case(case: CaseResult, lang: str) -> str:
    line = f"- {code(case.key)} {word(case.outcome, lang)}"
    bad = [
        f"{code(target)} → {code(mention.text)}"
        for sample in case.samples
        for target, mentions in sample.mentions.items()
        for mention in mentions
        if mention.verdict != "verbatim" and HELD_OUT not in case.tags
    ]
    return f"{line}: {bad[0]}" if bad else line


def _folded(title: str, items: list[str], lang: str) -> list[str]:
    """A folded list; GitHub opens it on a click."""
    if not items:
        return []
    rest = [f"- … +{len(items) - _SHOWN}"] if len(items) > _SHOWN else []
    return ["", f"<details><summary>{title}</summary>", "", *items[:_SHOWN], *rest, "", "</details>"]


SCHEMA = 1

COLUMNS = (
    *("model", "version", "run_id", "suite", "id", "domain", "language", "task", "symbols", "exposure"),
    *("case_outcome", "sample", "outcome", "reason", "verdicts", "damage", "output"),
    *("latency_s", "prompt_tokens", "completion_tokens", "cost", "currency", "recorded_at"),
)


def run_json(record: RunRecord, rulings: Rulings | None = None) -> dict[str, Any]:
    """Everything that stands on a run page but the texts; rates are shares between 0 and 1, or null."""
    summary = summarise(record)
    found: dict[str, Any] = {
        "schema": SCHEMA,
        "model": record.model,
        "version": record.version,
        "run_id": record.run_id,
        "partial": record.partial,
        "evidence": record.evidence.model_dump(),
        "suite_digest": record.suite_digest,
        "alignment_rate": rate_json(summary.alignment),
        "fidelity": rate_json(summary.fidelity),
        "mention_rate": rate_json(summary.mentions),
        "over_correction_rate": rate_json(summary.over_correction),
        "check_rate": rate_json(summary.checks),
        "trained": rate_json(summary.gap.trained),
        "untrained": rate_json(summary.gap.untrained),
        "gap": summary.gap.difference,
        "outcomes": summary.outcomes,
        "unscored": dict(summary.unscored_reasons),
        "damage": {one.code: {"cases": one.cases, "mentions": one.mentions} for one in summary.damage},
        "slices": {name: {row.name: rate_json(row.rate) for row in slices(record.cases, name)} for name in DIMENSIONS},
        "failing": [case.key for case in record.cases if case.outcome in BAD],
    }
    if rulings is not None:
        found["rulings"] = {
            "readers": [{"reader": name, "good": good, "bad": bad} for name, good, bad in rulings.readers],
            "agreement": [
                {"readers": [pair.first, pair.second], "both": pair.both, "agreed": pair.agreed, "kappa": pair.kappa}
                for pair in rulings.pairs
            ],
            "other_answers": rulings.other_answers,
        }
    return found


def index_json(lines: Sequence[IndexLine], events: Iterable[HistoryEvent]) -> dict[str, Any]:
    """All runs, newest first as given, with their rates and what happened between them."""
    return {
        "schema": SCHEMA,
        "runs": [
            line.model_dump(mode="json", exclude={"alignment", "trained", "untrained", "checks"})
            | {name: rate_json(Rate.of(count)) for name, count in line.counts.items()}
            for line in lines
        ],
        "events": [
            {"when": e.when, "model": e.model, "run_id": e.run_id, "kind": e.kind, "detail": e.detail} for e in events
        ],
    }


def rate_json(rate: Rate) -> dict[str, float | int | None]:
    """A rate with its counts and Wilson 95 % bounds."""
    return {"k": rate.k, "n": rate.n, "rate": rate.value, "low": rate.low, "high": rate.high}


def samples_csv(record: RunRecord) -> str:
    """One row a sample, RFC 4180. A text cell that a spreadsheet would run as a formula gets a `'` in front."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for case in record.cases:
        for sample in case.samples:
            writer.writerow([spreadsheet_cell(value) for value in _values(record, case, sample)])
    return out.getvalue().encode("utf-8", "replace").decode("utf-8")


def _values(record: RunRecord, case: CaseResult, sample: SampleResult) -> tuple[Any, ...]:
    damage = sorted({code for found in sample.mentions.values() for mention in found for code in mention.damage})
    verdicts = " ".join(sorted(set(sample.verdicts.values())))
    output = "" if HELD_OUT in case.tags else sample.output
    return (
        *(record.model, record.version, record.run_id, case.suite, case.id, case.domain, case.language, case.task),
        *(case.symbols, case.exposure, case.outcome, sample.sample, sample.outcome, sample.reason, verdicts),
        *(" ".join(damage), output, sample.latency_s, sample.prompt_tokens, sample.completion_tokens),
        *(sample.cost, record.currency, sample.recorded_at),
    )
