"""A team's own strings: one column of a CSV file. A cell is text and nothing else; no formula in it is ever run."""

import codecs
import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from harness.errors import ConfigError, found, nearest
from harness.text import DEFAULT_SYMBOLS, SymbolTable
from harness.text.characters import is_cjk, is_latin_or_digit

LONGEST = 200
"""Characters of a term. A longer cell is a description and not a name."""
_DELIMITERS = ",;\t|"
_SNIFFED_ROWS = 50


@dataclass(frozen=True, slots=True)
class Term:
    """A string to test; `row` is 1-based and counts the header."""

    text: str
    domain: str
    row: int


@dataclass(frozen=True, slots=True)
class Skipped:
    """A cell that makes no case, and why."""

    row: int
    reason: str


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What a file gave."""

    terms: tuple[Term, ...]
    skipped: tuple[Skipped, ...]
    delimiter: str


def read_catalogue(
    path: Path,
    *,
    domain: str,
    column: str | None = None,
    domain_column: str | None = None,
    encoding: str = "utf-8",
    delimiter: str | None = None,
    header: bool = True,
    symbols: SymbolTable = DEFAULT_SYMBOLS,
) -> Catalogue:
    """The terms of one column, each string once.

    `column` is a name of the header or a number from 1; a file of one column needs none. `domain` is for rows
    without one of their own.

    Raises:
        ConfigError: file, encoding, delimiter or column is wrong; it says what is accepted.
    """
    text = _decoded(path, encoding)
    delimiter = delimiter or sniffed(text)
    rows = list(_rows(path, text, delimiter))
    names = rows[0] if header and rows else []
    width = max(map(len, rows), default=0)
    wanted = _place(path, "--column", column, names, width)
    place = _place(path, "--domain-column", domain_column, names, width) if domain_column is not None else None
    terms: list[Term] = []
    skipped: list[Skipped] = []
    seen: dict[str, int] = {}
    for number, row in enumerate(rows, start=1):
        if header and number == 1:
            continue
        cell = row[wanted].strip() if wanted < len(row) else ""
        reason = _unfit(cell, symbols)
        if not reason and cell in seen:
            reason = f"repeats row {seen[cell]}"
        if reason:
            skipped.append(Skipped(number, reason))
            continue
        seen[cell] = number
        own = row[place].strip() if place is not None and place < len(row) else ""
        terms.append(Term(cell, own if own and own.isprintable() else domain, number))
    return Catalogue(tuple(terms), tuple(skipped), delimiter)


def sniffed(text: str) -> str:
    """The delimiter that cuts the first rows into one number of columns, the more the better; a comma if none does."""
    best, columns = ",", 1
    for delimiter in _DELIMITERS:
        try:
            rows = [row for row, _ in zip(_parsed(text, delimiter), range(_SNIFFED_ROWS), strict=False) if row]
        except csv.Error:
            continue
        widths = {len(row) for row in rows}
        if len(widths) == 1 and max(widths) > columns:
            best, columns = delimiter, max(widths)
    return best


def _decoded(path: Path, encoding: str) -> str:
    try:
        info = codecs.lookup(encoding)
        if not info._is_text_encoding:
            raise LookupError
    except (LookupError, ValueError):
        accepted = "a name that Python knows, such as utf-8, gb18030, utf-16, cp1252, shift_jis"
        raise ConfigError(f"--encoding: found {found(encoding)}; accepted: {accepted}") from None
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror or error}; accepted: a CSV file") from None
    try:
        return data.decode("utf-8-sig" if info.name == "utf-8" else info.name)
    except UnicodeError as error:
        place = f" at byte {error.start + 1}" if isinstance(error, UnicodeDecodeError) else ""
        raise ConfigError(f"{path}: not {encoding}{place}; say which it is with --encoding") from None


def _parsed(text: str, delimiter: str) -> Iterator[list[str]]:
    return csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)


def _rows(path: Path, text: str, delimiter: str) -> Iterator[list[str]]:
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        yield from reader
    except (csv.Error, TypeError, ValueError) as error:
        raise ConfigError(f"{path}: not CSV with the delimiter {delimiter!r}: {error}") from None


def _place(path: Path, option: str, column: str | None, names: Sequence[str], width: int) -> int:
    stripped = [name.strip() for name in names]
    accepted = ", ".join(map(found, stripped)) if names else f"1 to {width}"
    if column is None:
        if width == 1:
            return 0
        raise ConfigError(f"{option}: missing, and {path} has {width} columns; accepted: {accepted}")
    if column in stripped:
        if stripped.count(column) > 1:
            raise ConfigError(f"{option}: {found(column)} heads two columns of {path}; give its number, 1 to {width}")
        return stripped.index(column)
    if column.isdecimal() and 1 <= int(column[:9]) <= width:
        return int(column) - 1
    raise ConfigError(
        f"{option}: found {found(column)}{nearest(column, stripped)}; accepted: {accepted}, "
        f"or a number from 1 to {width}"
    )


def _unfit(cell: str, symbols: SymbolTable) -> str | None:
    if not cell:
        return "empty"
    if len(cell) > LONGEST:
        return f"longer than {LONGEST} characters"
    if not cell.isprintable():
        return "holds a line break, a control character or an odd blank"
    inside = cell[1:-1]
    mixed = any(_meet(one, other) for one, other in pairwise(cell))
    if not mixed and not any(char in symbols.by_char for char in inside):
        return "holds no symbol between two characters, and no CJK text beside Latin letters or digits"
    return None


def _meet(one: str, other: str) -> bool:
    return (is_cjk(one) and is_latin_or_digit(other)) or (is_cjk(other) and is_latin_or_digit(one))
