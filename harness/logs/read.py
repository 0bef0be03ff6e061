"""A file as pieces: raw records with their line numbers, cut in one pass without judging or decoding them."""

from __future__ import annotations

import base64
import codecs
import csv
import io
import json
import re
import sys
from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Any, BinaryIO, NamedTuple, TypeVar

from harness.errors import ConfigError, HarnessError
from harness.files import VALUES_LIMIT, has_too_many_values
from harness.logs.files import (
    KEPT_OF_LONG,
    SAMPLE,
    Format,
    InputFile,
    Lines,
    Position,
    fitting,
    in_utf8,
    is_gbk,
    lines_at_once,
    opened,
    stored,
    too_long,
)
from harness.logs.rows import Columns, RowError
from harness.text.find import new
from harness.workbook import SheetRow, sheet_rows

ROWS, BYTES = 4000, 4 << 20
"""A piece ends with the row that reaches one of these. Small enough to keep all cores busy, large enough for few."""


class RawRow(NamedTuple):
    """One row as it is in the file. `problem` is (kind, detail) if it cannot even be decoded."""

    line: int
    raw: bytes
    problem: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Block:
    """Consecutive rows of one file: records of text, or a table (an Arrow stream) whose first row is `first`.

    Records are kept by column, since to make, hold and send an object for each costs as much as to parse it.
    """

    file: str
    format: Format
    lines: Sequence[int] = ()
    """The number of each record."""
    raws: Sequence[bytes] = ()
    problems: Mapping[int, tuple[str, str]] = field(default_factory=dict)
    """By the place of a record that cannot even be decoded: (kind, detail)."""
    header: tuple[str, ...] = ()
    delimiter: str = ","
    table: bytes = b""
    first: int = 1
    table_rows: int = 0
    position: int = 0
    """Bytes of the stored file read so far, for progress."""

    @property
    def rows(self) -> int:
        return self.table_rows or len(self.raws)

    @property
    def size(self) -> int:
        return len(self.table) or sum(map(len, self.raws))

    @property
    def records(self) -> Iterator[RawRow]:
        for place, (line, raw) in enumerate(zip(self.lines, self.raws, strict=True)):
            yield RawRow(line, raw, self.problems.get(place))

    def holding(self, records: Sequence[RawRow], position: int | None = None) -> Block:
        """The same with other records."""
        return replace(
            self,
            lines=[record.line for record in records],
            raws=[record.raw for record in records],
            problems={place: record.problem for place, record in enumerate(records) if record.problem},
            position=self.position if position is None else position,
        )


class ReadingError(Exception):
    """What a file's content makes impossible to read on from some line."""


def pieces(
    file: InputFile, columns: Columns | None, longest: int, delimiter: str | None, encoding: str | None = None
) -> Iterator[Block]:
    """The pieces of a file in order. What cannot be read is a record with a problem, and ends the file.

    `longest` is the limit of a line, a member of a JSON document or a CSV record, in bytes. Without `columns` all
    columns of a table are read. Without `encoding` it is recognised: UTF-8, UTF-16, GBK (GB 18030).
    """
    line = 0
    try:
        for piece in _pieces(file, columns, longest, delimiter, encoding):
            line = piece.lines[-1] if piece.lines else piece.first + piece.table_rows - 1
            yield piece
    except HarnessError:
        raise
    except Exception as error:  # gzip, zlib, Arrow and every object store have errors of their own
        detail = f"the file cannot be read beyond the rows before this one: {type(error).__name__}: {error}"
        yield Block(file.name, file.format, [line + 1], [b""], {0: ("unreadable", detail)})


def _pieces(
    file: InputFile, columns: Columns | None, longest: int, delimiter: str | None, encoding: str | None
) -> Iterator[Block]:
    if file.format == "parquet":
        with stored(file) as handle:
            yield from parquet_pieces(handle, file.name, columns)
        return
    if file.format == "xlsx":
        with stored(file) as handle:
            yield from _sheet_pieces(handle, file, columns, longest)
        return
    with opened(file, encoding) as (content, position):
        if file.format == "jsonl" and is_document(content.peek(1)):
            yield from _cut(document_members(content, longest), Block(file.name, "jsonl"), position)
            return
        several = lines_at_once(content, longest)
        if encoding is None:
            several = in_utf8(several)
        if file.format == "csv":
            lines, delimiter = delimited(each(several), delimiter, "\t" if ".tsv" in file.name.lower()[-7:] else ",")
            header, records = header_of(lines, delimiter), csv_records(lines, delimiter, longest)
            yield from _cut(records, Block(file.name, "csv", header=header, delimiter=delimiter), position)
        else:
            yield from _cut_lines(several, Block(file.name, "jsonl"), position)


def _sheet_pieces(handle: BinaryIO, file: InputFile, columns: Columns | None, longest: int) -> Iterator[Block]:
    """The rows below the names of the columns, as records of CSV; row numbers are those of the sheet."""
    rows = sheet_rows(handle, file.name, file.sheet)
    above = next((row for row in rows if row.cells), None)
    header = tuple(cell.strip() for cell in above.cells) if above else ()
    twice = next((name for name, times in Counter(header).items() if times > 1 and name), None)
    if twice is not None:
        raise ReadingError(f"the header has {twice!r} more than once")
    wanted = columns.top_level(list(header)) if columns else header
    records = (_sheet_record(row, header, wanted, longest) for row in rows if row.cells)
    yield from _cut(records, Block(file.name, "csv", header=header), lambda: 0)


def _sheet_record(row: SheetRow, header: tuple[str, ...], wanted: Sequence[str], longest: int) -> RawRow:
    line = io.StringIO()
    csv.writer(line).writerow([*row.cells, *[""] * (len(header) - len(row.cells))])
    raw = line.getvalue().encode("utf-8", "surrogatepass")
    if len(raw) > longest:
        return RawRow(row.number, raw[:KEPT_OF_LONG], too_long(len(raw), longest))
    why = next((why for place, why in row.unread.items() if place < len(header) and header[place] in wanted), None)
    return RawRow(row.number, raw, ("cell", why) if why else None)


def _cut(records: Iterator[RawRow], shape: Block, position: Position) -> Iterator[Block]:
    held: list[RawRow] = []
    size = 0
    failures: list[Exception] = []
    for record in _until_failure(records, failures):
        held.append(record)
        size += len(record.raw)
        if len(held) >= ROWS or size >= BYTES:
            yield shape.holding(held, position())
            held, size = [], 0
    if held:
        yield shape.holding(held, position())
    if failures:
        raise failures[0]


def _cut_lines(several: Iterator[Lines], shape: Block, position: Position) -> Iterator[Block]:
    """The same as `_cut`, of lines that are a record each unless they are blank."""
    lines: list[int] = []
    raws: list[bytes] = []
    problems: dict[int, tuple[str, str]] = {}
    size = 0
    failures: list[Exception] = []
    for found in _until_failure(several, failures):
        numbers: Sequence[int] = range(found.first, found.first + len(found.raws))
        filled = found.raws
        if any(map(bytes.isspace, filled)):
            numbers = [number for number, raw in zip(numbers, filled, strict=True) if not raw.isspace()]
            filled = [raw for raw in filled if not raw.isspace()]
        while filled:
            some = fitting(filled, ROWS - len(raws), BYTES - size)
            if found.problem:
                problems[len(raws)] = found.problem
            lines += numbers[:some]
            raws += filled[:some]
            size += sum(map(len, filled[:some]))
            numbers, filled = numbers[some:], filled[some:]
            if len(raws) >= ROWS or size >= BYTES:
                yield replace(shape, lines=lines, raws=raws, problems=problems, position=position())
                lines, raws, problems, size = [], [], {}, 0
    if raws:
        yield replace(shape, lines=lines, raws=raws, problems=problems, position=position())
    if failures:
        raise failures[0]


_Read = TypeVar("_Read")


def _until_failure(read: Iterator[_Read], failures: list[Exception]) -> Iterator[_Read]:
    """What can be read; a failure is put into the list, since what was read before it counts."""
    try:
        yield from read
    except Exception as error:
        failures.append(error)


def each(several: Iterator[Lines]) -> Iterator[RawRow]:
    """One line by itself."""
    for first, raws, problem in several:
        for line, raw in enumerate(raws, first):
            yield RawRow(line, raw, problem)


def is_document(head: bytes) -> bool:
    """Whether a file is a list or a printed JSON document, by its beginning, rather than one value a line."""
    head = head.removeprefix(codecs.BOM_UTF8).lstrip()
    if not head.startswith(b"{"):
        return head.startswith(b"[")
    first, _, rest = head.partition(b"\n")
    rest = rest.lstrip()
    if not rest or not first.rstrip().endswith((b"{", b"[", b",", b":")):
        return False
    return first.rstrip().endswith((b"{", b"[")) or not rest.startswith(b"{")


_BLANKS = re.compile(r"[ \t\r\n]*")
_BLOCK = 1 << 20
"""Bytes read at once; a member of this beyond `longest` is left out, and does not end the file."""


def document_members(content: io.BufferedReader, longest: int) -> Iterator[RawRow]:
    """The members of a list, or values that follow each other, by number from 1; in memory is one of them.

    What is not JSON ends the file: nobody can say where the next member begins.
    """
    blocks = _texts(content)
    decode = json.JSONDecoder().raw_decode
    text, place, number = "", 0, 0
    depth = 0  # of the list whose members are the rows: 0 or 1
    while True:
        blanks = _BLANKS.match(text, place)
        place = blanks.end() if blanks else place
        if place == len(text):
            text, place = next(blocks, ""), 0
            if not text:
                break
            continue
        sign = text[place]
        if (sign == "[" and not depth) or (sign in ",]" and depth):
            depth = 1 if sign == "[" else 0 if sign == "]" else depth
            place += 1
            continue
        try:
            _, end = decode(text, place)
        except ValueError as error:
            rest = text[place:]
            # what is read next is as much as there is already, so that a long member is not decoded too often
            more = "".join(_as_much(blocks, len(rest))) if len(rest) <= longest + _BLOCK else ""
            if more:
                text, place = rest + more, 0
                continue
            detail = f"the document cannot be read from here: {_why(error, rest, longest)}"
            yield RawRow(number + 1, _bytes(rest[:KEPT_OF_LONG]), ("unreadable", detail))
            return
        number += 1
        if end - place > longest:
            yield RawRow(number, _bytes(text[place : place + KEPT_OF_LONG]), too_long(end - place, longest))
        else:
            yield RawRow(number, _bytes(text[place:end]))
        place = end
    if depth:
        yield RawRow(number + 1, b"", ("unreadable", "the document ends before its list does; it was cut off"))


def _why(error: ValueError, rest: str, longest: int) -> str:
    if len(rest) > longest:
        return f"a value of more than {longest} bytes; accepted: {longest} (--max-line)"
    return f"not JSON: {getattr(error, 'msg', error)}"


def _as_much(blocks: Iterator[str], size: int) -> Iterator[str]:
    while size > 0 and (block := next(blocks, "")):
        size -= len(block)
        yield block


def _texts(content: io.BufferedReader) -> Iterator[str]:
    """Blocks of text; a byte that is not text becomes a lone surrogate, and a byte again in `_bytes`."""
    decoder: codecs.IncrementalDecoder | None = None
    first = True
    while block := content.read1(_BLOCK):
        if first:
            block, first = block.removeprefix(codecs.BOM_UTF8), False
        if decoder is None and not block.isascii():
            # a quote is never a part of a character of two or four bytes
            encoding = "gb18030" if is_gbk(block[:SAMPLE].split(b'"')[:-1]) else "utf-8"
            decoder = codecs.getincrementaldecoder(encoding)("surrogateescape")
        yield decoder.decode(block) if decoder else block.decode("ascii")
    if decoder:
        yield decoder.decode(b"", True)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


_DELIMITERS = ",;\t|"


def delimited(lines: Iterator[RawRow], wanted: str | None, usual: str) -> tuple[Iterator[RawRow], str]:
    """The lines of a CSV file from its header on, and its delimiter.

    `wanted` is the user's; otherwise Excel's first line `sep=;` says it, or the header: the `usual` one unless
    another is there more often.
    """
    first = next(lines, None)
    if first is None:
        return lines, wanted or usual
    said = re.fullmatch(rb"sep=(.)\s*", first.raw)
    if said:
        return lines, wanted or said[1].decode("latin-1")
    if wanted is None:
        outside = re.sub(rb'"[^"]*"', b"", first.raw)
        counts = {sign: outside.count(sign.encode()) for sign in _DELIMITERS}
        wanted = max(_DELIMITERS, key=lambda sign: (counts[sign], sign == usual))
    return chain([first], lines), wanted


def header_of(lines: Iterator[RawRow], delimiter: str) -> tuple[str, ...]:
    """The names of the columns, from the first record. Raises ReadingError if there is no usable one."""
    first = next(csv_records(lines, delimiter, 1 << 20), None)
    if first is None:
        return ()
    if first.problem:
        raise ReadingError(f"the header: {first.problem[1]}")
    if b"\r" in first.raw.rstrip(b"\r\n") and b'"' not in first.raw:
        raise ReadingError("its lines end in CR alone, as old Macintosh programs write them; accepted: LF or CRLF")
    try:
        names = [name.strip() for name in fields(first.raw, delimiter)]
    except (UnicodeDecodeError, csv.Error) as error:
        raise ReadingError(f"the header: {error}") from None
    twice = {name for name, times in Counter(names).items() if times > 1 and name}
    if twice:
        raise ReadingError(f"the header has {min(twice)!r} more than once")
    return tuple(names)


def fields(raw: bytes, delimiter: str) -> list[str]:
    """The fields of one record. Raises UnicodeDecodeError or csv.Error."""
    csv.field_size_limit(sys.maxsize)  # a record is limited as a whole
    rows = list(csv.reader([raw.decode("utf-8")], delimiter=delimiter))
    if len(rows) != 1:
        raise csv.Error("no fields")
    return rows[0]


def csv_records(lines: Iterator[RawRow], delimiter: str, longest: int) -> Iterator[RawRow]:
    """Records with the number of their first line.

    A quote that is not closed within `longest` bytes costs its own line only: cutting begins again with the next.
    """
    csv.field_size_limit(sys.maxsize)
    waiting: deque[RawRow] = deque()
    while first := waiting.popleft() if waiting else next(lines, None):
        if first.raw.isspace():
            continue
        if first.problem or b'"' not in first.raw:
            yield first
            continue
        taken = _Taken(first, waiting, lines, longest)
        try:
            next(csv.reader(taken.texts(), delimiter=delimiter))
            problem = ("csv", f"a quote is not closed within {longest} bytes") if taken.ran_out else None
        except csv.Error as error:
            problem = ("csv", str(error))
        if problem:
            waiting.extendleft(reversed(taken.records[1:]))
            yield first._replace(problem=problem)
        else:
            yield RawRow(first.line, b"".join(record.raw for record in taken.records))


class _Taken:
    """The lines that a CSV reader asks for until its record is complete."""

    def __init__(self, first: RawRow, waiting: deque[RawRow], lines: Iterator[RawRow], longest: int) -> None:
        self.records = [first]
        self.ran_out = False
        self._waiting = waiting
        self._lines = lines
        self._longest = longest

    def texts(self) -> Iterator[str]:
        size = 0
        yield _text(self.records[0])
        while size <= self._longest:
            record = self._waiting.popleft() if self._waiting else next(self._lines, None)
            if record is None:
                break
            self.records.append(record)
            if record.problem:
                break
            size += len(record.raw)
            yield _text(record)
        self.ran_out = True


def _text(record: RawRow) -> str:
    return record.raw.decode("utf-8", errors="replace")


def arrow() -> Any:
    """The `pyarrow` package. Raises ConfigError with the command that installs it."""
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise ConfigError("Parquet needs pyarrow; run: pip install 'pytest-verbatim[parquet]'") from None
    return pyarrow


def parquet_pieces(handle: BinaryIO, name: str, columns: Columns | None) -> Iterator[Block]:
    """The rows in order; row numbers count from 1."""
    pa = arrow()
    file = pa.parquet.ParquetFile(handle, pre_buffer=False, buffer_size=1 << 20)
    names = file.schema_arrow.names
    wanted = columns.top_level(names) if columns else names
    first, total = 1, max(1, file.metadata.num_rows)
    stored_size = handle.seek(0, 2)
    for number in range(file.metadata.num_row_groups):
        group = file.metadata.row_group(number)
        row_size = max(1, group.total_byte_size // max(1, group.num_rows))
        size = max(1, min(ROWS, BYTES // row_size))
        if not wanted:
            # no column is there: an empty row each, so that every row is counted and reported
            yield from _empty(pa, name, first, group.num_rows)
            first += group.num_rows
            continue
        few = file.iter_batches(batch_size=_FEW, row_groups=[number], columns=wanted, use_threads=False)
        for batch in _joined(pa, few, size):
            rows = batch.num_rows
            position = stored_size * (first + rows - 1) // total
            yield Block(name, "parquet", table=_stream(pa, batch), first=first, table_rows=rows, position=position)
            first += rows


_FEW = 4
"""Rows that are unpacked at a time: what a file says of its size is not what its dictionaries unpack to."""


def _joined(pa: Any, batches: Iterator[Any], most: int) -> Iterator[Any]:
    """A few rows at a time as batches of at most `most` rows, or as many as have `BYTES` in memory."""
    waiting: list[Any] = []
    rows = size = 0
    for batch in batches:
        waiting.append(batch)
        rows, size = rows + batch.num_rows, size + batch.nbytes
        if rows + _FEW > most or size >= BYTES:
            yield from pa.Table.from_batches(waiting).unify_dictionaries().combine_chunks().to_batches()
            waiting, rows, size = [], 0, 0
    if waiting:
        yield from pa.Table.from_batches(waiting).unify_dictionaries().combine_chunks().to_batches()


def _empty(pa: Any, name: str, first: int, rows: int) -> Iterator[Block]:
    for start in range(0, rows, ROWS):
        count = min(ROWS, rows - start)
        batch = pa.RecordBatch.from_pylist([{"-": None}] * count)
        yield Block(name, "parquet", table=_stream(pa, batch), first=first + start, table_rows=count)


def _stream(pa: Any, batch: Any) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    return bytes(sink.getvalue())


def rows_of(table: bytes) -> Iterator[dict[str, Any]]:
    """The rows of a piece's table, as plain values."""
    pa = arrow()
    with pa.ipc.open_stream(table) as reader:
        for batch in reader:
            step = _FEW if any(map(pa.types.is_dictionary, batch.schema.types)) else max(1, batch.num_rows)
            for start in range(0, batch.num_rows, step):
                yield from batch.slice(start, step).to_pylist()


class Decoded(NamedTuple):
    """A row: its value, or why there is none. `kept` gives what `rejected.jsonl` holds of it."""

    file: str
    line: int
    value: Any
    error: RowError | None = None
    raw: bytes | None = None

    def kept(self) -> dict[str, Any]:
        """The row as it came: its text, or base64 of bytes that are no text; the value for a row of a table."""
        if self.raw is None:
            return {"row": self.value}
        try:
            return {"row": self.raw.decode("utf-8").rstrip("\r\n")}
        except UnicodeDecodeError:
            return {"row_base64": base64.b64encode(self.raw).decode("ascii")}


_decode = json.JSONDecoder().raw_decode


def decoded(piece: Block) -> Iterator[Decoded]:
    """Every row of a piece, in order."""
    file = piece.file
    if piece.table:
        for line, value in enumerate(rows_of(piece.table), start=piece.first):
            yield Decoded(file, line, value)
        return
    has_json, problems = piece.format != "csv", piece.problems
    for place, (line, raw) in enumerate(zip(piece.lines, piece.raws, strict=True)):
        if has_json and len(raw) <= VALUES_LIMIT and place not in problems:
            try:  # most rows: what `json.loads` does for a text that holds one value and its line end
                text = raw.decode()
                value, end = _decode(text)
            except (ValueError, RecursionError):
                pass
            else:
                if not text[end:].strip(" \t\r\n"):
                    yield new(Decoded, (file, line, value, None, raw))
                    continue
        try:
            value = _value(piece, raw, problems.get(place))
        except RowError as error:
            yield Decoded(file, line, None, error.by_itself(), raw)
        else:
            yield Decoded(file, line, value, None, raw)


def _value(piece: Block, raw: bytes, problem: tuple[str, str] | None) -> Any:
    if problem:
        raise RowError(*problem)
    if piece.format != "csv" and has_too_many_values(raw):
        raise RowError("json", f"more than {VALUES_LIMIT:,} values")
    try:
        return _csv_row(piece, raw) if piece.format == "csv" else _json_row(raw.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise RowError("encoding", f"not UTF-8 at byte {error.start + 1}; accepted: UTF-8") from None
    except json.JSONDecodeError as error:
        raise RowError("json", f"not JSON at column {error.colno}: {error.msg}") from None
    except RecursionError:
        raise RowError("json", "nested too deeply to be read") from None
    except ValueError as error:  # a number with thousands of digits
        raise RowError("json", f"not JSON that can be read: {error}") from None
    except csv.Error as error:
        raise RowError("csv", str(error)) from None


def _json_row(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        # the lines of a list without its brackets; a record separator (RFC 7464)
        bare = text.strip(" \t\r\n\x1e").removesuffix(",")
        if bare in (text.rstrip("\r\n"), ""):
            raise
        try:
            return json.loads(bare)
        except json.JSONDecodeError:
            pass
        raise


def _csv_row(piece: Block, raw: bytes) -> dict[str, str]:
    row = fields(raw, piece.delimiter)
    if len(row) != len(piece.header):
        raise RowError("csv", f"found {len(row)} fields; the header has {len(piece.header)}")
    return dict(zip(piece.header, row, strict=True))
