import json

import pytest
from click.testing import CliRunner

from harness.cli.runs import runs
from harness.errors import ConfigError
from harness.history import History
from tests.factory import case_result, mention, run_record, sample_result


def write(history, model="tuned", version="1", day=1, **fields):
    text = "A\u00a0-\x1b[0m1"
    found = mention(text, text, "spaced", "wide-space")
    answer = sample_result("damaged", targets=("A-1",), output=text, mentions={"A-1": (found,)})
    case = case_result("one", "damaged", targets=("A-1",), domain="建筑", samples=[answer])
    made = f"2026-03-{day:02}T00:00:00+00:00"
    return history.write(run_record([case], model=model, version=version, made=made, **fields))


@pytest.fixture
def history(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return History(tmp_path / "reports")


def call(*arguments):
    return CliRunner().invoke(runs, arguments)


def test_the_list_is_newest_first_and_narrows_by_name(history):
    write(history, day=1)
    write(history, "base", day=2, partial=True)
    lines = call("list").stdout.splitlines()
    assert lines[1].split() == ["base@1", "20260302-base", "live,", "partial", "0.0%", "0"]
    assert lines[2].startswith("tuned@1")
    value = json.loads(call("list", "tuned", "--json").stdout)
    assert [run["run_id"] for run in value["runs"]] == ["20260301-tuned"]


def test_an_empty_history_says_what_makes_a_run(history):
    result = call("list")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "pytest --model=NAME" in result.stderr


def test_a_broken_record_is_named_beside_the_others(history):
    path = write(history)
    path.with_name("x.json").write_text("{")
    result = call("list")
    assert "20260301-tuned" in result.stdout
    assert "x.json: cannot be read as JSON" in result.stderr


def test_a_run_is_shown_with_its_failing_cases_made_visible(history):
    write(history)
    output = call("show", "tuned").stdout
    assert "damaged: symbols/one A-1 -> A<U+00A0>-<U+001B>[0m1" in output
    assert "\x1b" not in output
    assert "alignment_rate" in output
    assert "no data" in output


def test_json_of_a_run_is_the_record_and_commands_nothing(history):
    path = write(history)
    output = call("show", "20260301", "--json").stdout
    assert "\x1b" not in output
    assert "\u00a0" not in output
    assert json.loads(output) == json.loads(path.read_text("utf-8"))


def test_a_baseline_is_set_for_its_own_model_or_another(history):
    write(history)
    write(history, "base", day=2)
    assert call("baseline", "tuned@1").stdout == "tuned: tuned@1\n"
    assert call("baseline", "20260302-base", "--for", "tuned").stdout == "tuned: 20260302-base\n"
    assert json.loads(call("baseline", "--json").stdout) == {"tuned": "20260302-base"}


def test_no_baseline_yet(history):
    assert "no baselines" in call("baseline").stderr


def test_a_partial_run_is_no_baseline(history):
    write(history, partial=True)
    assert isinstance(call("baseline", "tuned").exception, ConfigError)
    assert isinstance(call("baseline", "--for", "tuned").exception, ConfigError)
