"""A file as pieces: raw records with their line numbers, cut in one pass without judging or decoding them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, NamedTuple

from harness.records.errors import HarnessError
from harness.scoring.columns import Columns
from harness.scoring.input_files import Format, InputFile
from harness.scoring.opening import Position, opened, stored

ROWS, BYTES = 4000, 4 << 20
"""A piece ends with the row that reaches one of these. Small enough to keep all cores busy, large enough for few."""

_KEPT_OF_LONG = 4096  # bytes of a line over the limit that are kept to recognise it by


class Record(NamedTuple):
    """One row as it stands in the file. `problem` is (kind, detail) if it cannot even be decoded."""

    line: int
    raw: bytes
    problem: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Piece:
    """Consecutive rows of one file: records of text, or a table (an Arrow stream) whose first row is `first`."""

    file: str
    format: Format
    records: tuple[Record, ...] = ()
    header: tuple[str, ...] = ()
    delimiter: str = ","
    table: bytes = b""
    first: int = 1
    table_rows: int = 0
    position: int = 0
    """Bytes of the stored file read so far, for progress."""

    @property
    def rows(self) -> int:
        return self.table_rows or len(self.records)

    @property
    def size(self) -> int:
        return len(self.table) or sum(len(record.raw) for record in self.records)


class ReadingError(Exception):
    """What a file's content makes impossible to read on from some line."""


def pieces(file: InputFile, columns: Columns, longest: int, delimiter: str | None) -> Iterator[Piece]:
    """The pieces of a file in order. What cannot be read is a record with a problem, and ends the file.

    `longest` is the limit of a line or CSV record in bytes.
    """
    line = 0
    try:
        for piece in _pieces(file, columns, longest, delimiter):
            line = piece.records[-1].line if piece.records else piece.first + piece.table_rows - 1
            yield piece
    except HarnessError:
        raise
    except Exception as error:  # gzip, zlib, Arrow and every object store have errors of their own
        detail = f"the file cannot be read beyond the rows before this one: {type(error).__name__}: {error}"
        yield Piece(file.name, file.format, (Record(line + 1, b"", ("unreadable", detail)),))


def _pieces(file: InputFile, columns: Columns, longest: int, delimiter: str | None) -> Iterator[Piece]:
    if file.format == "parquet":
        from harness.scoring.parquet_pieces import parquet_pieces

        with stored(file) as handle:
            yield from parquet_pieces(handle, file.name, columns)
        return
    with opened(file) as (content, position):
        lines = physical_lines(content, longest)
        if file.format == "csv":
            from harness.scoring.csv_pieces import csv_records, header_of

            delimiter = delimiter or ("\t" if ".tsv" in file.name.lower()[-7:] else ",")
            header, records = header_of(lines, delimiter), csv_records(lines, delimiter, longest)
            shape = Piece(file.name, "csv", header=header, delimiter=delimiter)
        else:
            records = (line for line in lines if not line.raw.isspace())
            shape = Piece(file.name, "jsonl")
        yield from _cut(records, shape, position)


def _cut(records: Iterator[Record], shape: Piece, position: Position) -> Iterator[Piece]:
    held: list[Record] = []
    size = 0
    failure: Exception | None = None
    while True:
        try:
            record = next(records, None)
        except Exception as error:  # what was read before it failed counts
            record, failure = None, error
        if record is None:
            break
        held.append(record)
        size += len(record.raw)
        if len(held) >= ROWS or size >= BYTES:
            yield _filled(shape, held, position())
            held, size = [], 0
    if held:
        yield _filled(shape, held, position())
    if failure:
        raise failure


def _filled(shape: Piece, held: list[Record], position: int) -> Piece:
    return Piece(shape.file, shape.format, tuple(held), shape.header, shape.delimiter, position=position)


def physical_lines(content: BinaryIO, longest: int) -> Iterator[Record]:
    """Lines with their end. One longer than `longest` bytes is passed over in bounded memory."""
    number = 0
    while raw := content.readline(longest + 1):
        number += 1
        if number == 1:
            raw = raw.removeprefix(b"\xef\xbb\xbf")
        if len(raw) > longest and not raw.endswith(b"\n"):
            length = len(raw)
            while not raw.endswith(b"\n") and (more := content.readline(longest)):
                raw = raw[:_KEPT_OF_LONG] + more[-1:]
                length += len(more)
            length -= raw.endswith(b"\n")
            problem = ("too-long", f"{length} bytes; accepted: {longest} (--max-line); only the beginning is kept")
            yield Record(number, raw[:_KEPT_OF_LONG], problem)
        else:
            yield Record(number, raw)
