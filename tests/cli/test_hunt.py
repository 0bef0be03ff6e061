import json
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from harness import config as configuration
from harness.cli.hunt import hunt
from harness.errors import CassetteError, ConfigError, SuiteError
from harness.hunt.probe import Code
from harness.hunt.session import HuntSession, read_hunt
from harness.runs.judge import Judge
from harness.suite import load_suite
from tests import processes

APP = """
import itertools, re

# the functions run in threads: next() of a counter is one step, reading and adding is two
ASKED = itertools.count(1)

def spaced(body):
    text = body["messages"][-1]["content"]
    return re.sub(r"(?<!-)-(?=\\d{3})", " - ", text)

def sound(body):
    return body["messages"][-1]["content"]

def silent(body):
    return "I would rather not say."

def flaky(body):
    text = body["messages"][-1]["content"]
    return re.sub(r"[-/]", r" \\g<0> ", text) if next(ASKED) % 23 == 0 else text

def broken(body):
    raise RuntimeError("out of order")

def dying(body):
    if next(ASKED) > 60:
        raise RuntimeError("gone")
    return spaced(body)

def killed(body):
    if next(ASKED) == 30:
        import os, signal
        os.kill(os.getpid(), signal.SIGKILL)
    return spaced(body)

def interrupted(body):
    if next(ASKED) == 30:
        import os, signal
        os.kill(os.getpid(), signal.SIGINT)
    return spaced(body)
"""
MODELS = ("spaced", "sound", "silent", "interrupted", "killed", "broken", "flaky", "dying")


@pytest.fixture
def project(tmp_path, monkeypatch):
    module = f"app_{tmp_path.name.replace('-', '_')}"
    (tmp_path / f"{module}.py").write_text(APP)
    (tmp_path / "pyproject.toml").write_text(
        "".join(
            f'[tool.harness.models.{name}]\nkind = "callable"\nfunction = "{module}:{name}"\nmax_concurrency = 2\n'
            for name in MODELS
        )
    )
    folder = tmp_path / "suites" / "adversarial"
    folder.mkdir(parents=True)
    (folder / "suite.toml").write_text("title = 'Adversarial'\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    return tmp_path


def call(*arguments):
    return CliRunner().invoke(hunt, arguments)


def test_a_broken_model_gives_its_smallest_string_and_the_rule(project):
    result = call("--model=spaced", "--request-budget=120", "--seed=3")
    assert result.exit_code == 1
    assert "smallest  a-111" in result.stdout
    assert "rule      fails when the symbol is '-' and at least 3 digits follow the symbol" in result.stdout
    assert "requests" in result.stderr


def test_a_sound_model_gives_a_bound(project):
    result = call("--model=sound", "--request-budget=60")
    assert result.exit_code == 0
    assert "nothing found in" in result.stdout
    assert "at 95 %" in result.stdout


def test_a_model_that_never_says_the_string_gives_no_verdict(project):
    result = call("--model=silent", "--request-budget=20")
    assert result.exit_code == 2
    assert "nothing can be said" in result.stdout


def test_json_has_every_rate_with_its_counts(project):
    result = call("--model=spaced", "--request-budget=120", "--seed=3", "--json")
    found = json.loads(result.stdout)
    assert found["requests"] <= found["budget"] == 120
    assert found["finds"][0]["smallest"] == "a-111"
    assert (found["finds"][0]["failures"], found["finds"][0]["asks"]) == (5, 5)
    assert found["finds"][0]["interval"][1] == 1.0


def test_pins_become_cases(project):
    result = call("--model=spaced", "--request-budget=120", "--seed=3", "--pin")
    assert "pinned pin-" in result.stdout
    case = load_suite(project / "suites" / "adversarial")[0]
    assert case.targets == ("a-111",)
    assert "found-in=spaced@1" in case.tags


def test_a_pin_retires_only_for_a_model_that_is_clean(project):
    call("--model=spaced", "--request-budget=120", "--seed=3", "--pin")
    stays = call("--model=spaced", "--retire")
    assert (stays.exit_code, "stays" in stays.stdout) == (1, True)
    gone = call("--model=sound", "--retire")
    assert (gone.exit_code, "retired: 59 clean, 0 damaged" in gone.stdout) == (0, True)
    assert call("--model=sound", "--retire").stdout == "nothing is pinned\n"


def test_pinning_without_a_suite_says_what_to_make(project):
    (project / "suites" / "adversarial" / "suite.toml").unlink()
    with pytest.raises(ConfigError, match=r"suite\.toml"):
        CliRunner().invoke(hunt, ["--model=spaced", "--pin"], catch_exceptions=False)


def test_ctrl_c_prints_the_best_so_far(project):
    result = call("--model=interrupted", "--request-budget=200", "--seed=3")
    assert result.exit_code == 130
    assert "smallest" in result.stdout
    assert "stopped by hand" in result.stdout


def test_a_recording_without_an_answer_keeps_nothing(project):
    result = call("--model=broken", "--request-budget=5", "--seed=3", "--record")
    assert result.exit_code == 2, result.output
    assert not [path for path in (project / "suites").rglob("*.jsonl*") if path.name != "cases.jsonl"]


def test_a_recording_of_an_endpoint_that_is_not_there_says_so_and_keeps_nothing(project):
    with (project / "pyproject.toml").open("a") as settings:
        settings.write('[tool.harness.models.gone]\nbase_url = "http://127.0.0.1:9/v1"\n')
    # a process of its own: pytester forgets modules, and then errors of one library are no longer those of another
    options = ("--model=gone", "--request-budget=20", "--seed=3", "--record")
    done = processes.run("harness", "hunt", *options, cwd=project)
    assert done.returncode == 3, done.stderr
    assert "nothing answers at http://127.0.0.1:9/v1" in done.stderr
    assert "Traceback" not in done.stderr
    assert not [path for path in (project / "suites").rglob("*.jsonl*") if path.name != "cases.jsonl"]


def test_a_killed_recording_is_not_asked_for_again(project):
    options = ("--model=killed", "--request-budget=120", "--seed=3", "--record")

    def record():
        return processes.run("harness", "hunt", *options, cwd=project)

    assert record().returncode == -9
    (left,) = (project / "suites" / "adversarial" / "hunts").glob("*.part")
    kept = len(left.read_text(encoding="utf-8").splitlines())
    assert kept > 20
    (module,) = project.glob("app_*.py")
    module.write_text(APP.replace("next(ASKED) == 30", f"next(ASKED) > {120 - kept}", 1))
    again = record()
    assert again.returncode == 1, again.stderr
    assert "smallest  a-111" in again.stdout
    assert not list(left.parent.glob("*.part"))


@pytest.fixture
def hunting_test(project):
    """The project's own hunting test, with a recorded hunt beside it."""
    source = Path(__file__).parents[2] / "suites" / "adversarial" / "test_hunt.py"
    (project / "suites" / "adversarial" / "test_hunt.py").write_text(source.read_text(encoding="utf-8"))
    call("--model=spaced", "--request-budget=120", "--seed=3", "--record")
    return project


def run_pytest(*arguments):
    return processes.run("pytest", "-p", "no:cacheprovider", "--import-mode=importlib", *arguments, cwd=Path.cwd())


def test_a_recorded_hunt_replays_without_its_model_and_without_drawing_questions(hunting_test):
    (module,) = hunting_test.glob("app_*.py")
    module.unlink()
    result = run_pytest("--model=spaced", "-p", "no:hypothesispytest", "suites/adversarial")
    assert result.returncode == 1, result.stdout + result.stderr
    assert "smallest  a-111" in result.stdout
    assert "rule      fails when the symbol is '-' and at least 3 digits follow the symbol" in result.stdout


def test_a_recording_that_lacks_an_answer_says_where_it_ends(project):
    call("--model=spaced", "--request-budget=120", "--seed=3", "--record")
    (answers,) = (project / "suites/adversarial/hunts").glob("spaced@*.jsonl")
    lines = answers.read_text(encoding="utf-8").splitlines(keepends=True)
    answers.write_text("".join(lines[:60]), encoding="utf-8")
    config = configuration.load(project)
    model = configuration.model(config, "spaced")
    hunt = HuntSession(config, model, Judge(model)).recorded(answers.parent)
    assert (hunt.ended, hunt.asker.spent) == ("recording", 60)


def test_without_a_recording_the_test_is_skipped_with_the_command(hunting_test):
    result = run_pytest("--model=sound", "-rs", "suites/adversarial")
    assert result.returncode == 0, result.stdout + result.stderr
    assert "harness hunt --model=sound --record" in result.stdout


def test_live_hunts_within_the_request_budget(hunting_test):
    result = run_pytest("--model=sound", "--cassette-mode=live", "--request-budget=20", "suites/adversarial")
    assert result.returncode == 0, result.stdout + result.stderr
    assert "20 of 20 requests" in result.stdout
    assert (hunting_test / "reports" / "hunts" / "sound@1.json").is_file()


def test_strings_and_prompts_of_the_project_enter_the_draw(project):
    (project / "codes.csv").write_text("sku,name\nQ7-777,a\nQ8/1,b\n", encoding="utf-8")
    (project / "prompts.txt").write_text("﻿Order {string} today.\r\n\r\n请订购 {string}。\n", encoding="utf-8")
    result = call(
        "--model=spaced", "--request-budget=60", "--terms=codes.csv", "--column=sku", "--templates=prompts.txt",
        "--record", "--json",
    )  # fmt: skip
    assert result.exit_code == 1
    (stored,) = (project / "suites/adversarial/hunts").glob("spaced@*.json")
    asked = stored.read_text(encoding="utf-8")
    assert '"Q7"' in asked
    assert "请订购 {string}。" in asked


def test_symbols_of_the_project_and_files_in_gbk_enter_the_draw(project):
    with (project / "pyproject.toml").open("a") as settings:
        settings.write('[tool.harness.symbols]\n"~" = {}\n')
    (project / "codes.txt").write_bytes("甲~乙\n水/木\nplain\n".encode("gbk"))
    (project / "prompts.txt").write_bytes("请订购 {string}。\n".encode("gbk"))
    options = ["--terms=codes.txt", "--templates=prompts.txt", "--record", "--request-budget=60"]
    result = call("--model=sound", *options)
    assert result.exit_code == 0, result.output
    assert "1 of 3 rows are not drawn" in result.stderr
    (stored,) = (project / "suites/adversarial/hunts").glob("sound@*.json")
    drawn = [probe.code for probe in read_hunt(stored).probes()]
    assert Code("水/木") in drawn
    assert Code(("甲", "乙"), ("~",)) in drawn


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--column=sku"], "--column names a column of --terms FILE"),
        (["--terms=plain.txt"], "plain.txt: no string with a symbol"),
        (["--templates=plain.txt"], "line 1: no {string} in the prompt"),
        (["--templates=empty.txt"], "empty.txt: empty"),
        (["--terms=nothing.txt"], "nothing.txt: empty; accepted: a CSV file, or one string a line"),
        (["--templates=latin.txt"], "latin.txt: not UTF-8 at byte 2"),
    ],
)
def test_strings_and_prompts_that_cannot_be_used_are_refused(project, options, message):
    (project / "plain.txt").write_text("water\n")
    (project / "empty.txt").write_text("\n")
    (project / "nothing.txt").write_text("")
    (project / "latin.txt").write_bytes("für {string}".encode("cp1252"))
    result = call("--model=sound", *options)
    assert isinstance(result.exception, ConfigError)
    assert message in str(result.exception)


def test_a_longer_recording_is_not_replaced(project):
    assert call("--model=sound", "--request-budget=40", "--record").exit_code == 0
    (stored,) = (project / "suites/adversarial/hunts").glob("sound@*.json")
    kept = stored.read_bytes()
    result = call("--model=sound", "--request-budget=20", "--record")
    assert isinstance(result.exception, CassetteError)
    assert "add --request-budget=40 or more" in str(result.exception)
    assert stored.read_bytes() == kept
    assert call("--model=sound", "--request-budget=40", "--record").exit_code == 0


def test_a_stopped_hunt_does_not_replace_a_whole_recording(project):
    assert call("--model=interrupted", "--request-budget=20", "--seed=3", "--record").exit_code in (0, 1)
    hunts = project / "suites/adversarial/hunts"
    whole = {path.name: path.read_bytes() for path in hunts.iterdir()}
    result = call("--model=interrupted", "--request-budget=200", "--seed=3", "--record")
    assert (result.exit_code, "not recorded whole" in result.stderr) == (130, True)
    left = {path.name: path.read_bytes() for path in hunts.iterdir()}
    (part,) = set(left) - set(whole)
    assert part.endswith(".jsonl.part")
    assert whole.items() <= left.items()


def test_an_endpoint_that_dies_leaves_what_was_found(project):
    result = call("--model=dying", "--request-budget=200", "--seed=3", "--record")
    assert result.exit_code == 1, result.output
    assert "smallest  a-111" in result.stdout
    assert "the endpoint gives no usable answer any more" in result.stdout
    assert [path.suffix for path in (project / "suites/adversarial/hunts").iterdir()] == [".part"]


def test_retiring_refuses_what_would_do_nothing_and_speaks_json(project):
    result = call("--model=sound", "--retire", "--pin", "--omissions")
    assert isinstance(result.exception, ConfigError)
    assert "--pin, --omissions would do nothing" in str(result.exception)
    call("--model=spaced", "--request-budget=120", "--seed=3", "--pin")
    found = json.loads(call("--model=spaced", "--retire", "--json").stdout)
    assert [(pin["damaged"], pin["retired"]) for pin in found["pins"]] == [(1, False)]
    assert found["not_asked"] == []


def test_a_pin_that_is_there_and_a_budget_that_is_too_small_are_said(project):
    assert "pinned pin-" in call("--model=spaced", "--request-budget=120", "--seed=3", "--pin").stdout
    assert (
        "pinned already, and left as it is: a-111"
        in call("--model=spaced", "--request-budget=120", "--seed=3", "--pin").stdout
    )
    result = call("--model=sound", "--request-budget=5", "--retire")
    assert result.exit_code == 1
    assert "1 of 1 pins stay because the budget of 5 requests ended" in result.stdout
    assert "--request-budget=60" in result.stdout


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("pinned.jsonl", b"# my pins\n", "not JSON at column 1"),
        ("pinned.jsonl", "[1]\n".encode("utf-16"), "save it as UTF-8"),
        ("pinned.jsonl", b"[1]\n", "accepted: one JSON object a line"),
        ("retired.json", b"[{", "cannot be read as JSON"),
        ("retired.json", b"{}", "found dict; accepted: the list that --retire writes"),
    ],
)
@pytest.mark.parametrize("option", ["--pin", "--retire"])
def test_a_file_that_no_pin_can_go_to_is_refused_before_anything_is_asked(project, option, name, content, message):
    path = project / "suites" / "adversarial" / name
    path.write_bytes(content)
    result = call("--model=spaced", "--request-budget=120", "--seed=3", option)
    assert isinstance(result.exception, SuiteError)
    assert message in str(result.exception)
    assert "of 120 requests" not in result.stderr
    assert path.read_bytes() == content


def test_a_defect_that_strikes_now_and_then_ends_in_1(project):
    result = call("--model=flaky", "--request-budget=200")
    assert result.exit_code == 1
    assert "tries failed, " in result.stdout or "1. smallest" in result.stdout
