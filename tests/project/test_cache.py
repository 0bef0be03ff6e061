"""What is kept in the cache folder: found again, never believed over a record, forgotten in the end."""

import os
import time
from pathlib import Path

import pytest

from harness.errors import RecordError
from harness.files import keep, kept_at, sealed, unsealed
from harness.history import ChangedRecordError, digest_of, read_run
from harness.runs.nights import night_of
from harness.runs.record import verified
from harness.text import DEFAULT_SYMBOLS
from tests.project.conftest import build


def test_of_a_record_that_was_a_night_before_only_its_night_is_read(history, monkeypatch, tmp_path):
    """Until the file changes, or what is kept of it is not whole."""
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path / "cache"))
    path = history.write(build())
    night, notes = night_of(path, DEFAULT_SYMBOLS)
    assert any("totals" in note and note.endswith("judged again") for note in notes)
    (kept,) = (tmp_path / "cache" / "nights").glob("*/*")
    read = []
    monkeypatch.setattr("harness.runs.nights.read_run", lambda *given: read.append(given) or read_run(*given))
    assert night_of(path, DEFAULT_SYMBOLS) == (night, notes)
    assert read == []
    kept.write_bytes(kept.read_bytes()[:-20])
    assert night_of(path, DEFAULT_SYMBOLS) == (night, notes)
    history.write(build(output="AB - 1"))
    changed, _ = night_of(path, DEFAULT_SYMBOLS)
    assert (len(read), *night.outcomes, *changed.outcomes) == (2, "aligned", "damaged")


def test_a_record_is_known_to_be_what_its_answers_give_by_the_digest_of_its_file(history, tmp_path, monkeypatch):
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path / "cache"))
    path, other = history.write(build()), history.write(build(run_id="20260302-bbbb", output="AB-2"))
    run = read_run(path)
    found = verified(run, DEFAULT_SYMBOLS)
    monkeypatch.setattr("harness.runs.record._contradictions", lambda *_: (("judged again",), None))
    monkeypatch.setattr("os.fsync", lambda *_: pytest.fail("what can be made again waits for the disk"))
    del run
    assert verified(read_run(path), DEFAULT_SYMBOLS) == found
    assert verified(read_run(other), DEFAULT_SYMBOLS) == ("judged again",)
    assert (digest_of(read_run(path).model_copy(update={"mode": "live"})), digest_of(build())) == (None, None)


def test_what_rested_on_other_rules_goes_two_months_after_it_was_used_last(history, tmp_path, monkeypatch):
    """An upgrade judges all nights again: each left 50 MB of a year behind, for ever."""
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path / "cache"))
    path = history.write(build())
    nights = tmp_path / "cache" / "nights"
    (tmp_path / "mine").mkdir()
    for name, days in (("old", 61), ("of-last-month", 30)):
        (nights / name).mkdir(parents=True)
        (nights / name / "night").write_text("")
        os.utime(nights / name, (time.time() - days * 86_400,) * 2)
    (nights / "flat").write_text("")
    os.utime(nights / "flat", (0, 0))
    (nights / "link").symlink_to(tmp_path / "mine")
    os.utime(nights / "link", (0, 0), follow_symlinks=False)
    night_of(path, DEFAULT_SYMBOLS)
    left = {one.name for one in nights.iterdir()}
    assert "of-last-month" in left
    assert not {"old", "flat", "link"} & left
    assert (tmp_path / "mine").is_dir()
    assert len(left) == 2
    (nights / "later").mkdir()
    os.utime(nights / "later", (0, 0))
    history.write(build(run_id="20260302-bbbb", output="AB-2"))
    night_of(history.path("tuned@v1", "20260302-bbbb"), DEFAULT_SYMBOLS)
    assert (nights / "later").is_dir(), "looked for when rules are new, and not at each record"


@pytest.mark.parametrize("sign", [".git", "pyproject.toml"])
@pytest.mark.parametrize("given", ["checkout/.cache", "here", "checkout/sub/../.cache"])
def test_what_a_pull_request_brings_in_a_cache_folder_is_not_believed(history, tmp_path, monkeypatch, sign, given):
    """`HARNESS_CACHE` in the checkout: a file that says that a record is what its answers give would make it so."""
    path = history.write(build())
    run = read_run(path)
    found = verified(run, DEFAULT_SYMBOLS)
    assert found, "it claims what its answers do not give"
    (tmp_path / "checkout" / "sub").mkdir(parents=True)
    (tmp_path / "checkout" / sign).write_text("")
    (tmp_path / "here").symlink_to(tmp_path / "checkout" / ".cache")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path / "elsewhere"))
    night_of(path, DEFAULT_SYMBOLS)
    for kept in (tmp_path / "elsewhere" / "verified").glob("*/*"):
        kept.write_text("[]")
    for kept in (tmp_path / "elsewhere" / "nights").glob("*/*"):
        kept.write_bytes(b"[]\n" + kept.read_bytes().partition(b"\n")[2])
    assert verified(run, DEFAULT_SYMBOLS) == (), "the files are those that are looked for"
    (tmp_path / "elsewhere").rename(tmp_path / "checkout" / ".cache")
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path / given))
    assert verified(run, DEFAULT_SYMBOLS) == found
    assert night_of(path, DEFAULT_SYMBOLS)[1]
    monkeypatch.chdir(tmp_path / "checkout")
    monkeypatch.setenv("HARNESS_CACHE", ".cache")
    assert verified(run, DEFAULT_SYMBOLS) == found


def test_a_home_folder_that_is_a_repository_has_a_cache_for_other_checkouts(tmp_path, monkeypatch):
    """Settings are often kept so: each verdict took twice as long."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path / ".cache" / "harness"))
    for place in (".git", "work/suites/.git", "plain/suites"):
        (tmp_path / place).mkdir(parents=True)
    (tmp_path / "work" / "module").mkdir()
    (tmp_path / "work" / "module" / ".git").write_text("gitdir: ../../.git/modules/module")

    def is_used(place: str) -> bool:
        monkeypatch.chdir(tmp_path / place)
        return kept_at("read", "a").is_relative_to(tmp_path)

    assert is_used("work/suites")
    assert not is_used("."), "who is asked to judge the home folder may be asked by what is in it"
    assert not is_used("plain/suites"), "part of that repository"
    assert not is_used("work/module"), "a pull request to the whole brings a cache and a new state of its part"
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path / "work" / "other" / "cache"))
    (tmp_path / "work" / "other" / ".git").mkdir(parents=True)
    assert not is_used("work/suites")


def test_a_record_is_read_where_no_cache_can_be_kept(history, monkeypatch, tmp_path):
    path = history.write(build())
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path / "file"))
    assert read_run(path) == build()

    def no_home():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr("harness.files.cache_folder", no_home)
    assert read_run(path) == build()


def test_what_was_read_before_is_known_by_its_bytes_alone(history):
    path = history.write(build())
    read_run(path)
    content = path.read_bytes()
    path.write_bytes(content.replace(b'"AB-1"', b'"AB-2"'))
    with pytest.raises(ChangedRecordError):
        read_run(path)
    plain, _ = unsealed(content)
    for hostile in (b'"run_id": "x", "run_id": "y"', b'"recipe": {"x": NaN}', b'"recipe": {"x": 1, "x": 2}'):
        path.write_bytes(sealed(plain.replace(b'"run_id": "20260301-aaaa"', hostile, 1)))
        for _ in range(2):
            with pytest.raises(RecordError):
                read_run(path)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such bits")
def test_a_cache_that_another_user_may_write_is_not_believed(tmp_path, monkeypatch):
    folder = tmp_path / "cache"
    monkeypatch.setenv("HARNESS_CACHE", str(folder))
    folder.mkdir()
    assert kept_at("read", "a") == folder / "read" / "a"
    folder.chmod(0o777)
    assert kept_at("read", "a") == Path(os.devnull) / "read" / "a"
    folder.chmod(0o775)
    assert kept_at("read", "a").is_relative_to(folder), "a group that shares a cache is not anybody"
    owner = folder.stat().st_uid
    monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
    assert kept_at("read", "a").is_relative_to(folder) is (owner == 0), "that of another user"


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such bits")
def test_without_an_umask_the_cache_folder_is_not_for_anybody_to_write(tmp_path, monkeypatch):
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path / "cache"))
    before = os.umask(0)
    try:
        keep(kept_at("read", "a"), b"1")
    finally:
        os.umask(before)
    assert kept_at("read", "a").read_bytes() == b"1"
