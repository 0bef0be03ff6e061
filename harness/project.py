"""A project: its configuration, its history, and what can be asked of them.

Commands, the pytest plugin, pages and notebooks all come through here, so that a version, a baseline or a policy means
the same thing everywhere. Nothing is printed. What a user can fix is raised as `harness.errors.HarnessError`.
"""

from __future__ import annotations

import os
import shlex
import warnings
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from harness import config as configuration
from harness.errors import ConfigError, HarnessError, MissingRecordingError, RecordError, SuiteError, nearest
from harness.history import History, Known

if TYPE_CHECKING:
    from harness.config import HarnessConfig, ModelConfig
    from harness.decisions.compare import Comparison
    from harness.decisions.drift import DriftReport
    from harness.decisions.gate import GateVerdict, NextStep
    from harness.decisions.latency import LatencyComparison
    from harness.decisions.nights import NightRun
    from harness.decisions.plan import Assumption, Plan
    from harness.publish.bundle import Bundle
    from harness.recording import Secrets
    from harness.records.answer import Completion
    from harness.records.case import Case
    from harness.records.policy import DriftPolicy, GatePolicy
    from harness.records.run import CaseResult, Mode, RunRecord
    from harness.runs.answers import Answers
    from harness.runs.judge import Judge
    from harness.text import SymbolTable


_CANARY = "canary"
"""What the prompts of a night are called where `harness init` and `harness suites canaries` put them."""


class Project:
    """One `[tool.harness]` table and the run records that belong to it.

    Attributes:
        config: the settings, with defaults where there is no pyproject.toml.
        history: the run records, under `reports` or the folder that was given.
    """

    def __init__(self, config: HarnessConfig, reports: Path | None = None) -> None:
        self.config = config
        self.history = History(reports or config.root / config.reports, self._holds_secret)
        self._cases: dict[frozenset[str], dict[str, Case]] = {}
        """Cases by digest, by the suites that were read for them."""

    @classmethod
    def open(cls, start: str | Path | None = None, *, reports: str | Path | None = None) -> Project:
        """The project at or above `start` [default: the working folder], with its records in `reports` if given.

        Raises:
            ConfigError: the configuration cannot be read, or is wrong.
        """
        config = configuration.load(Path(start or Path.cwd()).absolute())
        return cls(config, Path(reports).absolute() if reports else None)

    def _holds_secret(self, text: str) -> bool:
        return self._secrets.found_in(text)

    @cached_property
    def _secrets(self) -> Secrets:
        """What must be found nowhere: the keys and addresses of all models, and secrets of the environment."""
        import os

        from harness.recording import Secrets

        models = [self.model(name) for name in self.config.models]
        return Secrets.of_environment(
            os.environ,
            [model.api_key_env for model in models if model.api_key_env],
            [model.base_url for model in models if model.base_url],
            models=[model.request_model for model in models],
        )

    @cached_property
    def symbols(self) -> SymbolTable:
        """`[tool.harness.symbols]` over the built-in table."""
        return configuration.symbols(self.config)

    @cached_property
    def versions(self) -> dict[str, str]:
        """The version that each configured model is at."""
        return {name: self.model(name).version for name in self.config.models}

    def model(self, name: str, *, base_url: str | None = None) -> ModelConfig:
        """A model of `[tool.harness.models]`, or `openai:NAME`."""
        return configuration.model(self.config, name, base_url=base_url)

    def load_checks(self) -> None:
        """Register the checks of the project's own files."""
        from harness.runs.judge import load_checks

        load_checks(self.config.root, self.config.checks)

    def judge_of(self, model: ModelConfig) -> Judge:
        """Judges answers of `model` with the symbols of the project and what the model was trained on."""
        from harness.runs.judge import Judge, learnt_by

        return Judge(model, learnt_by(self.config.root, model), self.symbols)

    def resolve(self, run: RunRecord | str) -> RunRecord:
        """The run that a name, NAME@VERSION, run id or file means here.

        Raises:
            RecordError: there is no such run.
        """
        return self.history.resolve(run, self.versions, self._core_if_readable) if isinstance(run, str) else run

    def baseline(self, model: str, reference: str | None = None) -> RunRecord | None:
        """The run that is named, else the baseline kept for the model, else None."""
        chosen = reference or self.history.baselines().get(model)
        return self.resolve(chosen) if chosen else None

    def policy(self, file: str | Path | None = None) -> tuple[GatePolicy, str]:
        """The promotion policy in force, and where it comes from: a file, `[tool.harness.gate]`, or the default."""
        return configuration.read_policy(Path(file) if file is not None else None, self.config.gate)

    @property
    def drift_policy(self) -> DriftPolicy:
        """`[tool.harness.drift]`, or the default."""
        from harness.records.policy import parse_drift_policy

        return parse_drift_policy(self.config.drift, "pyproject.toml [tool.harness.drift]")

    def contradictions(self, *runs: RunRecord) -> tuple[str, ...]:
        """Where these records are not what their answers give, as sentences that name the run and its version.

        Names in them come from the records: they must be made safe before they are shown.
        """
        from harness.runs.record import contradictions_of

        return contradictions_of(runs, self.symbols)

    def differences(self, *runs: RunRecord) -> tuple[str, ...]:
        """Where records are not about the cases of the project's suites, or where checks of those say otherwise."""
        from harness.runs.record import differences

        cases = self._cases_of(runs)
        return tuple(f"{run.label}, run {run.run_id}: {one}" for run in runs for one in differences(run, cases))

    def unverified_checks(self, run: RunRecord) -> tuple[frozenset[str], int]:
        """The checks of a record that `differences` does not run again, and the number of cases that have them."""
        from harness.runs.record import unverified_checks

        return unverified_checks(run, self._cases_of((run,)))

    def beside_recordings(self, run: RunRecord) -> tuple[tuple[str, ...], int]:
        """Where the answers of a record are others than the cassettes hold, and how many have no recording there.

        Nothing is compared where the configuration has the model otherwise than when the record was made.
        """
        from harness.runs.answers import Replay, differing

        with suppress(HarnessError):
            model = self.model(run.model)
            if (model.label, model.digest) == (run.label, run.configuration_digest):
                replay = Replay(self.config.root / self.config.cassettes, model)
                found = list(differing(run, self._cases_of((run,)), self.judge_of(model), replay))
                currency = model.price.currency if model.price else None
                if (run.lineage, run.currency) != (model.lineage, currency):
                    found.append("its lineage or its currency is not that of pyproject.toml")
                return tuple(one for one in found if one), found.count(None)
        return (), run.totals.samples

    def _cases_of(self, runs: Sequence[RunRecord]) -> dict[str, Case]:
        """The cases of the project's suites by digest; of one that cannot be read, those that can."""
        from harness.suite import case_files, read_case_file

        asked = frozenset(case.suite for run in runs for case in run.cases)
        if asked in self._cases:
            return self._cases[asked]
        found: dict[str, Case] = {}
        with suppress(SuiteError):
            files = [path for root in self.config.suites for path in case_files(self.config.root / root)]
            named = [path for path in files if path.parent.name in asked]
            # a selection has names of its own for the cases of others
            for path in named if asked <= {path.parent.name for path in named} else files:
                with suppress(SuiteError):
                    found |= {located.case.digest: located.case for located in read_case_file(path).cases}
        self._cases[asked] = found
        return found

    def known(self, label: str, max_age_days: float | None = None) -> Known:
        """What a verdict on `model@version` has to know (`History.known`), without what cannot be relied on.

        Raises:
            RecordError: a record of this version cannot be read, or is not what its answers give.
        """
        known = self.history.known(label, max_age_days)
        self._refuse(self.contradictions(*(run for run in known.runs if run.label == label)))
        runs = tuple(run for run in known.runs if run.label == label or not self.contradictions(run))
        return replace(known, runs=runs)

    def _refuse(self, found: Sequence[str]) -> None:
        """Raises RecordError for records that are not what their answers give."""
        if found:
            raise RecordError(
                f"{found[0]}. It was edited, or judged by other rules than those of this harness: no verdict may rest "
                "on it. Judge its answers again: harness runs verify --rejudge; or get the file back: git checkout"
            )

    def bundle(self, run: RunRecord, case: CaseResult) -> Bundle:
        """A redacted reproduction of one case for a provider's ticket."""
        from harness.publish.bundle import bundle

        cassettes = self.config.root / self.config.cassettes
        live = self.history.path(run.label, run.run_id).with_suffix(".live.jsonl")
        return bundle(run, case, cassettes, self._secrets, self.symbols, live=live)

    def compare(self, old: RunRecord | str, new: RunRecord | str) -> Comparison:
        """What changed from `old` to `new`, on the cases that both have."""
        from harness.decisions.compare import compare

        return compare(self.resolve(old), self.resolve(new))

    def compare_latency(self, old: RunRecord, new: RunRecord) -> LatencyComparison | None:
        """Of the runs themselves if they measured it, else of their versions' newest measurements."""
        from harness.decisions.latency import compare_latency

        before, after = (run if run.latency else self.history.latest_latency(run.label) for run in (old, new))
        return compare_latency(before, after) if before and after else None

    def gate(self, candidate: RunRecord, baseline: RunRecord | None, policy: GatePolicy) -> GateVerdict:
        """May the candidate be promoted, given all that is known of its version?"""
        from harness.decisions.gate import judge

        runs = [candidate] if baseline is None else [candidate, baseline]
        self._refuse(self.contradictions(*runs) or self.differences(*runs))
        known = self.known(candidate.label, policy.max_age_days)
        verdict = judge(candidate, baseline, policy, datetime.now(UTC), known.runs, core=self.core)
        step = self._as_settings_have_it(verdict.next, runs)
        step = replace(step, command=self.over_these(step.command))
        return replace(verdict, too_old=len(known.too_old - {candidate.run_id}), next=step)

    def over_these(self, command: str) -> str:
        """The command for the runs of this history (`--report-dir`)."""
        return configuration.over_runs_in(self.config, self.history.folder, command)

    def _as_settings_have_it(self, step: NextStep, runs: Sequence[RunRecord]) -> NextStep:
        """A step that asks a model asks the version of the settings: it says so where that is not the one meant."""
        asked = next((run for run in runs if step.command.startswith(f"pytest --model={run.model} ")), None)
        if asked is None:
            return step
        if asked.model not in self.versions:
            own = asked.configuration
            if own.get("model") is None:  # a record of a simulation, or of another program
                return step
            words = configuration.pytest_options(self.config, asked.model, str(own["model"]), own.get("base_url"))
            return replace(step, command=step.command.replace(f"--model={asked.model}", shlex.join(words), 1))
        if self.versions[asked.model] == asked.version:
            return step
        wanted = f'version = "{asked.version}" and its settings in [tool.harness.models.{asked.model}]'
        why = f"after you have set {wanted}, which has {self.versions[asked.model]} now: {step.why}"
        return replace(step, why=why)

    def plan(self, candidate: str | None, suites: Sequence[str], policy: GatePolicy, assumption: Assumption) -> Plan:
        """What the cases can prove under a policy; earlier versions tell about domains and prices."""
        from harness.decisions.plan import plan

        model = candidate.partition("@")[0] if candidate else None
        return plan(self.planned_cases(candidate, suites), policy, assumption, self.known("").runs, model=model)

    def drift(self, reference: str, *, since: date | None = None, suite: str | None = None) -> DriftReport:
        """The nightly records of a version, folded.

        Raises RecordError without a run, ConfigError for a suite that none has: a slip in a crontab is not a night yet.
        """
        from harness.decisions.drift import drift

        label = reference if "@" in reference else self._label(reference)
        runs, notes = self.nights(label)
        if not runs:
            self.resolve(label)
        known = sorted({suite for run in runs for suite in run.prompts.suites})
        if suite is not None and known and suite not in known:
            raise ConfigError(f"--suite: found {suite!r}{nearest(suite, known)}; accepted: {', '.join(known)}")
        policy, now = self.drift_policy, datetime.now(UTC)
        return drift(label, runs, policy, now, since=since, suite=suite, unreadable=notes)

    def nights(
        self, label: str, known: Mapping[Path, bytes] | None = None
    ) -> tuple[tuple[NightRun, ...], tuple[str, ...]]:
        """The records of a version that can be read, reduced to nights, and what is wrong with others.

        The nights of a year were judged by the rules of many harnesses: they compare only under one.

        Args:
            known: of records that did not change since they were read, what names their bytes (`runs.nights`).
        """
        from harness.runs.nights import nights_of

        found, unreadable = nights_of(self.history.paths(label), label, self.symbols, known=known)
        runs = sorted((night.run for night in found), key=lambda run: run.order)
        return tuple(runs), (*unreadable, *(note for night in found for note in night.notes))

    def retention(
        self, keep_days: int, policy: GatePolicy, *, since: date | None = None, names: Sequence[str] = ()
    ) -> dict[Path, str]:
        """Why each record stays; empty for one that is older than `keep_days` and that no verdict reads.

        Nights of a version stay as long as drift follows it: where the configuration has its model at another version,
        and it is not a baseline, it does not.

        Args:
            since: nights before that date are not needed, as in `drift`.
            names: models, or versions as `NAME@VERSION`. [default: all]

        Raises:
            RecordError: there is no run of a name.
        """
        from harness.decisions.run_summary import Head, utc

        labels = sorted({path.parent.name for path in self.history.paths()})
        baselines = self.history.baselines()
        chosen = [label for label in labels if not names or {label, label.partition("@")[0]} & set(names)]
        for name in names:
            if not any(name in (label, label.partition("@")[0]) for label in labels):
                raise RecordError(f"{name!r}: no run of that version{nearest(name, labels)}; see harness runs list")
        found: dict[Path, str] = {}
        for label in chosen:
            model, _, version = label.partition("@")
            followed = self.versions.get(model, version) == version or label in baselines.values()

            def is_night(head: Head, followed: bool = followed) -> bool:
                day = self.drift_policy.day(utc(head.oldest or head.started))
                return followed and head.mode != "replay" and not head.partial and (since is None or day >= since)

            found |= dict.fromkeys(self.history.paths(label), "")
            found |= self.history.needed(label, policy, keep_days=keep_days, nights=is_night)
        return found

    def _label(self, name: str) -> str:
        """`name@version` of the version that is meant; a record that cannot be read does not matter."""
        if name in self.versions:
            return f"{name}@{self.versions[name]}"
        found = {path.parent.name for path in self.history.paths()}
        labels = [label for label in found if label.partition("@")[0] == name]
        return labels[0] if len(labels) == 1 else self.resolve(name).label

    def cases(self, suites: Sequence[str | Path] | None = None) -> list[Case]:
        """The cases that a run without names asks (docs/writing-cases.md: core), or all of the places given.

        A place is `"builtin"`, a case file, a folder, or the name of a suite or a selection.

        Raises:
            SuiteError: there is no case, or a line is wrong.
        """
        if not suites:
            return [case for root in self.config.suites for case in _default_cases(self.config.root / root)]
        found = [case for place in suites for case in self._cases_at(place)]
        # a suite that is named twice, or below a folder that is named too, is asked once
        return list({(case.suite, case.id, case.digest): case for case in found}.values())

    def _cases_at(self, place: str | Path) -> list[Case]:
        """As `pytest --suites` reads it: builtin, a path, or the name of a suite or a selection under a root."""
        from harness.suite import load_selection, selection_file

        path, named = self.config.root / place, [self.config.root / root for root in self.config.suites]
        if str(place) == "builtin" or path.exists():
            return load_suite(place if str(place) == "builtin" else path)
        for root in named:
            selection = selection_file(root, str(place))
            if selection is not None:
                return load_selection(selection)
            if (root / place / "suite.toml").is_file():
                return load_suite(root / place)
        return load_suite(path)

    @property
    def canary(self) -> str | None:
        """What `--suites` names for a night, where the project has canaries: a suite or a selection of that name."""
        from harness.suite import selection_file

        for root in (self.config.root / name for name in self.config.suites):
            if selection_file(root, _CANARY) or (root / _CANARY / "suite.toml").is_file():
                return _CANARY
        return None

    @cached_property
    def core(self) -> Sequence[CaseResult]:
        """The cases that a run without names asks, before they are asked; none where the project has no suites.

        Raises:
            SuiteError: a line is wrong.
        """
        from harness.decisions.exposure import pending
        from harness.suite import case_files

        roots = [self.config.root / name for name in self.config.suites]
        return [pending(case) for root in roots if case_files(root) for case in _default_cases(root)]

    def _core_if_readable(self) -> Sequence[CaseResult]:
        # runs are listed and compared in a project whose suites are being edited; a verdict reads `core` itself
        try:
            return self.core
        except SuiteError:
            return ()

    def planned_cases(self, candidate: str | None, suites: Sequence[str] = ()) -> list[CaseResult]:
        """Cases before they are asked, with the exposure of the candidate where it is a configured model."""
        from harness.decisions.exposure import NOTHING_LEARNT, exposure, pending
        from harness.runs.judge import learnt_by

        named = candidate.partition("@")[0] if candidate else ""
        model = self.model(named) if named in self.config.models else None
        if candidate and model is None:
            return list(self.resolve(candidate).cases)
        cases = self.cases(suites)
        learnt = learnt_by(self.config.root, model) if model else NOTHING_LEARNT
        return [pending(case, exposure(case, learnt)) for case in cases]


def load_suite(path: str | Path) -> list[Case]:
    """The cases of a `.jsonl` file, or of all suites below a folder, which may be a suite itself.

    `"builtin"` means the cases that a run takes of the suites that come with the package.

    Raises:
        SuiteError: there is no case, or a line is wrong; the message names file, line and field.
    """
    from harness.suite import builtin_root, case_files, is_case_file, load_cases
    from harness.suite import load_suite as load_folder

    if str(path) == "builtin":
        return _default_cases(builtin_root())
    place = Path(path)
    if is_case_file(place) and place.is_file():
        return [located.case for located in load_cases(place)]
    folders = sorted({file.parent for file in case_files(place)})
    return _not_empty(place, [case for folder in folders for case in load_folder(folder)])


def _default_cases(root: Path) -> list[Case]:
    from harness.suite import default_cases

    return _not_empty(root, default_cases(root))


def _not_empty(place: Path, cases: list[Case]) -> list[Case]:
    if not cases:
        raise SuiteError(
            f"{place}: no cases; accepted: builtin, a .jsonl file beside a suite.toml, a folder with a suite.toml, or "
            "a folder of such folders"
        )
    return cases


def compare(old: RunRecord | str, new: RunRecord | str, *, report_dir: str | Path | None = None) -> Comparison:
    """What changed from `old` to `new`, on the cases that both have.

    A run may be a record, `NAME`, `NAME@VERSION`, a run id, or the path of a record.

    Raises:
        RecordError: there is no such run.
    """
    return Project.open(reports=report_dir).compare(old, new)


def gate(
    candidate: RunRecord | str,
    baseline: RunRecord | str | None = None,
    *,
    policy: GatePolicy | str | Path | None = None,
    report_dir: str | Path | None = None,
) -> GateVerdict:
    """May the candidate be promoted? `.verdict` is GO, NO-GO or INCONCLUSIVE.

    Args:
        baseline: what it must not fall behind. [default: the one that `harness runs baseline` keeps]
        policy: a policy or a file. [default: `[tool.harness.gate]`, else the default promotion policy]

    Raises:
        ConfigError: the policy is wrong.
        RecordError: there is no such run, or a record of the version cannot be read: it may be the one that counts.
    """
    project = Project.open(reports=report_dir)
    new = project.resolve(candidate)
    old = project.baseline(new.model) if baseline is None else project.resolve(baseline)
    rules = project.policy(policy)[0] if policy is None or isinstance(policy, str | Path) else policy
    return project.gate(new, old, rules)


def words(value: RunRecord | Comparison | GateVerdict) -> str:
    """What the command would print of a run, a comparison or a verdict: lines of 80 columns, safe for a terminal."""
    from harness.decisions.compare import Comparison
    from harness.records.run import RunRecord
    from harness.show.comparison import compare_lines
    from harness.show.run import run_lines
    from harness.show.verdicts import gate_lines

    if isinstance(value, RunRecord):
        return "\n".join(run_lines(value))
    if isinstance(value, Comparison):
        return "\n".join(compare_lines(value))
    return "\n".join(gate_lines(value))


def run(
    model: str | ModelConfig,
    cases: Sequence[Case] | None = None,
    *,
    suites: str | Path | None = None,
    mode: Mode = "replay",
    samples: int = 1,
    base_url: str | None = None,
    request_budget: int | None = None,
    report_dir: str | Path | None = None,
    project: str | Path | None = None,
) -> RunRecord:
    """Judge a model, and keep the record under `reports/` as pytest does.

    Args:
        model: a name of `[tool.harness.models]`, `openai:NAME`, or settings made in Python.
        cases: these alone; the record is then partial, and no gate gives a GO on it.
        suites: `builtin` or a folder in place of the project's suites.
        mode: `replay` reads recordings alone; `record` asks for what they lack; `refresh` asks for all again; `live`
            reads and writes none.
        project: folder at or below the pyproject.toml. [default: the working folder]

    Raises:
        ConfigError: model, settings or options are wrong.
        MissingRecordingError: replay, and an answer is not recorded.
        EndpointError: the endpoint cannot be used. What was answered before is kept.
    """
    from harness.files import now
    from harness.runs.answers import Answers
    from harness.runs.record import fold, git_commit

    if cases is not None and suites is not None:
        raise ConfigError("run: found both cases and suites; accepted: one of them, or none for the project's suites")
    if samples < 1:
        raise ConfigError(f"run: samples: found {samples}; accepted: a whole number from 1")
    started = now()
    opened = Project.open(project, reports=report_dir)
    opened.load_checks()
    chosen = opened.model(model, base_url=base_url) if isinstance(model, str) else model
    # a folder that a caller names is relative to where the caller is, not to the project
    asked = cases if cases is not None else load_suite(suites) if suites is not None else opened.cases()
    wanted = list(asked)
    judge = opened.judge_of(chosen)
    history = opened.history
    live_file = history.folder / chosen.label / f"live-{started.replace(':', '')}-{os.getpid()}.jsonl"
    answers = Answers(opened.config, chosen, mode, live_file=live_file, budget=request_budget)
    try:
        results = _results(answers, judge, wanted, samples)
    finally:
        answers.close()
    for note in answers.notes:
        warnings.warn(note, stacklevel=2)
    record = fold(
        chosen,
        results,
        mode=mode,
        started=started,
        ended=now(),
        requests=answers.fetcher.requests if answers.fetcher else 0,
        partial_reason="cases were given" if cases is not None else None,
        git_commit=git_commit(opened.config.root),
    )
    answers.keep_live_file_as(history.write(record).with_suffix(".live.jsonl"))
    return record


def _results(answers: Answers, judge: Judge, cases: Sequence[Case], samples: int) -> list[CaseResult]:
    used = sorted({case.suite for case in cases})
    if answers.mode == "replay" and used and not any(answers.has_cassette(suite) for suite in used):
        raise MissingRecordingError(answers.nothing_recorded(used, len(cases)))
    answers.start(answers.missing(cases, samples))
    results = []
    for case in cases:
        completions = [_completion(answers, case, number) for number in range(samples)]
        results.append(judge.case(case, [judge.sample(case, one, number) for number, one in enumerate(completions)]))
    return results


def _completion(answers: Answers, case: Case, sample: int) -> Completion:
    completion = answers.completion(case, sample)
    if completion is None:
        raise answers.no_recording(case, sample)
    return completion
