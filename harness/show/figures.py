"""How figures and foreign text are written in lines of a terminal, 80 columns without one, and in Markdown."""

from __future__ import annotations

import dataclasses
import shutil
import sys
import unicodedata
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from datetime import date, datetime
from typing import Any

from pydantic import BaseModel

from harness.decisions.metrics import Count
from harness.show.words import spoken, translated
from harness.text.keeping import later
from harness.text.visible import show

WIDTH = 80
"""Of a line of words, where the terminal is not narrower: longer ones are hard to read."""
NO_DATA = "no data"
_NARROWEST = 24
_SCREEN: ContextVar[int | None] = ContextVar("columns of the terminal that another program writes to", default=None)


def lay_out_for(columns: int | None) -> None:
    """The columns of the terminal, for a program that holds standard output itself, as pytest does; 0: no terminal."""
    _SCREEN.set(columns)


def screen() -> int | None:
    """Columns of the terminal (`COLUMNS` first); None for a pipe or a file, whose lines other programs read."""
    columns = _SCREEN.get()
    if columns is None:
        columns = shutil.get_terminal_size().columns if sys.stdout is not None and sys.stdout.isatty() else 0
    return max(columns, _NARROWEST) if columns else None


def line_width() -> int:
    """Of a line of words."""
    return min(WIDTH, screen() or WIDTH)


def table_width() -> int:
    """Of a line of a table: all that the terminal has."""
    return screen() or WIDTH


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


def wrapped(text: str, indent: str = "  ", width: int | None = None) -> list[str]:
    """Lines of at most `width` columns, broken at blanks, and within a word only if it fills a line alone.

    On a Chinese screen a sentence that sentences.toml knows is Chinese, and a line may also end between two Han
    characters.

    Args:
        width: that of the terminal, 80 at most, where it is not given.
    """
    text, width = translated(text), width or line_width()
    indent = indent if 2 * len(indent) < width else indent[: width // 6]
    lines: list[str] = []
    line = indent
    for word, joined in (part for whole in text.split() for part in _parts(whole, width - cells(indent))):
        blank = "" if joined or not line.strip() else " "
        if line.strip() and cells(line) + len(blank) + cells(word) > width:
            lines.append(line)
            line, blank = indent, ""
        line += blank + word
    return [*lines, line] if line.strip() else lines


def fitted(line: str) -> list[str]:
    """A line that is wider than the terminal, as several that go on below its text; others, and all without a
    terminal, as they are. A command stays one line: what is copied from several would be run in parts.
    """
    width = screen()
    if width is None or cells(line) <= width or _COMMAND.match(line):
        return [line]
    named = _NAMED.match(line)
    lead = named[0] if named else line[: len(line) - len(line.lstrip())]
    most = width // 3
    hanging = " " * (cells(lead) if named and cells(lead) <= most else min(cells(lead) - len(lead.lstrip()) + 2, most))
    lines, now = [""], lead
    for blanks, word in _WORDS.findall(line[len(lead) :]):
        for piece, joined in _parts(word, width - len(hanging)):
            gap = "" if joined else blanks  # two blanks of an answer stay two
            if now.strip() and cells(now) + len(gap) + cells(piece) > width:
                lines.append(now.rstrip())
                now, gap = hanging, ""
            now += gap + piece
    return [*lines[1:], now]


def command_line(line: str) -> list[str]:
    """A line with a command: one line in a terminal, which folds it so that it can still be copied."""
    return wrapped(line, "") if screen() is None else [translated(line)]


_COMMAND = later(r"\s*((\$|rerun|重跑|next:)\s|下一步：)")
_NAMED = later(r"\s*\S+(?: \S+)*? {2,}")
"""What is before the first gap of a line: the name of a field, or a verdict."""
_WORDS = later(r"( *)(\S+)")


_HAN = later(r"[（「《“]*(?:[\u3400-\u9fff]|[^\u3400-\u9fff（「《“，。：；、）」》”！？]+)[，。：；、）」》”！？]*|.")
"""A Han character, or a name, with the marks that belong to it: none begins a line, and none divides a name."""


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
            joint = max(map(parts[-1].rfind, "/-_.、，")) + 1  # the parts of a path or an id stay whole
            joint = joint if 2 * joint > len(parts[-1]) else len(parts[-1])
            parts[-1:] = [parts[-1][:joint], parts[-1][joint:]]
        parts[-1] += char
    return parts


def table(
    rows: Iterable[Iterable[str]],
    indent: str = "  ",
    *,
    left: Container[int] = (0,),
    width: int | None = None,
    cut: bool = True,
) -> list[str]:
    """Columns two blanks apart, those of `left` aligned left and the others right; widths count terminal cells.

    A first column that does not fit is cut. What still does not fit goes on in the next line, row by row, its head
    too. On a Chinese screen cells that sentences.toml knows are Chinese.

    Args:
        width: that of the terminal where it is not given, 80 without one.
        cut: without a terminal, whether the first column is cut at all.
    """
    cellular = [[translated(cell) for cell in row] for row in rows]
    if not cellular:
        return []
    widths = [max(map(cells, column)) for column in zip(*cellular, strict=True)]
    room = (width or table_width()) - len(indent)
    if screen() is not None or cut:
        most = room - sum(2 + other for other in widths[1:])
        least = 8 if screen() is None else min(_NAME, room)
        widths[0] = max(min(least, widths[0]), min(widths[0], most))
    groups = _groups(widths, room) if screen() is not None else [list(range(len(widths)))]
    lines = []
    for row in cellular:
        row[0] = clipped(row[0], widths[0])
        for number, group in enumerate(groups):
            lead = indent + "    " * bool(number)
            if len(group) == 1 and cells(lead) + widths[group[0]] > (width or table_width()):
                lines += wrapped(row[group[0]], lead, width or table_width())
                continue
            aligned = [
                pad(cell, widths[column]) if column in left else " " * (widths[column] - cells(cell)) + cell
                for column, cell in ((column, row[column]) for column in group)
            ]
            line = (lead + "  ".join(aligned)).rstrip()
            lines += [line] if line or not number else []
    return lines


_NAME = 16
"""Columns of a name below which a row rather goes on in the next line than that the name is cut."""


def _groups(widths: Sequence[int], room: int) -> list[list[int]]:
    """The columns that share a line, in their order."""
    groups: list[list[int]] = [[]]
    used = -2
    for column, width in enumerate(widths):
        if groups[-1] and used + 2 + width > room:
            groups.append([])
            used = 2  # the lines that go on are indented by 4
        groups[-1].append(column)
        used += 2 + width
    return groups


def markdown_table(rows: Iterable[Iterable[str]]) -> list[str]:
    """The first row is the head. Cells must be safe already, but for `|`, which ends a cell even in a code span."""
    head, *rest = [[cell.replace("|", "\\|") for cell in row] for row in rows]
    return [f"| {' | '.join(row)} |" for row in [head, ["---"] * len(head), *rest]]


def money(value: float | None, currency: str | None) -> str:
    """`0.40 CNY`, `¥0.40`; four places below one."""
    if value is None:
        return NO_DATA
    amount, unit = f"{value:,.{2 if value >= 1 or value == 0 else 4}f}", show(currency or "")
    if unit and unicodedata.category(unit[-1]) == "Sc":
        return f"{unit}{amount}"  # ¥0.40, and 0.40 CNY
    return f"{amount} {unit}".rstrip()


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
