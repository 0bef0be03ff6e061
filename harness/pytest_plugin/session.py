"""One pytest session with `--model`: the models, the cases that were selected, the records at the end.

Registered as a plugin, so that its `pytest_*` methods are hooks. It alone knows pytest's configuration and the modules
beside it; they get values and callables.
"""

from __future__ import annotations

import sys
from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from harness.errors import CassetteError, ConfigError, EndpointError, HarnessError, MissingRecordingError, SuiteError
from harness.files import now
from harness.history import read_run
from harness.project import Project
from harness.pytest_plugin.collection import CaseCollector, CaseItem, Selection, SelectionCollector
from harness.pytest_plugin.garbage import spare_long_lived
from harness.pytest_plugin.gating import (
    EarlyStop,
    GateOptions,
    SequentialRun,
    in_order,
    refuse_a_gate_that_cannot_judge,
    refuse_unrecorded,
)
from harness.pytest_plugin.model_run import ModelRun
from harness.pytest_plugin.options import STOPPING
from harness.pytest_plugin.progress import Signals, announced, how_far, on_interrupt, wait_for
from harness.pytest_plugin.protocol import Blocks
from harness.pytest_plugin.terminal import failures_by_kind, next_line, on_unscored, unwritten_line, write_summary
from harness.pytest_plugin.workers import Kept, Workers
from harness.records.run import GOOD
from harness.runs.answers import Answers, cost_limit_of
from harness.runs.record import freshness_warnings, git_commit
from harness.show.figures import lay_out_for
from harness.show.words import language_of, speak, translated

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from harness.config import ModelConfig
    from harness.endpoints.pace import CostLimit
    from harness.records.answer import Completion
    from harness.records.case import Case
    from harness.records.run import Mode, RunRecord
    from harness.runs.fetching import FetchJob


class VerbatimSession:
    """State of a session.

    Attributes:
        runs: one for each model that `--model` names.
        notes: sentences for the end of the summary.

    Raises:
        ConfigError: what is wrong with options or configuration; the hook makes it a usage error.
    """

    def __init__(self, config: pytest.Config) -> None:
        option = config.getoption
        speak(option("verbatim_lang") or language_of())
        self.config = config
        self.project = Project.open(config.rootpath, reports=option("verbatim_reports"))
        self.mode: Mode = option("verbatim_mode") or "replay"
        self.samples: int = option("verbatim_samples")
        if self.samples < 1:
            raise ConfigError(f"--samples: found {self.samples}; accepted: a whole number from 1")
        self.project.load_checks()
        names = [name.strip() for text in option("verbatim_models") for name in text.split(",")]
        models = [self.project.model(name, base_url=option("verbatim_base_url")) for name in names if name]
        if not models:
            accepted = ", ".join(sorted(self.project.config.models)) or "openai:NAME"
            raise ConfigError(f"--model: no name given; accepted: {accepted}")
        self.selection = Selection.of(config, self.project.config)
        self._bad_selection: str | None = None
        self.workers = Workers(config, started=now())
        try:
            self._refuse_to_stop(len(models))
            self.started = self.workers.started
            self.cost_limit: CostLimit | None = cost_limit_of(option("verbatim_max_cost"), models)
            """What all that this run asks may cost together; None without a limit."""
            self.runs: dict[str, ModelRun] = {model.name: self._run_of(model, config) for model in models}
        except BaseException:
            self.workers.close()
            raise
        self._signals = Signals()
        self.notes: list[str] = []
        self._gate = GateOptions.of(config)
        self._records: list[RunRecord] = []
        self._nodes: dict[tuple[str, str], str] = {}
        self._places: dict[str, int] = {}
        """Where the result of an item is in those of its run."""
        self._next = ""
        """The last line, where a verdict gave it."""
        self._verdicts: list[str] = []
        self._early_stop: EarlyStop | None = None
        self._sequential: SequentialRun | None = None
        self._settled = False
        """Whether the verdict stopped the run, which then ends with the verdict's exit code."""

    def _batch_teller(self, model: ModelConfig) -> Callable[[str], None] | None:
        """What `--batch` says now and then; None without it.

        Raises:
            ConfigError: `--batch` cannot work with another option or with this model.
        """
        option = self.config.getoption
        if not option("verbatim_batch"):
            return None
        if self.mode != "record":
            raise ConfigError(
                f"--batch: found --cassette-mode={self.mode}; accepted: record, which can be taken up again"
            )
        limits = ("max_cost", "budget", "early_stop", "sequential")
        if any(option(f"verbatim_{name}") for name in limits) or option("numprocesses", None):
            raise ConfigError(
                "--batch: not together with --max-cost, --request-budget, --early-stop, --sequential or -n: a batch is "
                "one request for all answers; take fewer cases with -k or --suites"
            )
        if model.kind != "openai":
            raise ConfigError(f"--batch: model {model.name} is of kind {model.kind}; accepted: openai")

        def tell(line: str) -> None:
            terminal = self.config.pluginmanager.get_plugin("terminalreporter")  # registered later than this plugin
            if terminal is not None:
                terminal.write_line(line)

        return tell

    def shown(self, path: Path) -> str:
        """A path as a person reads it: relative to the working folder where it is below it."""
        try:
            return str(path.relative_to(self.config.invocation_params.dir))
        except ValueError:
            return str(path)

    def collector(self, path: Path, parent: pytest.Collector) -> pytest.Collector | None:
        """The collector of a case file or a selection; None for any other file."""
        from harness.suite import is_case_file

        given: dict[str, Any] = {
            "path": path,
            "selection": self.selection,
            "runs": list(self.runs.values()),
            "asking": self._answers,
        }
        if path.suffix == ".cases":
            # a selection is run when it is asked for, not with the suites that it is taken from
            wanted = self.selection.is_selected(path) or parent.session.isinitpath(path)
            return SelectionCollector.from_parent(parent, **given) if wanted else None
        wanted = is_case_file(path) and not self.selection.is_passed_over(path)
        return CaseCollector.from_parent(parent, **given) if wanted else None

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Selected cases are known now; asking starts here and goes on while tests run."""
        cases = [item for item in items if isinstance(item, CaseItem)]
        counted = Counter(item.run.model.name for item in {item.nodeid: item for item in cases}.values())
        for name, run in self.runs.items():
            run.expected = counted[name]
        try:
            self.selection.collected(len(cases), len(self.runs))
        except SuiteError as error:
            # pytest calls pytest_collection_finish after an error here too, and shows only what that raises
            self._bad_selection = str(error)
        self.workers.collected(counted, self.selection.narrowed)
        if self.config.getoption("verbatim_sequential") and len(self.runs) == 1:
            others = [item for item in items if not isinstance(item, CaseItem)]
            items[:] = [*(cases[number] for number in in_order([item.case for item in cases])), *others]
        if self.workers.is_worker and self.workers.asks and not self.config.option.collectonly:
            # now, since pytest-xdist tells the controller of the collection before pytest_collection_finish is here
            with suppress(HarnessError):  # which reports it, when the same is looked up there
                self.workers.announce(list(self._announcements(items)))

    def blocks(self) -> Blocks:
        """What runs cases in place of pytest's own protocol, where it may."""
        return Blocks(self.config, may_look_ahead=not (self.workers.is_worker or self._stopping), attach=_attach)

    def pytest_sessionstart(self) -> None:
        """With pytest-xdist: this process collects nothing, and refuses before the workers ask."""
        if self.workers.is_worker:
            self._signals.leave()
        else:
            self._signals.take()
        if self.workers.is_controller and not self.config.option.collectonly:
            refuse_a_gate_that_cannot_judge(self.project, self.runs, self._gate)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Begin fetching what is missing."""
        if self._bad_selection:
            raise pytest.UsageError(translated(self._bad_selection))
        spare_long_lived()
        if session.config.option.collectonly or session.testsfailed:
            return
        items = [item for item in session.items if isinstance(item, CaseItem)]
        if self.mode == "replay":
            refuse_unrecorded(self.runs.values(), Counter((item.run.model.name, item.case.suite) for item in items))
        if items and not self.workers.is_worker:
            refuse_a_gate_that_cannot_judge(self.project, self.runs, self._gate)
        if not self.workers.asks:
            return
        self.workers.on_stop(self._stop_asking)
        self._prepare_stopping(items)
        for run in self.runs.values():
            cases = [item.case for item in items if item.run is run]
            try:
                released = self._sequential.released if self._sequential else None
                jobs = run.answers.missing(cases, self.samples)
                self._announce(run, jobs)
                run.answers.start(jobs, released=released)
            except HarnessError as error:
                self.workers.ended(run.model.label, str(error))
                raise pytest.UsageError(translated(str(error))) from None

    def _announce(self, run: ModelRun, jobs: Sequence[FetchJob]) -> None:
        """Below the number of collected items, before the first request: what is going to be asked."""
        reporter: pytest.TerminalReporter | None = self.config.pluginmanager.get_plugin("terminalreporter")
        if reporter is None or reporter.verbosity < -1:
            return
        if said := self._announcement(run, jobs):
            reporter.ensure_newline()
            reporter.write_line(said)

    def _announcements(self, items: Sequence[pytest.Item]) -> Iterator[str]:
        """A line for each model of which something is missing."""
        for run in self.runs.values():
            cases = [item.case for item in items if isinstance(item, CaseItem) and item.run is run]
            if said := self._announcement(run, run.answers.missing(cases, self.samples)):
                yield said

    def _announcement(self, run: ModelRun, jobs: Sequence[FetchJob]) -> str:
        """What is about to be asked; empty where nothing is."""
        if not jobs and self.mode != "record":
            return ""
        option = self.config.getoption
        return announced(
            run,
            jobs,
            self.project.history,
            most=option("verbatim_budget"),
            at_once=option("verbatim_concurrency") or run.model.max_concurrency,
            may_stop=bool(self._stopping),
        )

    @property
    def _stopping(self) -> list[str]:
        """Options given by which a run may end before all cases are asked."""
        return [name for name, stored in STOPPING.items() if self.config.getoption(stored)]

    def _run_of(self, model: ModelConfig, config: pytest.Config) -> ModelRun:
        stamp = self.started.replace(":", "")
        answers = Answers(
            self.project.config,
            model,
            self.mode,
            live_file=self.project.history.folder / model.label / f"live-{stamp}-{self.workers.tag}.jsonl",
            max_concurrency=config.getoption("verbatim_concurrency"),
            budget=config.getoption("verbatim_budget"),
            on_answer=self.workers.sender(model.label),
            cost_limit=self.cost_limit,
            batch=self._batch_teller(model),
        )
        return ModelRun(model, answers, self.project.judge_of(model), mode=self.mode, samples=self.samples)

    def _refuse_to_stop(self, models: int) -> None:
        """Before any worker starts: one that refuses alone leaves the others waiting for its answers for ever."""
        given = self._stopping
        if len(given) > 1:
            raise ConfigError("--sequential: not together with --early-stop; it stops early by itself")
        if given and (not GateOptions.of(self.config).gate or models != 1):
            raise ConfigError(f"{given[0]}: accepted together with --gate and a single model")
        if given and (self.workers.is_controller or self.workers.is_worker):
            raise ConfigError(f"{given[0]}: does not work with -n; results come out of order there")

    def _prepare_stopping(self, items: list[CaseItem]) -> None:
        given = self._stopping
        if not given:
            return
        run = next(iter(self.runs.values()))
        cases = [item.case for item in items]

        def record(results: Any) -> RunRecord:
            return self._record_of(run, results, None)

        try:
            if given == ["--sequential"]:
                self._sequential = SequentialRun(run, cases, self.project, self._gate, record)
            else:
                self._early_stop = EarlyStop(run, cases, self.project, self._gate, record)
        except HarnessError as error:
            raise pytest.UsageError(translated(str(error))) from None

    def _answers(self, run: ModelRun, case: Case) -> list[Completion]:
        try:
            return run.completions(
                case,
                wait=lambda future: wait_for(future, run, self.config),
                follow=self.workers.follow,
            )
        except (EndpointError, CassetteError) as error:  # of the asking, which has ended with it
            if isinstance(error, EndpointError) or run.answers.fetcher is not None:
                self._stop(translated(str(error)))
            raise

    @pytest.hookimpl(tryfirst=True)
    def pytest_keyboard_interrupt(self) -> None:
        """Before pytest looks for the place in the source, which takes as long as an impatient hand."""
        self._signals.stopping()

    def _stop_asking(self) -> dict[str, Kept]:
        self._stop("the run was stopped")
        for run in self.runs.values():
            if run.answers.fetcher is not None:
                run.answers.fetcher.stop()
        return how_far([run.answers for run in self.runs.values()])

    def _stop(self, reason: str) -> None:
        plugin = self.config.pluginmanager.get_plugin("session")
        if plugin is not None:
            plugin.shouldstop = reason

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
        """Attach the result to the report of the call, which xdist carries to the controller."""
        report = yield
        ends_here = call.when == "call" or (call.when == "setup" and call.excinfo is not None)
        if isinstance(item, CaseItem) and ends_here:
            _attach(item, report)
        if isinstance(item, CaseItem) and call.excinfo is not None and isinstance(call.excinfo.value, HarnessError):
            # pytest asks an item for its own words only when the call fails, not the setup
            report.longrepr = translated(str(call.excinfo.value))
            report.verbatim_missing = isinstance(call.excinfo.value, MissingRecordingError)
        return report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Gather results, wherever the case ran; of one that a plugin or `--keep-duplicates` runs again, the last."""
        judged = getattr(report, "verbatim", None)
        outcome: str = report.outcome
        if judged is None or outcome == "rerun":  # of pytest-rerunfailures, which reports the case once more
            return
        name, result = judged
        results = self.runs[name].results
        place = self._places.setdefault(report.nodeid, len(results))
        if place < len(results):
            results[place] = result
            return
        results.append(result)
        if result.outcome not in GOOD:
            self._nodes[name, result.key] = f"{report.nodeid}#{(report.location[1] or 0) + 1}"
        settled = self._early_stop.seen(result) if self._early_stop else None
        if settled is not None:
            reason, not_asked = settled
            self.runs[name].results += not_asked
            self.selection.narrowed = reason
            self._end(reason)
        if self._sequential is not None:
            found = self._sequential.seen(result)
            fetcher = self.runs[name].answers.fetcher
            if found is not None:
                self._end(found)
            elif fetcher is not None:
                fetcher.release(self._sequential.released)

    def _end(self, reason: str) -> None:
        self._settled = True
        self.notes.append(reason)
        self._stop(reason)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Iterator[None]:
        """Stop asking, write the run records, judge them if that was asked for; at the very end say what to do next."""
        reporter: pytest.TerminalReporter | None = self.config.pluginmanager.get_plugin("terminalreporter")
        lay_out_for(self.config.get_terminal_writer().fullwidth if reporter is not None and reporter.isatty else 0)
        self._finish(session)
        if "hypothesis" not in sys.modules:
            # no property was tested, so its summary is empty; but to say so it would import itself (0.5 s)
            self.config.pluginmanager.unregister(name="hypothesispytest")
        spare_long_lived()
        yield
        if reporter is not None and self._records and reporter.verbosity > -2:
            interrupted = session.exitstatus == pytest.ExitCode.INTERRUPTED
            reporter.write_line(self._next or next_line(self.project, self._records, self.config, interrupted))

    def _finish(self, session: pytest.Session) -> None:
        """Called once in every process; workers of pytest-xdist only hand over what they fetched."""
        workers = self.workers
        stopped = bool(session.shouldstop or session.shouldfail)
        asked = [run.answers for run in self.runs.values()]
        for run in self.runs.values():
            if not stopped:
                workers.wait_for_fetching(run.answers)
            run.answers.close()
            self.notes += run.answers.notes
        if workers.is_worker:
            workers.hand_over({name: run.answers for name, run in self.runs.items()}, self.notes, how_far(asked))
            return
        stopping = stopped or session.exitstatus in (pytest.ExitCode.INTERRUPTED, pytest.ExitCode.INTERNAL_ERROR)
        far = workers.stop() if stopping else {}
        if workers.is_controller:
            expected, narrowed = workers.collection()
            self.selection.narrowed = self.selection.narrowed or narrowed
            for name, run in self.runs.items():
                run.expected = expected.get(name, 0)
        self.notes += workers.notes
        if session.exitstatus == pytest.ExitCode.INTERRUPTED:
            self.notes += on_interrupt(asked, self.mode, far or how_far(asked))
        for run in self.runs.values():
            if run.results:
                self._records.append(self._written(run, session))
        workers.close()
        self._refuse_silence(session)
        if self._gate.judges:
            from harness.pytest_plugin.gating import compare_and_gate

            self._verdicts, go, step = compare_and_gate(self.project, self._records, self._gate)
            self._next = self._next or step
            # the verdict takes the place of exit 0 or 1
            if self._gate.gate and (session.exitstatus in (0, 1) or self._settled):
                session.exitstatus = 0 if go and self._records else 1

    def _refuse_silence(self, session: pytest.Session) -> None:
        """Each unscored case is skipped, but a run of nothing else judged nothing, and exit 0 would call it good."""
        silent = [one.label for one in self._records if all(case.outcome == "unscored" for case in one.cases)]
        if silent and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
            self.notes += [
                f"{label}: no case could be scored, so this run shows nothing: exit code 1" for label in silent
            ]

    def _written(self, run: ModelRun, session: pytest.Session) -> RunRecord:
        """The record of a run, on disk if it could be written."""
        record = self._record_of(run, None, self._partial_reason(run, session))
        try:
            path = self.project.history.write(record)
            # a replay of stored answers keeps the mode and the dates of the run that made them: the verdict is on that
            if self._gate.judges and self.mode == "replay":
                record = read_run(path)
        except (HarnessError, OSError) as error:
            self.notes.append(f"the run record was not written: {error}")
            self._next = unwritten_line(self.project, record, self.mode)
            if session.exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
                # what was asked is in no history: after 0 or 1 a nightly script would call the night a quiet one
                session.exitstatus = pytest.ExitCode.INTERNAL_ERROR
        else:
            run.answers.keep_live_file_as(path.with_suffix(".live.jsonl"))
            self.notes.append(f"run record: {self.shown(path)}")
            self.notes += freshness_warnings(
                record,
                request_model=run.model.request_model,
                max_age_days=self.project.policy()[0].max_age_days,
                now=datetime.now(UTC),
            )
        self.notes += on_unscored(record)
        return record

    def _record_of(self, run: ModelRun, results: Any, partial_reason: str | None) -> RunRecord:
        record = run.record(
            results,
            started=self.started,
            requests=self.workers.requests.get(run.model.name, 0),
            partial_reason=partial_reason,
            git_commit=git_commit(self.project.config.root),
        )
        return record.model_copy(update={"looks": self._sequential.looks}) if self._sequential else record

    def _partial_reason(self, run: ModelRun, session: pytest.Session) -> str | None:
        if self.selection.narrowed:
            return self.selection.narrowed
        if self._sequential is not None and self._sequential.settled:
            return None
        missing = run.expected - len(run.results)
        if missing > 0:
            return f"{missing} of {run.expected} cases have no result"
        if session.shouldstop or session.shouldfail:
            return "the run was stopped"
        return None

    def pytest_unconfigure(self) -> None:
        """Whatever happened: no thread, no server, no lock stays."""
        for run in self.runs.values():
            run.answers.close()
        self.workers.close()
        self._signals.restore()
        speak("en")  # a session in this process that comes after, as in tests of plugins, chooses again
        lay_out_for(None)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> Any:
        """Rates by model version and domain: after the list of failed cases, where a reader looks first."""
        with failures_by_kind(terminalreporter, self.project, self._records, self._nodes):
            result = yield
        write_summary(terminalreporter, self._records, self.mode, [*self._verdicts, *map(translated, self.notes)])
        return result


def _attach(item: CaseItem, report: pytest.TestReport) -> None:
    """Put the result of a case on its report."""
    if item.result is not None:
        report.verbatim = (item.run.model.name, item.result)  # type: ignore[attr-defined]  # reports take any
