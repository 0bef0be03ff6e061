"""A chunk to its verdicts and counts: a pure function, the same in a process of ours and in a task of Ray."""

from __future__ import annotations

import contextlib
import gc
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice, repeat
from pathlib import Path
from typing import Any, Literal, TypeVar

from harness.logs.files import InputFile
from harness.logs.joining import joined
from harness.logs.presets import rows_of_value
from harness.logs.rates import Counts, tally_of
from harness.logs.read import BYTES, ROWS, Block, Decoded, decoded, pieces
from harness.logs.rows import Columns, Row, RowError, RowVerdict, judge, reader_of, rows_at
from harness.text import DEFAULT_SYMBOLS, Mention, SymbolTable

_MOST_FILES = 500  # of one group


@dataclass(frozen=True, slots=True)
class Chunk:
    """Pieces of one file, or of several small neighbours. `name` orders chunks as the rows are ordered."""

    name: str
    pieces: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class ReadSettings:
    """How files are read: what is needed of them and what is too long."""

    columns: Columns
    longest: int = 16 << 20
    delimiter: str | None = None
    encoding: str | None = None
    """None: recognised."""
    preset: str | None = None
    requests: Path | None = None
    """Where what answers are joined to is kept: requests of batches, messages of conversations."""


def groups(files: Sequence[InputFile]) -> list[tuple[InputFile, ...]]:
    """Files to be read by one reader: a large one alone, small neighbours together up to a chunk's size."""
    found: list[list[InputFile]] = []
    size = 0
    for file in files:
        own = BYTES if file.size is None else file.size
        if not found or size + own > BYTES or len(found[-1]) >= _MOST_FILES:
            found.append([])
            size = 0
        found[-1].append(file)
        size += own
    return [tuple(group) for group in found]


def chunks(number: int, group: Sequence[InputFile], reading: ReadSettings) -> Iterator[Chunk]:
    """The chunks of a group, in order. `number` is the group's place among `groups`."""
    held: list[Block] = []
    rows = size = count = 0
    for file in group:
        for piece in _pieces(file, reading):
            held.append(piece)
            rows += piece.rows
            size += piece.size
            if rows >= ROWS or size >= BYTES:
                yield Chunk(chunk_name(number, count), tuple(held))
                held, rows, size, count = [], 0, 0, count + 1
    if held:
        yield Chunk(chunk_name(number, count), tuple(held))


def _pieces(file: InputFile, reading: ReadSettings) -> Iterator[Block]:
    columns = None if reading.preset else reading.columns  # a preset looks at all fields
    found = pieces(file, columns, reading.longest, reading.delimiter, reading.encoding)
    return joined(str(reading.preset), found, reading.requests) if reading.requests else found


def chunk_name(group: int, number: int) -> str:
    return f"{group:06d}-{number:06d}"


VerdictFormat = Literal["jsonl", "parquet"]


def verdict_row(file: str, line: int, row: Row, verdict: RowVerdict, columns: Columns) -> dict[str, Any]:
    """One row of the output. Offsets are code points of the answer, or of the JSON string at `path`."""
    return {
        "file": file,
        "line": line,
        "id": row.id,
        "model": row.model,
        "version": row.version,
        "day": row.day,
        "by": dict(zip(columns.by, row.by, strict=True)),
        "outcome": verdict.outcome,
        "unusable": verdict.unusable,
        "verdict": verdict.verdict,
        "damage": list(verdict.damage),
        "notes": list(verdict.notes),
        "targets": [
            {
                "target": target,
                "verdict": one,
                "mentions": [
                    {
                        "start": mention.start,
                        "end": mention.end,
                        "text": mention.text,
                        "verdict": mention.verdict,
                        "severity": mention.severity if mention.damage else None,
                        "damage": list(mention.damage),
                        "path": mention.path,
                        "part": part,
                    }
                    for mention, part in zip(mentions, verdict.parts.get(target) or repeat(None), strict=False)
                ],
            }
            for target, one, mentions in verdict.mentions
        ],
    }


def verdict_line(
    file: str, line: int, row: Row, verdict: RowVerdict, columns: Columns, *, written: dict[int, str] | None = None
) -> bytes:
    """The JSON line of `verdict_row`, put together directly: a dict and its encoder take three times as long."""
    _, _, _, _, _, name, model, version, day, _, _, _, by = row
    outcome, worst, _, damage, notes, _, unusable = verdict
    text = (
        f'{_of_file(file)}{line}, "id": {_text(name)}, {_of_group(model, version, day, columns.by, by)}'
        f"{_of_outcome(outcome, unusable, worst, damage, notes)}{_of_targets(verdict, written)}}}\n"
    )
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:  # a lone surrogate, which cannot be UTF-8, stays an escape
        return json_lines([verdict_row(file, line, row, verdict, columns)])


@lru_cache(maxsize=64)
def _of_file(file: str) -> str:
    return f'{{"file": {_quoted(file)}, "line": '


@lru_cache(maxsize=1024)
def _of_group(
    model: str | None, version: str | None, day: str | None, names: tuple[str, ...], by: tuple[str | None, ...]
) -> str:
    """Kept, since a log has fewer groups than rows."""
    others = ", ".join([f"{_quoted(name)}: {_text(value)}" for name, value in zip(names, by, strict=True)])
    return f'"model": {_text(model)}, "version": {_text(version)}, "day": {_text(day)}, "by": {{{others}}}, '


@lru_cache(maxsize=1024)
def _of_outcome(
    outcome: str, unusable: str | None, verdict: str | None, damage: tuple[str, ...], notes: tuple[str, ...]
) -> str:
    return (
        f'"outcome": "{outcome}", "unusable": {_text(unusable)}, "verdict": {_text(verdict)}, '
        f'"damage": {_codes(damage)}, "notes": {_codes(notes)}, "targets": '
    )


def _of_targets(verdict: RowVerdict, written: dict[int, str] | None) -> str:
    """The JSON of the targets and their mentions. `written` holds that of verdicts which come again, by their id."""
    if written is not None and (before := written.get(id(verdict))):
        return before
    parts, mentions = verdict.parts, verdict.result.mentions
    targets = []
    for target, one in verdict.result.verdicts.items():
        several = mentions[target]
        if one == "verbatim" and not parts and len(several) == 1 and several[0][2] == target:
            start, end, _, said, damage, path, _, _ = several[0]
            if not damage and path is None:  # what most are
                name = _quoted(target)
                targets.append(
                    f'{{"target": {name}, "verdict": "verbatim", "mentions": [{{"start": {start}, "end": {end}, '
                    f'"text": {name}, "verdict": "verbatim", "severity": null, "damage": [], "path": null, '
                    '"part": null}]}'
                )
                continue
        if parts:
            said = ", ".join(map(_mention, several, parts.get(target) or repeat(None)))
        elif len(several) == 1:
            said = _mention(several[0], None)
        else:
            said = ", ".join([_mention(mention, None) for mention in several])
        targets.append(f'{{"target": {_quoted(target)}, "verdict": "{one}", "mentions": [{said}]}}')
    text = f"[{', '.join(targets)}]"
    if written is not None:
        written[id(verdict)] = text
    return text


_quoted = json.encoder.encode_basestring


def _text(value: str | None) -> str:
    return "null" if value is None else _quoted(value)


@lru_cache(maxsize=1024)
def _codes(codes: tuple[str, ...]) -> str:
    return json.dumps(codes)


def _mention(mention: Mention, part: str | None) -> str:
    start, end, said, verdict, damage, path, how, _ = mention
    if not damage and path is part is None:
        return (
            f'{{"start": {start}, "end": {end}, "text": {_quoted(said)}, "verdict": "{verdict}", "severity": null, '
            '"damage": [], "path": null, "part": null}'
        )
    severity = f'"{how}"' if damage else "null"
    return (
        f'{{"start": {start}, "end": {end}, "text": {_quoted(said)}, "verdict": "{verdict}", '
        f'"severity": {severity}, "damage": {_codes(damage)}, "path": {_text(path)}, "part": {_text(part)}}}'
    )


def json_lines(rows: list[dict[str, Any]]) -> bytes:
    """One object a line, in UTF-8. A lone surrogate, which cannot be UTF-8, stays an escape."""
    return b"".join(_line(row) for row in rows)


def _line(row: dict[str, Any]) -> bytes:
    try:
        return json.dumps(row, ensure_ascii=False, default=str).encode("utf-8") + b"\n"
    except UnicodeEncodeError:
        return json.dumps(row, default=str).encode("ascii") + b"\n"


def parquet(rows: list[dict[str, Any]]) -> bytes:
    """A Parquet file. A lone surrogate, which it cannot hold, becomes U+FFFD, so that offsets stay right."""
    from harness.logs.read import arrow

    pa = arrow()
    schema = _schema(pa)
    try:
        table = pa.Table.from_pylist(rows, schema=schema)
    except UnicodeEncodeError:
        table = pa.Table.from_pylist([_without_surrogates(row) for row in rows], schema=schema)
    sink = pa.BufferOutputStream()
    pa.parquet.write_table(table, sink, compression="zstd")
    return bytes(sink.getvalue())


def _schema(pa: Any) -> Any:
    text, codes = pa.string(), pa.list_(pa.string())
    offsets = [("start", pa.int64()), ("end", pa.int64())]
    mention = pa.struct(
        [
            *offsets,
            *((name, text) for name in ("text", "verdict", "severity")),
            ("damage", codes),
            *((name, text) for name in ("path", "part")),
        ]
    )
    target = pa.struct([("target", text), ("verdict", text), ("mentions", pa.list_(mention))])
    names = ["id", "model", "version", "day"]
    return pa.schema(
        [
            ("file", text),
            ("line", pa.int64()),
            *((name, text) for name in names),
            ("by", pa.map_(text, text)),
            ("outcome", text),
            ("unusable", text),
            ("verdict", text),
            ("damage", codes),
            ("notes", codes),
            ("targets", pa.list_(target)),
        ]
    )


def _without_surrogates(value: Any) -> Any:
    if isinstance(value, str):
        return "".join("\ufffd" if "\ud800" <= char <= "\udfff" else char for char in value)
    if isinstance(value, list):
        return [_without_surrogates(item) for item in value]
    if isinstance(value, dict):
        return {_without_surrogates(key): _without_surrogates(item) for key, item in value.items()}
    return value


@dataclass(frozen=True, slots=True)
class Scoring:
    """How a chunk is scored."""

    columns: Columns
    verdict_format: VerdictFormat = "jsonl"
    symbols: SymbolTable = DEFAULT_SYMBOLS
    preset: str | None = None
    rows: str = ""
    """The path to the list that holds the rows of a document; empty where the document is the row."""


@dataclass(frozen=True, slots=True)
class ScoredChunk:
    """The bytes of a chunk's files; `counts` is a JSON object. `position` tells progress in bytes of the last file."""

    name: str
    verdicts: bytes
    rejected: bytes
    counts: bytes
    rows: int
    position: int


@contextlib.contextmanager
def _no_collections() -> Iterator[None]:
    """Rows hold no cycles: looking for some after every ten rows took a fifth of the time. A chunk has 4 MB."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@_no_collections()
def score_chunk(chunk: Chunk, scoring: Scoring) -> ScoredChunk:
    """Judge every row. A row that cannot be judged is kept aside with its reason and stops nothing."""
    columns, as_table = scoring.columns, scoring.verdict_format == "parquet"
    judging = _Judging(scoring)
    counts = judging.counts
    verdicts: list[Any] = []  # lines, or rows of a table
    rejected: list[dict[str, Any]] = []
    rows = 0
    for piece in chunk.pieces:
        left = rows_of(piece, scoring)
        while some := list(islice(left, _TOGETHER)):
            rows += len(some)
            for row, said in zip(some, judging.read(some), strict=True):
                judged = said if isinstance(said, RowError) else judging.judged(row, said)
                if isinstance(judged, RowError):  # never raised: it would hold itself, and all that was judged
                    counts.rejected[judged.kind] += 1
                    rejected.append(_rejected(row, judged))
                    continue
                read, verdict, written = judged
                if as_table:
                    verdicts.append(verdict_row(row.file, row.line, read, verdict, columns))
                else:
                    verdicts.append(verdict_line(row.file, row.line, read, verdict, columns, written=written))
    return ScoredChunk(
        chunk.name,
        parquet(verdicts) if as_table else b"".join(verdicts),
        json_lines(rejected),
        json.dumps(counts.plain(), separators=(",", ":")).encode("ascii"),
        rows,
        chunk.pieces[-1].position,
    )


def _rejected(row: Decoded, error: RowError) -> dict[str, Any]:
    return {"file": row.file, "line": row.line, "kind": error.kind, "reason": str(error), **row.kept()}


def rows_of(piece: Block, scoring: Scoring) -> Iterator[Decoded]:
    """The rows of a piece. With a preset, or a list to look into, one value may hold many, or none."""
    if scoring.preset is None and not scoring.rows:
        yield from decoded(piece)
        return
    for row in decoded(piece):
        if row.error:
            yield row
            continue
        try:
            for value in _values(row.value, scoring):
                yield Decoded(row.file, row.line, value)
        except RowError as error:
            yield Decoded(row.file, row.line, None, error.by_itself(), row.raw)
        except Exception as error:
            detail = f"not of the form of --preset {scoring.preset}: {type(error).__name__}: {error}"
            yield Decoded(row.file, row.line, None, RowError("preset", detail), row.raw)


def _values(value: Any, scoring: Scoring) -> Iterator[Any]:
    for one in rows_at(value, scoring.rows) if scoring.rows else [value]:
        if scoring.preset is None:
            yield one
        else:
            yield from rows_of_value(scoring.preset, one)


_TOGETHER = 64
"""So many rows are read before the first of them is judged."""
_LONGEST_KEPT = 2000
"""Code points of an answer whose verdict is kept for the rows of its chunk."""
_TRIED, _FEWEST_AGAIN = 256, 8
"""After so many rows it is no longer looked for what came before where less than an eighth of the rows did."""


class _Judging:
    """The rows of one chunk: questions and answers that come again are judged once."""

    def __init__(self, scoring: Scoring) -> None:
        self.counts = Counts.of(scoring.columns)
        self._scoring = scoring
        self._read = reader_of(scoring.columns)
        self._seen: dict[Any, RowVerdict] = {}
        self._pays, self._again = True, 0
        self._written: dict[int, str] = {}
        """The JSON of what came again, by the id of a verdict that is kept."""

    def read(self, rows: Sequence[Decoded]) -> list[Row | RowError]:
        """What the columns say of each row. What is looked for in their sources is looked for in all together."""
        found = [row.error if row.error else _tried(self._read, row.value) for row in rows]
        open_rows = [row for row in found if isinstance(row, Row) and row.targets is None and not row.unusable]
        if open_rows and self._scoring.symbols is DEFAULT_SYMBOLS:
            from harness.text.scan import read_ahead  # here: its patterns take 30 ms, and cases list their targets

            _tried(read_ahead, [text for row in open_rows for text in row.source])
        return found

    def judged(self, decoded_row: Decoded, row: Row) -> tuple[Row, RowVerdict, dict[int, str] | None] | RowError:
        """The row and its verdict, counted; and what is written of others, where it was judged before."""
        file, line, _, _, _ = decoded_row
        source, output, parts, targets, channel, _, _, _, _, _, unusable, cluster, _ = row
        written, key = None, (source, output, targets, channel)
        is_kept = not parts and unusable is None and self._pays and len(output) <= _LONGEST_KEPT
        verdict = self._seen.get(key) if is_kept else None
        if verdict is not None:
            written = self._written
            self._again += 1
        else:
            judged = _tried(judge, row, self._scoring.symbols)
            if isinstance(judged, RowError):
                return judged
            verdict = judged
            if is_kept:
                self._seen[key] = verdict
                self._pays = len(self._seen) % _TRIED > 0 or self._again >= len(self._seen) // _FEWEST_AGAIN
        columns = self._scoring.columns
        if columns.cluster and not cluster:
            cluster = f"\0{file}:{line}"
        self.counts.add_row(row, columns, tally_of(verdict, cluster, targets is not None))
        return row, verdict, written


_Answer = TypeVar("_Answer")


def _tried(work: Callable[..., _Answer], *given: Any) -> _Answer | RowError:
    try:
        return work(*given)
    except RowError as error:
        return error.by_itself()
    except RecursionError:
        return RowError("json", "nested too deeply to be read")
    except Exception as error:  # one row of ten million must not end the run; it is reported, kept and counted
        return RowError("checker", f"a bug of ours, please report it: {type(error).__name__}: {error}")
