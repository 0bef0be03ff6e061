"""One model version in a session: where its answers come from, who judges them, and what became of its cases."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.files import now
from harness.runs.record import fold

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import Future

    from harness.config import ModelConfig
    from harness.records.answer import Completion
    from harness.records.case import Case
    from harness.records.run import CaseResult, Mode, RunRecord
    from harness.runs.answers import Answers
    from harness.runs.judge import Judge


class ModelRun:
    """Gathers the results of one model; the run record is folded from them.

    Attributes:
        expected: cases that were collected for it.
        results: judged cases, in the order in which they ended.
        judging: what turns answers into outcomes.
    """

    def __init__(self, model: ModelConfig, answers: Answers, judge: Judge, *, mode: Mode, samples: int) -> None:
        self.model = model
        self.answers = answers
        self.mode: Mode = mode
        self.samples = samples
        self.expected = 0
        self.results: list[CaseResult] = []
        self.judging = judge

    def completions(
        self,
        case: Case,
        *,
        wait: Callable[[Future[Completion]], Completion],
        follow: Callable[[Answers, Case, int], Completion | None],
    ) -> list[Completion]:
        """All samples of a case.

        Args:
            wait: waits for an answer that this process is fetching.
            follow: waits for an answer that another process is fetching; None where there is no such process.

        Raises:
            HarnessError: there is no answer, and why.
        """
        found: list[Completion] = []
        for sample in range(self.samples):
            completion = self.answers.completion(case, sample, wait)
            if completion is None and (self.mode != "replay" or self.answers.runs_offline):
                completion = follow(self.answers, case, sample)
            if completion is None:
                raise self.answers.no_recording(case, sample)
            found.append(completion)
        return found

    def is_answered(self, case: Case) -> bool:
        """Whether the answers of a case can be had without waiting for an endpoint."""
        return all(self.answers.is_there(case, sample) for sample in range(self.samples))

    def judge(self, case: Case, completions: Sequence[Completion]) -> CaseResult:
        """The verdict on a case."""
        samples = [self.judging.sample(case, completion, number) for number, completion in enumerate(completions)]
        return self.judging.case(case, samples)

    def pending(self, case: Case) -> CaseResult:
        """A case that was not asked yet, in the form in which verdicts read it."""
        from harness.decisions.exposure import pending

        return pending(case, self.judging.exposure(case))

    def record(
        self,
        results: Sequence[CaseResult] | None = None,
        *,
        started: str,
        requests: int,
        partial_reason: str | None,
        git_commit: str | None,
    ) -> RunRecord:
        """The results so far, or the ones given, folded. `requests` is used where another process asked."""
        fetcher = self.answers.fetcher
        return fold(
            self.model,
            self.results if results is None else results,
            mode=self.mode,
            started=started,
            ended=now(),
            requests=(fetcher.requests if fetcher else requests) + self.answers.batch_requests,
            partial_reason=partial_reason,
            git_commit=git_commit,
        )
