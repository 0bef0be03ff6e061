"""`--baseline` and `--gate`: the same comparison and the same verdict as the commands give from the same records."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from harness.errors import ConfigError, HarnessError, without_packages

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from harness.project import Project
    from harness.pytest_plugin.model_run import ModelRun
    from harness.records.case import Case
    from harness.records.run import CaseResult, Looks, RunRecord

_FLIPS_SHOWN = 5
_CHECK_EVERY = 5


@dataclass(frozen=True, slots=True)
class GateOptions:
    """What was asked on the command line: a verdict or not, against what, by which policy file."""

    gate: bool
    baseline: str | None
    policy: str | None

    @classmethod
    def of(cls, config: pytest.Config) -> GateOptions:
        """Read the options."""
        option = config.getoption
        return cls(bool(option("verbatim_gate")), option("verbatim_baseline"), option("verbatim_policy"))

    @property
    def judges(self) -> bool:
        """Whether a comparison or a verdict was asked for."""
        return self.gate or bool(self.baseline)


def compare_and_gate(
    project: Project, records: Sequence[RunRecord], options: GateOptions
) -> tuple[list[str], bool, str]:
    """Comparison and verdict of each record as lines, whether every verdict is GO, and what to do next.

    What to do next is the last line of one verdict; of several each has its own among the lines.
    """
    lines: list[str] = []
    go = True
    following = ""
    for record in records:
        try:
            said, promoted, step = _one(project, record, options)
        except HarnessError as error:
            said, promoted, step = [f"{record.label}: {error}", ""], False, ""
        if len(records) == 1:
            following = step
        elif step:
            said.append(step)
        lines += said
        go = go and promoted
    return lines, go, following


def _one(project: Project, record: RunRecord, options: GateOptions) -> tuple[list[str], bool, str]:
    lines: list[str] = []
    before = project.baseline(record.model, options.baseline)
    if before is not None:
        from harness.show.comparison import compare_lines

        lines += [*compare_lines(project.compare(before, record), most=_FLIPS_SHOWN), ""]
    if not options.gate:
        return lines, True, ""
    from harness.show.verdicts import gate_lines, next_line

    rules, source = project.policy(options.policy)
    verdict = project.gate(record, before, rules)
    said = gate_lines(verdict, source, with_next=False)
    return [*lines, *said, ""], verdict.verdict == "GO", next_line(verdict)


class EarlyStop:
    """Stops a run when the cases that were not asked yet cannot change the verdict any more.

    Curtailment and no peeking: the verdict is the one that the whole run would have given (docs/gate.md).

    Args:
        record: folds results into a record.

    Raises:
        HarnessError: the baseline or the policy cannot be read.
    """

    def __init__(
        self,
        run: ModelRun,
        cases: Iterable[Case],
        project: Project,
        options: GateOptions,
        record: Callable[[Sequence[CaseResult]], RunRecord],
    ) -> None:
        self._run = run
        self._record = record
        self._pending = {(case.suite, case.id): case for case in cases}
        self._seen: list[CaseResult] = []
        self._baseline = project.baseline(run.model.name, options.baseline)
        self._policy = project.policy(options.policy)[0]

    def seen(self, result: CaseResult) -> tuple[str, list[CaseResult]] | None:
        """Take a result in. When the verdict is settled: a sentence, and the cases that were not asked."""
        self._pending.pop((result.suite, result.id), None)
        self._seen.append(result)
        if len(self._seen) % _CHECK_EVERY or not self._pending:
            return None
        from harness.decisions.gate import can_still_change

        left = [self._run.pending(case) for case in self._pending.values()]
        so_far = self._record(self._seen)
        if can_still_change(so_far, left, self._baseline, self._policy, datetime.now(UTC)):
            return None
        total = (len(left) + len(self._seen)) * self._run.samples
        made = len(self._seen) * self._run.samples
        fetcher = self._run.answers.fetcher
        if fetcher is not None:  # it is ahead of the judge, and would go on until the session ends
            fetcher.stop()
            made = fetcher.requests
        return f"early stop: the verdict is settled; {max(total - made, 0)} of {total} requests saved", left


class SequentialRun:
    """Looks at a run after planned numbers of cases, and stops it when the verdict is GO or NO-GO.

    Cases come in random order, each domain in its share, and none is asked before the look that it comes after
    (docs/gate.md). A run that stops at a look is complete: it asked what was planned.

    Args:
        cases: in the order of `in_order`.
        record: folds results into a record.

    Raises:
        ConfigError: the version was run on these cases before: a sequential run is a first attempt.
        HarnessError: the baseline, the policy or the history cannot be read.
    """

    def __init__(
        self,
        run: ModelRun,
        cases: Sequence[Case],
        project: Project,
        options: GateOptions,
        record: Callable[[Sequence[CaseResult]], RunRecord],
    ) -> None:
        from harness.statistics.sequential import looks

        self._run = run
        self._cases = list(cases)
        self._record = record
        self._baseline = project.baseline(run.model.name, options.baseline)
        self._policy = project.policy(options.policy)[0]
        self._past = project.known(run.model.label, self._policy.max_age_days).runs
        self._core = project.core
        self._seen: list[CaseResult] = []
        self._sizes = looks(len(self._cases))
        self.settled = False
        self._refuse_a_second_attempt()

    @property
    def looks(self) -> Looks:
        """For the record: the plan, and the cases asked in their order."""
        from harness.records.run import Looks

        asked = tuple(result.key for result in self._seen)
        return Looks(seed=SEED, planned=len(self._cases), sizes=self._sizes, asked=asked)

    @property
    def released(self) -> int:
        """Requests that may be made before the next look."""
        upto = next((size for size in self._sizes if size > len(self._seen)), len(self._cases))
        return len(self._run.answers.missing(self._cases[:upto], self._run.samples))

    def seen(self, result: CaseResult) -> str | None:
        """Take a result in; a sentence when the verdict is settled."""
        self._seen.append(result)
        asked = len(self._seen)
        if asked not in self._sizes:
            return None
        from harness.decisions.gate import judge

        so_far = self._record(self._seen)
        verdict = judge(so_far, self._baseline, self._policy, datetime.now(UTC), self._past, core=self._core).verdict
        if verdict == "INCONCLUSIVE" or asked == len(self._cases):
            return None
        self.settled = True
        saved = (len(self._cases) - asked) * self._run.samples
        return f"sequential: {verdict} after {asked} of {len(self._cases)} cases; {saved} requests saved"

    def _refuse_a_second_attempt(self) -> None:
        from harness.decisions.evidence import attempts

        planned = self._record([self._run.pending(case) for case in self._cases])
        found = attempts(planned, self._past, self._policy, datetime.now(UTC))
        others = (*found.runs, *found.changed, *found.misdated)
        earlier = [run.run_id for run in others if run.run_id != planned.run_id]
        if earlier:
            raise ConfigError(
                f"--sequential: {self._run.model.label} was run on these cases before ({', '.join(earlier)}); a "
                "sequential run is a first attempt. Run without it: all attempts are read together"
            )


SEED = 20260101
"""Of the order in which a sequential run asks; it is in the record."""


def in_order(cases: Sequence[Case]) -> list[int]:
    """Positions of the cases in the order in which a sequential run asks them."""
    from harness.records.case import domain_name
    from harness.statistics.sequential import stratified_order

    order = stratified_order({case.key: domain_name(case.domain) for case in cases}, SEED)
    place = {key: number for number, key in enumerate(order)}
    return sorted(range(len(cases)), key=lambda number: place[cases[number].key])


_NEEDS_A_MODEL = {
    "verbatim_suites": "--suites",
    "verbatim_mode": "--cassette-mode",
    "verbatim_base_url": "--base-url",
    "verbatim_budget": "--request-budget",
    "verbatim_max_cost": "--max-cost",
    "verbatim_baseline": "--baseline",
    "verbatim_gate": "--gate",
    "verbatim_early_stop": "--early-stop",
    "verbatim_sequential": "--sequential",
}


def refuse_options_without_a_model(config: pytest.Config) -> None:
    """Without `--model` no case is collected, and options about cases would silently do nothing."""
    given = [option for name, option in _NEEDS_A_MODEL.items() if config.getoption(name)]
    if given:
        from harness.show.words import language_of, translated

        lang = config.getoption("verbatim_lang") or language_of()
        raise pytest.UsageError(translated(f"{given[0]} requires --model=NAME; {known_models(config)}", lang))


def known_models(config: pytest.Config) -> str:
    """Which names `--model` takes here, in words."""
    try:
        from harness.project import Project

        names = sorted(Project.open(config.rootpath).config.models)
    except ModuleNotFoundError as error:
        return without_packages(error)
    except HarnessError as error:
        return str(error)
    listed = ", ".join([*names, "openai:NAME with --base-url=URL"])
    return f"accepted: {listed}" if names else f"accepted: {listed}; or run: harness init"


def refuse_unrecorded(runs: Iterable[ModelRun], wanted: Counter[tuple[str, str]]) -> None:
    """Suites of which a model has no recorded answer at all are one error, not one for each case.

    Args:
        wanted: cases by model name and suite.
    """
    from harness.show.words import translated

    for run in runs:
        suites = {suite: number for (model, suite), number in sorted(wanted.items()) if model == run.model.name}
        try:
            lacking = [suite for suite in suites if not run.answers.has_cassette(suite)]
        except HarnessError as error:  # a cassette that cannot be read
            raise pytest.UsageError(translated(str(error))) from None
        if lacking:
            words = run.answers.nothing_recorded(lacking, sum(suites[suite] for suite in lacking))
            # as an error of ours, which makes control characters in names of files visible
            raise pytest.UsageError(translated(str(HarnessError(words))))


def refuse_a_gate_that_cannot_judge(project: Project, models: Iterable[str], options: GateOptions) -> None:
    """A policy or a baseline that cannot be read is reported now, not when all answers were asked for."""
    if not options.judges:
        return
    from harness.show.words import translated

    names = list(models)
    try:
        if options.gate:
            project.policy(options.policy)
        made_by_this_run = options.baseline is not None and options.baseline.partition("@")[0] in names
        for name in names:
            if not made_by_this_run:
                project.baseline(name, options.baseline)
    except HarnessError as error:
        raise pytest.UsageError(translated(str(error))) from None
