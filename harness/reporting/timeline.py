"""What happened between the runs of each model: the events that a trend is read with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from harness.reporting.index_line import IndexLine

Kind = Literal["new-version", "suite-changed", "promoted", "drift-alarm"]


@dataclass(frozen=True, slots=True)
class Event:
    """Something at the time of a run. `detail` is a version, or what changed."""

    when: str
    model: str
    run_id: str
    kind: Kind
    detail: str


def by_model(lines: Iterable[IndexLine]) -> dict[str, list[IndexLine]]:
    """Runs of each model, oldest evidence first."""
    groups: dict[str, list[IndexLine]] = {}
    for line in sorted(lines, key=lambda one: (one.when, one.started)):
        groups.setdefault(line.model, []).append(line)
    return groups


def current(lines: Iterable[IndexLine]) -> list[IndexLine]:
    """The latest complete run of each version (the latest partial one if none is), best rate first."""
    latest: dict[str, IndexLine] = {}
    for line in sorted(lines, key=lambda one: (not one.partial, one.when, one.started)):
        latest[line.label] = line
    return sorted(latest.values(), key=lambda one: (-(one.rate.value or -1.0), one.label))


def events(lines: Sequence[IndexLine], baselines: Mapping[str, str] | None = None) -> list[Event]:
    """New versions, changed suites and what is the baseline now, latest first.

    `baselines` is model name to `name@version` or run id. Drift alarms come from the drift verdict.
    """
    found: list[Event] = []
    for model, runs in by_model(line for line in lines if not line.partial).items():
        seen: set[str] = set()
        before: IndexLine | None = None
        for line in runs:
            if line.version not in seen:
                seen.add(line.version)
                found.append(_event(line, "new-version", line.version))
            if before is not None and before.suite_digest != line.suite_digest:
                found.append(_event(line, "suite-changed", line.suite_digest[:12]))
            before = line
        reference = (baselines or {}).get(model)
        promoted = [line for line in runs if reference in (line.label, line.run_id)]
        if promoted:
            found.append(_event(promoted[-1], "promoted", promoted[-1].version))
    return sorted(found, key=lambda event: event.when, reverse=True)


def _event(line: IndexLine, kind: Kind, detail: str) -> Event:
    return Event(line.when, line.model, line.run_id, kind, detail)
