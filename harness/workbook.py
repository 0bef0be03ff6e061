"""Workbooks of spreadsheets (.xlsx): the rows of one sheet as texts, as they are stored; no formula is run."""

from __future__ import annotations

import csv
import datetime
import io
import re
import warnings
import zipfile
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from harness.errors import ConfigError, found
from harness.files import WORKBOOK

ENDINGS = (".xlsx", ".xlsm")
_PART = "xl/workbook.xml"
_LARGEST = 512 << 20
"""Bytes of all parts once they are unpacked: a few kilobytes can stand for gigabytes."""
_MOST_TAGS = 40_000_000
"""A cell takes four. An empty one has a few bytes in the file and a hundred in memory."""
_MOST_COLUMNS = 1000
_AT_ONCE = 200
_LONGEST = 32_767
"""Characters, in UTF-16, that a cell can hold."""
_MOST_TEXT = 64 << 20
UNSOLVED = "#FORMULA!"
"""In place of the text of a formula without a value."""
_FORMULA = re.compile(rb"<(?:\w+:)?f[\s/>]")
_ZEROS = re.compile(r"0+")
_DECIMALS = re.compile(r"0\.(0+)")
_CONTROL = re.compile(r"_x(00[01][0-9A-Fa-f])_")
"""How a workbook writes a character that XML does not allow; CR is the one that occurs."""


class SheetRow(NamedTuple):
    """A row by the number that the spreadsheet shows, and its cells as texts."""

    number: int
    cells: list[str]
    unread: dict[int, str]
    """Why a cell has no text, by its place from 0."""


def is_workbook(source: Path | BinaryIO) -> bool:
    """Whether it is an .xlsx by its content, whatever it is called."""
    try:
        if isinstance(source, Path):
            with source.open("rb") as file:
                return is_workbook(file)
        begin = source.read(len(WORKBOOK))
        source.seek(0)
        if begin != WORKBOOK:
            return False
        with zipfile.ZipFile(source) as archive:
            return _PART in archive.namelist()
    except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError):
        return False


def sheet_rows(source: BinaryIO, name: str, sheet: str | None = None) -> Iterator[SheetRow]:
    """Rows of the sheet named, or of the only visible one that has any, up to the last with a text.

    A number is written as it is stored, or with the zeros that its format shows (`00123`, `1.10`); a date as ISO 8601.

    Raises:
        ConfigError: openpyxl is missing; the sheet does not exist, or none is named and several hold rows; the file is
            corrupt, or too large once it is unpacked.
    """
    try:
        import openpyxl
    except ImportError:
        raise ConfigError(f"{name}: a workbook needs openpyxl; run: pip install 'pytest-verbatim[xlsx]'") from None
    try:
        has_formulas = _measured(source, name)
        values = _book(openpyxl, source, data_only=True)
        wanted = _chosen(values, name, sheet)
        rows = _rows(values[wanted])
        if has_formulas:  # the same once more: only so does a formula without a value differ from an empty cell
            rows = zip(rows, _rows(_book(openpyxl, source, data_only=False)[wanted]), strict=False)
        else:
            rows = ((row, ()) for row in rows)
        yield from _texts(rows, name)
    except ConfigError:
        raise
    except Exception as error:  # zip, XML and openpyxl have errors of their own
        why = " ".join(str(error).split())[:200]
        raise ConfigError(
            f"{name}: cannot be read as a workbook: {type(error).__name__}: {why}; accepted: an .xlsx that a "
            "spreadsheet opens, or its sheet as CSV UTF-8"
        ) from None


def as_csv(path: Path, sheet: str | None = None) -> str | None:
    """The sheet as CSV with commas, a line for each row, or None where the file is not a workbook.

    Raises what `sheet_rows` raises, and ConfigError where a sheet is named of another file. A formula that no
    spreadsheet has worked out is UNSOLVED.
    """
    if not is_workbook(path):
        if sheet is not None:
            raise ConfigError(f"--sheet: only a workbook has sheets; found {path}")
        return None
    made = io.StringIO()
    writer = csv.writer(made, lineterminator="\n", quoting=csv.QUOTE_ALL)
    with path.open("rb") as file:
        for row in sheet_rows(file, str(path), sheet):
            writer.writerow(row.cells)
            if made.tell() > _MOST_TEXT:
                raise ConfigError(f"{path}: more than {_MOST_TEXT:,} bytes of text; accepted: a part of it")
    return made.getvalue()


def _measured(source: BinaryIO, name: str) -> bool:
    """Whether there are formulas. Raises ConfigError where the parts are too large once they are unpacked."""
    size = tags = 0
    has_formulas = False
    with zipfile.ZipFile(source) as archive:
        for part in archive.infolist():
            if not part.filename.endswith((".xml", ".rels")):
                continue
            with archive.open(part) as content:
                end = b""
                while block := content.read(1 << 20):
                    size, tags = size + len(block), tags + block.count(b"<")
                    if size > _LARGEST or tags > _MOST_TAGS:
                        raise ConfigError(
                            f"{name}: more than {_LARGEST:,} bytes or {_MOST_TAGS // 4:,} cells once it is unpacked; "
                            "accepted: a part of it, or its sheet as CSV UTF-8"
                        )
                    has_formulas = has_formulas or bool(_FORMULA.search(end + block))
                    end = block[-64:]
    source.seek(0)
    return has_formulas


def _book(openpyxl: Any, source: BinaryIO, *, data_only: bool) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what it does not keep of styles, which nobody asks for here
        book = openpyxl.load_workbook(source, read_only=True, data_only=data_only, keep_links=False)
    for one in book.worksheets:
        one.reset_dimensions()  # what a file says of its size need not be so
    return book


def _chosen(book: Any, name: str, sheet: str | None) -> str:
    titles = [one.title for one in book.worksheets]
    if not titles:
        raise ValueError("it has no sheet")
    if sheet is not None:
        if sheet not in titles:
            raise ConfigError(f"--sheet: found {found(sheet)}; accepted: {', '.join(map(found, titles))}")
        return sheet
    visible = [one for one in book.worksheets if one.sheet_state == "visible"]
    filled = [one.title for one in visible if any(map(_has_value, islice(_rows(one), 1000)))]
    if len(filled) > 1:
        raise ConfigError(
            f"{name}: several sheets have rows: {', '.join(map(found, filled))}; accepted: one, with --sheet"
        )
    if not filled:
        raise ConfigError(f"{name}: no sheet that is shown has a row; accepted: {', '.join(map(found, titles))}")
    return str(filled[0])


def _has_value(row: Iterable[Any]) -> bool:
    return any(cell.value is not None for cell in row)


def _rows(sheet: Any) -> Iterator[tuple[Any, ...]]:
    rows = iter(sheet.rows)
    while True:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            some = list(islice(rows, _AT_ONCE))
        yield from some
        if len(some) < _AT_ONCE:
            return


def _texts(rows: Iterable[tuple[Any, Any]], name: str) -> Iterator[SheetRow]:
    blank = 0
    for number, (row, formulas) in enumerate(rows, start=1):
        if len(row) > _MOST_COLUMNS:
            raise ConfigError(f"{name}, row {number}: more than {_MOST_COLUMNS:,} columns; accepted: fewer")
        cells, unread = [], {}
        for place, cell in enumerate(row):
            text, why = _text(cell, formulas[place] if place < len(formulas) else None)
            cells.append(text)
            if why:
                unread[place] = f"{cell_name(number, place)}: {why}"
        while cells and not cells[-1]:
            del cells[-1]
        if not cells:
            blank += 1  # what is below the last row of text may be a million rows that only have a colour
            continue
        yield from (SheetRow(number - blank + before, [], {}) for before in range(blank))
        blank = 0
        yield SheetRow(number, cells, unread)


def cell_name(row: int, place: int) -> str:
    """`B7`, as a spreadsheet names it; `place` counts from 0."""
    letters, place = "", place + 1
    while place:
        place, rest = divmod(place - 1, 26)
        letters = chr(65 + rest) + letters
    return f"{letters}{row}"


def _text(cell: Any, formula: Any) -> tuple[str, str | None]:
    """The text of a cell, and why it is not what the sheet shows."""
    value = cell.value
    if value is None:
        # `t="str"` without a text is a formula that gave an empty one
        if formula is not None and formula.data_type == "f" and cell.data_type == "n":
            return UNSOLVED, "a formula that no spreadsheet has worked out; open the file in one and save it"
        return "", None
    if cell.data_type == "e":
        return str(value), f"{value}, an error of the spreadsheet"
    if isinstance(value, bool):
        return str(value).upper(), None
    if isinstance(value, int | float):
        return _number(value, cell.number_format), None
    if isinstance(value, datetime.datetime):
        return (value.date() if value.time() == datetime.time() else value).isoformat(), None
    text: str = _CONTROL.sub(lambda match: chr(int(match[1], 16)), str(value)[:_LONGEST])
    if len(text) * 2 >= _LONGEST and len(str(value).encode("utf-16-le", "surrogatepass")) >= 2 * _LONGEST:
        return text, f"{_LONGEST:,} characters, which is all that a cell holds; what was longer is cut off"
    return text, None


def _number(value: float, shown_as: str) -> str:
    if isinstance(value, int) and _ZEROS.fullmatch(shown_as):
        return f"{value:0{len(shown_as)}d}"
    if decimals := _DECIMALS.fullmatch(shown_as):
        return f"{value:.{len(decimals[1])}f}"
    return repr(value).upper()  # `1.23456789012346E+17` has lost digits, and who reads it can see that
