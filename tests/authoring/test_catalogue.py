"""A catalogue is read in the encoding that is declared or recognised; odd cells are reported and harm nothing."""

import csv
from pathlib import Path
from typing import Any

import pytest

from harness.authoring.make import LONGEST, read_catalogue, sniffed
from harness.errors import ConfigError


def read(tmp_path: Path, data: str | bytes, **options: Any) -> tuple[list[str], list[tuple[int, str]]]:
    path = tmp_path / "catalogue.csv"
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    catalogue = read_catalogue(path, domain="mine", **options)
    return [term.text for term in catalogue.terms], [(one.row, one.reason) for one in catalogue.skipped]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16", "shift_jis", "big5", "cp936"])
def test_a_declared_encoding_is_used(tmp_path: Path, encoding: str) -> None:
    text = "名\n日本-1/2\n"
    assert read(tmp_path, text.encode(encoding), encoding=encoding)[0] == ["日本-1/2"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16", "gbk"])
def test_what_a_spreadsheet_writes_needs_no_option(tmp_path: Path, encoding: str) -> None:
    text = "产品名,备注\n水吧台/岛台区域,\n报告2024版-终稿.md,新\n"
    assert read(tmp_path, text.encode(encoding), column="产品名")[0] == ["水吧台/岛台区域", "报告2024版-终稿.md"]


@pytest.mark.parametrize(
    ("text", "options", "terms"),
    [
        ("\n\nA-1\nB-2\n", {}, ["A-1", "B-2"]),
        ("\nsku\nA-1\n", {}, ["A-1"]),
        ("\n\nsku,name\nA-1,x\n", {"column": "1"}, ["A-1"]),
    ],
)
def test_blank_lines_above_the_first_string_are_no_header(
    tmp_path: Path, text: str, options: dict[str, str], terms: list[str]
) -> None:
    assert read(tmp_path, text, **options)[0] == terms


@pytest.mark.parametrize("text", ["", "\n\n", "\n  \n", " , \n,\n"])
def test_a_file_of_blanks_is_empty(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError, match="empty; accepted: a CSV file, or one string a line"):
        read(tmp_path, text)


@pytest.mark.parametrize("begin", [b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1"])
def test_a_workbook_is_named_as_one_and_no_encoding_is_asked_for(tmp_path: Path, begin: bytes) -> None:
    with pytest.raises(ConfigError, match="not a file of rows; save the sheet as CSV UTF-8"):
        read(tmp_path, begin + bytes(range(256)))


def test_a_sheet_of_a_workbook_is_a_catalogue(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for row in [["产品目录"], [], ["型号", "类别"], ["KX-1/B", "阀门"], ['="KX-"&"2/B"', "阀门"], ["a;b-1", "泵"]]:
        book.active.append(row)
    book.create_sheet("说明").append(["A-1"])
    book.save(tmp_path / "目录.xlsx")
    options: dict[str, Any] = {"domain": "x", "column": "型号", "domain_column": "类别"}
    with pytest.raises(ConfigError, match="several sheets have rows"):
        read_catalogue(tmp_path / "目录.xlsx", **options)
    made = read_catalogue(tmp_path / "目录.xlsx", sheet="Sheet", **options)
    assert [(one.text, one.domain, one.row) for one in made.terms] == [("KX-1/B", "阀门", 4), ("a;b-1", "泵", 6)]
    assert [(one.row, one.reason) for one in made.skipped if one.row > 2] == [
        (5, "a formula that no spreadsheet has worked out (open the file in one and save it)")
    ]


def test_a_byte_order_mark_of_utf8_is_no_part_of_the_header(tmp_path: Path) -> None:
    assert read(tmp_path, b"\xef\xbb\xbfsku,name\nA-1,x\n", column="sku")[0] == ["A-1"]


@pytest.mark.parametrize(
    ("data", "options", "message"),
    [
        (
            "Größe\nGröße-1\n".encode("cp1252"),
            {},
            r"not UTF-8 at byte 3; accepted: .*; say which it is with --encoding",
        ),
        ("名\n日-1\n".encode("gb18030"), {"encoding": "utf-8"}, r"not utf-8 at byte 1; say which it is with"),
        ("x\nA-1\n", {"encoding": "utf-9"}, r"--encoding: found 'utf-9'; accepted: a name that Python knows"),
        ("x\nA-1\n", {"encoding": "hex"}, r"--encoding: found 'hex'; accepted: a name that Python knows"),
        ("x\nA-1\n", {"encoding": "a\0b"}, r"--encoding: found 'a\\x00b'; accepted"),
        ("sku,name\nA-1,x\n", {}, r"--column: missing, and .* has 2 columns; accepted: 'sku', 'name'"),
        ("sku,name\nA-1,x\n", {"column": "skus"}, r"--column: found 'skus' \(did you mean 'sku'\?\); accepted: 'sku'"),
        ("sku,name\nA-1,x\n", {"column": "3"}, r"--column: found '3'; accepted: .* or a number from 1 to 2"),
        ("sku,name\nA-1,x\n", {"column": "0"}, r"--column: found '0'"),
        ("sku,sku\nA-1,x\n", {"column": "sku"}, r"heads two columns of .*; give its number, 1 to 2"),
        ("sku,name\nA-1,x\n", {"column": "sku", "domain_column": "group"}, r"--domain-column: found 'group'"),
        ("x\nA-1\n", {"delimiter": ",,"}, r"not CSV with the delimiter ',,'"),
        ("x\n" + "A-1" * 100_000, {}, r"not CSV with the delimiter ',': field larger than field limit"),
    ],
)
def test_a_wrong_option_is_one_line(tmp_path: Path, data: str | bytes, options: dict[str, Any], message: str) -> None:
    csv.field_size_limit(131_072)  # that of Python; whoever has scored a log in this process has lifted it
    with pytest.raises(ConfigError, match=message) as caught:
        read(tmp_path, data, **options)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.csv: cannot be read: No such file or directory"):
        read_catalogue(tmp_path / "none.csv", domain="x")


@pytest.mark.parametrize(
    ("text", "delimiter"),
    [
        ("a,b\n1,2\n", ","),
        ("a;b;c\n1,5;2;3\n", ";"),
        ("a\tb\n1,5\t2\n", "\t"),
        ("a|b\n1|2\n", "|"),
        ('"a;b",c\n"1;2",3\n', ","),
        ("one column\nA-1\n", ","),
        ("", ","),
    ],
)
def test_the_delimiter_is_found_in_the_first_rows(text: str, delimiter: str) -> None:
    assert sniffed(text) == delimiter


def test_a_column_is_named_numbered_or_the_only_one(tmp_path: Path) -> None:
    table = "name;sku\nx;A-1\ny;B/2\n"
    assert read(tmp_path, table, column="sku")[0] == ["A-1", "B/2"]
    assert read(tmp_path, table, column="2")[0] == ["A-1", "B/2"]
    assert read(tmp_path, table, column="2", header=False)[0] == ["A-1", "B/2"]
    assert read(tmp_path, "A-1\nB/2\n", header=False)[0] == ["A-1", "B/2"]


def test_one_string_a_line_has_no_header_and_a_header_that_could_be_a_string_is_told(tmp_path: Path) -> None:
    assert read(tmp_path, "A-1\nB/2\n") == (["A-1", "B/2"], [])
    told = [(1, "is taken for a header (--no-header)")]
    assert read(tmp_path, "sku_code\nA-1\n") == (["A-1"], told)
    assert read(tmp_path, "TCP/IP\nA-1\n") == (["A-1"], told)
    assert read(tmp_path, "sku\nA-1\n") == (["A-1"], [])


@pytest.mark.parametrize(
    "text", ['{"messages": []}\n{"messages": []}\n', '[{"sku": "A-1"},\n {"sku": "B-2"}]', '["A-1"]']
)
def test_a_log_or_other_json_is_no_catalogue_and_the_way_from_a_log_is_named(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError, match=r"JSON; accepted: a CSV file, .*harness score .* --to-suite"):
        read(tmp_path, text)
    assert read(tmp_path, "{name}\n[a-z]\n{x-1}\n", header=False)[0] == ["{name}", "[a-z]", "{x-1}"]


def test_odd_cells_are_skipped_and_told_with_their_row(tmp_path: Path) -> None:
    cells = [
        "sku", "A-1", " A-1 ", "", "plain", "5", "-5", "A-", '"A-1\nB-2"', "A\t-1", "A\x1b[31m-1", "A\u202e-1",
        "A\xa0-1", "A-" + "1" * LONGEST, "2024版报告.md", "报告", "A\0-2",
    ]  # fmt: skip
    terms, skipped = read(tmp_path, "\n".join(cells), delimiter=",")
    assert terms == ["A-1", "2024版报告.md"]
    reasons = [reason for _, reason in skipped]
    assert reasons[:3] == ["repeats row 2", "empty", "holds no sign that could be damaged, and no CJK text beside "
                           "Latin letters or digits"]  # fmt: skip
    assert len(skipped) == len(cells) - 3
    assert sum("control character" in reason for reason in reasons) == 6
    assert f"longer than {LONGEST} characters" in reasons


def test_every_sign_makes_a_term_and_prose_makes_none(tmp_path: Path) -> None:
    terms = ["snake_case", "C:\\new\\table", "O'Brien", "{name}", "{{x}}", "%s", "%(n)s", "${VAR}", ":id",
             "--dry-run",
             "《高炉》志",
             '3" pipe', "a.b.c", "R&D", "dB(A)", "NCT04280705", "L’Atelier", "user@example.com"]  # fmt: skip
    prose = ["plain", "Pump, large", "A pump. It pumps", "no-", "-5", "说明，如下"]
    found, skipped = read(
        tmp_path, "\n".join(["x", *(one.replace('"', '""') for one in terms + prose)]), delimiter="\t"
    )
    assert [term.replace('""', '"') for term in found] == terms
    assert len(skipped) == len(prose)


@pytest.mark.parametrize("cell", ["A - 1", "入口 / 出口", "A- 1", "TCP –IP", "user _ name", "A ／ B", "x - y-z"])
def test_a_blank_beside_a_symbol_is_asked_about(tmp_path: Path, cell: str) -> None:
    data = f"sku\nB-2\n{cell}\n"
    with pytest.raises(
        ConfigError, match=r"row 3: .* has a blank beside a symbol, as 1 of 2 strings have; is it"
    ) as told:
        read(tmp_path, data)
    assert "--spaced-symbols=keep" in str(told.value)
    assert "--spaced-symbols=skip" in str(told.value)
    assert read(tmp_path, data, spaced="keep")[0] == ["B-2", cell]
    assert read(tmp_path, data, spaced="skip") == (
        ["B-2"],
        [(3, "has a blank beside a symbol (--spaced-symbols=skip)")],
    )


def test_a_blank_elsewhere_is_nothing_to_ask_about(tmp_path: Path) -> None:
    cells = ["GB/T 50081-2019", "DIN EN 206-1 A", "R&D Büro", "a - "]
    assert read(tmp_path, "\n".join(["x", *cells]))[0] == ["GB/T 50081-2019", "DIN EN 206-1 A", "R&D Büro"]


def test_a_row_has_its_own_domain_or_the_common_one(tmp_path: Path) -> None:
    path = tmp_path / "c.csv"
    path.write_text("sku,group\nA-1,pipes\nB-2,\nC-3,a\x1bb\nD-4\n")
    catalogue = read_catalogue(path, domain="mine", column="sku", domain_column="group", delimiter=",")
    assert [term.domain for term in catalogue.terms] == ["pipes", "mine", "mine", "mine"]


def test_a_title_above_the_names_of_the_columns_is_skipped(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("2024年产品目录,\n编制：张三,\n型号,领域\nKX-1/B,阀门\n", encoding="utf-8")
    found = read_catalogue(path, domain="d", column="型号", domain_column="领域")
    assert [(one.text, one.domain, one.row) for one in found.terms] == [("KX-1/B", "阀门", 4)]
    assert [(one.row, one.reason) for one in found.skipped] == [
        (n, "is above the names of the columns") for n in (1, 2)
    ]
    with pytest.raises(ConfigError, match="--column: found '货号'"):
        read_catalogue(path, domain="d", column="货号")


def test_no_string_is_made_of_what_a_spreadsheet_spoiled(tmp_path):
    path = tmp_path / "a.csv"
    cells = ['"=""00123-4/5"""', "1.2E+10", "#NAME?", '"=HYPERLINK(""http://a/b-c"",""KX-9/C"")"', "KX-1/B", "#8-32"]
    path.write_text("型号\n" + "\n".join(cells) + "\n", encoding="utf-8")
    found = read_catalogue(path, domain="d")
    assert [one.text for one in found.terms] == ["00123-4/5", "KX-1/B", "#8-32"]
    assert [one.reason.partition(" (")[0] for one in found.skipped] == [
        "a number that the spreadsheet has shortened",
        "#NAME?, an error of the spreadsheet",
        "a formula",
    ]
