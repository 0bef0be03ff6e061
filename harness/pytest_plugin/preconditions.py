"""What would make a run useless is told before it begins: before a request is paid for, and once, not for each case."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from harness.records.errors import HarnessError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from harness.pytest_plugin.items import CaseItem
    from harness.pytest_plugin.session import VerbatimSession

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
    from harness.pytest_plugin import gating

    try:
        if gate:
            gating.policy(session)
        made_by_this_run = given is not None and given.partition("@")[0] in session.models
        for name in session.models:
            if not made_by_this_run:
                gating.baseline(session, History(session.reports), name)
    except HarnessError as error:
        raise pytest.UsageError(str(error)) from None
