"""What one pytest session with `--model` holds: models, answers, results. Hooks delegate to the modules beside it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from harness import config as configuration
from harness.errors import ConfigError, EndpointError, HarnessError
from harness.files import now
from harness.pytest_plugin.garbage import spare_long_lived
from harness.pytest_plugin.gating import refuse_a_gate_that_cannot_judge, refuse_unrecorded
from harness.pytest_plugin.items import CaseItem
from harness.pytest_plugin.options import suite_roots
from harness.runs.answers import Answers, purse_of
from harness.runs.judge import Judge, training_texts
from harness.suite import LocatedCase, case_files, load_cases, load_info, load_selection, read_selection

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.endpoints.pace import Purse
    from harness.pytest_plugin.gating import EarlyStop
    from harness.pytest_plugin.workers import Workers
    from harness.records.answer import Completion
    from harness.records.case import Case
    from harness.records.run import CaseResult, Mode, RunRecord
    from harness.suite import SuiteInfo


class VerbatimSession:
    """State of a session; registered as a plugin, so that its `pytest_*` methods are hooks."""

    def __init__(self, config: pytest.Config, harness: configuration.HarnessConfig, mode: Mode, samples: int) -> None:
        self.config = config
        self.harness = harness
        self.mode: Mode = mode
        self.samples = samples
        self.models: dict[str, configuration.ModelConfig] = {}
        self.answers: dict[str, Answers] = {}
        self.judges: dict[str, Judge] = {}
        self.results: dict[str, list[CaseResult]] = {}
        self.expected: dict[str, int] = {}
        self.narrowed: str | None = None
        self.started = now()
        self.records: list[RunRecord] = []
        self.notes: list[str] = []
        self.verdicts: list[str] = []
        self.workers: Workers | None = None
        self.purse: Purse | None = None
        """What all that this run asks may cost together; None without a ceiling."""
        self._early_stop: EarlyStop | None = None
        self._infos: dict[Path, SuiteInfo] = {}
        self._ids: dict[tuple[Path, str], str] = {}
        self._files: set[Path] = set()
        self._all_files: set[Path] = set()
        self._offered = 0

    @classmethod
    def from_config(cls, config: pytest.Config) -> VerbatimSession:
        """Read the options and the configuration.

        Raises:
            ConfigError: what is wrong with them; the hook makes it a usage error.
        """
        from harness.pytest_plugin.workers import Workers

        harness = configuration.load(config.rootpath)
        option = config.getoption
        mode: Mode = option("verbatim_mode") or "replay"
        samples = option("verbatim_samples")
        if samples < 1:
            raise ConfigError(f"--samples: found {samples}; accepted: a whole number from 1")
        session = cls(config, harness, mode, samples)
        session._load_checks()
        symbols = configuration.symbols(harness)
        for text in option("verbatim_models"):
            for name in filter(None, map(str.strip, text.split(","))):
                model = configuration.model(harness, name, base_url=option("verbatim_base_url"))
                session.models[model.name] = model
                session.judges[model.name] = Judge(model, training_texts(harness.root, model), symbols)
                session.results[model.name] = []
        if not session.models:
            raise ConfigError(f"--model: no name given; accepted: {', '.join(sorted(harness.models)) or 'openai:NAME'}")
        session._set_arguments()
        session.workers = Workers(config, session)
        stamp = session.started.replace(":", "")
        session.purse = purse_of(option("verbatim_max_cost"), session.models.values())
        for model in session.models.values():
            session.answers[model.name] = Answers(
                harness,
                model,
                session.mode,
                live_file=session.reports / model.label / f"live-{stamp}-{session.workers.tag}.jsonl",
                max_concurrency=option("verbatim_concurrency"),
                budget=option("verbatim_budget"),
                told=session.workers.teller(model.label),
                purse=session.purse,
            )
        return session

    @property
    def reports(self) -> Path:
        """The folder of the history."""
        given = self.config.getoption("verbatim_reports")
        return Path(given).absolute() if given else self.harness.root / self.harness.reports

    def shown(self, path: Path) -> str:
        """A path as a person reads it: relative to the project where it lies in it."""
        try:
            return str(path.relative_to(self.config.invocation_params.dir))
        except ValueError:
            return str(path)

    def _load_checks(self) -> None:
        from harness.runs.judge import load_checks

        load_checks(self.harness.root, self.harness.checks)

    def is_selected(self, path: Path) -> bool:
        """Whether a selection file is what `--suites` named."""
        return path in self._all_files

    def selected_cases(self, path: Path) -> list[Case]:
        """The cases of a selection.

        Raises:
            SuiteError: it names a case that does not exist.
        """
        cases = load_selection(path)
        self._files.add(path)
        self._offered += len(cases)
        for answers in self.answers.values():
            answers.also_recorded_in = tuple(read_selection(path))
        return cases

    def _set_arguments(self) -> None:
        """Without paths on the command line the suites are collected in place of `testpaths`."""
        if self.config.args_source is not pytest.Config.ArgsSource.ARGS:
            roots = suite_roots(self.harness, self.config.getoption("verbatim_suites"))
            self._all_files = {
                path for root in roots for path in ([root] if root.suffix == ".cases" else case_files(root))
            }
            self.config.args[:] = [str(root) for root in roots]
            self.config.args_source = pytest.Config.ArgsSource.ARGS
        else:
            self.narrowed = "paths were given"

    def cases_of(self, path: Path) -> list[LocatedCase]:
        """The cases of a file; an id may not stand in two files of one suite.

        Raises:
            SuiteError: with every bad line.
        """
        from harness.errors import SuiteError

        folder = path.parent
        if folder not in self._infos:
            self._infos[folder] = load_info(folder)
        cases = load_cases(path, self._infos[folder])
        self._files.add(path)
        self._offered += len(cases)
        for located in cases:
            place = f"{path}:{located.line}"
            first = self._ids.setdefault((folder, located.case.id), place)
            if first != place:
                raise SuiteError(f"{place}: id: {located.case.id!r} stands at {first} too; ids are unique in a suite")
        return cases

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Selected cases are known now; asking starts here and goes on while tests run."""
        self.expected = {name: sum(isinstance(i, CaseItem) and i.model == name for i in items) for name in self.models}
        if self.narrowed is None and sum(self.expected.values()) < self._offered * len(self.models):
            self.narrowed = "not all cases were selected (-k, --lf, --deselect)"
        left_out = self._all_files - self._files
        if self.narrowed is None and left_out:
            self.narrowed = f"{len(left_out)} of {len(self._all_files)} case files were not collected (--lf, --ignore)"

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Begin fetching what is missing."""
        spare_long_lived()
        if session.config.option.collectonly or session.testsfailed:
            return
        assert self.workers is not None
        items = [item for item in session.items if isinstance(item, CaseItem)]
        if self.mode == "replay":
            refuse_unrecorded(self, items)
        if items and not self.workers.is_worker:
            refuse_a_gate_that_cannot_judge(self)
        if not self.workers.asks:
            return
        self._prepare_early_stop(session.items)
        for name, answers in self.answers.items():
            cases = [item.case for item in session.items if isinstance(item, CaseItem) and item.model == name]
            try:
                answers.start(answers.missing(cases, self.samples))
            except HarnessError as error:
                self.workers.ended(answers.model.label, str(error))
                raise pytest.UsageError(str(error)) from None

    def _prepare_early_stop(self, items: Sequence[pytest.Item]) -> None:
        if not self.config.getoption("verbatim_early_stop"):
            return
        from harness.pytest_plugin.gating import EarlyStop

        if not self.config.getoption("verbatim_gate") or len(self.models) != 1 or self.workers is None:
            raise pytest.UsageError("--early-stop: accepted together with --gate and a single model")
        if self.workers.is_worker:
            raise pytest.UsageError("--early-stop: does not work with -n; results come out of order there")
        try:
            self._early_stop = EarlyStop(self, [item for item in items if isinstance(item, CaseItem)])
        except HarnessError as error:
            raise pytest.UsageError(str(error)) from None

    def completions(self, name: str, case: Case) -> list[Completion]:
        """All samples of a case, waiting for what is being fetched.

        Raises:
            HarnessError: there is no answer, and why.
        """
        from harness.pytest_plugin.terminal import wait_for

        answers = self.answers[name]
        found: list[Completion] = []
        for sample in range(self.samples):
            try:
                completion = answers.completion(case, sample, lambda future: wait_for(future, answers, self.config))
            except EndpointError as error:
                self._stop(str(error))
                raise
            if completion is None and self.mode != "replay" and self.workers is not None:
                completion = self.workers.follow(answers, case, sample)
            if completion is None:
                raise answers.no_recording(case, sample)
            found.append(completion)
        return found

    def _stop(self, reason: str) -> None:
        self.config.stash[STOP_REASON] = reason
        plugin = self.config.pluginmanager.get_plugin("session")
        if plugin is not None:
            plugin.shouldstop = reason

    def judge(self, name: str, case: Case, completions: Sequence[Completion]) -> CaseResult:
        """The verdict on a case."""
        judge = self.judges[name]
        samples = [judge.sample(case, completion, number) for number, completion in enumerate(completions)]
        return judge.case(case, samples)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
        """Hang the result on the report of the call, which xdist carries to the controller."""
        report = yield
        ends_here = call.when == "call" or (call.when == "setup" and call.excinfo is not None)
        if isinstance(item, CaseItem) and ends_here and item.result is not None:
            report.verbatim = (item.model, item.result)
        if isinstance(item, CaseItem) and call.excinfo is not None and isinstance(call.excinfo.value, HarnessError):
            # pytest asks an item for its own words only when the call fails, not the setup
            report.longrepr = str(call.excinfo.value)
        return report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Gather results, wherever the case ran."""
        result = getattr(report, "verbatim", None)
        if result is None:
            return
        self.results[result[0]].append(result[1])
        reason = self._early_stop.seen(result[1], result[0]) if self._early_stop else None
        if reason is not None:
            self.narrowed = reason
            self.notes.append(reason)
            self._stop(reason)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Stop asking, write the run records, and let the gate speak if it was asked."""
        from harness.pytest_plugin.finishing import finish

        finish(self, session)
        if "hypothesis" not in sys.modules:
            # no property was tested, so its summary is empty; but to say so it would import itself (0.5 s)
            self.config.pluginmanager.unregister(name="hypothesispytest")
        spare_long_lived()

    def pytest_unconfigure(self) -> None:
        """Whatever happened: no thread, no server, no lock stays."""
        for answers in self.answers.values():
            answers.close()

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> Any:
        """Rates by model version and domain: after the list of failed cases, where a reader looks first."""
        from harness.pytest_plugin.terminal import write_summary

        result = yield
        write_summary(self, terminalreporter)
        return result


STOP_REASON = pytest.StashKey[str]()
