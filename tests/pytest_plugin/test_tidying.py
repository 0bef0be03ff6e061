"""The folder of pytest-benchmark."""

from pathlib import Path

import pytest


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
