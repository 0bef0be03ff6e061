"""What a user may do next, where the figures alone do not say it: lines at the end of the summary."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.pytest_plugin.session import VerbatimSession
    from harness.records.run import Mode, RunRecord

_MANY_UNSCORED = 0.2
_MEANING = {
    "length": "cut off at the token limit: raise max_tokens in [tool.harness.models.{model}]",
    "content_filter": "held back by the endpoint's content filter",
    "timeout": "no answer in time: raise timeout_s in [tool.harness.models.{model}], or lower --max-concurrency",
    "http_429": "the endpoint wants fewer requests: set rpm, tpm or max_concurrency of the model",
    "no_content": "an answer without content; a model that reasons may need more max_tokens",
}
"""What an answer without a verdict most likely means. Others are explained in docs/recording.md."""


def on_unscored(record: RunRecord) -> list[str]:
    """Why so many cases have no verdict, if many have none."""
    unscored = [case for case in record.cases if case.outcome == "unscored"]
    reasons = Counter(sample.reason for case in unscored for sample in case.samples if sample.reason)
    if not reasons or len(unscored) < _MANY_UNSCORED * len(record.cases):
        return []
    reason, _ = reasons.most_common(1)[0]
    meaning = _MEANING.get(reason, "docs/recording.md lists the reasons").format(model=record.model)
    return [f"{record.label}: {len(unscored)} of {len(record.cases)} cases are unscored, most for {reason}: {meaning}"]


def on_interrupt(session: VerbatimSession) -> list[str]:
    """What is kept of the answers that were asked for before Ctrl-C."""
    lines = []
    for name, answers in session.answers.items():
        if answers.fetcher is None:
            continue
        progress = answers.fetcher.progress
        answered = progress.done - progress.failed
        kept = _kept(session.mode, name) if answered else "none is kept"
        lines.append(f"{answers.model.label}: stopped after {answered} of {progress.total} answers; {kept}")
    return lines


def _kept(mode: Mode, model: str) -> str:
    if mode == "live":
        return "a live run begins anew, what it kept lies beside the run record"
    # `refresh` asks for all anew; what came is recorded, and `record` asks for what is not
    return f"they are recorded. For the rest run: pytest --model={model} --cassette-mode=record"
