"""`pytest --model=NAME suites/latency --cassette-mode=live`: what is measured, what is refused, what is kept."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from harness.history import History
from harness.records.run import RunRecord
from tests.latency.paced_server import PacedServer

SHIPPED = Path(__file__).parents[2] / "suites" / "latency"
LIVE = ("--model=m", "--cassette-mode=live", "-p", "no:xdist")
TOML = """
rounds = 3
warm_up = 1
max_tokens = 8
[[prompts]]
id = "one"
prompt = "First."
[[prompts]]
id = "two"
prompt = "Second."
"""

Run = Callable[..., pytest.RunResult]


@pytest.fixture
def server() -> Iterator[PacedServer]:
    with PacedServer(first_s=0.03, between_s=0.005) as running:
        yield running


@pytest.fixture
def project(pytester: pytest.Pytester, server: PacedServer, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The shipped tests with a short list of prompts, a suite of one case beside them, and two versions of a model."""
    # the run within is not a worker, though these tests may be run by one; pytest-benchmark would measure nothing in it
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)
    folder = pytester.path / "suites" / "latency"
    folder.mkdir(parents=True)
    shutil.copy(SHIPPED / "test_latency.py", folder)
    (folder / "latency.toml").write_text(TOML)
    cases = pytester.path / "suites" / "mine"
    cases.mkdir()
    (cases / "suite.toml").write_text('title = "Mine"\n')
    case = {"id": "a", "domain": "d", "language": "en", "task": "copy", "prompt": "Repeat: A-1", "targets": ["A-1"]}
    (cases / "cases.jsonl").write_text(json.dumps(case) + "\n")
    lines = [
        f'[tool.harness.models.{name}]\nversion = "v1"\nbase_url = "{server.base_url}"\nmodel = "{name}"'
        for name in ("m", "n")
    ]
    pytester.makepyprojecttoml("\n".join(lines))
    return pytester.path


def records(project: Path) -> list[RunRecord]:
    history = History(project / "reports")
    return [run for label in ("m@v1", "n@v1") if (run := history.latest_latency(label)) is not None]


def test_a_live_run_times_each_prompt_once_and_keeps_the_times(
    project: Path, pytester: pytest.Pytester, server: PacedServer
) -> None:
    result = pytester.runpytest(*LIVE, "suites/latency")
    result.assert_outcomes(passed=6)
    assert len(server.bodies) == 2 * (3 + 1)
    (run,) = records(project)
    assert run.latency is not None
    assert [prompt.prompt for prompt in run.latency.prompts] == ["one", "two"]
    assert min(first or 0 for prompt in run.latency.prompts for first in prompt.first_token_s) >= 0.03
    assert run.mode == "live"
    assert run.latency.resolved_model == "paced-1"
    assert run.totals.requests == 8
    result.stdout.fnmatch_lines(
        ["*benchmark 'time to first token': 2 tests*", "m@v1", f"run record: *{run.run_id}.json"]
    )


def test_a_measurement_never_stands_for_its_version(project: Path, pytester: pytest.Pytester) -> None:
    pytester.runpytest(*LIVE, "suites/latency").assert_outcomes(passed=6)
    (run,) = records(project)
    assert run.partial
    assert run.cases == ()


def test_pytest_benchmark_is_given_the_times_of_the_wire(project: Path, pytester: pytest.Pytester) -> None:
    pytester.runpytest(*LIVE, "suites/latency", "--benchmark-json=out.json").assert_outcomes(passed=6)
    (run,) = records(project)
    assert run.latency is not None
    entries = {entry["name"]: entry["stats"] for entry in json.loads((project / "out.json").read_text())["benchmarks"]}
    for prompt in run.latency.prompts:
        for test, times in (("first_token", prompt.first_token_s), ("whole_answer", prompt.total_s)):
            stats = entries[f"test_{test}[{prompt.prompt}-m]"]
            assert stats["rounds"] == 3
            assert stats["data"] == pytest.approx(list(times))


@pytest.mark.parametrize("mode", ["replay", "record", "refresh"])
def test_every_other_mode_is_refused_with_the_command_to_run(
    project: Path, pytester: pytest.Pytester, server: PacedServer, mode: str
) -> None:
    result = pytester.runpytest("--model=m", f"--cassette-mode={mode}", "suites/latency", "-p", "no:xdist")
    result.assert_outcomes(skipped=6)
    result.stdout.fnmatch_lines(["latency is measured live*pytest --model=m suites/latency --cassette-mode=live"])
    assert server.bodies == []
    assert records(project) == []


def test_a_run_of_all_suites_leaves_latency_out(project: Path, pytester: pytest.Pytester) -> None:
    for arguments in (["--model=m"], ["--model=m", "suites"], ["suites"]):
        result = pytester.runpytest(*arguments, "--collect-only", "-q", "-p", "no:xdist")
        result.stdout.no_fnmatch_line("*latency*")


def test_the_name_of_the_suite_is_enough(project: Path, pytester: pytest.Pytester) -> None:
    result = pytester.runpytest(*LIVE, "--suites=latency", "-k", "one and first_token", "--samples=2")
    result.assert_outcomes(passed=1, deselected=5)
    (run,) = records(project)
    assert run.latency is not None
    assert [len(prompt.total_s) for prompt in run.latency.prompts] == [2]


def test_without_a_model_the_tests_say_what_to_run(project: Path, pytester: pytest.Pytester) -> None:
    result = pytester.runpytest("suites/latency", "-rs", "-p", "no:xdist")
    result.assert_outcomes(skipped=3)
    result.stdout.fnmatch_lines(["*run: pytest --model=NAME suites/latency --cassette-mode=live"])


def test_nothing_else_is_asked_at_the_same_time(project: Path, pytester: pytest.Pytester, server: PacedServer) -> None:
    result = pytester.runpytest(*LIVE, "suites/mine", "suites/latency")
    result.stdout.fnmatch_lines(["*latency is measured alone*"])
    assert records(project) == []


def test_a_budget_that_is_too_small_is_told_before_anything_is_asked(
    project: Path, pytester: pytest.Pytester, server: PacedServer
) -> None:
    result = pytester.runpytest(*LIVE, "suites/latency", "--request-budget=7")
    result.assert_outcomes(errors=6)
    result.stdout.fnmatch_lines(["*--request-budget: found 7; a measurement takes 8 requests a model*"])
    assert server.bodies == []


def test_a_bad_list_of_prompts_is_a_usage_error(project: Path, pytester: pytest.Pytester) -> None:
    (project / "suites" / "latency" / "latency.toml").write_text(f"round = 3\n{TOML}")
    result = pytester.runpytest(*LIVE, "suites/latency")
    result.stdout.fnmatch_lines(["*latency.toml: round: unknown field (did you mean 'rounds'?)*"])
    assert result.ret != 0


def test_two_versions_are_timed_one_after_the_other_and_compared(
    project: Path, pytester: pytest.Pytester, server: PacedServer
) -> None:
    result = pytester.runpytest("--model=m,n", "--baseline=m", *LIVE[1:], "suites/latency")
    result.assert_outcomes(passed=12)
    assert server.most_running == 1
    assert [body["model"] for body in server.bodies] == ["m"] * 8 + ["n"] * 8
    first, second = records(project)
    result.stdout.fnmatch_lines(
        ["m@v1", "no latency of m was measured before", "n@v1", f"Latency, run {first.run_id} to run {second.run_id}"]
    )


def test_an_unanswering_endpoint_is_an_error_once_and_keeps_no_record(project: Path, pytester: pytest.Pytester) -> None:
    with PacedServer(default="500") as broken:
        result = pytester.runpytest(*LIVE, f"--base-url={broken.base_url}", "suites/latency", "-k", "one")
        assert len(broken.bodies) == 4
    result.assert_outcomes(errors=3, deselected=3)
    assert records(project) == []
