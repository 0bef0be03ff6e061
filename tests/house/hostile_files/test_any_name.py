"""Names and links from a pull request lead nowhere else, and nothing is written outside the project."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from harness.config import HarnessConfig, model
from harness.errors import ConfigError, RecordError, SuiteError
from harness.files import is_portable
from harness.history import History
from harness.suite import load_suite
from tests.house.hostile_files.conftest import Run
from tests.house.hostile_files.contents import INTERACTION, RECORD

NAMES = [
    "../evil",
    "../../elsewhere/evil",
    "/tmp/evil",
    "..",
    ".",
    "a/b",
    "a\\b",
    "a\nb",
    "a\0b",
    "\x1b]0;owned\x07",
    "~",
    "",
]
COMMANDS = ("\x1b", "\x07", "\x9b", "\u202e")
"""Characters that reach a terminal from no file."""


@pytest.fixture
def untouched(project: Path) -> Any:
    """All that lies beside the project is as it was at the end of the test."""

    def listed() -> list[tuple[str, int]]:
        beside = (path for path in project.parent.rglob("*") if not path.is_relative_to(project))
        return sorted((str(path), path.lstat().st_size) for path in beside)

    before = listed()
    yield
    assert listed() == before


def put(project: Path, name: str, content: str) -> None:
    path = project / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)


def changed(value: dict[str, Any], path: tuple[Any, ...], to: object) -> dict[str, Any]:
    copy: dict[str, Any] = json.loads(json.dumps(value))
    place: Any = copy
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = to
    return copy


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("name", NAMES)
def test_a_case_id_is_refused_before_anything_is_done(name: str, run: Run, project: Path) -> None:
    put(project, "suites/s/cases.jsonl", json.dumps({"id": name, "prompt": "A-1", "targets": ["A-1"]}) + "\n")
    done = run("--model=m", "--cassette-mode=record", program="pytest")
    assert done.code == 2, done.output
    assert "cases.jsonl:1: id: found " in done.output
    assert not any(sign in done.output for sign in COMMANDS)


NOT_ON_WINDOWS = ["CON", "nul", "aux.txt", "com1.v2", "LPT¹", "v1.", "v1 ", "a:b", "a?", "a|b", "CONIN$"]


@pytest.mark.parametrize("name", NOT_ON_WINDOWS)
def test_no_folder_is_named_as_windows_has_none(name: str, project: Path) -> None:
    for given, version in ((name, "v1"), ("m", name)):
        with pytest.raises(ConfigError, match="found "):
            model(HarnessConfig(models={given: {"version": version}}, root=project), given)
        with pytest.raises(RecordError, match="cannot name a file"):
            History(project / "reports").path(f"{given}@{version}", "20260101-0123456789")
    (project / "suites/s").rename(project / "suites" / name)
    with pytest.raises(SuiteError, match="no folder on Windows can be called "):
        load_suite(project / "suites" / name)


@pytest.mark.parametrize("name", ["v1.0", "con-1", "aux_", "nullable", "com10", "a.con", "全部"])
def test_a_name_that_only_looks_like_one_of_windows_is_taken(name: str) -> None:
    assert is_portable(name)


def test_two_models_are_two_folders_where_capitals_do_not_count(run: Run, project: Path) -> None:
    put(project, "pyproject.toml", "[tool.harness.models.tuned]\n[tool.harness.models.Tuned]\n")
    done = run("models", "list")
    assert done.code == 3, done.output
    assert "'tuned' and 'Tuned', which are one folder on Windows and macOS" in done.output


FIELDS = [("run_id",), ("model",), ("version",), ("cases", 0, "suite"), ("cases", 0, "id")]


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("field", FIELDS, ids=str)
def test_a_record_names_no_other_place(field: tuple[Any, ...], name: str, run: Run, project: Path) -> None:
    put(project, f"reports/m@v1/{RECORD['run_id']}.json", json.dumps(changed(RECORD, field, name)))
    for command in (("runs", "show", "m"), ("runs", "list"), ("runs", "baseline", "m")):
        done = run(*command)
        assert "Traceback" not in done.output, done.output
        assert not any(sign in done.output for sign in COMMANDS)


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("name", ["../../elsewhere/evil", "a\nb"])
@pytest.mark.parametrize("field", FIELDS, ids=str)
def test_a_page_is_written_in_its_folder_or_not_at_all(
    field: tuple[Any, ...], name: str, run: Run, project: Path
) -> None:
    put(project, f"reports/m@v1/{RECORD['run_id']}.json", json.dumps(changed(RECORD, field, name)))
    done = run("report", "m")
    assert "Traceback" not in done.output, done.output
    assert done.code == (0 if field[0] == "cases" else 3), done.output
    pages = [path.relative_to(project).as_posix() for path in project.rglob("*.html")]
    assert all(page == "reports/index.html" or page == f"reports/m@v1/{RECORD['run_id']}.html" for page in pages)


@pytest.mark.parametrize("name", NAMES)
def test_a_selection_reads_no_other_suite(name: str, run: Run, project: Path) -> None:
    put(project.parent, "elsewhere/suite.toml", 'title = "e"\n[defaults]\ndomain = "d"\nlanguage = "en"\ntask = "t"\n')
    put(project.parent, "elsewhere/c.jsonl", '{"id": "stolen", "prompt": "A-1", "targets": ["A-1"]}\n')
    (project / "suites/few.cases").write_bytes(f"{name}/stolen\ns/{name}\n".encode())
    done = run("--model=m", "--suites=few", program="pytest")
    assert done.code == 2, done.output
    assert "few.cases" in done.output
    assert not any(sign in done.output for sign in COMMANDS)


@pytest.mark.parametrize("key", ["judge", "file", "include", "checks", "rules_from"])
@pytest.mark.parametrize("value", ["../../elsewhere/x", "/etc/passwd", "module:function"])
def test_a_policy_names_no_file_and_no_code(key: str, value: str, run: Run, project: Path) -> None:
    put(project, f"reports/m@v1/{RECORD['run_id']}.json", json.dumps(RECORD))
    put(project, "policy.toml", f"{key} = {json.dumps(value)}\n")
    done = run("gate", "--candidate", "m", "--policy", "policy.toml")
    assert done.code == 3, done.output
    assert f"policy.toml: {key}: unknown field" in done.output


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("name", [name for name in NAMES if name and "\0" not in name])
def test_the_names_of_an_import_are_those_of_the_project(name: str, run: Run, project: Path) -> None:
    put(project, "stock", json.dumps({"version": 1, "interactions": [INTERACTION]}))
    for arguments in ((f"--model={name}", "--suite=s"), ("--model=m", f"--suite={name}")):
        done = run("cassettes", "import", "stock", *arguments)
        assert done.code == 3, done.output
        assert not any(sign in done.output for sign in COMMANDS)


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("link", ["cassettes/m@v1", "cassettes/m@v1/s.jsonl", "cassettes/m@v1/.s.jsonl.lock"])
def test_an_answer_is_not_written_through_a_link(link: str, run: Run, project: Path) -> None:
    put(project, "stock", json.dumps({"version": 1, "interactions": [INTERACTION]}))
    (project / link).parent.mkdir(parents=True)
    (project / link).symlink_to(project.parent / "elsewhere" / ("" if link.endswith("v1") else "s.jsonl"))
    done = run("cassettes", "import", "stock", "--model=m", "--suite=s")
    assert done.code == 3, done.output
    assert "is a symlink; refusing to write through it" in done.output


@pytest.mark.usefixtures("untouched")
def test_a_run_record_is_not_written_through_a_link(run: Run, project: Path) -> None:
    put(project, "outputs.jsonl", '{"id": "c-1", "output": "A-1"}\n')
    (project / "reports").mkdir()
    (project / "reports/kept@v1").symlink_to(project.parent / "elsewhere")
    done = run("--model=kept", program="pytest")
    assert "the run record was not written: " in done.output
    assert "a link, and whoever made it chose where this writes" in done.output


@pytest.mark.usefixtures("untouched")
def test_pages_are_not_written_through_a_link(run: Run, project: Path) -> None:
    put(project, f"reports/m@v1/{RECORD['run_id']}.json", json.dumps(RECORD))
    (project / "reports/m@v1" / f"{RECORD['run_id']}.html").symlink_to(project.parent / "elsewhere" / "page.html")
    (project / "reports/index.html").symlink_to(project.parent / "elsewhere" / "index.html")
    done = run("report")
    assert done.code == 0, done.output


@pytest.mark.parametrize("place", ["suites/s/\x1b]0;owned\x07\u202e.jsonl", "cassettes/m@v1/\x1b[2J.jsonl"])
@pytest.mark.parametrize(
    "command", [("suites", "lint"), ("cassettes", "status"), ("cassettes", "verify"), ("pytest", "--model=m")]
)
def test_a_file_name_commands_no_terminal(command: tuple[str, ...], place: str, run: Run, project: Path) -> None:
    put(project, place, "{\n")
    done = run(*command[1:], program="pytest") if command[0] == "pytest" else run(*command)
    assert "Traceback" not in done.output, done.output
    assert not any(sign in done.output for sign in COMMANDS), repr(done.output)


def test_a_file_name_that_is_no_text_is_told(run: Run, project: Path) -> None:
    name = bytes(project / "suites/s/") + b"/\xff\xfe.jsonl"
    with open(name, "wb") as file:
        file.write(b"{\n")
    for command in (("suites", "lint"), ("cassettes", "status"), ("gate", "--plan")):
        done = run(*command)
        assert "Traceback" not in done.output, done.output
        assert done.code in (1, 3)
