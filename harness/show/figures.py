"""How figures and foreign text are written in lines of 80 columns and in Markdown."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from pydantic import BaseModel

from harness.decisions.metrics import Count
from harness.show.words import spoken, translated

WIDTH = 80
NO_DATA = "no data"


def percent(value: float | None) -> str:
    """One decimal, more where rounding would turn an imperfect rate into 100.0%.

    `no data` without a value.
    """
    if value is None:
        return NO_DATA
    for places in range(1, 5):
        text = f"{100 * value:.{places}f}"
        if (float(text) < 100 or value >= 1) and (float(text) > 0 or value <= 0):
            return f"{text}%"
    return ">99.9999%" if value > 0.5 else "<0.0001%"


def bound(value: float | None) -> str:
    """A limit as a policy states it: 95%, 2.5%."""
    return NO_DATA if value is None else f"{100 * value:.4g}%"


def points(value: float | None) -> str:
    """A difference of two rates in percentage points with its sign."""
    if value is None:
        return NO_DATA
    text = f"{100 * value:+.1f}"
    return text if float(text) else "0.0"


def counted(count: Count) -> str:
    """`97.6% (244/250)`."""
    return NO_DATA if count.n == 0 else f"{percent(count.rate)} ({count.k}/{count.n})"


def p_value(value: float | None) -> str:
    if value is None:
        return NO_DATA
    return "<0.001" if value < 0.001 else f"{value:.3f}"


def plural(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def days(value: float | None) -> str:
    """An age: hours below two days."""
    if value is None:
        return "of unknown age"
    if value < -1 / 24:  # a clock was wrong, here or where they were made
        return f"dated {days(-value).removesuffix(' old')} in the future"
    return f"{24 * value:.0f} h old" if abs(value) < 2 else f"{value:.1f} days old"


def cells(text: str) -> int:
    """Columns that text takes in a terminal; Han characters take two."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def pad(text: str, width: int) -> str:
    return text + " " * max(0, width - cells(text))


MOST = 20
"""Entries of a list that is not what was asked for; the rest is counted."""


def some(names: Sequence[str], most: int = 5) -> str:
    """`a, b, c and 4 more`."""
    listed = ", ".join(names[:most])
    return listed if len(names) <= most else f"{listed} and {len(names) - most:,} more"


def clipped(text: str, width: int) -> str:
    """Text cut to a number of terminal columns, the cut marked by an ellipsis."""
    if cells(text) <= width:
        return text
    text = text[: 4 * width]  # marks take no column; and a name may have a million letters
    while text and cells(text) > width - 1:
        text = text[:-1]
    return f"{text}…"


def wrapped(text: str, indent: str = "  ", width: int = WIDTH) -> list[str]:
    """Lines of at most `width` columns, broken at blanks, and within a word only if it fills a line alone.

    On a Chinese screen a sentence that sentences.toml knows is Chinese, and a line may also end between two Han
    characters.
    """
    text = translated(text)
    lines: list[str] = []
    line = indent
    for word, joined in (part for whole in text.split() for part in _parts(whole, width - cells(indent))):
        blank = "" if joined or not line.strip() else " "
        if line.strip() and cells(line) + len(blank) + cells(word) > width:
            lines.append(line)
            line, blank = indent, ""
        line += blank + word
    return [*lines, line] if line.strip() else lines


_HAN = re.compile(r"[（「《“]?[\u3400-\u9fff][，。：；、）」》”！？]*|[^\u3400-\u9fff（「《“]+|.")


def _parts(word: str, width: int) -> Iterator[tuple[str, bool]]:
    """Pieces of a word at most as wide as a line, and whether a piece continues the one before without a blank."""
    pieces = [word]
    if spoken() == "zh" and not word.isascii():
        pieces = _HAN.findall(word)
    for place, piece in enumerate(pieces):
        for number, cut in enumerate(_cut(piece, width)):
            yield cut, bool(place or number)


def _cut(word: str, width: int) -> list[str]:
    if cells(word) <= width:
        return [word]
    parts = [""]
    for char in word:
        if cells(parts[-1]) + cells(char) > width:
            parts.append("")
        parts[-1] += char
    return parts


def table(
    rows: Iterable[Iterable[str]], indent: str = "  ", *, left: Container[int] = (0,), width: int | None = WIDTH
) -> list[str]:
    """Columns two blanks apart, those of `left` aligned left and the others right; widths count terminal cells.

    A first column that does not fit into `width` is cut. On a Chinese screen cells that sentences.toml knows are
    Chinese.
    """
    cellular = [[translated(cell) for cell in row] for row in rows]
    if not cellular:
        return []
    widths = [max(map(cells, column)) for column in zip(*cellular, strict=True)]
    if width is not None:
        widths[0] = max(8, min(widths[0], width - len(indent) - sum(2 + other for other in widths[1:])))
    lines = []
    for row in cellular:
        row[0] = clipped(row[0], widths[0])
        aligned = [
            pad(cell, size) if column in left else " " * (size - cells(cell)) + cell
            for column, (cell, size) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append((indent + "  ".join(aligned)).rstrip())
    return lines


def markdown_table(rows: Iterable[Iterable[str]]) -> list[str]:
    """The first row is the head. Cells must be safe already, but for `|`, which ends a cell even in a code span."""
    head, *rest = [[cell.replace("|", "\\|") for cell in row] for row in rows]
    return [f"| {' | '.join(row)} |" for row in [head, ["---"] * len(head), *rest]]


def plain(value: Any) -> Any:
    """JSON values of a verdict.

    Dataclasses and records become objects, counts `{k, n, rate}`, dates ISO 8601.
    """
    if isinstance(value, Count):
        return {"k": value.k, "n": value.n, "rate": value.rate}
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", by_alias=True)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value
