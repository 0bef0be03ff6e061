"""`--baseline` and `--gate`: the same comparison and the same verdict as the commands give from the same records."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.errors import HarnessError
from harness.history import History
from harness.pytest_plugin.finishing import record_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

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
    from harness.config import read_policy

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
        from harness.show.comparison import compare_lines

        session.verdicts += [*compare_lines(compare(before, record), most=_FLIPS_SHOWN), ""]
    if not gating:
        return 0
    from harness.decisions.gate import judge
    from harness.show.verdicts import gate_lines

    rules, source = policy(session)
    verdict = judge(record, before, rules, datetime.now(UTC), history.known(record.label))
    session.verdicts += [*gate_lines(verdict, source), ""]
    return 0 if verdict.verdict == "GO" else 1


def _versions(session: VerbatimSession) -> dict[str, str]:
    from harness import config

    return {name: config.model(session.harness, name).version for name in session.harness.models}


_NEEDS_A_MODEL = {
    "verbatim_suites": "--suites",
    "verbatim_mode": "--cassette-mode",
    "verbatim_base_url": "--base-url",
    "verbatim_budget": "--request-budget",
    "verbatim_max_cost": "--max-cost",
    "verbatim_baseline": "--baseline",
    "verbatim_gate": "--gate",
    "verbatim_early_stop": "--early-stop",
}


def refuse_options_without_a_model(config: pytest.Config) -> None:
    """Without `--model` no case is collected, and options about cases would be passed over in silence."""
    given = [option for name, option in _NEEDS_A_MODEL.items() if config.getoption(name)]
    if given:
        raise pytest.UsageError(f"{given[0]} says nothing without --model=NAME; {known_models(config)}")


def known_models(config: pytest.Config) -> str:
    """Which names `--model` takes here, in words."""
    from harness import config as configuration

    try:
        names = sorted(configuration.load(config.rootpath).models)
    except HarnessError as error:
        return str(error)
    listed = ", ".join([*names, "openai:NAME with --base-url=URL"])
    return f"accepted: {listed}" if names else f"accepted: {listed}; or run: harness init"


def refuse_unrecorded(session: VerbatimSession, items: Iterable[CaseItem]) -> None:
    """Suites of which a model has no recorded answer at all are one error, not one for each case."""
    wanted = Counter((item.model, item.case.suite) for item in items)
    for name, answers in session.answers.items():
        suites = {suite: number for (model, suite), number in sorted(wanted.items()) if model == name}
        try:
            lacking = [suite for suite in suites if not answers.has_cassette(suite)]
        except HarnessError as error:  # a cassette that cannot be read
            raise pytest.UsageError(str(error)) from None
        if lacking:
            words = answers.nothing_recorded(lacking, sum(suites[suite] for suite in lacking))
            # as an error of ours, which shows what stands in the names of files and does not obey it
            raise pytest.UsageError(str(HarnessError(words)))


def refuse_a_gate_that_cannot_judge(session: VerbatimSession) -> None:
    """A policy or a baseline that cannot be read is told now, not when all answers were asked for."""
    given, gate = (session.config.getoption(name) for name in ("verbatim_baseline", "verbatim_gate"))
    if not (given or gate):
        return
    from harness.history import History

    try:
        if gate:
            policy(session)
        made_by_this_run = given is not None and given.partition("@")[0] in session.models
        for name in session.models:
            if not made_by_this_run:
                baseline(session, History(session.reports), name)
    except HarnessError as error:
        raise pytest.UsageError(str(error)) from None
