"""Cases before they are asked, in the form in which verdicts read them."""

from __future__ import annotations

from harness.records.case import Case
from harness.records.run import CaseResult, Exposure


def pending(case: Case, exposure: Exposure = "untrained") -> CaseResult:
    """The case without samples and `unscored`: for curtailment, and for planning before a first run."""
    return CaseResult(
        suite=case.suite,
        id=case.id,
        domain=case.domain,
        language=case.language,
        task=case.task,
        tags=case.tags,
        symbols=case.symbols,
        exposure=exposure,
        digest=case.digest,
        messages=case.messages,
        targets=case.targets,
        required=case.required,
        channel=case.channel,
        outcome="unscored",
        samples=(),
    )
