"""Cases judged in blocks: what is seen and kept is what pytest's own protocol gives, and who wants it gets it."""

from __future__ import annotations

import gc
import json
import re
import shutil
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import _pytest.warnings
import pytest

from harness.history import read_run
from harness.pytest_plugin import protocol
from harness.pytest_plugin.collection import CaseItem
from harness.pytest_plugin.model_run import ModelRun
from harness.records.run import RunRecord
from tests.pytest_plugin.conftest import CASES, FakeEndpoint, run_apart, write_suite

Count = Callable[[], int]
WITHOUT = ("-p", "no:verbatim-blocks")


@pytest.fixture
def many(project: Path, pytester: pytest.Pytester, endpoint: FakeEndpoint) -> Path:
    """Nine cases with answers that are right, damaged, without the string, and not there, in two files."""
    said = {"1": lambda text: text, "2": lambda text: text.replace("-", " - "), "3": lambda text: "No."}
    endpoint.reply = lambda prompt: said.get(prompt[0], str)(prompt)
    cases = [
        {**CASES[0], "id": f"c-{number}", "prompt": f"{1 + number % 3} Repeat: Sikalastic-609 ({number})"}
        for number in range(9)
    ]
    write_suite(project / "suites" / "mine", cases[:5])
    write_suite(project / "suites" / "mine", cases[5:], "others.jsonl")
    pytester.runpytest("--model=fake", "--cassette-mode=record", "--deselect=suites/mine/cases.jsonl::c-3[fake]")
    forget_runs(project)
    return project


def forget_runs(project: Path) -> None:
    """As if no run had been made here."""
    shutil.rmtree(project / ".pytest_cache", ignore_errors=True)
    shutil.rmtree(project / "reports")


def only_run(project: Path) -> RunRecord:
    """The record of the one run since `forget_runs`."""
    (path,) = project.glob("reports/*/*.json")
    return read_run(path)


@pytest.fixture
def by_pytest(monkeypatch: pytest.MonkeyPatch) -> Count:
    """How many cases pytest's own protocol has run."""
    seen: list[str] = []
    setup = CaseItem.setup

    def counted(item: CaseItem) -> None:
        seen.append(item.name)
        setup(item)

    monkeypatch.setattr(CaseItem, "setup", counted)
    return lambda: len(seen)


def everything(project: Path, result: pytest.RunResult) -> tuple[int, str, dict[str, str]]:
    """Exit code, screen and files of a run, without moments and durations."""

    def plain(text: str) -> str:
        text = re.sub(
            r'(time|timestamp|hostname)="[^"]*"|\d+\.\d\ds| *\d+(\.\d+)?[mun]?s\b|"last_cache_date_str": "[^"]*"',
            "",
            text,
        )
        text = re.sub(r'"(started|ended|digest|git_commit)": ?("[^"]*"|null)', "", text)
        text = re.sub(r"^=+ | =+$", "", text, flags=re.MULTILINE)  # as many as the duration between them leaves
        return "\n".join(line for line in text.split("\n") if "no:verbatim-blocks" not in line)

    names = ("*.xml", "reports/*/*.json", ".pytest_cache/v/cache/*", "cassettes/*/*.jsonl")
    files = {str(path.relative_to(project)): plain(path.read_text()) for name in names for path in project.glob(name)}
    lines = [
        line for line in plain(result.stdout.str()).split("\n") if not re.match(r"(plugins|cachedir): |=+ test s", line)
    ]
    return result.ret, "\n".join(lines), files


OPTIONS = [
    [],
    ["-v"],
    ["-q"],
    ["-rA"],
    ["-rf", "--tb=line"],
    ["-x"],
    ["--maxfail=2"],
    ["-k", "c-1 or c-2 or c-4"],
    ["--junitxml=all.xml"],
    ["--junitxml=all.xml", "-o", "junit_logging=all", "-x"],
    ["-s"],
    ["--setup-show"],
    ["--stepwise"],
    ["-p", "no:cacheprovider"],
    ["-o", "console_output_style=count"],
    ["-o", "console_output_style=times"],
    ["-p", "no:terminal"],
    ["-n1"],
]


@pytest.mark.parametrize("options", OPTIONS, ids=" ".join)
def test_a_user_sees_and_keeps_the_same(many: Path, pytester: pytest.Pytester, options: list[str]) -> None:
    own = everything(many, pytester.runpytest("--model=fake", *options, *WITHOUT))
    forget_runs(many)
    assert everything(many, pytester.runpytest("--model=fake", *options)) == own


def test_only_the_last_of_a_file_and_those_without_an_answer_are_run_by_pytest(
    many: Path, pytester: pytest.Pytester, by_pytest: Count
) -> None:
    pytester.runpytest("--model=fake").assert_outcomes(passed=2, failed=6, errors=1)
    assert by_pytest() == 3


def test_what_pytest_puts_round_each_item_is_round_each_block(
    many: Path, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two blocks of three, the case without an answer and the last of each file; no warning is lost."""
    caught, judge, real = [], ModelRun.judge, _pytest.warnings.catch_warnings_for_item

    def counted(**given: Any) -> Any:
        caught.append(given["when"])
        return real(**given)

    def warns(*given: Any) -> Any:
        warnings.warn("of a judge", stacklevel=1)
        return judge(*given)

    monkeypatch.setattr(_pytest.warnings, "catch_warnings_for_item", counted)
    monkeypatch.setattr(ModelRun, "judge", warns)
    pytester.runpytest("--model=fake", "-Wdefault").assert_outcomes(passed=2, failed=6, errors=1, warnings=4)
    assert caught.count("runtest") == 5


@pytest.mark.parametrize(
    "hook",
    [
        "def pytest_runtest_setup(item): note(item.name, 'setup')",
        "def pytest_runtest_call(item): note(item.name, 'call')",
        "def pytest_runtest_teardown(item): note(item.name, 'teardown')",
        "def pytest_runtest_makereport(item, call): note(item.name, call.when) if call.when == 'call' else None",
        "def pytest_runtest_protocol(item, nextitem): note(item.name, 'protocol')",
        "def pytest_exception_interact(node, call, report): note(node.name, 'fault')",
        "def pytest_runtest_logreport(report): note(report.nodeid, report.when, len(report.user_properties))",
        "def pytest_runtest_logstart(nodeid): note(nodeid, 'start')",
        "def pytest_runtestloop(session): note('loop', len(session.items))",
    ],
)
def test_a_hook_of_a_project_is_called_as_often_as_ever(many: Path, pytester: pytest.Pytester, hook: str) -> None:
    pytester.makeconftest(
        f"def note(*words):\n    with open('noted', 'a') as file:\n        print(*words, file=file)\n{hook}\n"
    )
    noted = many / "noted"
    pytester.runpytest("--model=fake", *WITHOUT)
    before = noted.read_text()
    noted.unlink()
    pytester.runpytest("--model=fake")
    assert noted.read_text() == before
    assert before


def test_a_mark_from_a_conftest_counts(many: Path, pytester: pytest.Pytester, by_pytest: Count) -> None:
    pytester.makeconftest(
        """
        import pytest
        def pytest_collection_modifyitems(items):
            items[0].add_marker(pytest.mark.skip(reason="not today"))
            items[1].add_marker(pytest.mark.xfail(reason="known"))
        """
    )
    result = pytester.runpytest("--model=fake")
    result.assert_outcomes(passed=1, failed=5, errors=1, skipped=1, xfailed=1)


def test_what_a_check_of_a_project_prints_is_kept_with_its_case(many: Path, pytester: pytest.Pytester) -> None:
    (many / "own.py").write_text(
        "from harness.checks import check\n@check\ndef talks_to_us(answer, *, times):\n    print('looked at', times)\n"
    )
    settings = many / "pyproject.toml"
    settings.write_text(
        settings.read_text().replace(
            "[tool.harness.models", '[tool.harness]\nchecks = ["own.py"]\n[tool.harness.models', 1
        )
    )
    talking = [{"check": "talks_to_us", "times": number} for number in range(3)]
    cases = [{**CASES[0], "id": f"p-{one['times']}", "checks": [one]} for one in talking]
    write_suite(many / "suites" / "talking", cases)
    run_apart(pytester, "--model=fake", "--cassette-mode=record", "suites/talking")
    run_apart(pytester, "--model=fake", "--junitxml=all.xml", "-o", "junit_logging=all", "suites/talking")
    written = (many / "all.xml").read_text()
    assert [f"looked at {number}" in written for number in range(3)] == [True] * 3


@pytest.mark.parametrize(
    "option", ["--timeout=60", "--pdb", "--log-level=INFO", "--setup-show", "-ofaulthandler_timeout=60"]
)
def test_a_debugger_or_a_timeout_has_each_case_to_itself(
    many: Path, pytester: pytest.Pytester, by_pytest: Count, option: str
) -> None:
    pytester.runpytest("--model=fake", option, "-k", "c-0 or c-6")  # two that pass, in two files
    one_each = by_pytest()
    assert one_each == 2
    pytester.runpytest(
        "--model=fake", option, "-k", "c-0 or c-1 or c-2", *(["-x"] if option == "--pdb" else []), "--pdbcls=pdb:Pdb"
    )
    assert by_pytest() > one_each + 1


def test_a_fixture_before_the_cases_is_torn_down_where_it_was(many: Path, pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        test_before="""
        import pytest
        @pytest.fixture(scope="session", autouse=True)
        def held():
            yield
            print("said at the end")
            raise RuntimeError("torn down")
        def test_it():
            pass
        """
    )
    for options in ([], ["-x"]):
        given = ["--model=fake", "test_before.py", "suites", "-v", *options]
        own = everything(many, pytester.runpytest(*given, "--tb=line", *WITHOUT))
        assert everything(many, pytester.runpytest(*given, "--tb=line")) == own
        assert "torn down" in own[1]


@pytest.mark.parametrize("status", [401, 500])
def test_an_endpoint_that_refuses_stops_a_run_at_the_same_case(
    many: Path, pytester: pytest.Pytester, endpoint: FakeEndpoint, status: int
) -> None:
    settings = many / "pyproject.toml"
    settings.write_text(settings.read_text() + "\nattempts = 1\npatience_s = 0\n")
    endpoint.status = status
    given = ["--model=fake", "--cassette-mode=record", "--max-concurrency=1"]
    own = pytester.runpytest(*given, *WITHOUT)
    mine = pytester.runpytest(*given)
    assert own.parseoutcomes() == mine.parseoutcomes()


def test_a_live_run_waits_for_no_later_answer(many: Path, pytester: pytest.Pytester, endpoint: FakeEndpoint) -> None:
    given = ["--model=fake", "--cassette-mode=live", "--max-concurrency=2"]
    endpoint.most_running = 0  # the recording of `many` asked at the concurrency of its own
    own = pytester.runpytest(*given, *WITHOUT).parseoutcomes()
    endpoint.delay_s = 0.05
    assert pytester.runpytest(*given).parseoutcomes() == own
    assert endpoint.most_running <= 2


def test_a_plugin_that_comes_in_the_middle_gets_what_follows(
    many: Path, pytester: pytest.Pytester, by_pytest: Count
) -> None:
    pytester.makeconftest(
        """
        class Late:
            def pytest_runtest_call(self, item):
                with open("late", "a") as file:
                    print(item.name, file=file)
        def pytest_runtest_logfinish(nodeid, location):
            pass
        class Watch:
            def pytest_report_teststatus(self, report, config):
                if report.when == "call" and "c-1" in report.nodeid and not config.pluginmanager.hasplugin("late"):
                    config.pluginmanager.register(Late(), "late")
        def pytest_configure(config):
            config.pluginmanager.register(Watch())
        """
    )
    pytester.runpytest("--model=fake").assert_outcomes(passed=2, failed=6, errors=1)
    names = (many / "late").read_text().split()
    assert names == ["c-2[fake]", "c-4[fake]", "c-5[fake]", "c-6[fake]", "c-7[fake]", "c-8[fake]"]


def test_a_duration_is_that_of_its_case_where_somebody_looks(many: Path, pytester: pytest.Pytester) -> None:
    pytester.runpytest("--model=fake", "--junitxml=all.xml")
    result = pytester.runpytest("--model=fake", "--durations=0", "-vv")
    assert sum("s call " in line for line in result.stdout.lines) == 2  # those of failures are shown elsewhere
    assert sum("s setup " in line for line in result.stdout.lines) == 9
    record = json.loads(next((many / "reports").glob("*/*.json")).read_text())
    assert len(record["cases"]) == 8


def test_an_answer_that_was_taken_is_not_read_from_its_file_again(
    many: Path, pytester: pytest.Pytester, endpoint: FakeEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    monkeypatch.setattr("harness.runs.answers.read_back", lambda path, key: read.append(key))
    monkeypatch.setattr(protocol, "_LONGEST_S", 0.0)  # a block has come to its time after a case
    endpoint.delay_s = 0.01
    result = pytester.runpytest("--model=fake", "--cassette-mode=live", "--max-concurrency=4")
    assert result.parseoutcomes() == {"passed": 3, "failed": 6}
    assert read == []


RUNS_AGAIN = """
import pytest
from _pytest.runner import runtestprotocol

def pytest_runtest_protocol(item, nextitem):  # as pytest-rerunfailures has it, and as others, who keep the outcome
    for turn in (1, 2, 3):
        for report in runtestprotocol(item, nextitem=nextitem, log=False):
            if AS_RERUN and report.when == "call" and report.failed and turn < 3:
                report.outcome = "rerun"
            item.ihook.pytest_runtest_logreport(report=report)
    return True
"""


@pytest.mark.parametrize("as_rerun", [True, False])
def test_a_case_that_a_plugin_runs_again_is_one_case(many: Path, pytester: pytest.Pytester, as_rerun: bool) -> None:
    pytester.runpytest("--model=fake")
    once = only_run(many)
    forget_runs(many)
    pytester.makeconftest(f"AS_RERUN = {as_rerun}\n{RUNS_AGAIN}")
    pytester.runpytest("--model=fake")
    again = only_run(many)
    assert again.cases == once.cases
    assert again.partial_reason == once.partial_reason


def test_a_file_that_is_run_twice_has_each_case_once(many: Path, pytester: pytest.Pytester) -> None:
    file = "suites/mine/cases.jsonl"
    pytester.runpytest("--model=fake", file)
    once = only_run(many)
    forget_runs(many)
    pytester.runpytest("--model=fake", "--keep-duplicates", file, file)
    again = only_run(many)
    assert again.cases == once.cases
    assert again.partial_reason == once.partial_reason


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["-k", "c-1 or c-2"], "not all cases were selected (-k, --lf, --deselect)"),
        (["--suites=suites"], "1 of 9 cases have no result"),
    ],
)
def test_a_run_of_a_part_is_a_part_with_workers_too(
    many: Path, pytester: pytest.Pytester, options: list[str], reason: str
) -> None:
    pytester.runpytest("--model=fake", *options, "-n1")
    assert only_run(many).partial_reason == reason


LOOKS = """
from copy import copy

def pytest_collection_modifyitems(items):
    items[0].user_properties.append(("from", "a conftest"))
    items[1].keywords["slow"] = True
    items[2].extra_keyword_matches.add("mine")

def pytest_terminal_summary(terminalreporter):
    for outcome in ("passed", "failed", "skipped"):
        for report in terminalreporter.stats.get(outcome, []):
            print(report.nodeid, report.when, report.keywords, report.user_properties, report.sections, report.location)
            print(report.verbatim[0], report.verbatim[1].model_dump_json(), hasattr(report, "other"), report.head_line)
            print("c-", 0 <= report.duration < report.stop - report.start + 1, report.longrepr is None, report.passed)
            print(copy(report).nodeid, copy(report).outcome, copy(report).location)
    items = terminalreporter._session.items if hasattr(terminalreporter, "_session") else []
    for item in items:
        print(item.nodeid, [*item.keywords], item.own_markers, sorted(item.extra_keyword_matches), item.location)
        print(item.user_properties, item._store is item.stash, hasattr(item, "other"), "fake")
"""


def test_what_is_made_when_it_is_asked_for_is_what_pytest_makes(many: Path, pytester: pytest.Pytester) -> None:
    pytester.makeconftest(LOOKS)
    said = []
    for options in ((), WITHOUT):
        result = pytester.runpytest("--model=fake", "-s", *options)
        said.append([line for line in result.outlines if "c-" in line or "fake" in line or "exposure" in line])
        forget_runs(many)
    assert said[0] == said[1]
    assert sum("a conftest" in line for line in said[0]) == 2  # of the report and of the item


RUNS_AGAIN = """
from _pytest.runner import runtestprotocol

def pytest_runtest_protocol(item, nextitem):
    item.user_properties.append(("from", "a conftest"))
    for _ in range(3):
        reports = runtestprotocol(item, nextitem=nextitem, log=False)
    for report in reports:
        item.ihook.pytest_runtest_logreport(report=report)
        if report.when == "call":
            names = [name for name, _ in report.user_properties]
            print("found:", names.count("from"), names.count("outcome"), names.count("domain"))
    return True
"""


def test_a_case_that_a_plugin_runs_again_has_the_properties_of_its_last_result(
    many: Path, pytester: pytest.Pytester
) -> None:
    pytester.makeconftest(RUNS_AGAIN)
    said = [line for line in pytester.runpytest("--model=fake", "-s").outlines if "found: " in line]
    assert len(said) == 8
    assert all("found: 1 1 1" in line for line in said)


def test_of_a_case_that_is_as_it_should_be_hardly_anything_of_pytest_stays(
    many: Path, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: list[dict[str, object]] = []
    reports: list[list[object]] = []
    finish, report = protocol.Blocks._tear_down, protocol.CaseReport.__init__

    def reported(self: protocol.CaseReport, item: CaseItem, call: pytest.CallInfo[None]) -> None:
        report(self, item, call)
        reports.append(gc.get_referents(self))

    def looked_at(self: protocol.Blocks, item: CaseItem) -> None:
        finish(self, item)
        if item.result is not None and item.result.outcome == "aligned":
            kept.append(dict(vars(item)))

    monkeypatch.setattr(protocol.Blocks, "_tear_down", looked_at)
    monkeypatch.setattr(protocol.CaseReport, "__init__", reported)
    pytester.inline_run("--model=fake")
    assert kept
    assert reports
    for held in reports:
        assert not [type(one) for one in held if isinstance(one, (dict, list, tuple))]
    for item in kept:
        assert not item.keys() & {"keywords", "stash", "_report_sections", "user_properties", "extra_keyword_matches"}
