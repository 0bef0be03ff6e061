"""The end of a session: stop asking, fold the results into run records, write them, ask the gate."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.errors import HarnessError
from harness.files import now
from harness.history import History, read_run
from harness.pytest_plugin.terminal import on_interrupt, on_unscored
from harness.runs.record import fold, git_commit

if TYPE_CHECKING:
    from harness.pytest_plugin.session import VerbatimSession
    from harness.records.run import RunRecord


def finish(session: VerbatimSession, pytest_session: pytest.Session) -> None:
    """Called once in every process; workers of pytest-xdist only hand over what they fetched."""
    workers = session.workers
    assert workers is not None
    stopped = bool(pytest_session.shouldstop or pytest_session.shouldfail)
    for answers in session.answers.values():
        if not stopped:
            workers.wait_for_fetching(answers)
        answers.close()
        session.notes += answers.notes
    if workers.is_worker:
        workers.hand_over()
        return
    session.notes += workers.notes
    if stopped:
        workers.told_to_stop()
    if pytest_session.exitstatus == pytest.ExitCode.INTERRUPTED:
        session.notes += on_interrupt(session)
    _write_records(session, pytest_session)
    workers.close()
    if session.config.getoption("verbatim_gate") or session.config.getoption("verbatim_baseline"):
        from harness.pytest_plugin.gating import compare_and_gate

        compare_and_gate(session, pytest_session)


def _write_records(session: VerbatimSession, pytest_session: pytest.Session) -> None:
    history = History(session.reports)
    for name, results in session.results.items():
        if not results:
            continue
        record = record_of(session, name, _partial_reason(session, pytest_session, name))
        try:
            path = history.write(record)
            # a replay of stored answers keeps the mode and the dates of the run that made them: the verdict is on that
            judged = session.config.getoption("verbatim_gate") or session.config.getoption("verbatim_baseline")
            record = read_run(path) if judged and session.mode == "replay" else record
        except (HarnessError, OSError) as error:
            session.notes.append(f"the run record was not written: {error}")
        else:
            session.answers[name].keep_live_file_as(path.with_suffix(".live.jsonl"))
            session.notes.append(f"run record: {session.shown(path)}")
            _warn_of_old_answers(session, record)
        session.notes += on_unscored(record)
        session.records.append(record)


def _warn_of_old_answers(session: VerbatimSession, record: RunRecord) -> None:
    from datetime import UTC, datetime

    from harness.config import read_policy
    from harness.runs.record import freshness_warnings

    policy, _ = read_policy(None, session.harness.gate)
    session.notes += freshness_warnings(
        record,
        request_model=session.models[record.model].request_model,
        max_age_days=policy.max_age_days,
        now=datetime.now(UTC),
    )


def record_of(session: VerbatimSession, name: str, partial_reason: str | None) -> RunRecord:
    """The results so far of one model, folded."""
    fetcher, workers = session.answers[name].fetcher, session.workers
    assert workers is not None
    return fold(
        session.models[name],
        session.results[name],
        mode=session.mode,
        started=session.started,
        ended=now(),
        requests=fetcher.requests if fetcher else workers.requests.get(name, 0),
        partial_reason=partial_reason,
        git_commit=git_commit(session.harness.root),
    )


def _partial_reason(session: VerbatimSession, pytest_session: pytest.Session, name: str) -> str | None:
    if session.narrowed:
        return session.narrowed
    missing = session.expected.get(name, 0) - len(session.results[name])
    if missing > 0:
        return f"{missing} of {session.expected[name]} cases have no result"
    if pytest_session.shouldstop or pytest_session.shouldfail:
        return "the run was stopped"
    return None
