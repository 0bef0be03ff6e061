"""A row of a log, read by its columns; or what is wrong with it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from harness.records.case import texts_of
from harness.records.explain import found
from harness.scoring.columns import MISSING, Columns, lookup
from harness.text.channels import CHANNELS

_CUT = frozenset({"length", "max_tokens", "content_filter", "sensitive", "error", "timeout"})
"""Reasons for which an answer ended that leave nothing to judge."""

_LONGEST_VALUE = 200  # code points of a group's name; longer ones would make the counts grow with the log

_FIRST_YEAR, _LAST_YEAR = 1990, 2200
_UNITS = ((1e17, 1e9), (1e14, 1e6), (1e11, 1e3))
"""Epoch numbers from this size on are nano-, micro- or milliseconds; smaller ones are seconds."""


class RowError(Exception):
    """Why a row cannot be scored. `kind` is one of few fixed words, for counting."""

    def __init__(self, kind: str, detail: str) -> None:
        super().__init__(detail)
        self.kind = kind


@dataclass(frozen=True, slots=True)
class Row:
    """What the columns say. `targets` is None to look for them in the source; `unusable` says why nothing is judged."""

    source: tuple[str, ...]
    output: str
    targets: tuple[str, ...] | None
    channel: str
    id: Any
    model: str | None
    version: str | None
    day: str | None
    day_unreadable: bool
    unusable: str | None
    cluster: str | None
    by: tuple[str | None, ...]


def read_row(value: Any, columns: Columns) -> Row:
    """Raises RowError, which says which column is wrong, what was found and what is accepted."""
    if not isinstance(value, dict):
        raise RowError("not-an-object", f"found {found(value)}; accepted: one object a row")
    output = lookup(value, columns.output)
    finish = lookup(value, columns.finish)
    unusable = finish if isinstance(finish, str) and finish in _CUT else None
    if output is None or (output == "" and unusable is None):
        unusable = unusable or "empty"
    elif not isinstance(output, str):
        raise RowError("output", _wrong(columns.output, output, "a text, or null where there was no answer"))
    time = lookup(value, columns.time)
    day = _day(time)
    return Row(
        source=_source(value, columns),
        output=output or "",
        targets=_targets(value, columns.targets),
        channel=_channel(value, columns.channel),
        id=_plain(lookup(value, columns.id)),
        model=group_value(lookup(value, columns.model)),
        version=group_value(lookup(value, columns.version)),
        day=None if day is None else day.isoformat(),
        day_unreadable=day is None and time is not MISSING and time is not None,
        unusable=unusable,
        cluster=group_value(lookup(value, columns.cluster)) if columns.cluster else None,
        by=tuple(group_value(lookup(value, path)) for path in columns.by),
    )


def _source(value: dict[str, Any], columns: Columns) -> tuple[str, ...]:
    texts: list[str] = []
    for path in columns.source:
        given = lookup(value, path)
        part = _texts(given)
        if part is None:
            raise RowError("source", _wrong(path, given, "a text, a list of texts, or a list of chat messages"))
        texts += part
    return tuple(texts)


def _texts(given: Any) -> list[str] | None:
    if isinstance(given, str):
        return [given]
    if not isinstance(given, list):
        return None
    texts: list[str] = []
    for part in given:
        if isinstance(part, str):
            texts.append(part)
        elif isinstance(part, dict):
            try:
                texts += texts_of((part,))
            except (AttributeError, TypeError):  # a message of another shape
                return None
        else:
            return None
    return texts


def _targets(value: dict[str, Any], path: str) -> tuple[str, ...] | None:
    targets = lookup(value, path)
    if targets is MISSING or targets is None or targets == "":
        return None
    if isinstance(targets, str):
        targets = _listed(targets)
    if isinstance(targets, list) and all(isinstance(target, str) and target.strip() for target in targets):
        return tuple(targets)
    raise RowError("targets", _wrong(path, targets, "a list of texts that are not blank, one text, or nothing"))


def _listed(text: str) -> Any:
    """A text that is a JSON list, as CSV files hold one; any other text is one target."""
    if text.startswith("["):
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            return [text]
        if isinstance(value, list):
            return value
    return [text]


def _channel(value: dict[str, Any], path: str) -> str:
    channel = lookup(value, path)
    if channel is MISSING or channel is None or channel == "":
        return "text"
    if channel in CHANNELS:
        return str(channel)
    raise RowError("channel", _wrong(path, channel, ", ".join(CHANNELS)))


def _wrong(path: str, value: Any, accepted: str) -> str:
    if value is MISSING:
        return f"{path}: missing; accepted: {accepted}"
    return f"{path}: found {found(value)}; accepted: {accepted}"


def _plain(value: Any) -> str | None:
    return None if value is MISSING or value is None else group_value(value)


def group_value(value: Any) -> str | None:
    """How a value names its group: texts as they are, others as JSON; None for nothing. Cut at 200 code points."""
    if value is MISSING or value is None or value == "":
        return None
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 1] + "…"


def _day(value: Any) -> date | None:
    """The day in UTC of an ISO 8601 text, a date, or seconds (milli-, micro-, nanoseconds) since 1970.

    A time without a zone is UTC.
    """
    try:
        if isinstance(value, str):
            value = float(value) if _is_number(value) else datetime.fromisoformat(value.strip())
        if isinstance(value, int | float) and not isinstance(value, bool):
            unit = next((unit for size, unit in _UNITS if abs(value) >= size), 1.0)
            value = datetime.fromtimestamp(value / unit, UTC)
        if isinstance(value, datetime):
            value = (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(UTC).date()
    except (ValueError, OverflowError, OSError):
        return None
    return value if isinstance(value, date) and _FIRST_YEAR <= value.year <= _LAST_YEAR else None


def _is_number(text: str) -> bool:
    return text.replace(".", "", 1).strip().isdigit() and len(text.strip().split(".")[0]) > 8
