"""What a user should know about the answers that a run was judged on: their age, and which model gave them."""

from collections.abc import Sequence
from datetime import UTC, datetime

from harness.records.run import CaseResult, RunRecord

_ENDPOINT_ID = "ep-"
"""Volcano Ark names endpoints so in the place of models; what they resolve to always has another name."""


def freshness_warnings(
    record: RunRecord, *, request_model: str, max_age_days: float | None, now: datetime
) -> list[str]:
    """Warnings for the summary of a run; none if the answers are young and of the model that was asked for.

    Args:
        request_model: the `model` field of the requests.
        max_age_days: of the policy; None for no limit.
    """
    warnings = []
    age = _age_days(record.evidence.oldest, now)
    if max_age_days is not None and age is not None and age > max_age_days:
        warnings.append(
            f"{record.label}: the oldest answer is {age:.0f} days old, the policy accepts {max_age_days:g}; "
            f"run: pytest --model={record.model} --cassette-mode=refresh (or live)"
        )
    resolved = resolved_models(record.cases)
    others = [name for name in resolved if not is_same_model(request_model, name)]
    if len(resolved) > 1:
        warnings.append(
            f"{record.label}: {len(resolved)} models gave the answers: {', '.join(resolved)}; they are judged as one. "
            f"For answers of one model run: pytest --model={record.model} --cassette-mode=refresh"
        )
    elif others:
        warnings.append(f"{record.label}: asked for {request_model!r}, answered by {others[0]!r}")
    return warnings


def resolved_models(cases: Sequence[CaseResult]) -> list[str]:
    """Names under which answers came, the most frequent first."""
    from collections import Counter

    names = Counter(s.resolved_model for case in cases for s in case.samples if s.resolved_model)
    return [name for name, _ in names.most_common()]


def is_same_model(asked: str, resolved: str) -> bool:
    """Whether one may stand for the other: `gpt-4o` resolves to `gpt-4o-2024-08-06`, `org/name` to `name`."""
    one, other = asked.casefold().rpartition("/")[2], resolved.casefold().rpartition("/")[2]
    return one.startswith(_ENDPOINT_ID) or one in other or other in one


def _age_days(moment: str | None, now: datetime) -> float | None:
    if moment is None:
        return None
    try:
        made = datetime.fromisoformat(moment)
    except ValueError:
        return None
    made = made if made.tzinfo else made.replace(tzinfo=UTC)
    return (now - made).total_seconds() / 86400
