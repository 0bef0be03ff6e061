"""Suites become items only with `--model`, and every selection that pytest knows works on them."""

import json
from pathlib import Path

import pytest

from harness.errors import SuiteError
from harness.project import Project, load_suite
from harness.suite import builtin_root, core_ids, default_cases, read_selection
from harness.suite import load_suite as load_folder
from tests.pytest_plugin.conftest import CASES, FakeEndpoint, write_suite


def test_without_a_model_no_case_is_collected(project: Path, pytester: pytest.Pytester) -> None:
    result = pytester.runpytest("suites")
    assert result.ret == pytest.ExitCode.NO_TESTS_COLLECTED


def test_ids_name_case_and_model(project: Path, pytester: pytest.Pytester) -> None:
    result = pytester.runpytest("--model=fake", "--collect-only", "-q")
    result.stdout.fnmatch_lines(
        [
            "suites/mine/cases.jsonl::a-1?fake?",
            "suites/mine/cases.jsonl::a-2?fake?",
            "suites/mine/cases.jsonl::a-3?fake?",
        ]
    )


def test_a_node_id_runs_one_case(project: Path, pytester: pytest.Pytester) -> None:
    pytester.runpytest("--model=fake", "--cassette-mode=record")
    result = pytester.runpytest("--model=fake", "suites/mine/cases.jsonl::a-2[fake]")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*partial: paths were given"])


@pytest.mark.parametrize("options", [(), ("--suites=mine",), ("--suites=suites/mine",)])
def test_a_folder_with_a_bracket_in_its_name_holds_a_project_like_any_other(
    project: Path, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...]
) -> None:
    (project / "data [2026]").mkdir()
    for name in ("suites", "pyproject.toml"):
        (project / name).rename(project / "data [2026]" / name)
    monkeypatch.chdir(project / "data [2026]")
    result = pytester.runpytest("--model=fake", "--collect-only", "-q", *options)
    result.stdout.fnmatch_lines(["suites/mine/cases.jsonl::a-1?fake?", "*3 tests collected*"])


@pytest.mark.parametrize("word", ["a-2", "area", "zh"])
def test_k_selects_by_id_tag_and_language(project: Path, pytester: pytest.Pytester, word: str) -> None:
    result = pytester.runpytest("--model=fake", "--collect-only", "-q", "-k", word)
    result.stdout.fnmatch_lines(["*a-2?fake?", "*1/3 tests collected*"])


def test_what_k_finds_a_case_by_is_made_where_somebody_asks(project: Path, pytester: pytest.Pytester) -> None:
    items, _ = pytester.inline_genitems("--model=fake")
    assert [item for item in items if any(isinstance(value, set) and value for value in vars(item).values())] == []
    items[0].extra_keyword_matches.add("of a plugin")
    assert {"of a plugin", "fake", "mine"} <= set(items[0].listextrakeywords())
    assert "of a plugin" not in items[1].listextrakeywords()


def test_two_models_make_two_items_a_case(project: Path, pytester: pytest.Pytester) -> None:
    text = (project / "pyproject.toml").read_text()
    (project / "pyproject.toml").write_text(text + '\n[tool.harness.models.other]\nbase = "fake"\n')
    result = pytester.runpytest("--model=fake,other", "--collect-only", "-q")
    result.stdout.fnmatch_lines(["*a-1?fake?", "*a-1?other?", "*6 tests collected*"])


def test_jsonl_outside_a_suite_is_never_a_case(project: Path, pytester: pytest.Pytester) -> None:
    (project / "suites" / "training").mkdir()
    (project / "suites" / "training" / "set.jsonl").write_text('{"messages": []}\n')
    result = pytester.runpytest("--model=fake", "--collect-only", "-q")
    result.stdout.fnmatch_lines(["*3 tests collected*"])


def test_a_broken_line_is_named_and_the_rest_is_not_judged(project: Path, pytester: pytest.Pytester) -> None:
    write_suite(project / "suites" / "bad", [{**CASES[0], "langage": "en"}])
    result = pytester.runpytest("--model=fake")
    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.stdout.fnmatch_lines(
        ["*suites/bad/cases.jsonl:1: langage: unknown field (did you mean 'language'?); accepted: *"]
    )
    assert "Traceback" not in result.stdout.str()


def test_one_id_in_two_files_of_a_suite_is_an_error(project: Path, pytester: pytest.Pytester) -> None:
    write_suite(project / "suites" / "mine", CASES[:1], "more.jsonl")
    result = pytester.runpytest("--model=fake")
    result.stdout.fnmatch_lines(["*more.jsonl:1: id: 'a-1' is also at *cases.jsonl:1; ids are unique in a suite"])


def test_an_unknown_model_is_a_usage_error_with_the_nearest_name(project: Path, pytester: pytest.Pytester) -> None:
    result = pytester.runpytest("--model=fakee")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*unknown model 'fakee' (did you mean 'fake'?); accepted: fake, or openai:NAME"])


def test_builtin_suites_need_no_configuration(pytester: pytest.Pytester) -> None:
    result = pytester.runpytest(
        "--model=openai:any", "--base-url=http://127.0.0.1:9/v1", "--suites=builtin", "--collect-only", "-q"
    )
    assert result.ret == pytest.ExitCode.OK
    result.stdout.fnmatch_lines(["*construction-001?any?"])


def test_missing_suites_say_what_to_do(pytester: pytest.Pytester) -> None:
    result = pytester.runpytest("--model=openai:any", "--base-url=http://127.0.0.1:9/v1")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*give --suites=builtin *"])


def test_last_failed_runs_only_what_failed(project: Path, pytester: pytest.Pytester, endpoint: object) -> None:
    endpoint.reply = lambda prompt: prompt.replace("-", " - ")  # type: ignore[attr-defined]
    first = pytester.runpytest("--model=fake", "--cassette-mode=record")
    first.assert_outcomes(failed=2, passed=1)
    again = pytester.runpytest("--model=fake", "--lf")
    again.assert_outcomes(failed=2)
    again.stdout.fnmatch_lines(["*partial: *"])


# `--suites=NAME`: a selection of fixed cases is a suite of its own; a folder can be meant by its name.


@pytest.fixture
def selection(project: Path) -> Path:
    path = project / "suites" / "canary.cases"
    path.write_text("# two of three\nmine/a-1\nmine/a-3  # the last\n")
    return path


def test_a_selection_runs_its_cases_under_its_own_name(
    selection: Path, pytester: pytest.Pytester, endpoint: FakeEndpoint
) -> None:
    result = pytester.runpytest("--model=fake", "--suites=canary", "--cassette-mode=live")
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["*  canary"])
    assert "partial" not in result.stdout.str()


def test_a_selection_is_not_run_with_the_suites_that_it_is_taken_from(
    selection: Path, pytester: pytest.Pytester
) -> None:
    result = pytester.runpytest("--model=fake", "--collect-only", "-q")
    result.stdout.fnmatch_lines(["*3 tests collected*"])


def test_a_selection_replays_the_recordings_of_its_suites(
    selection: Path, pytester: pytest.Pytester, endpoint: FakeEndpoint
) -> None:
    pytester.runpytest("--model=fake", "--cassette-mode=record").assert_outcomes(passed=3)
    pytester.runpytest("--model=fake", "--suites=canary").assert_outcomes(passed=2)
    assert endpoint.asked == 3


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("mine/a-9", "*canary.cases: no case mine/a-9 (did you mean 'a-?'?)*"),
        ("a-1", "*canary.cases:1: found 'a-1'; accepted: suite/id"),
        ("mine/a-1\nmine/a-1", "*canary.cases:2: mine/a-1 is there twice; keep one"),
    ],
)
def test_a_wrong_line_of_a_selection_is_named(
    selection: Path, pytester: pytest.Pytester, line: str, message: str
) -> None:
    selection.write_text(line + "\n")
    result = pytester.runpytest("--model=fake", "--suites=canary")
    result.stdout.fnmatch_lines([message])


def test_a_suite_is_meant_by_its_name(project: Path, pytester: pytest.Pytester) -> None:
    result = pytester.runpytest("--model=fake", "--suites=mine", "--collect-only", "-q")
    result.stdout.fnmatch_lines(["*3 tests collected*"])


def test_an_unknown_name_lists_the_known_ones(selection: Path, pytester: pytest.Pytester) -> None:
    result = pytester.runpytest("--model=fake", "--suites=canari")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        ["*(did you mean 'canary'?); accepted: builtin, a folder of suites, or one of: canary, mine"]
    )


def test_the_shipped_canaries_are_at_least_sixty_with_targets() -> None:
    from harness.suite import builtin_root, load_selection

    cases = load_selection(builtin_root() / "canary.cases")
    assert sum(bool(case.targets) for case in cases) >= 60
    assert len({case.id for case in cases}) == len(cases)


# A run without names asks `core.cases`, and whole the suites that it does not name.

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
