"""The result as JSON: counts, rates and intervals by group. It holds no time and no machine: same input, same bytes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from harness import __version__
from harness.scoring.clustered import effective_trials, interval
from harness.scoring.columns import Columns
from harness.scoring.counts import Counts, Grouping, Key
from harness.scoring.tally import METRICS, OUTCOMES, Tally

SCHEMA = 1


def rates(counts: Counts, columns: Columns, files: Sequence[str], most_groups: int) -> dict[str, Any]:
    """What `rates.json` holds. `files` are the names of the inputs."""
    rejected = sum(counts.rejected.values())
    return {
        "schema": SCHEMA,
        "harness": __version__,
        "inputs": list(files),
        "columns": _columns(columns),
        "rows": counts.everything.rows + rejected,
        "rejected": rejected,
        "rejected_by_kind": dict(sorted(counts.rejected.items())),
        "targets_given": counts.present["targets given"],
        "time_unreadable": counts.present["time unreadable"],
        "rows_with": {path: counts.present[path] for path in _grouped(columns)},
        "level": 0.95,
        "all": _group(counts.everything),
        "by": [_grouping(grouping, most_groups) for grouping in counts.groupings],
    }


def _columns(columns: Columns) -> dict[str, Any]:
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name in columns.__slots__
        if (value := getattr(columns, name))
    }


def _grouped(columns: Columns) -> list[str]:
    return list(dict.fromkeys([columns.model, columns.version, columns.time, *columns.by]))


def _grouping(grouping: Grouping, most_groups: int) -> dict[str, Any]:
    """Groups by name, those without a value last; `other` is there if there were more than are kept."""
    plain: dict[str, Any] = {
        "columns": list(grouping.columns),
        "groups": [{"group": list(key), **_group(grouping.groups[key])} for key in sorted(grouping.groups, key=_order)],
    }
    if grouping.other.rows:
        plain["other"] = {"beyond": most_groups, **_group(grouping.other)}
    return plain


def _order(key: Key) -> list[tuple[bool, str]]:
    return [(value is None, value or "") for value in key]


def _group(tally: Tally) -> dict[str, Any]:
    plain: dict[str, Any] = {
        "rows": tally.rows,
        "outcomes": {name: tally.outcome(name) for name in OUTCOMES},
        "rates": {metric: _rate(tally, metric) for metric in METRICS},
        "damage": dict(sorted(tally.damage.items())),
    }
    clusters = tally.clusters()
    return plain if clusters is None else {**plain, "clusters": round(clusters)}


def _rate(tally: Tally, metric: str) -> dict[str, Any]:
    """`rate`, `low` and `high` are null without data; `effective_n` is n less what trials that hang together add."""
    count, bounds = tally.count(metric), interval(tally, metric)
    low, high = (bounds.low, bounds.high) if bounds else (None, None)
    effective = effective_trials(tally, metric)
    return {"k": count.k, "n": count.n, "rate": count.rate, "low": low, "high": high, "effective_n": effective}
