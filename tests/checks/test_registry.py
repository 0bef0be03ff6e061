"""The table of checks: unknown names and odd results never pass, and a user's file adds checks of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from harness import checks
from harness.checks import registering
from harness.errors import ConfigError
from harness.runs.judge import load_checks


class _UndoError(Exception):
    pass


@pytest.fixture(autouse=True)
def registry_as_it_was() -> Iterator[None]:
    """What a test registers is gone after it."""
    context = registering()
    context.__enter__()
    yield
    error = _UndoError()
    context.__exit__(_UndoError, error, error.__traceback__)


def written(folder: Path, text: str, name: str = "my_checks.py") -> Path:
    (folder / name).write_text(text, encoding="utf-8")
    return folder


def test_an_unknown_check_is_a_problem_and_running_it_fails() -> None:
    assert str(checks.problem_with("eqals", {})).startswith(
        "unknown check 'eqals' (did you mean 'equals'?); accepted: "
    )
    assert not checks.run("eqals", {}, "x").passed


def test_a_user_check_is_named_in_a_case_with_its_arguments(tmp_path: Path) -> None:
    load_checks(written(tmp_path, """
from __future__ import annotations
from harness.checks import check

@check
def starts_upper(answer: str, *, words: int = 1, field: str | None = None) -> str | None:
    "The first words begin with a capital letter."
    wrong = [word for word in answer.split()[:words] if not word[0].isupper()]
    return f"{wrong[0]!r} does not" if wrong else None
"""), ["my_checks.py"])  # fmt: skip
    assert checks.problem_with("starts_upper", {"words": 2}) is None
    assert checks.problem_with("starts_upper", {"words": "2"}) == (
        "starts_upper.words: found '2'; accepted: a whole number"
    )
    assert checks.run("starts_upper", {"words": 2}, "New York").passed
    assert checks.run("starts_upper", {"words": 2}, "New york").detail == "'york' does not"


def test_a_file_is_imported_once(tmp_path: Path) -> None:
    text = "from harness.checks import check\n@check\ndef only_once(answer): return None\n"
    for _ in range(2):
        load_checks(written(tmp_path, text), ["my_checks.py"])
    assert checks.run("only_once", {}, "x").passed


@pytest.mark.parametrize("returned", ["True", "False", "0", "[]", "('x',)"])
def test_only_none_passes(tmp_path: Path, returned: str) -> None:
    text = f"from harness.checks import check\n@check\ndef odd(answer): return {returned}\n"
    load_checks(written(tmp_path, text), ["my_checks.py"])
    result = checks.run("odd", {}, "x")
    assert not result.passed
    assert result.detail.startswith("the check returned ")


def test_an_empty_text_is_a_failure_too(tmp_path: Path) -> None:
    load_checks(
        written(tmp_path, "from harness.checks import check\n@check\ndef mute(answer): return ''\n"), ["my_checks.py"]
    )
    assert not checks.run("mute", {}, "x").passed


@pytest.mark.parametrize("body", ["raise ValueError('bad\\x1b[31m')", "import sys; sys.exit(0)", "return 1 / 0"])
def test_a_check_that_raises_or_exits_has_failed(tmp_path: Path, body: str) -> None:
    text = f"from harness.checks import check\n@check\ndef broken(answer):\n    {body}\n"
    load_checks(written(tmp_path, text), ["my_checks.py"])
    result = checks.run("broken", {}, "x")
    assert not result.passed
    assert result.detail.startswith("the check itself failed: ")
    assert result.detail.isprintable()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("@check\ndef equals(answer): return None", "ValueError: a check named 'equals' exists; choose another name"),
        ("@check\ndef loose(answer, value): return None", "its parameter 'value' must come after a '*'"),
        ("@check\ndef bare(): return None", "its first parameter must be the answer"),
        ("@check\ndef catching(answer, **rest): return None", "its parameter 'rest' must come after a '*'"),
        ("def broken(:", "SyntaxError"),
        ("import no_such_module", "ModuleNotFoundError: No module named 'no_such_module'"),
        ("raise SystemExit(3)", "SystemExit: 3"),
    ],
)
def test_a_bad_file_is_an_error_that_names_it_and_leaves_nothing(tmp_path: Path, text: str, message: str) -> None:
    good = "from harness.checks import check\n@check\ndef first(answer): return None\n"
    written(tmp_path, good + text + "\n")
    with pytest.raises(ConfigError) as caught:
        load_checks(tmp_path, ["my_checks.py"])
    assert str(caught.value).startswith(f"[tool.harness] checks: {tmp_path / 'my_checks.py'}: ")
    assert message in str(caught.value)
    assert "first" not in checks.known()


def test_a_missing_file_says_what_is_accepted(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no file .*none\.py; accepted: paths of Python files"):
        load_checks(tmp_path, ["none.py"])
    written(tmp_path, "x", "notes.txt")
    with pytest.raises(ConfigError, match=r"notes\.txt is not a Python file"):
        load_checks(tmp_path, ["notes.txt"])


def test_a_users_check_is_in_the_schema(tmp_path: Path) -> None:
    from harness.suite import case_schema

    text = "from harness.checks import check\n@check\ndef shorter(answer, *, than: int): return None\n"
    load_checks(written(tmp_path, text), ["my_checks.py"])
    own = [one for one in case_schema()["$defs"]["check"]["oneOf"] if one["properties"]["check"]["const"] == "shorter"]
    assert own[0]["properties"]["than"] == {"type": "integer"}
    assert own[0]["required"] == ["check", "than"]
