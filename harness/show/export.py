"""Runs and their index for other programs: JSON values and CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from harness.records.case import HELD_OUT
from harness.records.run import CaseResult, RunRecord, SampleResult
from harness.show.evidence import Rulings
from harness.show.index import HistoryEvent, IndexLine, current
from harness.show.rates import BAD, DIMENSIONS, Rate, slices, summarise
from harness.show.sinks import spreadsheet_cell
from harness.text.visible import show

SCHEMA = 1

COLUMNS = (
    *("model", "version", "run_id", "suite", "id", "domain", "language", "task", "symbols", "exposure"),
    *("case_outcome", "sample", "outcome", "reason", "verdicts", "damage", "output"),
    *("latency_s", "prompt_tokens", "completion_tokens", "cost", "currency", "recorded_at"),
)


def run_json(record: RunRecord, rulings: Rulings | None = None, contradictions: Sequence[str] = ()) -> dict[str, Any]:
    """Everything on a run page but the texts; rates are shares between 0 and 1, or null."""
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
    if contradictions:
        found["contradictions"] = list(contradictions)
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
    damage = sorted(
        {
            code
            for found in sample.mentions.values()
            for mention in found
            if mention.is_damage
            for code in mention.damage
        }
    )
    verdicts = " ".join(sorted(set(sample.verdicts.values())))
    output = "" if HELD_OUT in case.tags else sample.output
    return (
        *(record.model, record.version, record.run_id, case.suite, case.id, case.domain, case.language, case.task),
        *(case.symbols, case.exposure, case.outcome, sample.sample, sample.outcome, sample.reason, verdicts),
        *(" ".join(damage), output, sample.latency_s, sample.prompt_tokens, sample.completion_tokens),
        *(sample.cost, record.currency, sample.recorded_at),
    )


_GAUGES: dict[str, Callable[[IndexLine], tuple[int, int]]] = {
    "alignment_rate": lambda line: line.alignment,
    "fidelity": lambda line: line.fidelity,
    "search_hit_rate": lambda line: line.search,
    "answered_rate": lambda line: line.answered,
}


def openmetrics(lines: Sequence[IndexLine], drift: Mapping[str, str]) -> str:
    """The newest complete run of each version for Prometheus, in the text format of OpenMetrics 1.0.

    Rates are gauges from 0 to 1; a rate without data is left out. `drift` is the verdict by label.
    """
    now = current(lines)
    out: list[str] = []
    for name, count in _GAUGES.items():
        out.append(f"# TYPE verbatim_{name} gauge")
        for line in now:
            k, n = count(line)
            if n:
                out.append(f"verbatim_{name}{_labels(line)} {k / n:.6f}")
    out.append("# TYPE verbatim_cases gauge")
    out += [f"verbatim_cases{_labels(line)} {line.cases}" for line in now]
    out.append("# TYPE verbatim_drift gauge")
    out += [
        f"verbatim_drift{_labels(line)} {int(drift[line.label] in ('DRIFT', 'CANNOT SEE'))}"
        for line in now
        if line.label in drift
    ]
    return "\n".join([*out, "# EOF", ""])


def _labels(line: IndexLine) -> str:
    pairs = (("model", line.model), ("version", line.version))
    return "{" + ",".join(f'{name}="{_label_value(value)}"' for name, value in pairs) + "}"


def _label_value(value: str) -> str:
    return show(value, blanks=False).replace("\\", "\\\\").replace('"', '\\"')
