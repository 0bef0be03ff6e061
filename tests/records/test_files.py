"""Files of the product: limits on what a stranger's file may hold, at their edges, and whole writes."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness import files
from harness.errors import CassetteError, HarnessError, RecordError, found
from harness.files import (
    UnfitFileError,
    content_of,
    decoded_text,
    depth_over,
    json_lines,
    json_of,
    lines_of,
    opened,
    toml_of,
    whole,
)

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=20,
)


@given(JSON_VALUES)
def test_honest_json_is_read_as_it_is(value: object) -> None:
    for ascii_only in (True, False):
        assert json_of(json.dumps(value, ensure_ascii=ascii_only).encode()) == value


@given(st.binary(max_size=40) | st.text(alphabet='[]{},:"\\ud8a1e9.- \n', max_size=40).map(str.encode))
def test_anything_else_is_told_and_never_raises_otherwise(content: bytes) -> None:
    try:
        value = json_of(content)
    except UnfitFileError:
        return
    json.dumps(value, ensure_ascii=False, allow_nan=False).encode("utf-8")


def test_a_file_as_long_as_the_limit_is_read(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"x" * 100)
    assert content_of(path, limit=100) == b"x" * 100
    with pytest.raises(UnfitFileError, match="longer than 99 bytes"):
        content_of(path, limit=99)


@pytest.mark.parametrize("levels", [0, 1, 5])
def test_depth_is_counted_in_levels(levels: int) -> None:
    value: object = 1
    for number in range(levels):
        value = [value] if number % 2 else {"a": value}
    assert not depth_over(value, levels)
    assert levels == 0 or depth_over(value, levels - 1)


@pytest.mark.parametrize("pair", ['"\\ud83d\\ude00"', '"\\\\ud800"'])
def test_a_pair_of_surrogates_is_a_character(pair: str) -> None:
    json_of(pair.encode())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a = 1\na = 2", "not TOML: Cannot overwrite a value"),
        ("a = [" + "[" * 70 + "]" * 70 + "]", "nested too deeply; accepted: at most 64 levels"),
        ("a = " + "9" * 5000, "not TOML: a number or a date that cannot be read"),
        ("x = 1\n" + "a." * 1001 + "b = 1", r"more than 1,000 dots \(at line 2\)"),
        ("a = '" + "x" * 300_000 + "'", "longer than 256,000 bytes"),
    ],
)
def test_toml_that_would_keep_the_reader_busy_is_refused(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "f.toml").write_text(text)
    with pytest.raises(UnfitFileError, match=message):
        toml_of(tmp_path / "f.toml")


def test_honest_toml_is_read(tmp_path: Path) -> None:
    (tmp_path / "f.toml").write_text('a.b.c = 1\n[t]\ntext = "v1.2.3 ... 1.000.000"\n', encoding="utf-8")
    assert toml_of(tmp_path / "f.toml") == {"a": {"b": {"c": 1}}, "t": {"text": "v1.2.3 ... 1.000.000"}}


def test_a_value_that_cannot_be_shown_is_named_by_its_kind() -> None:
    value: list[object] = []
    for _ in range(100_000):
        value = [value]
    assert found(value) == "list that is nested too deeply"
    while value:  # taken apart from outside: to free it all at once would recurse
        value = value.pop()  # type: ignore[assignment]


@given(st.text())
def test_an_error_commands_no_terminal(text: str) -> None:
    words = str(CassetteError(f"{text}: cannot be read"))
    assert all(char == "\n" or char.isprintable() for char in words)
    words.encode("utf-8")
    if text.isprintable():
        assert words == f"{text}: cannot be read"


def test_an_error_keeps_its_lines() -> None:
    assert str(HarnessError("one\ntwo\u3000three")) == "one\ntwo<U+3000>three"


def test_lines_are_numbered_placed_and_bounded(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_bytes(b'{"a": "\xe2\x80\xa8"}\n\n' + b"x" * 50 + b"\n[1]")
    with opened(path) as file:
        found = list(lines_of(file, limit=20))
    assert found == [(1, 0, b'{"a": "\xe2\x80\xa8"}\n'), (2, 13, b"\n"), (3, 14, None), (4, 65, b"[1]")]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"{}\n\n{\n", "x.jsonl:3: not JSON: "),
        (b"{}\n" + b" " * 100 + b"\n", "x.jsonl:2: longer than 90 bytes; accepted: lines"),
        (b'{"a": 1, "a": 2}', "x.jsonl:1: 'a': is twice in one object; keep one; accepted: lines"),
        (b"\xff{}", "x.jsonl:1: not UTF-8 at byte 1; accepted: lines"),
        (b"[" * 80, "x.jsonl:1: not JSON: "),
    ],
)
def test_a_line_that_is_not_json_is_named_with_its_file(content: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_bytes(content)
    with pytest.raises(RecordError, match=re.escape(message)):
        list(json_lines(path, RecordError, limit=90, hint="accepted: lines"))


def test_a_file_of_lines_that_is_not_there_or_never_ends_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match=r"none: cannot be read: No such file or directory; accepted: lines"):
        list(json_lines(tmp_path / "none", RecordError, limit=90, hint="accepted: lines"))
    with pytest.raises(RecordError, match=r"/dev/zero: cannot be read: not a regular file"):
        list(json_lines(Path("/dev/zero"), RecordError, limit=90))


# A file that is written whole or not at all.


def test_a_block_that_ends_replaces_the_file(tmp_path: Path) -> None:
    path = tmp_path / "new" / "a.txt"
    for content in (b"one", b"two"):
        with whole(path) as file:
            file.write(content)
        assert path.read_bytes() == content
    assert [entry.name for entry in path.parent.iterdir()] == ["a.txt"]


def test_a_block_that_raises_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("before")

    def break_off() -> None:
        with whole(path) as file:
            file.write(b"half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        break_off()
    assert path.read_text() == "before"
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.txt"]


def test_links_are_replaced_and_not_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    precious = tmp_path / "precious"
    precious.write_text("mine")
    path = tmp_path / "a.txt"
    path.symlink_to(precious)
    with whole(path) as file:
        file.write(b"new")
    monkeypatch.setattr(os, "urandom", bytes)
    (tmp_path / f".verbatim-{'0' * 16}.tmp").symlink_to(precious)  # by one who guesses
    with pytest.raises(FileExistsError), whole(tmp_path / "b.txt") as file:
        file.write(b"new")
    assert precious.read_text() == "mine"
    assert path.read_text() == "new"
    assert not path.is_symlink()


def drafts(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.name.endswith(".tmp")]


def test_the_draft_of_a_killed_process_goes_a_day_later(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    with suppress(RuntimeError), whole(path) as file:
        file.write(b"half")
        (draft,) = drafts(tmp_path)
        raise RuntimeError
    own = [draft, *(draft.with_name(f".verbatim-{digit * 16}.tmp") for digit in "0a")]
    names = (".a.txt.0123abcd.tmp", ".notes.docx.deadbeef.tmp", ".verbatim-notes.tmp", f"verbatim-{'0' * 16}.tmp")
    others = [tmp_path / name for name in (*names, ".a.txt.tmp", ".a.txt.1234.tmp")]  # anybody's
    linked = draft.with_name(f".verbatim-{'b' * 16}.tmp")
    for one in (*own, *others):
        one.write_bytes(b"half")
        os.utime(one, (1, 1))
    os.utime(own[2])  # of one that may be writing now
    linked.symlink_to(others[0])
    write(path)
    assert set(drafts(tmp_path)) == {*others, linked} | set(own), "looked through once a process"
    files._looked_through.clear()
    write(path)
    assert set(drafts(tmp_path)) == {*others, linked, own[2]}
    assert path.read_bytes() == b"new"


def write(path: Path) -> None:
    with whole(path) as file:
        file.write(b"new")


def test_a_name_as_long_as_a_disk_takes_is_written(tmp_path: Path) -> None:
    path = tmp_path / ("n" * 255)
    write(path)
    assert path.read_bytes() == b"new"


def test_two_processes_of_one_number_write_a_file_each(tmp_path: Path) -> None:
    """In most containers it is 1, and a folder may be shared: neither puts what the other has half written in place."""
    path = tmp_path / "a.txt"
    with whole(path) as first:
        first.write(b"of the first")
        with whole(path) as second:
            second.write(b"of the second")
            assert len(drafts(tmp_path)) == 2
        assert path.read_bytes() == b"of the second"
    assert path.read_bytes() == b"of the first"
    assert drafts(tmp_path) == []


def test_a_folder_that_does_not_say_how_old_its_drafts_are_is_written_into(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(folder: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "lstat", refused)
    (tmp_path / f".verbatim-{'0' * 16}.tmp").write_bytes(b"half")
    write(tmp_path / "a.txt")
    assert (tmp_path / "a.txt").read_bytes() == b"new"


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("gbk", "产品名,备注\n水吧台/岛台区域,\n报告2024版-终稿.md,新"),
        ("gbk", "播放《雷雨》——第二幕.mp4"),
        ("gb18030", "张三丰·李四"),
        ("utf-16", "名-1"),
    ],
)
def test_chinese_text_of_a_spreadsheet_is_recognised(encoding: str, text: str) -> None:
    assert decoded_text(text.encode(encoding)).text == text


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("cp1252", "Größe\nGröße-1\n"),
        ("cp1252", "créée-12\nannée"),
        ("cp1251", "Товар;Цена\nБолт М8-20;12\nКраска эмаль-115;30"),
        ("koi8-r", "Товар;Цена\nБолт М8-20;12"),
        ("euc_kr", "제품명,코드\n서울/부산 고속도로,A-1\n대한민국 표준 번호"),
        ("euc_jp", "製品名,コード\n水性塗料/屋外用,A-1\nこのファイルは日本語です"),
        ("shift_jis", "製品名,コード\n水性塗料/屋外用"),
        ("big5", "產品名稱,備註\n水吧台/島台區域"),
    ],
)
def test_the_encoding_of_another_language_is_not_read_as_chinese(encoding: str, text: str) -> None:
    with pytest.raises(UnfitFileError, match="not UTF-8 at byte"):
        decoded_text(text.encode(encoding))


POOL = """
import os, time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from harness.files import end_with_parent
if __name__ == "__main__":
    pool = ProcessPoolExecutor(1, get_context("spawn"), end_with_parent)
    print(pool.submit(os.getpid).result(), flush=True)
    time.sleep(60)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="asks the system about a process by a signal")
def test_no_worker_is_left_where_the_process_that_started_it_was_killed(tmp_path: Path) -> None:
    (tmp_path / "pool.py").write_text(POOL)
    with subprocess.Popen([sys.executable, tmp_path / "pool.py"], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        worker = int(parent.stdout.readline())
        parent.kill()
    for _ in range(200):
        try:
            os.kill(worker, 0)
        except ProcessLookupError:
            break
        time.sleep(0.05)
    else:
        os.kill(worker, signal.SIGKILL)
        pytest.fail("the worker is still there")


def test_every_pool_of_processes_ends_with_its_parent() -> None:
    files = (Path(__file__).parents[2] / "harness").rglob("*.py")
    pools = [line for file in files for line in file.read_text("utf-8").splitlines() if "ProcessPoolExecutor(" in line]
    assert pools
    assert all("end_with_parent" in line for line in pools)


def test_who_refuses_a_file_for_a_line_that_is_too_long_does_not_read_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "s.jsonl"
    path.write_bytes(b"ok\n" + b"x" * 50_000_000 + b"\nok\n")
    with path.open("rb") as file:
        lines = lines_of(file, limit=1000)
        assert [next(lines).content, next(lines).content] == [b"ok\n", None]
        assert file.tell() < 10_000
        assert [(line.number, line.offset, line.content) for line in lines] == [(3, 50_000_004, b"ok\n")]
