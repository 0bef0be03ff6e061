"""A run without names asks `core.cases`, and whole the suites that it does not name."""

import json
from pathlib import Path

import pytest

from harness.errors import SuiteError
from harness.project import Project, load_suite
from harness.suite import builtin_root, core_ids, default_cases, read_selection
from harness.suite import load_suite as load_folder
from tests.pytest_plugin.conftest import FakeEndpoint

CASE = {"domain": "parts", "language": "en", "task": "copy", "prompt": "Write KX-40/2", "targets": ["KX-40/2"]}


def add_suite(project: Path, name: str, *ids: str, toml: str = "") -> None:
    folder = project / "suites" / name
    folder.mkdir(parents=True)
    (folder / "suite.toml").write_text(f'title = "{name}"\n{toml}')
    (folder / "cases.jsonl").write_text("".join(json.dumps({"id": one, **CASE}) + "\n" for one in ids))


@pytest.fixture
def core(project: Path) -> Path:
    """Suite `mine` has a-1 to a-3, of which core names one; `pinned` is not named; `extra` is run by name."""
    add_suite(project, "pinned", "p-1", "p-2")
    add_suite(project, "extra", "e-1", "e-2", toml="default = false\n")
    path = project / "suites" / "core.cases"
    path.write_text("mine/a-2\nextra/e-2\n")
    return path


@pytest.mark.parametrize("option", [(), ("--suites=core",)])
def test_named_cases_and_whole_suites_under_their_own_names(
    option: tuple[str, ...], core: Path, pytester: pytest.Pytester, endpoint: FakeEndpoint
) -> None:
    result = pytester.runpytest("--model=fake", "--cassette-mode=record", *option)
    assert "partial" not in result.stdout.str()
    record = next((core.parent.parent / "reports").rglob("*.json"))
    keys = {f"{case['suite']}/{case['id']}" for case in json.loads(record.read_text())["cases"]}
    assert keys == {"mine/a-2", "pinned/p-1", "pinned/p-2", "extra/e-2"}


@pytest.mark.parametrize(("suites", "number"), [("mine", 3), ("extra", 2), ("suites", 7)])
def test_a_suite_or_folder_that_is_named_is_asked_whole(
    suites: str, number: int, core: Path, pytester: pytest.Pytester
) -> None:
    result = pytester.runpytest("--model=fake", f"--suites={suites}", "--collect-only", "-q")
    result.stdout.fnmatch_lines([f"*{number} tests collected*"])


def test_without_the_file_all_default_suites_are_asked(core: Path, pytester: pytest.Pytester) -> None:
    core.unlink()
    pytester.runpytest("--model=fake", "--collect-only", "-q").stdout.fnmatch_lines(["*5 tests collected*"])


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("mine/a-9", "*core.cases: no case mine/a-9 (did you mean 'a-?'?)*"),
        ("mien/a-1", "*core.cases: no suite *mien (did you mean 'mine'?)*"),
        ("a-1", "*core.cases:1: found 'a-1'; accepted: suite/id*"),
    ],
)
def test_a_wrong_line_is_named_and_nothing_is_run(line: str, words: str, core: Path, pytester: pytest.Pytester) -> None:
    core.write_text(line + "\n")
    result = pytester.runpytest("--model=fake")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([words])
    with pytest.raises(SuiteError):
        default_cases(core.parent)


def test_the_python_interface_asks_the_same(core: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = Project.open(core.parent.parent)
    assert {f"{case.suite}/{case.id}" for case in project.cases()} == {
        *("mine/a-2", "pinned/p-1", "pinned/p-2", "extra/e-2")
    }
    assert len(load_suite(core.parent)) == 7


def test_the_shipped_core_names_cases_of_every_default_suite_and_all_canaries() -> None:
    root = builtin_root()
    core = core_ids(root)
    folders = {path.parent.name for path in root.glob("*/suite.toml")}
    assert folders - set(core) == {"adversarial", "latency", "long_context", "symbols_other"} & folders
    assert 550 <= sum(map(len, core.values())) <= 750
    for suite, ids in read_selection(root / "canary.cases").items():
        assert set(ids) <= core[suite], suite
    for case in default_cases(root):
        text = json.dumps([case.messages, case.tools], ensure_ascii=False)
        han = sum("\u3000" <= char <= "\u9fff" or "\uac00" <= char <= "\ud7af" for char in text)
        # about what a tokenizer gives: 0.75 for a Han character, 0.3 for another
        assert han * 0.75 + (len(text) - han) * 0.3 < 600, f"{case.suite}/{case.id}"


def test_cases_outside_the_headline_are_tagged(tmp_path: Path) -> None:
    add_suite(tmp_path, "beside", "b-1", toml="headline = false\n")
    assert [case.tags for case in load_folder(tmp_path / "suites" / "beside")] == [("not-in-headline",)]
