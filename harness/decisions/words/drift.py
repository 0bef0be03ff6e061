"""A drift report in words."""

from __future__ import annotations

from typing import Any

from harness.decisions.drift import OPERATION, DriftReport, Watch
from harness.decisions.words import figures
from harness.decisions.words.figures import counted, foreign, percent, sentence, wrapped

_BARS = "▁▂▃▄▅▆▇█"
_MOST_NOTES = 12


def drift_lines(report: DriftReport) -> list[str]:
    """The report for a terminal of 80 columns."""
    span = f", {report.first} to {report.last}" if report.first else ""
    nights = figures.plural(report.nights, "night")
    lines = [f"{report.verdict}  {foreign(report.label)}: {nights} of {report.prompts} prompts{span}"]
    for reason in report.reasons:
        lines += wrapped(sentence(reason))
    for sign in report.signs:
        lines += wrapped(f"! {sign.day}: {sentence(sign.text)}")
    if report.alignment is not None:
        lines += ["", *_watch_lines(report.alignment)]
    for watch in report.advisory:
        alarm = f"ALARM on {watch.alarm}, since {watch.since}" if watch.alarm else "quiet"
        now = f"{watch.watched.detection.statistic:.1f} of {watch.watched.detection.threshold:,.0f}"
        lines += wrapped(f"{watch.metric} (advisory): {alarm}; statistic {now}")
    if report.moved:
        rows = [["moved", "baseline", "since"]]
        rows += [[foreign(row.name), counted(row.before), counted(row.since)] for row in report.moved]
        lines += ["", *figures.table(rows)]
    if report.notes:
        lines += ["", "Nights that did not count, or count apart:"]
        for note in report.notes[-_MOST_NOTES:]:
            lines += wrapped(f"{note.day or 'undated'} {note.kind}: {sentence(note.text)}")
        if len(report.notes) > _MOST_NOTES:
            lines.append(f"  ... and {len(report.notes) - _MOST_NOTES} earlier ones (--json lists all)")
    return lines


def _watch_lines(watch: Watch) -> list[str]:
    found = watch.watched
    detection = found.detection
    k, m = (sum(column) for column in zip(*found.baseline, strict=True))
    bets = "single prompts" if found.bets == "prompts" else "the nightly mean, since the nights hang together"
    lines = wrapped(
        f"baseline: {percent(k / m if m else None)} over {len(found.baseline)} nights, "
        f"taken as {percent(found.presumed)}; bets on {bets}"
    )
    if watch.alarm is not None:
        lines += wrapped(f"ALARM on {watch.alarm}: alignment has fallen, most likely since {watch.since}")
        if detection.statistic < detection.threshold:
            lines += wrapped("The statistic is below the threshold again. The alarm stays until `--since DATE`.")
    lines += wrapped(f"statistic {detection.statistic:.1f} of {detection.threshold:,.0f}")
    if found.counts:
        rates = [k / m if m else 0.0 for k, m in found.counts[-60:]]
        low = min(*rates, found.presumed - 0.05)
        scale = [round((rate - low) / (1 - low) * (len(_BARS) - 1)) if low < 1 else 7 for rate in rates]
        lines += wrapped(f"{''.join(_BARS[step] for step in scale)} nights watched, {percent(low)} to 100%")
    return lines + wrapped(OPERATION[found.bets])


def drift_json(report: DriftReport) -> dict[str, Any]:
    """The report as JSON values, with its exit code and dates of alarms."""
    value: dict[str, Any] = figures.plain(report)
    watches = [report.alignment, *report.advisory]
    for watch, entry in zip(watches, [value["alignment"], *value["advisory"]], strict=True):
        if watch is not None:
            entry["alarm"] = figures.plain(watch.alarm)
            entry["since"] = figures.plain(watch.since)
            entry["operation"] = OPERATION[watch.watched.bets]
    return {**value, "exit_code": report.exit_code}
