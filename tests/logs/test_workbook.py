"""Workbooks: what a sheet shows is what is judged, and a file that stands for too much is refused."""

from __future__ import annotations

import datetime
import io
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from harness.errors import ConfigError
from harness.logs.files import find_inputs
from harness.logs.rows import Columns
from harness.show.words import translated
from harness.workbook import UNSOLVED, as_csv, cell_name, is_workbook, sheet_rows
from tests.logs.conftest import Score, rejected, verdicts

openpyxl = pytest.importorskip("openpyxl")

Rows = list[list[Any]]
HEADER = ["提示词", "模型输出"]


def workbook(path: Path, sheets: dict[str, Rows], *, hidden: tuple[str, ...] = ()) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
        if title in hidden:
            sheet.sheet_state = "hidden"
    book.save(path)
    return path


def cells(path: Path, sheet: str | None = None) -> list[list[str]]:
    with path.open("rb") as file:
        return [row.cells for row in sheet_rows(file, path.name, sheet)]


def changed(path: Path, part: str, old: str, new: str) -> Path:
    """The same workbook with another text in one of its parts."""
    made = io.BytesIO()
    with zipfile.ZipFile(path) as archive, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as other:
        for name in archive.namelist():
            text = archive.read(name)
            if name == part:
                assert old.encode() in text
                text = text.replace(old.encode(), new.encode())
            other.writestr(name, text)
    path.write_bytes(made.getvalue())
    return path


def test_a_row_of_a_sheet_is_a_row_of_a_log(scored: Score, tmp_path: Path) -> None:
    rows = [
        HEADER,
        ["请说明 Sikalastic-609", "用 Sikalastic - 609。"],
        [],
        ["翻译：水吧台/岛台", '多行\n水吧台/岛台;a,"b'],
    ]
    workbook(tmp_path / "日志 1.xlsx", {"问答": rows, "空": [], "说明": [["旧"]]}, hidden=("说明",))
    rates = scored("日志 1.xlsx", columns=Columns(source=("提示词",), output=("模型输出",)))
    assert (rates["rows"], rates["rejected"]) == (2, 0)
    assert [(one["line"], one["outcome"]) for one in verdicts(tmp_path / "out")] == [(2, "damaged"), (4, "aligned")]


def test_a_cell_is_what_the_sheet_shows(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", {"a": [[123, 1.1, 0.1, True, None, "=1", 5]]})
    book = openpyxl.load_workbook(path)
    sheet = book.active
    sheet["A1"].number_format, sheet["B1"].number_format = "00000", "0.00"
    sheet["F1"].data_type = "s"
    sheet["A2"], sheet["B2"] = datetime.datetime(2026, 11, 28), datetime.datetime(2026, 11, 28, 9, 30)
    sheet["C2"] = 1.23456789012346e17
    sheet["D2"] = "a_x000D_\nb_x0041_"
    book.save(path)
    assert cells(path) == [
        ["00123", "1.10", "0.1", "TRUE", "", "=1", "5"],
        ["2026-11-28", "2026-11-28T09:30:00", "1.23456789012346E+17", "a\r\nb_x0041_"],
    ]


def test_what_a_cell_does_not_hold_costs_its_row_where_the_column_is_read(scored: Score, tmp_path: Path) -> None:
    rows: Rows = [
        [*HEADER, "备注"],
        ["写出 A-1/B", '="A-1"&"/B"', "x"],
        ["写出 A-2/B", "#N/A", "x"],
        ["写出 A-3/B", "A-3/B", "=NOW()"],
        ["写出 A-4/B", "A-4/B".ljust(32_767, "。"), "x"],
    ]
    workbook(tmp_path / "a.xlsx", {"a": rows})
    scored("a.xlsx", columns=Columns(source=("提示词",), output=("模型输出",)))
    assert [one["line"] for one in verdicts(tmp_path / "out")] == [4]
    left = rejected(tmp_path / "out")
    assert [(one["line"], one["kind"], one["reason"]) for one in left] == [
        (2, "cell", "B2: a formula that no spreadsheet has worked out; open the file in one and save it"),
        (3, "cell", "B3: #N/A, an error of the spreadsheet"),
        (5, "cell", "B5: 32,767 characters, which is all that a cell holds; what was longer is cut off"),
    ]
    assert all(translated(one["reason"], "zh") != one["reason"] for one in left)


def test_a_formula_that_gave_an_empty_text_is_an_empty_cell(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", {"a": [["x", '=IF(A1="","","")'], ["y", "=B1&A2"]]})
    assert cells(path) == [["x", UNSOLVED], ["y", UNSOLVED]]
    changed(path, "xl/worksheets/sheet1.xml", '<c r="B1">', '<c r="B1" t="str">')
    assert cells(path) == [["x"], ["y", UNSOLVED]]


def test_of_several_sheets_one_is_named(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", {"问答": [["x"]], "说明": [["y"]], "旧": [["z"]]}, hidden=("旧",))
    assert [cells(path, name) for name in ("问答", "说明", "旧")] == [[["x"]], [["y"]], [["z"]]]
    with pytest.raises(
        ConfigError, match="several sheets have rows: '问答', '说明'; accepted: one, with --sheet"
    ) as many:
        cells(path)
    with pytest.raises(ConfigError, match="--sheet: found '无'; accepted: '问答', '说明', '旧'"):
        cells(path, "无")
    assert "请用 --sheet 指定其中一张" in translated(str(many.value), "zh")
    [file] = find_inputs([str(path)], None, excluded=tmp_path / "out", sheet="说明")
    assert (file.format, file.name, file.sheet) == ("xlsx", f"{path}, 说明", "说明")


def test_a_sheet_is_named_of_a_workbook_alone(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="--sheet: only a workbook has sheets; found "):
        find_inputs([str(tmp_path / "a.csv")], None, excluded=tmp_path / "out", sheet="x")
    with pytest.raises(ConfigError, match="--sheet: only a workbook has sheets; found "):
        as_csv(tmp_path / "a.csv", "x")


def test_a_folder_is_read_for_its_logs_and_for_workbooks_where_there_is_no_log(tmp_path: Path) -> None:
    folder = tmp_path / "logs"
    folder.mkdir()
    workbook(folder / "a.xlsx", {"a": [["x"]]})
    (folder / "~$a.xlsx").write_bytes(b"owner")
    for argument in (folder, folder / "*.xlsx"):
        assert [Path(one.name).name for one in find_inputs([str(argument)], None, excluded=tmp_path / "o")] == [
            "a.xlsx"
        ]
    (folder / "b.jsonl").write_text("{}\n", encoding="utf-8")
    assert [Path(one.name).name for one in find_inputs([str(folder)], None, excluded=tmp_path / "o")] == ["b.jsonl"]


def test_a_workbook_is_known_by_its_content(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", {"a": [["x"]]})
    assert is_workbook(path.rename(tmp_path / "a.csv"))
    with zipfile.ZipFile(tmp_path / "b.xlsx", "w") as archive:
        archive.writestr("content.xml", "an .ods")
    assert not is_workbook(tmp_path / "b.xlsx")


def test_a_line_of_csv_stands_for_each_row_and_no_text_is_taken_for_a_delimiter(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", {"a": [["a;1"], [], ["b;2\nc", "=A1"]]})
    assert as_csv(path) == f'"a;1"\n\n"b;2\nc","{UNSOLVED}"\n'


def test_a_file_that_unpacks_to_too_much_is_refused_before_it_is_read(tmp_path, monkeypatch) -> None:
    path = workbook(tmp_path / "a.xlsx", {"a": [["x"] * 50 for _ in range(50)]})
    monkeypatch.setattr("harness.workbook._LARGEST", 20_000)
    with pytest.raises(ConfigError, match="more than 20,000 bytes or 10,000,000 cells once it is unpacked") as large:
        cells(path)
    assert "解压后超过" in translated(str(large.value), "zh")
    monkeypatch.setattr("harness.workbook._LARGEST", 1 << 29)
    monkeypatch.setattr("harness.workbook._MOST_TAGS", 4000)
    with pytest.raises(ConfigError, match="1,000 cells once it is unpacked"):
        cells(path)


def test_one_text_that_many_cells_share_is_bounded_too(tmp_path, monkeypatch) -> None:
    path = workbook(tmp_path / "a.xlsx", {"a": [["long" * 100] for _ in range(100)]})
    monkeypatch.setattr("harness.workbook._MOST_TEXT", 10_000)
    with pytest.raises(ConfigError, match="more than 10,000 bytes of text"):
        as_csv(path)


def test_a_row_wider_than_any_table_is_refused(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", {"a": [["x"]]})
    changed(path, "xl/worksheets/sheet1.xml", 'r="A1"', 'r="XFD1"')
    with pytest.raises(ConfigError, match="row 1: more than 1,000 columns"):
        cells(path)


def test_what_a_file_says_of_its_size_is_not_believed(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", {"a": [["x", "y"]]})
    changed(path, "xl/worksheets/sheet1.xml", '<dimension ref="A1:B1"', '<dimension ref="A1:XFD1048576"')
    assert cells(path) == [["x", "y"]]


@pytest.mark.parametrize(
    ("part", "old", "new"),
    [
        ("xl/worksheets/sheet1.xml", "<row", "<rows"),
        ("xl/worksheets/sheet1.xml", 't="inlineStr"><is><t>x</t></is>', 't="s"><v>7</v>'),
        ("xl/worksheets/sheet1.xml", "<t>x</t>", "<t>&x;</t>"),
        ("xl/workbook.xml", "<workbook", '<!DOCTYPE a [<!ENTITY b SYSTEM "/etc/passwd">]><x>&b;</x><workbook'),
        ("xl/_rels/workbook.xml.rels", "worksheets/sheet1.xml", "../../../etc/passwd"),
    ],
)
def test_a_broken_workbook_is_said_to_be_one(tmp_path: Path, part: str, old: str, new: str) -> None:
    path = changed(workbook(tmp_path / "a.xlsx", {"a": [["x"]]}), part, old, new)
    with pytest.raises(
        ConfigError, match=r"a.xlsx: cannot be read as a workbook: .*; accepted: an .xlsx that"
    ) as error:
        cells(path)
    assert "无法作为工作簿读取" in translated(str(error.value), "zh")


def test_without_openpyxl_the_command_that_installs_it_is_said(tmp_path: Path, monkeypatch: Any) -> None:
    path = workbook(tmp_path / "a.xlsx", {"a": [["x"]]})
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(ConfigError, match=r"run: pip install 'pytest-verbatim\[xlsx\]'"):
        cells(path)


def test_a_workbook_on_standard_input_is_named(tmp_path: Path, monkeypatch: Any) -> None:
    content = workbook(tmp_path / "a.xlsx", {"a": [["x"]]}).read_bytes()
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(content)))
    with pytest.raises(ConfigError, match="a workbook is read from its end; accepted: a file"):
        find_inputs(["-"], None, excluded=tmp_path / "o")


@pytest.mark.parametrize(("place", "name"), [(0, "A1"), (25, "Z1"), (26, "AA1"), (701, "ZZ1"), (702, "AAA1")])
def test_a_cell_is_named_as_the_spreadsheet_names_it(place: int, name: str) -> None:
    assert cell_name(1, place) == name
