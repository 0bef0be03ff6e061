"""`--baseline` and `--gate`: the same comparison and the same verdict as the commands give from the same records."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from harness.history import History
from harness.pytest_plugin.finishing import record_of
from harness.records.errors import HarnessError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pytest

    from harness.pytest_plugin.items import CaseItem
    from harness.pytest_plugin.session import VerbatimSession
    from harness.records.policy import GatePolicy
    from harness.records.run import CaseResult, RunRecord

_FLIPS_SHOWN = 5
_CHECK_EVERY = 5


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


class EarlyStop:
    """Stops a run when the cases that were not asked yet cannot change the verdict any more.

    Curtailment and no peeking: the verdict is the one that the whole run would have given (docs/gate.md).
    """

    def __init__(self, session: VerbatimSession, items: Sequence[CaseItem]) -> None:
        self._session = session
        self._pending = {(item.model, item.case.suite, item.case.id): item for item in items}
        self._results = 0
        self._baseline = baseline(session, History(session.reports), next(iter(session.models)))
        self._policy = policy(session)[0]

    def seen(self, result: CaseResult, model: str) -> str | None:
        """Take a result in; a sentence when the verdict is settled."""
        self._pending.pop((model, result.suite, result.id), None)
        self._results += 1
        if self._results % _CHECK_EVERY or not self._pending:
            return None
        from harness.decisions.gate import can_still_change

        left = self._left(model)
        so_far = record_of(self._session, model, None)
        if can_still_change(so_far, left, self._baseline, self._policy, datetime.now(UTC)):
            return None
        self._session.results[model] += left
        saved = len(self._pending) * self._session.samples
        return f"early stop: the verdict is settled; {saved} of {saved + self._results} requests saved"

    def _left(self, model: str) -> list[CaseResult]:
        from harness.decisions.pending import pending

        judge = self._session.judges[model]
        return [pending(item.case, judge.exposure(item.case)) for item in self._pending.values()]


def policy(session: VerbatimSession) -> tuple[GatePolicy, str]:
    """The policy in force, and where it comes from."""
    from harness.policy_file import read_policy

    given = session.config.getoption("verbatim_policy")
    return read_policy(Path(given) if given else None, session.harness.gate)


def baseline(session: VerbatimSession, history: History, model: str) -> RunRecord | None:
    """The run that `--baseline` names, or the model's baseline; None without either.

    Raises:
        RecordError: there is no such run.
    """
    reference = session.config.getoption("verbatim_baseline") or history.baselines().get(model)
    return history.resolve(reference, _versions(session)) if reference else None


def _one(session: VerbatimSession, record: RunRecord, *, gating: bool) -> int:
    history = History(session.reports)
    before = baseline(session, history, record.model)
    if before is not None:
        from harness.decisions.compare import compare
        from harness.decisions.words.compare import compare_lines

        session.verdicts += [*compare_lines(compare(before, record), most=_FLIPS_SHOWN), ""]
    if not gating:
        return 0
    from harness.decisions.gate import judge
    from harness.decisions.words.gate import gate_lines

    rules, source = policy(session)
    verdict = judge(record, before, rules, datetime.now(UTC), history.known(record.label))
    session.verdicts += [*gate_lines(verdict, source), ""]
    return 0 if verdict.verdict == "GO" else 1


def _versions(session: VerbatimSession) -> dict[str, str]:
    from harness import config

    return {name: config.model(session.harness, name).version for name in session.harness.models}
