"""CSV cut into records: a quoted field may hold line ends, so a record may be several lines."""

from __future__ import annotations

import csv
import sys
from collections import deque
from collections.abc import Iterator

from harness.scoring.pieces import ReadingError, Record


def header_of(lines: Iterator[Record], delimiter: str) -> tuple[str, ...]:
    """The names of the columns, from the first record. Raises ReadingError if there is no usable one."""
    first = next(csv_records(lines, delimiter, 1 << 20), None)
    if first is None:
        return ()
    if first.problem:
        raise ReadingError(f"the header: {first.problem[1]}")
    try:
        names = fields(first.raw, delimiter)
    except (UnicodeDecodeError, csv.Error) as error:
        raise ReadingError(f"the header: {error}") from None
    twice = {name for name in names if names.count(name) > 1 and name}
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


def csv_records(lines: Iterator[Record], delimiter: str, longest: int) -> Iterator[Record]:
    """Records with the number of their first line.

    A quote that is not closed within `longest` bytes costs its own line only: cutting begins again with the next.
    """
    csv.field_size_limit(sys.maxsize)
    waiting: deque[Record] = deque()
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
            yield Record(first.line, b"".join(record.raw for record in taken.records))


class _Taken:
    """The lines that a CSV reader asks for until its record is complete."""

    def __init__(self, first: Record, waiting: deque[Record], lines: Iterator[Record], longest: int) -> None:
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


def _text(record: Record) -> str:
    return record.raw.decode("utf-8", errors="replace")
