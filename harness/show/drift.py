"""A drift report as lines of a terminal and as JSON values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from harness.decisions.drift import DriftReport, Watch
from harness.decisions.metrics import alignment_rate
from harness.decisions.nights import Night, NightCase
from harness.show import figures
from harness.show.figures import counted, percent, wrapped
from harness.show.words import phrase, translated
from harness.text.visible import show

_BARS = "▁▂▃▄▅▆▇█"
_MOST_NOTES = 12
_MOST_CASES = 5
_REASON = 300
"""Characters of the reason in an alarm."""
_LARGE = 1_000_000


def drift_lines(report: DriftReport) -> list[str]:
    """The report for a terminal of 80 columns."""
    span = f", {report.first} to {report.last}" if report.first else ""
    nights = figures.plural(report.nights, "night")
    lines = [translated(f"{report.verdict}  {show(report.label)}: {nights} of {report.prompts} prompts{span}")]
    if report.simulation is not None:
        lines += wrapped(show(report.simulation, blanks=False))
    for alarm in report.alarms:
        since = f", most likely since {alarm.since}" if alarm.since else ""
        said = translated(f"ALARM on {alarm.day}: {show(alarm.text, blanks=False)}{since}")
        lines += wrapped(f"{said}{_named(alarm.cases)}")
    for reason in report.reasons:
        lines += wrapped(show(reason, blanks=False))
    for sign in report.signs[-_MOST_NOTES:]:
        lines += wrapped(f"! {sign.day}{phrase('colon')}{translated(show(sign.text, blanks=False))}")
    lines += _earlier(len(report.signs))
    alarmed = {key for alarm in report.alarms for key in alarm.cases}
    flipped = [key for key in report.flipped if key not in alarmed]
    if flipped:
        said = translated("! always right in the baseline, wrong on the last two nights")
        lines += wrapped(f"{said}{_named(flipped)}")
    lines += _statistics(report)
    if report.operation is not None:
        lines += wrapped(report.operation)
    if report.moved:
        rows = [["moved", "baseline", "since"]]
        rows += [[show(row.name), counted(row.before), counted(row.since)] for row in report.moved]
        lines += ["", *figures.table(rows)]
    if report.notes:
        lines += ["", translated("Nights that did not count, or count apart:")]
        for note in report.notes[-_MOST_NOTES:]:
            kind, said = translated(note.kind), translated(show(note.text, blanks=False))
            lines += wrapped(f"{note.day or '-'} {kind}{phrase('colon')}{said}")
        lines += _earlier(len(report.notes))
    return lines


def _earlier(number: int) -> list[str]:
    if number <= _MOST_NOTES:
        return []
    return [f"  {translated(f'... and {number - _MOST_NOTES} earlier ones (--json lists all)')}"]


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
    named = phrase("list-comma").join(show(key) for key in cases[:_MOST_CASES])
    more = len(cases) - _MOST_CASES
    return f"{phrase('colon')}{translated(f'{named} and {more:,} more') if more > 0 else named}"


def _statistic(value: float, limit: float) -> str:
    """As a person reads it: `12.4 of 1,200`, `over 10^6, limit 1,200`."""
    if value >= _LARGE:
        return f"over 10^6, limit {limit:,.0f}"
    return phrase("summary-of", k=f"{value:,.0f}" if value >= 100 else f"{value:.1f}", n=f"{limit:,.0f}")


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
        low = max(0.0, min(*rates, found.presumed - 0.05))
        scale = [round((rate - low) / (1 - low) * (len(_BARS) - 1)) if low < 1 else 7 for rate in rates]
        lines += wrapped(f"{''.join(_BARS[step] for step in scale)} nights watched, {percent(low)} to 100%")
    return lines


def alarm_lines(
    report: DriftReport,
    *,
    promoted: str | None,
    page: str | None,
    suite: str | None = None,
    over: Callable[[str], str] = str,
) -> list[str]:
    """An alarm for a chat: what happened in one line, then the page, the next command, and what to go back to.

    Args:
        promoted: the version that is the baseline, `NAME@VERSION` or a run id.
        page: address of the pages.
        suite: what a night asks; None where that is every case.
        over: makes of a command one over the runs of this history.
    """
    alarm = min(report.alarms, key=lambda one: one.day, default=None)
    fallen = alarm is not None and alarm.kind in ("rate", "prompts")
    # rates before and after say nothing of answers that do not come, or of nights that nobody can read
    since = (alarm.since or alarm.day) if alarm and fallen else None
    before = [night for night in report.rests_on if since is None or night.day < since]
    after = [night for night in report.rests_on if since is not None and night.day >= since]
    parts = [translated(report.verdict), *(translated(show(one[:_REASON], blanks=False)) for one in report.reasons[:1])]
    old, new = _rate_of(before), _rate_of(after)
    if since is not None and old is not None and new is not None:
        parts = [phrase("alarm-rate", old=percent(old), new=percent(new), since=since)]
        broken = _newly_damaged(before, after)
        if broken:
            parts.append(phrase("alarm-damaged", cases=translated(figures.plural(len(broken), "case"))))
        worst = _worst_domain(before, after)
        if worst:
            parts.append(phrase("alarm-worst", domain=show(worst, blanks=False)))
    elif alarm is not None and alarm.text not in report.reasons:
        parts.append(translated(show(alarm.text, blanks=False)))
    lines = [f"{show(report.label)}{phrase('colon')}{phrase('comma').join(parts)}"]
    if page:
        lines.append(phrase("alarm-page", page=show(page, blanks=False)))
    lines.append(f"{phrase('next')}{over(_next_of(report, before, after, suite))}")
    if promoted and promoted != report.label:
        command = over(f"harness compare {show(promoted)} {show(report.label)}")
        lines.append(phrase("alarm-back", label=show(promoted), command=command))
    elif promoted:
        lines.append(phrase("alarm-no-back", label=show(promoted)))
    return lines


def _next_of(report: DriftReport, before: Sequence[Night], after: Sequence[Night], suite: str | None) -> str:
    if before and after:
        return f"harness compare {show(before[-1].run_id)} {show(after[-1].run_id)}"
    asked = f"--suites={show(suite)} " if suite else ""
    return f"pytest --model={show(report.label.partition('@')[0])} {asked}--cassette-mode=live"


def _rate_of(nights: Sequence[Night]) -> float | None:
    return alignment_rate(case for night in nights for case in night.cases.values()).rate


def _newly_damaged(before: Sequence[Night], after: Sequence[Night]) -> list[str]:
    """Cases that are damaged in the newest night, and were aligned in the last one before."""
    then = before[-1].cases
    return [
        key
        for key, case in after[-1].cases.items()
        if case.outcome == "damaged" and key in then and then[key].outcome == "aligned"
    ]


def _worst_domain(before: Sequence[Night], after: Sequence[Night]) -> str:
    """The domain whose rate fell most."""
    then, now = _rates_by_domain(before), _rates_by_domain(after)
    falls = {domain: then[domain] - now[domain] for domain in sorted(now) if domain in then}
    worst = max(falls, key=lambda domain: falls[domain], default="")
    return worst if worst and falls[worst] > 0 else ""


def _rates_by_domain(nights: Sequence[Night]) -> dict[str, float]:
    groups: dict[str, list[NightCase]] = {}
    for night in nights:
        for case in night.cases.values():
            groups.setdefault(case.domain, []).append(case)
    rates = {domain: alignment_rate(cases).rate for domain, cases in groups.items()}
    return {domain: rate for domain, rate in rates.items() if rate is not None}


def drift_json(report: DriftReport) -> dict[str, Any]:
    """The report as JSON values, with its exit code and dates of alarms."""
    value: dict[str, Any] = figures.plain(report)
    watches = [report.alignment, *report.advisory]
    for watch, entry in zip(watches, [value["alignment"], *value["advisory"]], strict=True):
        if watch is not None:
            entry["alarm"] = figures.plain(watch.alarm)
            entry["since"] = figures.plain(watch.since)
    return {**value, "exit_code": report.exit_code, "operation": report.operation}
