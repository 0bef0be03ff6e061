"""A folder is there whole or not at all, and what a killed process left beside it goes."""

import os
from contextlib import suppress
from pathlib import Path

from harness.new_folder import new_folder


def test_a_folder_is_there_when_the_block_ends(tmp_path: Path) -> None:
    with new_folder(tmp_path / "a" / "b") as folder:
        (folder / "x").write_text("1")
        assert not (tmp_path / "a" / "b").exists()
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["b"]
    assert (tmp_path / "a" / "b" / "x").read_text() == "1"


def test_nothing_is_there_when_it_raises(tmp_path: Path) -> None:
    with suppress(RuntimeError), new_folder(tmp_path / "b") as folder:
        (folder / "x").write_text("1")
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_process_left_goes_a_day_later(tmp_path: Path) -> None:
    names = [f".verbatim-{digit * 16}.new" for digit in "0a1"]
    others = [".verbatim-notes.new", ".b.0123abcd", f"verbatim-{'0' * 16}.new"]
    for name in (*names, *others):
        (tmp_path / name / "b").mkdir(parents=True)
        (tmp_path / name / "b" / "x").write_text("half")
        os.utime(tmp_path / name, (1, 1))
    os.utime(tmp_path / names[2])  # of one that may be at work now
    linked = tmp_path / f".verbatim-{'b' * 16}.new"
    linked.symlink_to(tmp_path / others[1])
    with new_folder(tmp_path / "b"):
        pass
    assert {path.name for path in tmp_path.iterdir()} == {"b", names[2], linked.name, *others}
    assert (tmp_path / others[1] / "b" / "x").read_text() == "half"
