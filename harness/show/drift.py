"""A drift report as lines of a terminal and as JSON values."""

from __future__ import annotations

from typing import Any

from harness.decisions.drift import DriftReport, Watch
from harness.show import figures
from harness.show.figures import counted, percent, wrapped
from harness.text.visible import show

_BARS = "▁▂▃▄▅▆▇█"
_MOST_NOTES = 12
_MOST_CASES = 5
_LARGE = 1_000_000


def drift_lines(report: DriftReport) -> list[str]:
    """The report for a terminal of 80 columns."""
    span = f", {report.first} to {report.last}" if report.first else ""
    nights = figures.plural(report.nights, "night")
    lines = [f"{report.verdict}  {show(report.label)}: {nights} of {report.prompts} prompts{span}"]
    if report.simulation is not None:
        lines += wrapped(show(report.simulation, blanks=False))
    for alarm in report.alarms:
        since = f", most likely since {alarm.since}" if alarm.since else ""
        lines += wrapped(f"ALARM on {alarm.day}: {show(alarm.text, blanks=False)}{since}{_named(alarm.cases)}")
    for reason in report.reasons:
        lines += wrapped(show(reason, blanks=False))
    for sign in report.signs:
        lines += wrapped(f"! {sign.day}: {show(sign.text, blanks=False)}")
    alarmed = {key for alarm in report.alarms for key in alarm.cases}
    flipped = [key for key in report.flipped if key not in alarmed]
    if flipped:
        lines += wrapped(f"! always right in the baseline, wrong on the last two nights{_named(flipped)}")
    lines += _statistics(report)
    if report.operation is not None:
        lines += wrapped(report.operation)
    if report.moved:
        rows = [["moved", "baseline", "since"]]
        rows += [[show(row.name), counted(row.before), counted(row.since)] for row in report.moved]
        lines += ["", *figures.table(rows)]
    if report.notes:
        lines += ["", "Nights that did not count, or count apart:"]
        for note in report.notes[-_MOST_NOTES:]:
            lines += wrapped(f"{note.day or 'undated'} {note.kind}: {show(note.text, blanks=False)}")
        if len(report.notes) > _MOST_NOTES:
            lines.append(f"  ... and {len(report.notes) - _MOST_NOTES} earlier ones (--json lists all)")
    return lines


def _statistics(report: DriftReport) -> list[str]:
    """Where each detector is."""
    lines: list[str] = []
    if report.alignment is not None:
        lines += ["", *_watch_lines(report.alignment, alarmed=bool(report.alarms))]
    singles, answers = report.single_prompts, report.unscored
    if singles is not None and singles.watched:
        lines += wrapped(
            f"single prompts: {singles.watched} watched, right in all nights of the baseline; statistic "
            f"{_statistic(singles.statistic, singles.threshold)}"
        )
    if answers is not None:
        lines += wrapped(f"answers that come: statistic {_statistic(answers.statistic, answers.threshold)}")
    for watch in report.advisory:
        state = f"ALARM on {watch.alarm}, since {watch.since}" if watch.alarm else "quiet"
        found = watch.watched.detection
        lines += wrapped(
            f"{watch.metric} (advisory): {state}; statistic {_statistic(found.statistic, found.threshold)}"
        )
    return lines


def _named(cases: tuple[str, ...] | list[str]) -> str:
    if not cases:
        return ""
    more = f" and {len(cases) - _MOST_CASES} more" if len(cases) > _MOST_CASES else ""
    return f": {', '.join(show(key) for key in cases[:_MOST_CASES])}{more}"


def _statistic(value: float, limit: float) -> str:
    """As a person reads it: `12.4 of 1,200`, `over 10^6, limit 1,200`."""
    if value >= _LARGE:
        return f"over 10^6, limit {limit:,.0f}"
    return f"{value:,.0f} of {limit:,.0f}" if value >= 100 else f"{value:.1f} of {limit:,.0f}"


def _watch_lines(watch: Watch, *, alarmed: bool) -> list[str]:
    found = watch.watched
    detection = found.detection
    k, m = (sum(column) for column in zip(*found.baseline, strict=True))
    bets = "single prompts" if found.bets == "prompts" else "the nightly mean, since the nights depend on each other"
    lines = wrapped(
        f"baseline: {percent(k / m if m else None)} over {len(found.baseline)} nights, "
        f"taken as {percent(found.presumed)}; bets on {bets}"
    )
    if alarmed and watch.alarm is not None and detection.statistic < detection.threshold:
        lines += wrapped("The statistic is below the threshold again. The alarm stays until `--since DATE`.")
    lines += wrapped(f"pooled rate: statistic {_statistic(detection.statistic, detection.threshold)}")
    if found.counts:
        rates = [k / m if m else 0.0 for k, m in found.counts[-60:]]
        low = min(*rates, found.presumed - 0.05)
        scale = [round((rate - low) / (1 - low) * (len(_BARS) - 1)) if low < 1 else 7 for rate in rates]
        lines += wrapped(f"{''.join(_BARS[step] for step in scale)} nights watched, {percent(low)} to 100%")
    return lines


def drift_json(report: DriftReport) -> dict[str, Any]:
    """The report as JSON values, with its exit code and dates of alarms."""
    value: dict[str, Any] = figures.plain(report)
    watches = [report.alignment, *report.advisory]
    for watch, entry in zip(watches, [value["alignment"], *value["advisory"]], strict=True):
        if watch is not None:
            entry["alarm"] = figures.plain(watch.alarm)
            entry["since"] = figures.plain(watch.since)
    return {**value, "exit_code": report.exit_code, "operation": report.operation}
