"""From judged cases to one run record."""

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from harness import __version__
from harness.config import ModelConfig
from harness.decisions.run_summary import utc
from harness.records.run import CaseResult, Evidence, Mode, RunRecord, Totals


def fold(
    model: ModelConfig,
    cases: Sequence[CaseResult],
    *,
    mode: Mode,
    started: str,
    ended: str,
    requests: int,
    partial_reason: str | None,
    git_commit: str | None,
) -> RunRecord:
    """One run of one model version.

    The run id is the date of the newest answer and a digest of answers and configuration: replaying the same answers
    gives the same id, and never looks like another night.
    """
    ordered = sorted(cases, key=lambda case: case.key)
    samples = [sample for case in ordered for sample in case.samples]
    dates = sorted(sample.recorded_at for sample in samples if sample.recorded_at)
    evidence = Evidence(oldest=dates[0], newest=dates[-1]) if dates else Evidence()
    costs = [sample.cost for sample in samples if sample.cost is not None]
    return RunRecord(
        run_id=_run_id(model, ordered, evidence.newest or started, partial=partial_reason is not None),
        model=model.name,
        version=model.version,
        lineage=model.lineage,
        recipe=model.training,
        configuration=model.public(),
        configuration_digest=model.digest,
        suite_digests=_suite_digests(ordered),
        suite_digest=_digest([f"{case.key} {case.digest}" for case in ordered]),
        git_commit=git_commit,
        harness_version=__version__,
        mode=mode,
        partial=partial_reason is not None,
        partial_reason=partial_reason,
        evidence=evidence,
        started=started,
        ended=ended,
        totals=Totals(
            cases=len(ordered),
            outcomes=dict(sorted(Counter(case.outcome for case in ordered).items())),
            samples=len(samples),
            requests=requests,
            prompt_tokens=sum(sample.prompt_tokens or 0 for sample in samples),
            completion_tokens=sum(sample.completion_tokens or 0 for sample in samples),
            cost=sum(costs) if costs else None,
        ),
        currency=model.price.currency if model.price else None,
        cases=tuple(ordered),
    )


def _run_id(model: ModelConfig, cases: Sequence[CaseResult], moment: str, *, partial: bool) -> str:
    content = [
        [case.key, case.digest, [[s.sample, s.raw_output or s.output, s.reason, s.recorded_at] for s in case.samples]]
        for case in cases
    ]
    text = json.dumps([model.label, model.digest, content], ensure_ascii=False, separators=(",", ":"))
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:10]
    day = moment[:10].replace("-", "")
    # a part of a suite has an id of its own anyway; the mark lets a reader of the folder tell
    return f"{day}-{digest}-partial" if partial else f"{day}-{digest}"


def _suite_digests(cases: Sequence[CaseResult]) -> dict[str, str]:
    by_suite: dict[str, list[str]] = {}
    for case in cases:
        by_suite.setdefault(case.suite, []).append(f"{case.id} {case.digest}")
    return {suite: _digest(lines) for suite, lines in by_suite.items()}


def _digest(lines: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def git_commit(root: Path) -> str | None:
    """The commit that is checked out at `root`, worktrees and submodules included; None outside a checkout."""
    import shutil
    import subprocess

    # what `root` is part of is looked up first: starting git takes longer than judging a hundred cases
    git = shutil.which("git") if any((folder / ".git").exists() for folder in (root, *root.parents)) else None
    if git is None:
        return None
    try:
        asked = [git, "-C", str(root), "rev-parse", "--verify", "--quiet", "HEAD"]
        done = subprocess.run(asked, capture_output=True, text=True, timeout=5, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() or None if done.returncode == 0 else None


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
    """Whether one may be a name of the other: `gpt-4o` resolves to `gpt-4o-2024-08-06`, `org/name` to `name`."""
    one, other = asked.casefold().rpartition("/")[2], resolved.casefold().rpartition("/")[2]
    return one.startswith(_ENDPOINT_ID) or one in other or other in one


def _age_days(moment: str | None, now: datetime) -> float | None:
    if moment is None:
        return None
    try:
        made = utc(moment)
    except (ValueError, OverflowError):
        return None
    return (now - made).total_seconds() / 86400
