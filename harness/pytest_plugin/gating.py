"""`--baseline` and `--gate`: the same comparison and the same verdict as the commands give from the same records."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from harness.history import History
from harness.records.errors import HarnessError

if TYPE_CHECKING:
    import pytest

    from harness.pytest_plugin.session import VerbatimSession
    from harness.records.run import RunRecord

_FLIPS_SHOWN = 5


def compare_and_gate(session: VerbatimSession, pytest_session: pytest.Session) -> None:
    """Add comparison and verdict to the summary; with `--gate` the verdict takes the place of exit 0 or 1."""
    gating = bool(session.config.getoption("verbatim_gate"))
    worst = 0
    for record in session.records:
        try:
            worst = max(worst, _one(session, record, gating=gating))
        except HarnessError as error:
            session.verdicts += [f"{record.label}: {error}", ""]
            worst = 1
    if gating and pytest_session.exitstatus in (0, 1):
        pytest_session.exitstatus = worst if session.records else 1


def _one(session: VerbatimSession, record: RunRecord, *, gating: bool) -> int:
    history = History(session.reports)
    reference = session.config.getoption("verbatim_baseline") or history.baselines().get(record.model)
    baseline = history.resolve(reference, _versions(session)) if reference else None
    if baseline is not None:
        from harness.decisions.compare import compare
        from harness.decisions.words.compare import compare_lines

        session.verdicts += [*compare_lines(compare(baseline, record), most=_FLIPS_SHOWN), ""]
    if not gating:
        return 0
    from harness.decisions.gate import judge
    from harness.decisions.words.gate import gate_lines
    from harness.policy_file import read_policy

    given = session.config.getoption("verbatim_policy")
    policy, source = read_policy(Path(given) if given else None, session.harness.gate)
    listing = history.listing(record.label)
    verdict = judge(record, baseline, policy, datetime.now(UTC), listing.runs)
    session.verdicts += [*gate_lines(verdict, source), ""]
    return 0 if verdict.verdict == "GO" else 1


def _versions(session: VerbatimSession) -> dict[str, str]:
    from harness import config

    return {name: config.model(session.harness, name).version for name in session.harness.models}
