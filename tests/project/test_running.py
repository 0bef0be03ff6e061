import json
import subprocess
import sys
from pathlib import Path

import pytest

import harness
from harness import compare, gate, load_suite, run, words
from harness.errors import ConfigError, MissingRecordingError, RecordError, SuiteError
from harness.records.policy import GatePolicy, Rule
from tests import processes
from tests.examples.echo_endpoint import EchoEndpoint

CASES = [
    {"id": f"c-{number}", "domain": "codes", "language": "en", "task": "copy",
     "prompt": f"Repeat: AB-{number}/X", "targets": [f"AB-{number}/X"]}
    for number in range(3)
]  # fmt: skip


@pytest.fixture
def endpoint():
    with EchoEndpoint() as running:
        yield running


@pytest.fixture
def project(tmp_path, monkeypatch, endpoint):
    folder = tmp_path / "suites" / "mine"
    folder.mkdir(parents=True)
    (folder / "suite.toml").write_text('title = "Mine"\n')
    (folder / "cases.jsonl").write_text("".join(json.dumps(case) + "\n" for case in CASES))
    models = "".join(
        f'[tool.harness.models.{name}]\nbase_url = "{endpoint.base_url}"\nmodel = "{name}"\n'
        for name in ("good", "bad")
    )
    (tmp_path / "pyproject.toml").write_text(models)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def outcomes(record):
    return [case.outcome for case in record.cases]


def test_what_was_recorded_replays_without_asking(project, endpoint):
    first = run("good", mode="record")
    assert (endpoint.asked, outcomes(first), first.partial) == (3, ["aligned"] * 3, False)
    again = run("good")
    assert (endpoint.asked, again.run_id) == (3, first.run_id)
    assert (project / "reports" / "good@1" / f"{first.run_id}.json").is_file()


def test_the_record_is_the_one_that_pytest_writes(project):
    record = run("good", mode="record")
    path = project / "reports" / "good@1" / f"{record.run_id}.json"
    ours = json.loads(path.read_text())
    path.unlink()
    processes.run("pytest", "--model=good", "-q", "-p", "no:cacheprovider", cwd=project).check_returncode()
    theirs = json.loads(path.read_text())
    changing = {"started", "ended", "mode", "totals", "digest"}
    assert {k: v for k, v in ours.items() if k not in changing} == {
        k: v for k, v in theirs.items() if k not in changing
    }


def test_a_damaged_version_is_compared_and_stopped(project, endpoint):
    good = run("good", mode="live")
    endpoint.damage = True
    bad = run("bad", mode="live")
    assert outcomes(bad) == ["damaged"] * 3
    comparison = compare("good", "bad")
    assert [flip.worse for flip in comparison.flips] == [True] * 3
    assert compare(good, bad) == comparison
    policy = GatePolicy(rules=(Rule(metric="alignment_rate", min=0.9),))
    verdict = gate("bad", "good", policy=policy)
    assert verdict.verdict == "NO-GO"
    assert words(verdict).splitlines()[0].startswith("NO-GO")
    assert "newly damaged" in words(comparison) or "Worse" in words(comparison)
    assert "alignment_rate" in words(bad)
    assert (project / "reports" / "bad@1" / f"{bad.run_id}.live.jsonl").is_file()


def test_a_choice_of_cases_is_partial_and_never_a_go(project):
    cases = load_suite("suites/mine")[:1]
    record = run("good", cases, mode="live")
    assert (record.partial, len(record.cases)) == (True, 1)
    lenient = GatePolicy(rules=(Rule(metric="alignment_rate", min=0.01),))
    assert gate(record, policy=lenient).verdict == "INCONCLUSIVE"


def test_cases_come_from_a_file_a_suite_a_folder_or_the_package(project):
    assert load_suite("suites/mine/cases.jsonl") == load_suite("suites/mine") == load_suite(project / "suites")
    assert len(load_suite("builtin")) > 120
    with pytest.raises(SuiteError, match=r"nothing.*accepted"):
        load_suite("nothing")


@pytest.mark.parametrize(
    ("call", "error", "said"),
    [
        (lambda: run("god", mode="live"), ConfigError, "did you mean 'good'"),
        (lambda: run("good"), MissingRecordingError, "--cassette-mode=record"),
        (lambda: run("good", [], suites="builtin"), ConfigError, "both cases and suites"),
        (lambda: run("good", samples=0), ConfigError, "a whole number from 1"),
        (lambda: gate("good"), RecordError, "no run of that name"),
    ],
)
def test_what_a_user_can_mend_is_an_error_with_the_remedy(project, call, error, said):
    with pytest.raises(error, match=said):
        call()


def test_importing_the_package_loads_nothing_of_it():
    code = (
        "import sys, harness; dir(harness); print([m for m in sys.modules if m.startswith(('harness.', 'pydantic'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_check_and_repair_need_no_library():
    code = "import sys; from harness import check, repair; print('pydantic' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_the_types_name_what_the_package_has():
    stub = Path(harness.__file__).with_suffix(".pyi").read_text()
    listed = next(line for line in stub.splitlines() if line.startswith("__all__"))
    assert listed == f"__all__ = {harness.__all__}".replace("'", '"')
    for name in harness.__all__:
        assert callable(getattr(harness, name))
    with pytest.raises(AttributeError, match="nothing"):
        _ = harness.nothing
