"""Verdicts as bytes: JSON lines or Parquet, the same fields in both."""

from __future__ import annotations

import json
from typing import Any, Literal

from harness.scoring.columns import Columns
from harness.scoring.row import Row
from harness.scoring.row_verdict import RowVerdict

VerdictFormat = Literal["jsonl", "parquet"]
VERDICT_FORMATS: tuple[VerdictFormat, ...] = ("jsonl", "parquet")


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
        "unusable": row.unusable,
        "verdict": verdict.verdict,
        "damage": list(verdict.damage),
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
                        "damage": list(mention.damage),
                        "path": mention.path,
                    }
                    for mention in mentions
                ],
            }
            for target, one, mentions in verdict.mentions
        ],
    }


def encoded(rows: list[dict[str, Any]], verdict_format: VerdictFormat) -> bytes:
    """A whole file of verdicts. Equal rows give equal bytes."""
    return parquet(rows) if verdict_format == "parquet" else json_lines(rows)


def json_lines(rows: list[dict[str, Any]]) -> bytes:
    """One object a line, in UTF-8. A lone surrogate, which cannot be UTF-8, stays an escape."""
    return b"".join(_line(row) for row in rows)


_TEXT = json.JSONEncoder(ensure_ascii=False, default=str)  # made once: it costs as much as a short row


def _line(row: dict[str, Any]) -> bytes:
    try:
        return _TEXT.encode(row).encode("utf-8") + b"\n"
    except UnicodeEncodeError:
        return json.dumps(row, default=str).encode("ascii") + b"\n"


def parquet(rows: list[dict[str, Any]]) -> bytes:
    """A Parquet file. A lone surrogate, which it cannot hold, becomes U+FFFD, so that offsets stay right."""
    from harness.scoring.parquet_pieces import arrow

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
    mention = pa.struct([*offsets, ("text", text), ("verdict", text), ("damage", codes), ("path", text)])
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
