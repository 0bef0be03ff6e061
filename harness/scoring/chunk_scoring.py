"""A chunk to its verdicts and counts: a pure function, the same in a process of ours and in a task of Ray."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from harness.scoring.chunks import Chunk
from harness.scoring.columns import Columns
from harness.scoring.counts import Counts
from harness.scoring.decoding import Decoded, decoded
from harness.scoring.row import RowError, read_row
from harness.scoring.row_verdict import judge
from harness.scoring.tally import tally_of
from harness.scoring.verdict_files import VerdictFormat, encoded, json_lines, verdict_row
from harness.text import DEFAULT_SYMBOLS, SymbolTable


@dataclass(frozen=True, slots=True)
class Scoring:
    """How a chunk is scored."""

    columns: Columns
    verdict_format: VerdictFormat = "jsonl"
    symbols: SymbolTable = DEFAULT_SYMBOLS


@dataclass(frozen=True, slots=True)
class ScoredChunk:
    """The bytes of a chunk's files; `counts` is a JSON object. `position` tells progress in bytes of the last file."""

    name: str
    verdicts: bytes
    rejected: bytes
    counts: bytes
    rows: int
    position: int


def score_chunk(chunk: Chunk, scoring: Scoring) -> ScoredChunk:
    """Judge every row. A row that cannot be judged is kept aside with its reason and stops nothing."""
    columns = scoring.columns
    counts = Counts.of(columns)
    verdicts: list[dict[str, Any]] = []
    rejected: list[dict[str, Any]] = []
    rows = 0
    for piece in chunk.pieces:
        for row in decoded(piece):
            rows += 1
            try:
                verdicts.append(_score(row, scoring, counts))
            except RowError as error:
                counts.rejected[error.kind] += 1
                rejected.append(
                    {"file": row.file, "line": row.line, "kind": error.kind, "reason": str(error), **row.kept()}
                )
    return ScoredChunk(
        chunk.name,
        encoded(verdicts, scoring.verdict_format),
        json_lines(rejected),
        json.dumps(counts.plain(), separators=(",", ":")).encode("ascii"),
        rows,
        chunk.pieces[-1].position,
    )


def _score(decoded_row: Decoded, scoring: Scoring, counts: Counts) -> dict[str, Any]:
    if decoded_row.error:
        raise decoded_row.error
    columns = scoring.columns
    try:
        row = read_row(decoded_row.value, columns)
        verdict = judge(row, scoring.symbols)
    except RowError:
        raise
    except RecursionError:
        raise RowError("json", "nested too deeply to be read") from None
    except Exception as error:  # one row of ten million must not end the run; it is told, kept and counted
        raise RowError("checker", f"a bug of ours, please report it: {type(error).__name__}: {error}") from error
    place = f"{decoded_row.file}:{decoded_row.line}"
    cluster = (row.cluster or f"\0{place}") if columns.cluster else None
    counts.add_row(row, columns, tally_of(verdict, cluster))
    return verdict_row(decoded_row.file, decoded_row.line, row, verdict, columns)
