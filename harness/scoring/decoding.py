"""From raw records to values, one row at a time: a row that cannot be decoded says so and costs nobody else."""

from __future__ import annotations

import base64
import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from harness.records.reading import VALUES_LIMIT, has_too_many_values
from harness.scoring.csv_pieces import fields
from harness.scoring.pieces import Piece, Record
from harness.scoring.row import RowError


@dataclass(frozen=True, slots=True)
class Decoded:
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


def decoded(piece: Piece) -> Iterator[Decoded]:
    """Every row of a piece, in order."""
    if piece.table:
        from harness.scoring.parquet_pieces import rows_of

        for line, value in enumerate(rows_of(piece.table), start=piece.first):
            yield Decoded(piece.file, line, value)
        return
    for record in piece.records:
        try:
            value = _value(piece, record)
        except RowError as error:
            yield Decoded(piece.file, record.line, None, error, record.raw)
        else:
            yield Decoded(piece.file, record.line, value, None, record.raw)


def _value(piece: Piece, record: Record) -> Any:
    if record.problem:
        raise RowError(*record.problem)
    if piece.format != "csv" and has_too_many_values(record.raw):
        raise RowError("json", f"more than {VALUES_LIMIT:,} values")
    try:
        return _csv_row(piece, record.raw) if piece.format == "csv" else json.loads(record.raw.decode("utf-8"))
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


def _csv_row(piece: Piece, raw: bytes) -> dict[str, str]:
    row = fields(raw, piece.delimiter)
    if len(row) != len(piece.header):
        raise RowError("csv", f"found {len(row)} fields; the header has {len(piece.header)}")
    return dict(zip(piece.header, row, strict=True))
