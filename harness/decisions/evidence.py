"""When answers are evidence, and when two runs may be compared."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from harness.decisions.run_summary import RunSummary, age_days
from harness.decisions.standing import Pairing
from harness.records.policy import GatePolicy
from harness.records.run import RunRecord

_CLOCK_SKEW_DAYS = 1.0


def candidate_reasons(
    run: RunSummary, policy: GatePolicy, now: datetime, runs: Sequence[RunSummary]
) -> tuple[str, ...]:
    """Why the candidate's answers are no evidence under this policy."""
    reasons = []
    if policy.evidence == "fresh" and run.mode == "replay":
        reasons.append(
            "the answers are a replay and the policy wants fresh ones: "
            f"run pytest --model={run.label.split('@')[0]} --cassette-mode=live"
        )
    reasons += _age_reasons("the candidate's", run.oldest, policy.max_age_days, now)
    later = next((other for other in runs if _supersedes(other, run)), None)
    if later is not None:
        reasons.append(
            f"a later complete run of {run.label} exists ({later.run_id}): a version is judged on its latest"
        )
    return tuple(reasons)


def _supersedes(other: RunSummary, run: RunSummary) -> bool:
    """A later complete run of the same version; one of fewer suites, such as a nightly canary, does not."""
    same = other.label == run.label and other.suites >= run.suites
    return same and not other.partial and other.run_id != run.run_id and other.order > run.order


def _age_reasons(whose: str, oldest: str | None, limit: float | None, now: datetime) -> list[str]:
    if limit is None:
        return []
    age = age_days(oldest, now)
    if age is None:
        return [f"{whose} answers carry no date, and the policy wants them at most {limit:g} days old"]
    if age > limit:
        return [f"{whose} oldest answer is {age:.1f} days old; the policy accepts {limit:g}"]
    if age < -_CLOCK_SKEW_DAYS:
        return [f"{whose} oldest answer is dated {-age:.1f} days in the future; check the clock"]
    return []


def pairing_reasons(
    candidate: RunRecord,
    baseline: RunRecord | None,
    pairing: Pairing | None,
    policy: GatePolicy,
    now: datetime,
) -> tuple[str, ...]:
    """Why no difference to the baseline can be judged."""
    if baseline is None or pairing is None:
        return ("no baseline: name one with --baseline, or set it with `harness runs baseline NAME@VERSION`",)
    if (baseline.label, baseline.run_id) == (candidate.label, candidate.run_id):
        return ("candidate and baseline are the same run",)
    reasons = _age_reasons("the baseline's", baseline.evidence.oldest, policy.baseline_max_age_days, now)
    if not pairing.complete:
        reasons.append(f"candidate and baseline are different sets of cases: {pairing.reason}; run both on the same")
    return tuple(reasons)
