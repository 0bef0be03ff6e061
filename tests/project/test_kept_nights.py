"""What drift keeps of nights in the cache folder: one file a version, and nothing of it believed over a record."""

import hashlib
import json
import os
import random

import pytest
from click.testing import CliRunner

from harness.cli.drift import drift
from harness.errors import RecordError
from harness.project import Project
from harness.runs.nights import KeptNights, key_of, night_of, nights_of
from harness.text import DEFAULT_SYMBOLS
from tests.project.conftest import build


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """The cache folder."""
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def paths(history):
    """Records of three nights, one of which claims what its answers do not give."""
    outputs = ["AB-1", "AB - 1", "AB-1 "]
    return [history.write(build(run_id=f"2026030{day}-aaaa", output=text)) for day, text in enumerate(outputs, 1)]


def read(paths):
    return nights_of(paths, "tuned@v1", DEFAULT_SYMBOLS)


def kept_in(cache):
    (file,) = (one for one in (cache / "nights").glob("*/*") if one.is_file())
    return file


def test_what_nights_asked_is_kept_once_and_shared(paths, cache):
    made, unreadable = read(paths)
    assert unreadable == []
    lines = [line[:1] for line in kept_in(cache).read_bytes().split(b"\n") if line]
    assert sorted(lines) == [b"N", b"N", b"N", b"P"]
    again, _ = read(paths)
    assert again == made
    assert len({id(night.run.prompts) for night in again}) == 1


def test_whatever_has_become_of_the_file_nights_are_those_of_the_records(paths, cache):
    made = read(paths)
    whole = kept_in(cache).read_bytes()
    draw = random.Random(24)
    lines = [line for line in whole.split(b"\n") if line]
    damaged = [b"", whole[:-1], whole[: len(whole) // 2], b"\xff" * 500, b"N" * 3000 + b"\n", whole[::-1]]
    damaged += [b"\n".join(line[:-1] + b"0" for line in lines), b"\n".join(lines[:1]), b"\n".join(lines[1:])]
    damaged += [b"\n".join(draw.sample(lines * 2, len(lines))) for _ in range(5)]
    for _ in range(60):
        changed = bytearray(whole)
        changed[draw.randrange(len(changed))] ^= 1 << draw.randrange(8)
        damaged.append(bytes(changed))
    for content in damaged:
        kept_in(cache).write_bytes(content)
        assert read(paths) == made
        assert read(paths) == made, "and what was made again is kept beside what is left"


def test_a_line_of_a_night_under_the_digest_of_another_record_is_not_that_night(paths, cache):
    """Two lines whose digests were exchanged: each line is sealed with the record that it is of."""
    made = read(paths)
    head, *nights = sorted((one for one in kept_in(cache).read_bytes().split(b"\n") if one), reverse=True)
    exchanged = [nights[1][:65] + nights[0][65:], nights[0][:65] + nights[1][65:], *nights[2:]]
    kept_in(cache).write_bytes(b"\n".join([head, *exchanged]))
    assert read(paths) == made


def test_a_record_that_changed_in_its_place_is_read_again(paths, history):
    """Also one of the same size, with the times of the old one."""
    read(paths)
    old, state = paths[0].read_bytes(), paths[0].stat()
    history.write(build(run_id="20260301-aaaa", output="AB-2"))
    new = paths[0].read_bytes()
    assert len(new) == len(old)
    os.utime(paths[0], ns=(state.st_atime_ns, state.st_mtime_ns))
    assert [one.run.outcomes for one in read(paths)[0]] == [["omitted"], ["damaged"], ["aligned"]]


def test_a_night_that_was_packed_since_is_not_read_in_full_again(paths, history, cache, monkeypatch):
    made, _ = read(paths)
    packed = [history.compact(path) for path in paths]
    monkeypatch.setattr("harness.runs.nights.read_run", lambda *_: pytest.fail("read in full"))
    assert read(packed)[0] == made
    monkeypatch.setattr("harness.runs.nights.plain_content", lambda *_: pytest.fail("unpacked"))
    assert read(packed)[0] == made
    assert kept_in(cache).read_bytes().count(b"P") >= 1


def test_the_bytes_of_a_packed_record_are_no_night_where_a_plain_one_is_expected(paths, history):
    packed = history.compact(paths[0])
    read([packed])
    packed.rename(paths[0])
    nights, (problem,) = read([paths[0]])
    assert nights == []
    assert "cannot be read as JSON" in problem


def test_of_records_that_did_not_change_only_what_is_kept_is_read(paths, monkeypatch):
    made, _ = read(paths)
    keys = {path: key_of(path, path.read_bytes()) for path in paths[1:]}
    seen = []
    monkeypatch.setattr("harness.runs.nights.stored_content", lambda path: seen.append(path) or path.read_bytes())
    assert nights_of(paths, "tuned@v1", DEFAULT_SYMBOLS, known=keys)[0] == made
    assert seen == paths[:1]


def test_what_is_of_records_that_are_gone_goes_too_in_the_end(history, cache):
    kept = []
    for day in range(1, 29):
        for text in ("AB-1", "AB-2", "AB-3"):
            path = history.write(build(run_id=f"202603{day:02}-aaaa", output=text))
            read([path])
        path.unlink()
        kept.append(len(kept_in(cache).read_bytes().split(b"\n")))
    assert max(kept) < 120, "of 84 nights"
    path = history.write(build())
    assert read([path])[0] == [night_of(path, DEFAULT_SYMBOLS)]


@pytest.mark.parametrize("kind", ["folder", "pipe", "read-only", "full"])
def test_where_nothing_can_be_kept_nights_are_read_all_the_same(kind, paths, cache, monkeypatch):
    made = read(paths)
    file = kept_in(cache)
    if kind == "full":

        def write(*_, **__):
            raise OSError(28, "No space left on device")

        file.write_bytes(b"")
        monkeypatch.setattr("pathlib.Path.write_bytes", write)
        monkeypatch.setattr("harness.runs.nights.keep", lambda *_, **__: None)
    else:
        file.unlink()
    if kind == "folder":
        file.mkdir()
    elif kind == "pipe":
        os.mkfifo(file)
    elif kind == "read-only":
        file.parent.chmod(0o500)
    try:
        assert read(paths) == made
        assert read(paths) == made
    finally:
        file.parent.chmod(0o700)


def test_two_that_read_at_once_keep_what_both_found(paths, cache):
    first, second = KeptNights("tuned@v1", DEFAULT_SYMBOLS), KeptNights("tuned@v1", DEFAULT_SYMBOLS)
    one, other = first.of(paths[0]), second.of(paths[1])
    first.write()
    second.write()
    third = KeptNights("tuned@v1", DEFAULT_SYMBOLS)
    keys = [key_of(path, path.read_bytes()) for path in paths[:2]]
    assert [third.known(key) for key in keys] == [one, other]


def test_names_of_any_script_name_a_file(history, cache):
    folder = history.folder / "通义 千问@版本 2"
    folder.mkdir(parents=True)
    path = folder / "20260301-aaaa.json"
    path.write_bytes(history.write(build()).read_bytes())
    project = Project.open(history.folder.parent, reports=history.folder)
    (night,), _ = project.nights("通义 千问@版本 2")
    assert night.run_id == "20260301-aaaa"
    assert project.nights("通义 千问@版本 2")[0] == (night,)
    with pytest.raises(RecordError):
        night_of(folder / "none.json", DEFAULT_SYMBOLS)


@pytest.mark.parametrize("value", [None, 1, 1.5, True, [], [1], {}, "x"])
def test_a_line_of_another_form_is_made_again_though_its_seal_is_right(value, paths, cache):
    made = read(paths)
    file = kept_in(cache)
    lines = [line for line in file.read_bytes().split(b"\n") if line]
    (at, *_) = (at for at, line in enumerate(lines) if line[:1] == b"N")
    key, night = lines[at][:65], json.loads(lines[at][98:])
    body = json.dumps([value, *night[1:]]).encode()
    lines[at] = key + b" " + hashlib.sha256(key + body).hexdigest()[:32].encode() + body
    file.write_bytes(b"\n".join(lines) + b"\n")
    assert read(paths) == made


@pytest.mark.parametrize("options", [["--alarm"], ["--fail-on-change"], ["--alarm", "--fail-on-change"], []])
def test_a_drift_with_its_alarm_reads_each_record_once(paths, cache, monkeypatch, options):
    """The alarm names nights; read a second time they may be others than those of the verdict."""
    asked = []
    read_as_before = Project.nights
    monkeypatch.setattr(Project, "nights", lambda self, *given: asked.append(given) or read_as_before(self, *given))
    said = CliRunner().invoke(drift, ["--model", "tuned@v1", "--report-dir", str(paths[0].parents[1]), *options])
    assert said.exit_code == 1, said.output  # the last night is long ago
    assert len(asked) == 1
    assert read_as_before(Project.open(reports=paths[0].parents[1]), "tuned@v1")[0]
