"""Parquet cut into tables of bounded size: row groups are read a batch at a time, and only the columns needed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO

from harness.records.errors import ConfigError
from harness.scoring.columns import Columns
from harness.scoring.pieces import BYTES, ROWS, Piece


def arrow() -> Any:
    """The `pyarrow` package. Raises ConfigError with the command that installs it."""
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise ConfigError("Parquet needs pyarrow; run: pip install 'pytest-verbatim[parquet]'") from None
    return pyarrow


def parquet_pieces(handle: BinaryIO, name: str, columns: Columns) -> Iterator[Piece]:
    """The rows in order; row numbers count from 1."""
    pa = arrow()
    file = pa.parquet.ParquetFile(handle, pre_buffer=False, buffer_size=1 << 20)
    wanted = columns.top_level(file.schema_arrow.names)
    first, total = 1, max(1, file.metadata.num_rows)
    stored_size = handle.seek(0, 2)
    for number in range(file.metadata.num_row_groups):
        group = file.metadata.row_group(number)
        row_size = max(1, group.total_byte_size // max(1, group.num_rows))
        size = max(1, min(ROWS, BYTES // row_size))
        if not wanted:
            # no column is there: an empty row each, so that every row is counted and told
            yield from _empty(pa, name, first, group.num_rows)
            first += group.num_rows
            continue
        for batch in file.iter_batches(batch_size=size, row_groups=[number], columns=wanted, use_threads=False):
            rows = batch.num_rows
            position = stored_size * (first + rows - 1) // total
            yield Piece(name, "parquet", table=_stream(pa, batch), first=first, table_rows=rows, position=position)
            first += rows


def _empty(pa: Any, name: str, first: int, rows: int) -> Iterator[Piece]:
    for start in range(0, rows, ROWS):
        count = min(ROWS, rows - start)
        batch = pa.RecordBatch.from_pylist([{"-": None}] * count)
        yield Piece(name, "parquet", table=_stream(pa, batch), first=first + start, table_rows=count)


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
            yield from batch.to_pylist()
