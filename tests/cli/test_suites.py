"""`harness suites`: lint, make and schema, with their exit codes."""

import json
import shlex
import tomllib
from pathlib import Path
from typing import Any

import pytest

from harness.cli import run
from harness.suite import case_schema
from tests import processes

LINE = {
    "id": "a-1",
    "domain": "parts",
    "language": "en",
    "task": "copy",
    "prompt": "Write the number of the pump: KX-40/2",
    "targets": ["KX-40/2"],
}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with one sound suite of one case, as the working directory."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pyproject.toml").write_text('[tool.harness]\nsuites = ["suites"]\n')
    write(tmp_path, LINE)
    return tmp_path


def write(project: Path, *lines: dict[str, Any]) -> None:
    folder = project / "suites" / "mine"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "suite.toml").write_text('title = "Mine"\n')
    (folder / "cases.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))


def configured(project: Path, text: str) -> None:
    path = project / "pyproject.toml"
    path.write_text(path.read_text() + text)


def test_a_sound_suite_is_0_with_its_balance(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["suites", "lint"]) == 0
    out = capsys.readouterr().out
    assert "mine         1  .  .     1     .   1  copy 1" in out
    assert out.endswith("1 file, 1 case: 0 errors, 0 warnings, 0 notes\n")


def test_an_error_is_1_with_file_line_rule_and_case(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(project, LINE, {**LINE, "id": "a-2", "targets": ["KX-40/3"], "prompt": "Nothing to see in this line."})
    assert run(["suites", "lint"]) == 1
    assert capsys.readouterr().out.startswith(
        "suites/mine/cases.jsonl:2: error not-in-source: a-2: the target 'KX-40/3' is not in the prompt"
    )


def test_fifty_warnings_of_one_rule_are_twenty_lines_and_a_count(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    prompt = "Write the number of the pump: KX-{}/2"
    alike = [{**LINE, "id": f"a-{n}", "prompt": prompt.format(n), "targets": [f"KX-{n}/2"]} for n in range(100, 151)]
    write(project, *alike)
    assert run(["suites", "lint"]) == 0
    out = capsys.readouterr().out
    assert out.count("warning near-duplicate-prompt") == 20
    assert "30 further warnings near-duplicate-prompt; all of them: --json" in out
    assert "51 cases: 0 errors, 50 warnings" in out
    assert run(["suites", "lint", "--lang", "zh"]) == 0
    assert "另有 30 个 near-duplicate-prompt 警告；全部列出：--json" in capsys.readouterr().out
    assert run(["suites", "lint", "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["findings"]) == 50


def answers(project: Path, *right: str) -> None:
    path = project / "suites" / "mine" / "cases.answers.json"
    path.write_text(json.dumps({"contamination": "test data", "answers": {"a-1": list(right)}}))
    toml = path.with_name("suite.toml")
    toml.write_text('title = "Mine"\ncontamination = "test data"\n')


def test_the_right_answers_beside_the_cases_are_tried_and_counted(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answers(project, "KX-40/2", "It is the KX-40/2.")
    assert run(["suites", "lint", "--strict"]) == 0
    out = capsys.readouterr().out
    assert "right answers: 2 of 2 pass; broken ones made of them: 4 of 4 fail as they should\n" in out
    answers(project, "KX-40/2", "It is the KX-40 / 2.")
    assert run(["suites", "lint"]) == 1
    out = capsys.readouterr().out
    assert "error answers: a-1: right answer 2 is damaged" in out
    assert "right answers: 1 of 2 pass; broken ones made of them: 2 of 2 fail as they should\n" in out
    answers(project, "KX-40/2")
    assert run(["suites", "lint", "--strict", "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert [one["rule"] for one in found["findings"]] == ["few-answers"]
    assert found["answers"] == {"right": 1, "right_passed": 1, "broken": 2, "broken_failed": 2}


def test_a_warning_is_0_and_with_strict_1(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(project, {**LINE, "required": []})
    assert run(["suites", "lint"]) == 0
    assert "warning toothless: a-1: " in capsys.readouterr().out
    assert run(["suites", "lint", "--strict"]) == 1


def test_notes_are_counted_and_printed_on_demand(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(project, {**LINE, "checks": [{"check": "regex", "pattern": "^pump$"}]})
    assert run(["suites", "lint", "--strict"]) == 0
    out = capsys.readouterr().out
    assert "1 note (--notes prints them)" in out
    assert "unproved" not in out
    assert run(["suites", "lint", "--notes"]) == 0
    assert "note unproved: a-1: " in capsys.readouterr().out


def test_a_path_without_cases_is_3(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["suites", "lint", "nowhere"]) == 3
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == (
        "harness: nowhere: no such file or folder; "
        "accepted: a *.jsonl beside a suite.toml, or a folder that holds some\n"
    )


def test_files_and_folders_may_be_named(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["suites", "lint", "suites/mine/cases.jsonl", "suites"]) == 0
    assert "1 file, 1 case:" in capsys.readouterr().out


def test_json_holds_findings_balance_and_files(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(project, {**LINE, "targets": "KX"}, {**LINE, "required": []})
    assert run(["suites", "lint", "--json"]) == 1
    result = json.loads(capsys.readouterr().out)
    assert [(one["rule"], one["level"], one["line"], one["case"]) for one in result["findings"]] == [
        ("bad-line", "error", 1, None),
        ("toothless", "warning", 2, "a-1"),
    ]
    assert result["balance"] == [
        {"suite": "mine", "domain": "parts", "symbols": "both", "language": "en", "task": "copy", "cases": 1}
    ]
    assert (result["files"], result["cases"], result["training_files"]) == (["suites/mine/cases.jsonl"], 1, [])


def sample(text: str) -> str:
    messages = [{"role": "user", "content": "x"}, {"role": "assistant", "content": text}]
    return json.dumps({"messages": messages}) + "\n"


def test_leaks_are_looked_for_in_the_training_data_of_all_models(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "set.jsonl").write_text(sample("Fit KX-40/2."))
    (project / "other.jsonl").write_text(sample("Fit KX-41."))
    configured(project, '[tool.harness.models.tuned]\ntraining_data = ["set.jsonl"]\n')
    assert run(["suites", "lint"]) == 1
    out = capsys.readouterr().out
    assert "error leaked: a-1: 'KX-40/2' is in the training file set.jsonl; take another string" in out
    assert "training files searched for test strings: set.jsonl" in out
    assert run(["suites", "lint", "--training", "other.jsonl"]) == 0
    assert "training files searched for test strings: other.jsonl" in capsys.readouterr().out


def test_a_bad_training_file_is_3(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "set.jsonl").write_text("{}\n")
    assert run(["suites", "lint", "--training", "set.jsonl"]) == 3
    assert "set.jsonl:1: not a training sample" in capsys.readouterr().err


def test_the_projects_own_checks_are_known(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = "from harness.checks import check\n@check\ndef lint_cli_own(answer, *, than: int):\n    return 'no'\n"
    (project / "my_checks.py").write_text(text)
    write(project, {**LINE, "checks": [{"check": "lint_cli_own", "than": 3}]})
    assert run(["suites", "lint"]) == 1
    assert "unknown check 'lint_cli_own'" in capsys.readouterr().out
    path = project / "pyproject.toml"
    path.write_text(path.read_text().replace("[tool.harness]\n", '[tool.harness]\nchecks = ["my_checks.py"]\n'))
    shown = processes.run("harness", "suites", "lint", "--notes", cwd=project)
    assert shown.returncode == 0, shown.stderr
    assert "note unproved: a-1" in shown.stdout


def test_builtin_names_the_shipped_suites_from_any_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["suites", "lint", "builtin"]) == 0
    assert "symbols" in capsys.readouterr().out


def test_the_schema_is_printed(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["suites", "schema"]) == 0
    assert json.loads(capsys.readouterr().out) == case_schema()


@pytest.mark.parametrize("name", ["我的 用例", "it's", "50$", "😀"])
def test_the_command_that_runs_a_made_suite_can_be_typed_as_it_is(
    name: str, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "terms.txt").write_text("KX-40/2\n")
    assert run(["suites", "make", "--terms", "terms.txt", "--out", f"suites/{name}"]) == 0
    command = capsys.readouterr().out.splitlines()[-1].removeprefix("run: ")
    assert shlex.split(command) == ["pytest", "--model=NAME", f"suites/{name}"]
    assert tomllib.loads((project / "suites" / name / "suite.toml").read_text("utf-8"))["title"] == name


@pytest.mark.parametrize("name", ["x[1]", ".hidden"])
def test_no_suite_is_made_that_pytest_cannot_be_asked_for(
    name: str, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "terms.txt").write_text("KX-40/2\n")
    assert run(["suites", "make", "--terms", "terms.txt", "--out", f"suites/{name}"]) == 3
    assert f"found '{name}', which pytest cannot be asked for or passes over" in capsys.readouterr().err
    assert not (project / "suites" / name).exists()


CATALOGUE = "sku;name;group\n" + "".join(f"KY-{number}/A;thing;{'ab'[number % 2]}\n" for number in range(30))


def test_make_writes_a_linted_suite_once(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "parts.csv").write_bytes((CATALOGUE + "plain;x;y\n").encode("utf-16"))
    command = ["suites", "make", "--terms", "parts.csv", "--encoding", "utf-16", "--column", "sku",
               "--domain-column", "group", "--out", "suites/parts"]  # fmt: skip
    assert run(command) == 0
    out = capsys.readouterr().out
    assert out.startswith("suites/parts: 30 cases from 30 strings (delimiter ';')\nskipped 1: holds no sign")
    assert "1 file, 30 cases: 0 errors, 0 warnings, 0 notes" in out
    assert out.endswith("run: pytest --model=NAME suites/parts\n")
    before = (project / "suites" / "parts" / "cases.jsonl").read_bytes()
    assert run(command) == 3
    assert "is there already, and nothing is overwritten" in capsys.readouterr().err
    assert run([*command[:-1], "suites/again"]) == 0
    assert (project / "suites" / "again" / "cases.jsonl").read_bytes() == before
    assert run(["suites", "lint", "suites/parts", "--strict"]) == 0


def test_make_takes_tasks_languages_and_a_number(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "parts.csv").write_text(CATALOGUE)
    command = ["suites", "make", "--terms", "parts.csv", "--column", "1", "--out", "suites/parts",
               "--tasks", "copy, qa", "--languages", "en", "--cases", "8", "--domain", "pumps", "--json"]  # fmt: skip
    assert run(command) == 0
    result = json.loads(capsys.readouterr().out)
    cells = {(cell["domain"], cell["language"], cell["task"]): 0 for cell in result["balance"]}
    assert set(cells) == {("pumps", "en", "copy"), ("pumps", "en", "qa")}
    assert (result["cases"], result["skipped"], result["out"]) == (8, [], "suites/parts")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--tasks", "copi"], "--tasks: found 'copi' (did you mean 'copy'?); accepted: copy, qa, "),
        (["--languages", "fr"], "--languages: found 'fr'; accepted: en, zh"),
        (
            ["--column", "name"],
            "no cell makes a case; the first row skipped, 2: holds no sign that could be damaged",
        ),
        (["--cases", "0"], "Invalid value for '--cases'"),
    ],
)
def test_make_refuses_in_one_line_and_writes_nothing(
    project: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    (project / "parts.csv").write_text(CATALOGUE)
    assert run(["suites", "make", "--terms", "parts.csv", "--column", "sku", "--out", "suites/parts", *arguments]) == 3
    assert message in capsys.readouterr().err
    assert not (project / "suites" / "parts").exists()
