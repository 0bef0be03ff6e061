"""All input as chunks: the unit that one worker judges, that is written whole, and that a resumed run skips.

How the input is cut depends on the files alone, never on the number of workers, so a chunk's name means the same rows
in every run.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from harness.scoring.columns import Columns
from harness.scoring.input_files import InputFile
from harness.scoring.pieces import BYTES, ROWS, Piece, pieces

_MOST_FILES = 500  # of one group


@dataclass(frozen=True, slots=True)
class Chunk:
    """Pieces of one file, or of several small neighbours. `name` orders chunks as the rows are ordered."""

    name: str
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """How files are read: what is needed of them and what is too long."""

    columns: Columns
    longest: int = 16 << 20
    delimiter: str | None = None


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


def chunks(number: int, group: Sequence[InputFile], reading: Reading) -> Iterator[Chunk]:
    """The chunks of a group, in order. `number` is the group's place among `groups`."""
    held: list[Piece] = []
    rows = size = count = 0
    for file in group:
        for piece in pieces(file, reading.columns, reading.longest, reading.delimiter):
            held.append(piece)
            rows += piece.rows
            size += piece.size
            if rows >= ROWS or size >= BYTES:
                yield Chunk(chunk_name(number, count), tuple(held))
                held, rows, size, count = [], 0, 0, count + 1
    if held:
        yield Chunk(chunk_name(number, count), tuple(held))


def chunk_name(group: int, number: int) -> str:
    return f"{group:06d}-{number:06d}"
