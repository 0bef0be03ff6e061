"""The drift state of each version, for the index: folded anew only when a night has come in."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from pydantic import ValidationError

from harness.cli.stored_runs import StoredRuns
from harness.decisions.drift import drift
from harness.records.errors import RecordError
from harness.records.policy import DriftPolicy, parse_drift_policy
from harness.records.record import Record
from harness.reporting.index_line import IndexLine
from harness.reporting.timeline import Event


class DriftState(Record):
    """A verdict on the nights of one version. `stamp` names the nights it rests on."""

    stamp: str
    verdict: str
    alarm: str | None = None
    """The date of the night that raised it."""
    since: str | None = None


def drift_states(stored: StoredRuns, lines: Sequence[IndexLine], kept: Mapping[str, Any]) -> dict[str, DriftState]:
    """By label, for versions with more nights than a baseline takes. `kept` are the states of the last time."""
    policy = parse_drift_policy(stored.settings.drift, "pyproject.toml [tool.harness.drift]")
    nights: dict[str, list[IndexLine]] = {}
    for line in lines:
        if line.mode != "replay" and not line.partial:
            nights.setdefault(line.label, []).append(line)
    found = {}
    for label, runs in nights.items():
        if len({line.when[:10] for line in runs}) > policy.baseline_nights:
            stamp = _stamp(runs, policy)
            state = _kept(kept.get(label), stamp) or _fold(stored, label, policy, stamp)
            if state is not None:
                found[label] = state
    return found


def alarms(states: Mapping[str, DriftState], lines: Sequence[IndexLine]) -> list[Event]:
    """The alarms as events at the run that raised each."""
    found = []
    for label, state in states.items():
        night = next((x for x in lines if x.label == label and x.when[:10] == state.alarm), None)
        if night is not None:
            detail = f"{night.version}, {state.since or state.alarm}"
            found.append(Event(night.when, night.model, night.run_id, "drift-alarm", detail))
    return found


def _fold(stored: StoredRuns, label: str, policy: DriftPolicy, stamp: str) -> DriftState | None:
    try:
        runs = stored.history.runs(label)
    except RecordError:
        return None  # told by the index already, which names the record
    report = drift(label, runs, policy, datetime.now(UTC))
    watch = report.alignment
    return DriftState(
        stamp=stamp,
        verdict=report.verdict,
        alarm=str(watch.alarm) if watch and watch.alarm else None,
        since=str(watch.since) if watch and watch.since else None,
    )


def _stamp(runs: Sequence[IndexLine], policy: DriftPolicy) -> str:
    # the date is part of it: a verdict also says whether the last night is recent
    today = datetime.now(UTC).date()
    seen = f"{today} {policy.model_dump_json()} " + " ".join(sorted(f"{x.run_id}{x.alignment}" for x in runs))
    return hashlib.sha256(seen.encode("utf-8", "replace")).hexdigest()[:16]


def _kept(entry: Any, stamp: str) -> DriftState | None:
    try:
        state = DriftState.model_validate(entry)
    except ValidationError:
        return None
    return state if state.stamp == stamp else None
