"""Which field of a row holds what, and how a field is found in a row."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

from harness.endpoints.message import Message
from harness.errors import found
from harness.logs.forms import finish_of, is_only_error
from harness.records.answer import ending
from harness.records.conversation import (
    ANSWER_FORMS,
    SOURCE_FORMS,
    Part,
    answer_parts,
    check_answer,
    last_answer,
    source_texts,
    unquoted,
)
from harness.text import VERDICTS, CheckResult, Mention, SymbolTable, check
from harness.text.channels import CHANNELS
from harness.text.find import new

MISSING = object()
"""What `lookup` gives for a field that a row does not have; None is a value."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Names or paths of fields. `source` and `output` may name several: together they are what was given, and said."""

    source: tuple[str, ...] = ("source",)
    output: tuple[str, ...] = ("output",)
    targets: str = "targets"
    channel: str = "channel"
    id: str = "id"
    model: str = "model"
    version: str = "version"
    time: str = "time"
    finish: str = "finish_reason"
    cluster: str = ""
    by: tuple[str, ...] = ()

    def paths(self) -> tuple[str, ...]:
        """All fields that are read, each once."""
        named = [getattr(self, field.name) for field in fields(self)]
        flat = [path for value in named for path in ([value] if isinstance(value, str) else value)]
        return tuple(dict.fromkeys(path for path in flat if path))

    def top_level(self, present: list[str]) -> list[str]:
        """Those of the `present` columns of a table that are needed, in the table's order."""
        wanted = {name for path in self.paths() for name in (path, *steps_of(path)[:1])}
        return [name for name in present if name in wanted]


def lookup(row: dict[str, Any], path: str) -> Any:
    """The value at `path`, or MISSING.

    A field of exactly that name comes first. Otherwise the dots are steps: a name, a position in a list, or `*` for
    every member of a list. A step into a text reads the text as JSON, which is how CSV files hold nested values. A
    name that has dots itself is quoted: `attributes."gen_ai.request.model"`.
    """
    value = row.get(path, MISSING)
    if value is not MISSING or ("." not in path and not path.startswith('"')):  # most rows: there is no step to take
        return value
    return _followed(row, steps_of(path))


_STEP = re.compile(r'"([^"]+)"(?=\.|\Z)|([^.]*)')


@lru_cache(maxsize=256)
def steps_of(path: str) -> tuple[str, ...]:
    """The steps of a path: between its dots, but for those in quotes."""
    steps: list[str] = []
    place = 0
    while place <= len(path):
        match = _STEP.match(path, place)
        assert match
        steps.append(match[1] or match[2] or "")
        place = match.end() + 1
    return tuple(steps)


def _followed(value: Any, steps: Sequence[str]) -> Any:
    for place, step in enumerate(steps):
        if isinstance(value, str):
            value = _decoded(value)
        if step == "*":
            return _every(value, steps[place + 1 :])
        value = _member(value, step)
        if value is MISSING:
            return MISSING
    return value


def _member(value: Any, step: str) -> Any:
    if isinstance(value, dict):
        return value.get(step, MISSING)
    if isinstance(value, list) and (step.isascii() and step.removeprefix("-").isdigit()) and len(step) < 10:
        position = int(step)
        return value[position] if -len(value) <= position < len(value) else MISSING
    return MISSING


def _every(value: Any, rest: Sequence[str]) -> Any:
    if not isinstance(value, list):
        return MISSING
    if not rest:
        return value
    found = [_followed(member, rest) if isinstance(member, dict) else MISSING for member in value]
    return [member for member in found if member is not MISSING]


def _decoded(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return MISSING


def rows_at(value: Any, path: str) -> list[Any]:
    """The rows that a value holds at `path`: the members of a list, or an object beside what is around it.

    `*` is every field of the value. Raises RowError where there is neither.
    """
    if path == "*" and isinstance(value, dict):
        return list(value.values())
    inside = lookup(value, path) if isinstance(value, dict) else None
    if isinstance(inside, str):
        inside = _decoded(inside)
    if isinstance(inside, list):
        return inside
    if isinstance(inside, dict):
        around = {name: one for name, one in value.items() if isinstance(one, str | int | float)}
        return [{**around, **inside}]
    raise RowError("rows", f"no list at {path}; accepted: the path to the list that holds the rows")


_LONGEST_VALUE = 200  # code points of a group's name; longer ones would make the counts grow with the log

_FIRST_YEAR, _LAST_YEAR = 1990, 2200
_UNITS = ((1e17, 1e9), (1e14, 1e6), (1e11, 1e3))
"""Epoch numbers from this size on are nano-, micro- or milliseconds; smaller ones are seconds."""


class RowError(Exception):
    """Why a row cannot be scored. `kind` is one of few fixed words, for counting."""

    def __init__(self, kind: str, detail: str) -> None:
        super().__init__(detail)
        self.kind = kind

    def by_itself(self) -> RowError:
        """The same without the frames that it came through: with them it would hold what it is kept in."""
        return RowError(self.kind, str(self))


class Row(NamedTuple):
    """What the columns say. `targets` is None to look for them in the source; `unusable` says why nothing is judged.

    `parts` are the texts of an answer that is not one text: a message with tool calls, the response of an API.
    """

    source: tuple[str, ...]
    output: str
    parts: tuple[Part, ...]
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
    several = len(columns.output) > 1
    output = None if several else lookup(value, columns.output[0])
    finish = lookup(value, columns.finish)
    if (
        isinstance(output, str)
        and output.startswith("{")
        and _OF_ERROR.match(output)
        and is_only_error(unquoted(output))
    ):
        output, finish = None, "error"
    elif isinstance(output, dict):  # the response of an API says how it ended, and may be an error
        if is_only_error(output):
            output, finish = None, "error"
        elif finish is MISSING:
            finish = finish_of(output)
    unusable = _unusable(finish) if isinstance(finish, str) else None
    if (
        isinstance(output, list)
        and all(isinstance(part, dict) and "type" in part for part in output)
        and not any(
            {"function", "arguments", "input", "content"} & set(part)
            for part in output  # tool calls and messages
        )
    ):
        # content in parts, as the API of chat completions allows; parts of reasoning are not output
        message = Message.of({"content": output})
        output = output if message.is_odd else message.text
    channel = _channel(value, columns.channel)
    if several:
        parts = _parts_of_columns(value, columns.output, channel)
    else:
        parts = ()
        if not (output is None or isinstance(output, str) or (output is MISSING and _has_failed(value))):
            parts = _parts(output, channel, columns.output[0])
    if not (isinstance(output, str) and output) and not any(part.text for part in parts):
        unusable = unusable or "empty"
    if output is MISSING and _has_failed(value):
        output, parts, unusable = None, (), "interrupted"
    time = lookup(value, columns.time)
    day = _day(time)
    return Row(  # by place: names cost as much as half of the rest
        _source(value, columns),
        output if isinstance(output, str) else "",
        parts,
        _targets(value, columns.targets),
        channel,
        _label_text(lookup(value, columns.id)),
        group_value(lookup(value, columns.model)),
        group_value(lookup(value, columns.version)),
        day,
        day is None and time is not MISSING and time is not None,
        unusable,
        group_value(lookup(value, columns.cluster)) if columns.cluster else None,
        tuple([group_value(lookup(value, path)) for path in columns.by]),
    )


@lru_cache(maxsize=16)
def reader_of(columns: Columns) -> Callable[[Any], Row]:
    """`read_row` for these columns: rows in which all is plain text are read without asking what else they may be."""
    if len(columns.output) != 1:
        return lambda value: read_row(value, columns)
    is_plain = not any("." in path or '"' in path for path in columns.paths())
    output_at, (source_at, *further) = columns.output[0], columns.source
    finish_at, channel_at, targets_at, id_at = columns.finish, columns.channel, columns.targets, columns.id
    model_at, version_at, time_at, cluster_at, by_at = (
        *(columns.model, columns.version, columns.time),
        *(columns.cluster, columns.by),
    )

    def read(value: Any) -> Row:
        if type(value) is not dict:
            return read_row(value, columns)
        get = value.get if is_plain else lambda path: _present(value, path)
        output, source, channel, targets = get(output_at), value.get(source_at), get(channel_at), get(targets_at)
        if not (
            type(output) is str
            and output
            and output[0] != "{"
            and type(source) is str
            and not further
            and (channel is None or channel == "text")
        ):
            return read_row(value, columns)
        if targets is not None:
            if type(targets) is not list:
                return read_row(value, columns)
            for target in targets:
                if type(target) is not str or not target or target.isspace():
                    return read_row(value, columns)
            targets = tuple(targets)
        finish, time, name, model, version = get(finish_at), get(time_at), get(id_at), get(model_at), get(version_at)
        day = _day(time) if time is not None else None
        said = (
            (_TEMPLATE.sub("\n", source) if "<" in source else source,),
            output,
            (),
            targets,
            "text",
            name if type(name) is str and 0 < len(name) <= _LONGEST_VALUE else group_value(name),
            model if type(model) is str and 0 < len(model) <= _LONGEST_VALUE else group_value(model),
            version if type(version) is str and 0 < len(version) <= _LONGEST_VALUE else group_value(version),
            day,
            day is None and time is not None,
            _unusable(finish) if type(finish) is str else None,
            group_value(get(cluster_at)) if cluster_at else None,
            tuple([group_value(get(path)) for path in by_at]) if by_at else (),
        )
        return new(Row, said)

    return read


def _present(value: dict[str, Any], path: str) -> Any:
    found_there = lookup(value, path)
    return None if found_there is MISSING else found_there


@lru_cache(maxsize=256)
def _unusable(finish: str) -> str | None:
    """Why an answer that ended so is not judged; kept, since a log has few of these words."""
    end = ending(finish)
    return None if end == "complete" else end


_OF_ERROR = re.compile(r'\{\s*"(?:error|code|detail|message|object|status)')


def _has_failed(value: dict[str, Any]) -> bool:
    """Whether a row without an answer says why."""
    return any(value.get(name) for name in ("error", "exception", "error_message", "错误"))


_TEMPLATE = re.compile(r"<[|｜][a-z_▁]{1,40}[|｜]>|</?(?:start|end)_of_turn>", re.IGNORECASE)
"""Marks of a chat template, which logs of a server of weights hold: no word of a user."""


def _source(value: dict[str, Any], columns: Columns) -> tuple[str, ...]:
    texts: list[str] = []
    if len(columns.source) == 1 and isinstance(only := value.get(columns.source[0]), str):
        return (_TEMPLATE.sub("\n", only) if "<" in only else only,)
    for path in columns.source:
        given = lookup(value, path)
        if isinstance(given, list) and any(steps_of(output)[:1] == (path,) for output in columns.output):
            given = given[: len(given) - last_answer(given)]  # the answer is at the end, and no source of itself
        part = source_texts(given)
        if part is None:
            raise RowError("source", _wrong(path, given, SOURCE_FORMS))
        texts += part
    return tuple(texts)


def _parts(output: Any, channel: str, path: str) -> tuple[Part, ...]:
    parts = answer_parts(output, channel)
    if parts is None:
        raise RowError("output", _wrong(path, output, f"{ANSWER_FORMS}, or null where there was no answer"))
    return tuple(parts)


def _parts_of_columns(value: dict[str, Any], paths: Sequence[str], channel: str) -> tuple[Part, ...]:
    """The texts of an answer that is spread over columns: content beside tool calls. Not all need to be there."""
    parts: list[Part] = []
    missing = 0
    for path in paths:
        output = lookup(value, path)
        missing += output is MISSING
        if output is not MISSING and output not in (None, "", []):
            parts += [part._replace(place=(path, *part.place)) for part in _parts(output, channel, path)]
    if missing == len(paths):
        raise RowError("output", f"{', '.join(paths)}: missing; accepted: {ANSWER_FORMS}, or null")
    return tuple(parts)


def _targets(value: dict[str, Any], path: str) -> tuple[str, ...] | None:
    targets = lookup(value, path)
    if targets is MISSING or targets is None or targets == "":
        return None
    if isinstance(targets, str):
        targets = _listed(targets)
    if isinstance(targets, list):
        for target in targets:
            if not isinstance(target, str) or not target.strip():
                break
        else:
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
    if channel == "text" or channel is MISSING or channel is None or channel == "":
        return "text"
    if channel in CHANNELS:
        return str(channel)
    raise RowError("channel", _wrong(path, channel, ", ".join(CHANNELS)))


def _wrong(path: str, value: Any, accepted: str) -> str:
    if value is MISSING:
        return f"{path}: missing; accepted: {accepted}"
    return f"{path}: found {found(value)}; accepted: {accepted}"


def _label_text(value: Any) -> str | None:
    return None if value is MISSING or value is None else group_value(value)


def group_value(value: Any) -> str | None:
    """How a value names its group: texts as they are, others as JSON; None for nothing. Cut at 200 code points."""
    if isinstance(value, str):
        text = value
    elif value is MISSING or value is None:
        return None
    elif type(value) is int:
        text = str(value)
    else:
        text = json.dumps(value, ensure_ascii=False, default=str)
    if len(text) > _LONGEST_VALUE:
        return text[: _LONGEST_VALUE - 1] + "…"
    return text or None


_IN_UTC = re.compile(
    r"\d{4}-\d\d-\d\d[T ](?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{3}|\.\d{6})?(?:Z|\+00:00)?", re.ASCII
)


@lru_cache(maxsize=1024)
def _date(text: str) -> str | None:
    """`text` if it is the ISO 8601 date of a day in our years; kept, since the rows of a log are of few days."""
    try:
        date.fromisoformat(text)
    except ValueError:
        return None
    return text if _FIRST_YEAR <= int(text[:4]) <= _LAST_YEAR else None


def _day(value: Any) -> str | None:
    """The day in UTC of an ISO 8601 text, a date, or seconds (milli-, micro-, nanoseconds) since 1970.

    A time without a zone is UTC.
    """
    try:
        if isinstance(value, str):
            if _IN_UTC.fullmatch(value):  # what most programs write
                return _date(value[:10])
            value = float(value) if _is_number(value) else datetime.fromisoformat(value.strip())
        if isinstance(value, int | float) and not isinstance(value, bool):
            unit = next((unit for size, unit in _UNITS if abs(value) >= size), 1.0)
            value = datetime.fromtimestamp(value / unit, UTC)
        if isinstance(value, datetime) and value.tzinfo in (None, UTC):
            value = value.date()
        elif isinstance(value, datetime):
            value = (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(UTC).date()
    except (ValueError, OverflowError, OSError):
        return None
    return value.isoformat() if isinstance(value, date) and _FIRST_YEAR <= value.year <= _LAST_YEAR else None


def _is_number(text: str) -> bool:
    return text.replace(".", "", 1).strip().isdigit() and len(text.strip().split(".")[0]) > 8


RowOutcome = Literal["aligned", "damaged", "omitted", "unscored", "untargeted"]
"""`untargeted`: nothing to protect was given or found. It counts in no rate."""


class RowVerdict(NamedTuple):
    """`verdict` is the worst of the targets that are mentioned, `absent` if none is, None where nothing was judged.

    `damage` are the codes of what counts, `notes` those of what is only a note. `parts` are the pointers to the texts
    that hold the mentions, by target, where the answer is not one text. `unusable` says why nothing was judged.
    """

    outcome: RowOutcome
    verdict: str | None
    result: CheckResult
    damage: tuple[str, ...]
    notes: tuple[str, ...] = ()
    parts: Mapping[str, tuple[str, ...]] = MappingProxyType({})
    unusable: str | None = None

    @property
    def mentions(self) -> list[tuple[str, str, tuple[Mention, ...]]]:
        """(target, verdict, mentions) in the order of the targets."""
        return [(target, verdict, self.result.mentions[target]) for target, verdict in self.result.verdicts.items()]


_ALL_VERBATIM = {"verbatim"}


def judge(row: Row, symbols: SymbolTable) -> RowVerdict:
    """One row is one sample with all its targets required."""
    if row.unusable is not None:
        return RowVerdict("unscored", None, CheckResult({}, {}), (), unusable=row.unusable)
    parts: dict[str, tuple[str, ...]] = {}
    if row.parts:
        result, parts = _of_parts(row, symbols)
    else:
        source = row.source[0] if len(row.source) == 1 else row.source  # a text by itself needs no look at its parts
        result = check(source, row.output, row.targets, channel=row.channel, symbols=symbols)
    if result.unscored:
        return RowVerdict("unscored", None, CheckResult({}, {}), (), unusable="only_reasoning")
    if not result.verdicts:
        return RowVerdict("untargeted", None, result, ())
    found = set(result.verdicts.values())
    if found == _ALL_VERBATIM and not _has_codes(result):
        return new(RowVerdict, ("aligned", "verbatim", result, (), (), parts or _NO_PARTS, None))
    worst = max(found - {"absent"}, key=VERDICTS.index, default="absent")
    outcome: RowOutcome = "damaged" if worst not in ("verbatim", "absent") else "aligned"
    if outcome == "aligned" and "absent" in found:
        outcome = "omitted"
    damage: set[str] = set()
    notes: set[str] = set()
    for mentions in result.mentions.values():
        for mention in mentions:
            if mention.damage:
                (damage if mention.severity == "damage" else notes).update(mention.damage)
    return RowVerdict(outcome, worst, result, tuple(sorted(damage)), tuple(sorted(notes)), parts)


_NO_PARTS: Mapping[str, tuple[str, ...]] = MappingProxyType({})


def _has_codes(result: CheckResult) -> bool:
    for mentions in result.mentions.values():
        for mention in mentions:
            if mention.damage:
                return True
    return False


def _of_parts(row: Row, symbols: SymbolTable) -> tuple[CheckResult, dict[str, tuple[str, ...]]]:
    found = check_answer(row.source, row.parts, row.targets, symbols=symbols)
    mentions = {target: tuple(mention for _, mention in pairs) for target, pairs in found.mentions.items()}
    parts = {target: tuple(part.pointer for part, _ in pairs) for target, pairs in found.mentions.items()}
    return CheckResult(found.verdicts, mentions, found.within, found.unscored), parts
