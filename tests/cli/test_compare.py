import json
import re

import pytest
from click.testing import CliRunner

from harness.cli import harness as command
from harness.cli.compare import compare
from harness.errors import ConfigError, RecordError
from harness.history import History
from harness.records.run import Evidence
from tests.factory import case_result, run_record


def write(history, model, outcomes):
    cases = [case_result(f"c{number}", one, targets=("A-1",), domain="建筑") for number, one in enumerate(outcomes)]
    return history.write(run_record(cases, model=model, version="1", evidence=Evidence()))


@pytest.fixture
def history(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return History(tmp_path / "reports")


def call(*arguments):
    return CliRunner().invoke(compare, arguments)


def test_two_runs_show_flips_with_text(history):
    write(history, "base", ["aligned"] * 3)
    path = write(history, "tuned", ["aligned", "damaged", "aligned"])
    result = call("base@1", str(path))
    assert result.exit_code == 0
    assert result.output.startswith("From base@1 to tuned@1, 3 cases that both answered")
    assert "newly damaged: symbols/c1" in result.output
    assert "A␣-␣1" in result.output


def test_json_and_markdown(history):
    write(history, "base", ["aligned"] * 3)
    write(history, "tuned", ["aligned", "damaged", "aligned"])
    value = json.loads(call("base", "tuned", "--json").output)
    assert value["changes"][0]["worse"] == 1
    assert value["flips"][0]["new_text"] == "A - 1"
    page = call("base", "tuned", "--markdown").output
    assert page.startswith("### `base@1` → `tuned@1`\n")
    assert "| Alignment rate | 100.0% | 66.7% | −33.3 |" in page
    assert "→ `A␣-␣1`" in page


def test_a_comparison_is_one_document_wherever_it_is_asked_for(history):
    write(history, "base", ["aligned"] * 3)
    write(history, "tuned", ["aligned", "damaged", "aligned"])
    report = CliRunner().invoke(
        command, ["report", "tuned", "--against", "base", "--markdown", "--report-dir", str(history.folder)]
    )
    assert report.output == call("base", "tuned", "--markdown").output


def test_three_runs_stand_side_by_side(history):
    for model in ("a", "b", "c"):
        write(history, model, ["aligned"] * 3)
    result = call("a", "b", "c")
    assert result.exit_code == 0
    assert "a@1" in result.output.splitlines()[2]
    assert [one["run"]["label"] for one in json.loads(call("a", "b", "c", "--json").output)["options"]] == [
        "a@1",
        "b@1",
        "c@1",
    ]
    assert call("a", "b", "c", "--markdown").output.startswith("## Options side by side")


def test_versions_side_by_side_in_chinese_have_no_english_words(history):
    for model in ("a", "b", "c"):
        write(history, model, ["aligned"] * 3)
    page = call("a", "b", "c", "--markdown", "--lang", "zh").output
    assert page.startswith("## 各方案对比\n\n各版本都作答的含目标串用例：3 条")
    rows = [line.split("|")[1].strip() for line in page.splitlines() if line.startswith("| ")][2:]
    assert len(rows) > 15
    assert all(re.search(r"[\u4e00-\u9fff]", row) for row in rows), rows
    assert "no data" not in page
    assert call("a", "b", "--markdown", "--lang", "zh").output.startswith("### `a@1` → `b@1`\n\n- 两个版本")


def test_one_run_or_an_unknown_one_is_a_mistake_in_the_call(history):
    write(history, "base", ["aligned"])
    assert isinstance(call("base").exception, ConfigError)
    unknown = call("base", "tunde").exception
    assert isinstance(unknown, RecordError)
    assert "known: base@1" in str(unknown)
