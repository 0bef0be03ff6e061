"""A latency suite: which versions are timed on which prompts, and where the times go.

A folder with a `latency.toml` holds ordinary tests that use the fixture `model_latency` and pytest-benchmark's
`benchmark`. It is collected only when it is named: timing takes minutes, and costs money at most endpoints.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from harness.decisions.latency import compare_latency
from harness.errors import ConfigError, HarnessError
from harness.files import now
from harness.pytest_plugin.progress import write_now
from harness.runs.latency import Stopwatch, latency_record, load_latency_suite
from harness.show.comparison import latency_change_lines, latency_lines
from harness.show.figures import fitted
from harness.show.words import phrase

if TYPE_CHECKING:
    from harness.pytest_plugin.session import VerbatimSession
    from harness.records.run import PromptLatency, RunRecord
    from harness.runs.latency import LatencyPrompt


class TimedPrompt:
    """What a test of a latency suite is given: the times of one prompt's requests, answered ones alone."""

    def __init__(self, measured: PromptLatency) -> None:
        self._measured = measured

    @property
    def total_s(self) -> list[float]:
        """Seconds from the request to the last byte."""
        return _said([total for total in self._measured.total_s if total is not None], "no answer came")

    @property
    def first_token_s(self) -> list[float]:
        """Seconds from the request to the first piece of the answer."""
        times = [first for first in self._measured.first_token_s if first is not None]
        return _said(times, "the endpoint did not stream its answers")

    @property
    def seconds_per_token(self) -> list[float]:
        """From the first token on, for each further one."""
        rows = zip(self._measured.total_s, self._measured.first_token_s, self._measured.completion_tokens, strict=True)
        times = [
            (total - first) / (count - 1)
            for total, first, count in rows
            if total is not None and first is not None and count is not None and count > 1 and total > first
        ]
        return _said(times, "the endpoint did not stream its answers, or did not count their tokens")


class TimingRun:
    """Measures on demand, and keeps what it measured; registered as a plugin, for the end of the session.

    Raises:
        ConfigError: something else is asked at the same time, which would be timed too.
    """

    def __init__(self, session: VerbatimSession, folder: Path) -> None:
        self._session = session
        self._folder = folder
        self._suite = load_latency_suite(folder)
        self._measured: dict[tuple[str, str], PromptLatency | HarnessError] = {}
        self._stopwatches: dict[str, Stopwatch] = {}
        self._lines: list[str] = []
        option = session.config.getoption
        self._rounds = session.samples if session.samples > 1 else self._suite.rounds
        self._budget: int | None = option("verbatim_budget")
        self._cost_limit = session.cost_limit
        if any(run.expected for run in session.runs.values()) or hasattr(session.config, "workerinput"):
            raise ConfigError(
                "latency is measured alone, by one process: other requests would slow these down. Run without other "
                f"suites and without -n: pytest --model=NAME {session.shown(folder)} --cassette-mode=live"
            )
        needed = (self._rounds + self._suite.warm_up) * len(self._suite.prompts)
        if self._budget is not None and self._budget < needed:
            raise ConfigError(f"--request-budget: found {self._budget}; a measurement takes {needed} requests a model")

    def timed(self, model: str, prompt: LatencyPrompt) -> TimedPrompt:
        """The times of one prompt.

        Raises:
            HarnessError: they cannot be obtained; the same again for each test that wants them.
        """
        place = (model, prompt.id)
        if place not in self._measured:
            try:
                self._measured[place] = self._stopwatch(model).measure(prompt)
            except HarnessError as error:
                self._measured[place] = error
        measured = self._measured[place]
        if isinstance(measured, HarnessError):
            raise measured
        return TimedPrompt(measured)

    def _stopwatch(self, model: str) -> Stopwatch:
        settings = self._session.runs[model].model
        if settings.kind == "outputs":
            raise ConfigError(f"model {model}: kind outputs has its answers in a file, and nothing to be timed")
        for name, other in self._stopwatches.items():
            if name != model:
                other.close()  # two local servers would share the processor
        if model not in self._stopwatches:
            if settings.kind == "local":
                write_now(self._session.config, phrase("loading", label=settings.label))
            self._stopwatches[model] = Stopwatch(
                settings,
                self._session.project.config.root,
                self._suite,
                rounds=self._rounds,
                budget=self._budget,
                cost_limit=self._cost_limit,
            )
        return self._stopwatches[model]

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        """Write a run record for each version, and compare it with the baseline if one is named."""
        for name, stopwatch in self._stopwatches.items():
            prompts = [
                found
                for (model, _), found in self._measured.items()
                if model == name and not isinstance(found, HarnessError)
            ]
            if prompts:
                record = latency_record(
                    stopwatch.model,
                    self._suite,
                    prompts,
                    stopwatch.timed,
                    started=self._session.started,
                    ended=now(),
                    root=self._session.project.config.root,
                )
                try:
                    self._lines += self._kept(record)
                except HarnessError as error:
                    self._lines += [str(error), ""]

    def _kept(self, record: RunRecord) -> list[str]:
        """What to show of a record once it is written."""
        assert record.latency is not None
        history = self._session.project.history
        reference = self._session.config.getoption("verbatim_baseline")
        # looked for before this one is written: it may be of the same version
        old = history.latest_latency(self._label(reference)) if reference else None
        path = history.write(record)
        lines = [record.label, *latency_lines(record.latency), f"run record: {self._session.shown(path)}", ""]
        comparison = compare_latency(old, record) if old else None
        if comparison is not None:
            return [*lines, *latency_change_lines(comparison), ""]
        return [*lines, f"no latency of {reference} was measured before", ""] if reference else lines

    def _label(self, reference: str) -> str:
        if "@" in reference:
            return reference
        return self._session.project.model(reference).label

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> Any:
        """After pytest-benchmark's tables: p50 and p95 with their intervals, and where the record is."""
        result = yield
        if self._lines:
            terminalreporter.section("latency", "=")
        for part in (part for line in self._lines for part in fitted(line)):
            terminalreporter.write_line(part)
        return result

    def pytest_unconfigure(self) -> None:
        """Whatever happened: no server stays."""
        for stopwatch in self._stopwatches.values():
            stopwatch.close()


def _said(times: list[float], otherwise: str) -> list[float]:
    if not times:
        pytest.skip(otherwise)
    return times


_RUN: pytest.StashKey[TimingRun] = pytest.StashKey()


def parametrize(metafunc: pytest.Metafunc, fixture: str, session: VerbatimSession) -> None:
    """One item a prompt and model, the models one after the other."""
    folder = Path(str(metafunc.module.__file__)).parent
    if not (folder / "latency.toml").is_file():
        return
    try:
        suite = load_latency_suite(folder)
    except HarnessError as error:
        raise pytest.Collector.CollectError(str(error)) from None
    values = [(folder, model, prompt) for model in session.runs for prompt in suite.prompts]
    ids = [f"{prompt.id}-{model}" for _, model, prompt in values]
    metafunc.parametrize(fixture, values, ids=ids, indirect=True)


def timed_prompt(request: pytest.FixtureRequest, session: VerbatimSession) -> TimedPrompt:
    """What the fixture `model_latency` gives, in every mode but `live` a skip.

    The times in a recording are those of another day, and of other requests.
    """
    folder, model, prompt = request.param
    if session.mode != "live":
        reason = (
            f"latency is measured live and never from a recording; run: pytest --model={','.join(session.runs)} "
            f"{session.shown(folder)} --cassette-mode=live"
        )
        session.notes += [reason] if reason not in session.notes else []
        pytest.skip(reason)
    try:
        return _run(request.config, session, folder).timed(model, prompt)
    except HarnessError as error:
        said = str(error)
    pytest.fail(said, pytrace=False)


def _run(config: pytest.Config, session: VerbatimSession, folder: Path) -> TimingRun:
    if _RUN not in config.stash:
        config.stash[_RUN] = TimingRun(session, folder)
        config.pluginmanager.register(config.stash[_RUN], "verbatim-timing")
    return config.stash[_RUN]
