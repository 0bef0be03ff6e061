"""The screen of a run: failures by kind, the commands that it names, what comes next, annotations, languages."""

from __future__ import annotations

import shlex
from concurrent.futures import Future
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from harness.config import HarnessConfig, pytest_options
from harness.pytest_plugin import progress, terminal
from harness.pytest_plugin.terminal import summary_lines
from harness.records.run import CheckResult
from harness.show.run import failure_lines
from tests.factory import case_result, run_record, sample_result
from tests.pytest_plugin.conftest import CASES, FakeEndpoint, write_suite


def several_kinds(prompt: str) -> str:
    """Of the three cases the first is damaged, the second omitted, the third damaged too."""
    return "没有。" if "重复" in prompt else prompt.replace("-", " - ").replace("/", " / ").replace("Repeat", "It is")


def test_a_model_without_settings_is_named_whole_in_every_command(
    pytester: pytest.Pytester, endpoint: FakeEndpoint
) -> None:
    endpoint.reply = lambda prompt: prompt.replace("-", " - ")
    model = ["--model=openai:org/fake", f"--base-url={endpoint.base_url}", "--suites=builtin"]
    failed = pytester.runpytest(*model, "-k", "symbols and construction-002", "--cassette-mode=record")
    failed.stdout.fnmatch_lines([f"*rerun     pytest {' '.join(model)} -k construction-002"])
    config = HarnessConfig(root=pytester.path)
    assert pytest_options(config, "org-fake", "org/fake", endpoint.base_url) == model
    pytester.mkdir("suites")
    assert pytest_options(config, "org-fake", "org/fake", None) == model[:1]
    named = config.model_copy(update={"models": {"fake": {}}})
    assert pytest_options(named, "fake", "x", "y") == ["--model=fake"]


def test_failures_come_by_kind_with_the_prompt_and_a_command_that_runs_the_case_again(
    project: Path, pytester: pytest.Pytester, endpoint: FakeEndpoint
) -> None:
    endpoint.reply = several_kinds
    result = pytester.runpytest("--model=fake", "--cassette-mode=record")
    result.stdout.fnmatch_lines(
        [
            "*= failures =*",
            "fake@v1",
            "damaged: 2 of 3 cases",
            "*space round the symbol: 2 cases, 2 domains",
            "*prompt    Repeat: Sikalastic-609",
            "*rerun     pytest --model=fake 'suites/mine/cases.jsonl::a-1[[]fake]'",
            "omitted: 1 of 3 cases",
            "omitted: 水吧台/岛台区域",
            "*answer    没有。",
            "fake@v1  (record, answers of *)",
            "fake@v1: alignment rate 0.0% (0 of 3), fidelity 0.0%, *",
            "*= 3 failed in *",
        ]
    )
    assert result.stdout.lines[-1] == "next: harness report fake@v1  (every case on a page)"
    (command,) = {line.partition("pytest ")[2] for line in result.stdout.lines if "rerun" in line and "a-1" in line}
    again = pytester.runpytest(*shlex.split(command))
    again.assert_outcomes(failed=1)
    again.stdout.fnmatch_lines(["damaged: Sikalastic␣-␣609"])


def test_the_command_that_runs_a_case_again_is_one_for_the_folder_that_one_is_in(
    project: Path, pytester: pytest.Pytester, endpoint: FakeEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    endpoint.reply = several_kinds
    pytester.mkdir("below")
    monkeypatch.chdir(pytester.path / "below")
    suite = pytester.path / "suites"
    result = pytester.runpytest("--model=fake", "--cassette-mode=record", f"--rootdir={pytester.path}", str(suite))
    result.assert_outcomes(failed=3)
    result.stdout.fnmatch_lines(["*rerun     pytest --model=fake '../suites/mine/cases.jsonl::a-1[[]fake]'"])


def test_ids_of_failed_cases_are_listed_only_when_asked_for(
    project: Path, pytester: pytest.Pytester, endpoint: FakeEndpoint
) -> None:
    endpoint.reply = several_kinds
    pytester.makepyfile(test_own="def test_own():\n    assert False")
    result = pytester.runpytest("--model=fake", "--cassette-mode=record", "suites", "test_own.py")
    result.assert_outcomes(failed=4)
    assert [line for line in result.stdout.lines if line.startswith("FAILED")] == [
        "FAILED test_own.py::test_own - assert False"
    ]
    for option in ("-rf", "-rfE"):
        again = pytester.runpytest("--model=fake", option)
        listed = [line for line in again.stdout.lines if line.startswith("FAILED suites")]
        assert len(listed) == 3, option
        assert "damaged: Sikalastic␣-␣609" in listed[0]


def test_the_domains_with_most_failing_cases_are_listed_and_the_others_counted() -> None:
    cases = [case_result(f"c-{n}", "damaged" if n % 3 else "aligned", domain=f"domain-{n:02}") for n in range(60)]
    lines = summary_lines(run_record(cases), "replay", 20)
    listed = [line for line in lines if line.startswith("    domain-")]
    assert len(listed) == 20
    assert not any("100.0%, " in line for line in listed)
    assert any(line.startswith("  ... and 40 more domains") for line in lines)
    assert len([line for line in summary_lines(run_record(cases), "replay") if line.startswith("    domain-")]) == 60


def test_checks_that_fail_for_one_reason_are_one_line_and_the_rest_is_counted() -> None:
    checks = [CheckResult(check=f"c{n}", passed=False, detail="the answer is not JSON") for n in range(9)]
    checks += [CheckResult(check="regex", passed=False, detail=f"rule {n}") for n in range(9)]
    failed = case_result("a", "failed", targets=(), samples=[sample_result("failed", targets=(), checks=tuple(checks))])
    lines = [line for line in failure_lines([failed], {}) if line.startswith("  check ")]
    assert lines[0] == "  check     c0, c1, c2, c3, c4 and 4 more: the answer is not JSON"
    assert len(lines) == 5


def test_each_kind_is_capped_with_a_count_and_v_shows_all(
    project: Path, pytester: pytest.Pytester, endpoint: FakeEndpoint
) -> None:
    cases = [{**CASES[0], "id": f"c-{number}", "prompt": f"Repeat {number}: Sikalastic-609"} for number in range(30)]
    write_suite(project / "suites" / "mine", cases)
    endpoint.reply = several_kinds
    result = pytester.runpytest("--model=fake", "--cassette-mode=record")
    assert sum("  case  " in line for line in result.stdout.lines) == 3
    result.stdout.fnmatch_lines(["  ... and 27 more damaged (-v lists all)"])
    every = pytester.runpytest("--model=fake", "-v")
    assert sum("  case  " in line for line in every.stdout.lines) == 30
    none = pytester.runpytest("--model=fake", "--tb=no")
    assert sum("  case  " in line for line in none.stdout.lines) == 0
    none.stdout.fnmatch_lines(["fake@v1: alignment rate 0.0% (0 of 30)*"])


def test_the_screen_is_chinese_where_that_is_asked_for(
    project: Path, pytester: pytest.Pytester, endpoint: FakeEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    endpoint.reply = several_kinds
    first = pytester.runpytest("--model=fake", "--cassette-mode=record", "--lang=zh")
    monkeypatch.setenv("HARNESS_LANG", "zh_CN.UTF-8")
    second = pytester.runpytest("--model=fake")
    for result in (first, second):
        result.stdout.fnmatch_lines(
            [
                "*= 失败用例 =*",
                "损坏：3 条用例中的 2 条",
                "*符号两侧多空格：2 条用例，2 个领域",
                "*提示词    Repeat: Sika*",
            ]
        )
        assert result.stdout.lines[-1].startswith("下一步：")


def test_a_case_held_out_of_training_does_not_show_its_text(
    project: Path, pytester: pytest.Pytester, endpoint: FakeEndpoint
) -> None:
    write_suite(project / "suites" / "mine", [{**CASES[0], "tags": ["held-out"]}])
    endpoint.reply = several_kinds
    result = pytester.runpytest("--model=fake", "--cassette-mode=record")
    result.assert_outcomes(failed=1)
    assert not [line for line in result.stdout.lines if "Sikalastic" in line]


def test_what_comes_next_follows_from_what_became_of_the_run(project: Path, pytester: pytest.Pytester) -> None:
    def last(*arguments: str) -> str:
        return pytester.runpytest("--model=fake", *arguments).stdout.lines[-1]

    assert last("--cassette-mode=record").startswith("next: harness runs baseline fake@v1")
    assert last("-k", "a-1").startswith("next: pytest --model=fake ")
    (project / "reports" / "baselines.json").write_text('{"schema": 1, "baselines": {"fake": "other@v1"}}')
    assert last().startswith("next: harness gate --candidate fake@v1")
    (project / "reports" / "baselines.json").unlink()
    assert last("--gate").startswith("next: ")


def test_what_was_asked_live_is_asked_again_when_it_is_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terminal, "_options", lambda _project, run: [f"--model={run.model}"])
    project: Any = None
    config: Any = SimpleNamespace(getoption=lambda _name: None)
    said = {
        mode: terminal.next_line(project, [run_record(mode=mode)], config, interrupted=True)
        for mode in ("live", "record", "refresh", "replay")
    }
    command = "next: pytest --model=tuned --cassette-mode=record"
    assert said["live"] == f"{command}  (asks again, and keeps each answer)"
    assert said["record"] == said["refresh"] == f"{command}  (asks for the rest)"
    assert said["replay"] == "next: pytest --model=tuned  (this run was partial)"  # nothing was asked


def test_the_next_command_is_quoted_for_the_shell_of_the_system(monkeypatch: pytest.MonkeyPatch) -> None:
    words = ["pytest", "--model=my model", "--suites=it's"]
    assert terminal._shell(words) == """pytest '--model=my model' '--suites=it'"'"'s'"""
    monkeypatch.setattr(terminal, "os", SimpleNamespace(name="nt"))
    assert terminal._shell(words) == 'pytest "--model=my model" --suites=it\'s'


def test_damaged_cases_are_annotated_in_a_workflow_of_github_and_nowhere_else(
    project: Path, pytester: pytest.Pytester, endpoint: FakeEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases = [{**CASES[0], "id": f"c-{number}", "prompt": f"Repeat {number}: Sikalastic-609"} for number in range(15)]
    write_suite(project / "suites" / "mine", cases)
    endpoint.reply = lambda prompt: f"100%\n::error::no{prompt.replace('-', ' - ')}"
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    plain = pytester.runpytest("--model=fake", "--cassette-mode=record")
    assert not [line for line in plain.stdout.lines if line.lstrip().startswith("::")]
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    result = pytester.runpytest("--model=fake")
    found = [line for line in result.stdout.lines if line.lstrip().startswith("::")]
    assert len(found) == 10
    assert found[0] == (
        "::error file=suites/mine/cases.jsonl,line=1,title=fake@v1%3A mine/c-0::damaged: Sikalastic␣-␣609"
    )


@pytest.mark.parametrize(("term", "drawn"), [("dumb", "lines"), ("xterm", "bar"), ("", "bar")])
def test_a_dumb_terminal_gets_lines_and_no_bar(monkeypatch, term, drawn):
    monkeypatch.setenv("TERM", term)
    monkeypatch.setattr(progress, "_PATIENCE_S", 0.0)
    monkeypatch.setattr(progress, "_wait_with_bar", lambda *given: "bar")
    monkeypatch.setattr(progress, "_wait_with_lines", lambda *given: "lines")
    plugins = {"terminalreporter": SimpleNamespace(isatty=True)}
    config = SimpleNamespace(
        pluginmanager=SimpleNamespace(get_plugin=plugins.get), getoption=lambda name: 0, stash=pytest.Stash()
    )
    assert progress.wait_for(Future(), None, config) == drawn
