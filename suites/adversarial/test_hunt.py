"""Hunts the models of `--model` for strings that they do not give back.

    pytest --model=tuned --cassette-mode=live suites/adversarial     hunts the endpoint
    pytest --model=tuned suites/adversarial                          replays the hunt that is kept in hunts/

A hunt is recorded with `harness hunt --model=NAME --record`. `--request-budget` bounds the hunt of each model apart
from its cases.
"""

from pathlib import Path

import pytest

from harness.errors import HarnessError
from harness.hunt.report import report_lines, report_of
from harness.hunt.search import HuntSettings
from harness.hunt.session import HUNTS, HuntSession, questions_path
from harness.pytest_plugin import SESSION

_BUDGET = 300


def pytest_generate_tests(metafunc):
    session = metafunc.config.stash.get(SESSION, None)
    metafunc.parametrize("name", sorted(session.runs) if session else [])


def test_no_string_breaks_it(name, pytestconfig):
    session = pytestconfig.stash[SESSION]
    run = session.runs[name]
    model = run.model
    if model.kind == "outputs":
        pytest.skip(f"the answers of {model.label} are in a file; nothing can be asked")
    budget = pytestconfig.getoption("verbatim_budget") or _BUDGET
    most = pytestconfig.getoption("verbatim_concurrency") or model.max_concurrency
    hunting = HuntSession(
        session.project.config,
        model,
        run.judging,
        settings=HuntSettings(budget, None, most),
        cost_limit=session.cost_limit,
    )
    recorded = Path(__file__).parent / HUNTS
    try:
        if session.mode == "live":
            hunt, interrupted = hunting.live(session.project.history.folder / HUNTS)
        elif questions_path(recorded, model.label).is_file():
            hunt, interrupted = hunting.recorded(recorded), False
        else:
            pytest.skip(f"no recorded hunt of {model.label}; run: harness hunt --model={name} --record")
    except HarnessError as error:
        pytest.fail(str(error), pytrace=False)
    report = report_of(hunt)
    lines = "\n".join(report_lines(model.label, report))
    if interrupted:
        pytest.exit(lines, returncode=2)
    if report.finds:
        pytest.fail(lines, pytrace=False)
    if report.bound is None:
        pytest.skip(lines.split("\n")[0])
    session.notes.append(lines)
