"""The garbage collector's settings: changed for a run with `--model`, and as they were after it."""

import gc
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

_OWN = {"freeze": gc.freeze, "unfreeze": gc.unfreeze}


@pytest.fixture
def seen(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A conftest that writes down the threshold and the number of objects left out, as the first case sees them.

    Nothing is frozen before, and a run freezes and thaws, which other tests keep it from.
    """
    for function, own in _OWN.items():
        monkeypatch.setattr(gc, function, own)
    gc.unfreeze()
    name = "seen.txt"
    pytester.makeconftest(
        f"""
        import gc
        from pathlib import Path

        def pytest_runtest_setup(item):
            Path({name!r}).write_text(f"{{gc.get_threshold()[0]}} {{gc.get_freeze_count()}}")
        """
    )
    yield name
    gc.freeze()


def test_cases_run_with_fewer_rounds_and_the_settings_come_back(
    project: Path, pytester: pytest.Pytester, seen: str
) -> None:
    before, threshold, frozen = gc.get_threshold(), (700, 10, 10), gc.get_freeze_count()
    gc.set_threshold(*threshold)  # a command that ran in this process before may have left a higher one
    pytester.runpytest_inprocess("--model=fake", "--cassette-mode=record")
    during = [int(word) for word in (project / seen).read_text().split()]
    assert during[0] > threshold[0]
    assert during[1] > frozen
    assert gc.get_threshold() == threshold
    assert gc.get_freeze_count() == frozen
    gc.set_threshold(*before)


def test_what_a_run_imports_is_not_looked_through(project: Path, pytester: pytest.Pytester) -> None:
    """Settings and records are classes that stay; the usual threshold makes forty rounds while they are imported."""
    (project / "seen.py").write_text(
        "import gc, sys\n\nclass Seen:\n    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'pydantic':\n            print('threshold', gc.get_threshold()[0])\n\n"
        "sys.meta_path.insert(0, Seen())\n"
    )
    options = ("-p", "harness.pytest_plugin", "-p", "seen", "--model=fake", "--cassette-mode=record")
    env = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}  # a plugin of others may import pydantic before ours
    command = [sys.executable, "-m", "pytest", "-s", *options]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False, env=env)
    assert "threshold 50000" in done.stdout


def test_a_collector_that_is_switched_off_stays_off(project: Path, pytester: pytest.Pytester, seen: str) -> None:
    before = gc.get_threshold()
    gc.set_threshold(0)
    try:
        pytester.runpytest_inprocess("--model=fake", "--cassette-mode=record")
        assert (project / seen).read_text().startswith("0 ")
        assert gc.get_threshold()[0] == 0
    finally:
        gc.set_threshold(*before)


def test_plain_pytest_is_left_alone(pytester: pytest.Pytester, seen: str) -> None:
    pytester.makepyfile("def test_nothing(): pass")
    pytester.runpytest_inprocess()
    assert (pytester.path / seen).read_text() == f"{gc.get_threshold()[0]} {gc.get_freeze_count()}"


def test_what_is_left_at_the_end_of_the_process_is_not_looked_through() -> None:
    # handlers run in the opposite order: the first one sees what the later ones did
    code = """
import atexit, gc
atexit.register(lambda: print(gc.get_freeze_count()))
from harness.pytest_plugin.garbage import fewer_rounds
fewer_rounds()()
assert gc.get_freeze_count() == 0
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(done.stdout) > 10_000


def test_a_run_inside_a_test_imports_nothing_that_goes_with_it(project: Path, pytester: pytest.Pytester) -> None:
    """What it is the first to import goes when it ends, but for the memory; `_OF_A_RUN` of conftest.py names that."""
    before = set(sys.modules)
    during: set[str] = set()

    class Seen:
        def pytest_sessionfinish(self) -> None:
            during.update(sys.modules)

    pytester.inline_run("--model=fake", "--cassette-mode=record", plugins=[Seen()])
    assert "harness.pytest_plugin.session" in during
    assert during - before == set()


# The folder of pytest-benchmark.


def test_an_empty_folder_does_not_stay(project: Path, pytester: pytest.Pytester) -> None:
    pytester.runpytest("--model=fake", "--cassette-mode=record", "-p", "pytest_benchmark.plugin")
    assert not (project / ".benchmarks").exists()


def test_a_folder_that_was_there_stays(project: Path, pytester: pytest.Pytester) -> None:
    (project / ".benchmarks").mkdir()
    pytester.runpytest("--model=fake", "--cassette-mode=record")
    assert (project / ".benchmarks").is_dir()


def test_what_was_measured_stays(project: Path, pytester: pytest.Pytester) -> None:
    pytester.makeconftest(
        """
        from pathlib import Path

        def pytest_sessionfinish():
            Path(".benchmarks/kept.json").write_text("{}")
        """
    )
    pytester.runpytest("--model=fake", "--cassette-mode=record")
    assert (project / ".benchmarks" / "kept.json").is_file()
