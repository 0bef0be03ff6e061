"""What a run says of its asking: how much before it, how far during it, what is kept after Ctrl-C; and how it stops."""

from __future__ import annotations

import concurrent.futures
import os
import signal
import sys
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from harness.decisions.run_summary import Resources, mean_latency
from harness.errors import HarnessError
from harness.history import History, read_run
from harness.pytest_plugin.workers import Kept
from harness.show.figures import clipped, money
from harness.show.words import phrase
from harness.text.visible import show

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from concurrent.futures import Future

    from harness.pytest_plugin.model_run import ModelRun
    from harness.records.answer import Completion
    from harness.records.run import Mode, RunRecord
    from harness.runs.answers import Answers
    from harness.runs.fetching import FetchJob

_PATIENCE_S = 0.3
_REDRAW_S = 0.2
_LOOK_S = 1.0
_FIRST_LINE_S, _RAREST_LINE_S = 15.0, 300.0
"""Where there is no terminal: a line after 15 s, the next after twice the time, and one at least every five minutes."""
_BAR = 24
_WORTH_SHOWING_S = 5.0
_LINES: pytest.StashKey[_Lines] = pytest.StashKey()


def announced(
    run: ModelRun, jobs: Sequence[FetchJob], history: History, *, most: int | None, at_once: int, may_stop: bool = False
) -> str:
    """How many requests a run is about to send, how long they take and what they cost, as far as that is known.

    Args:
        history: the newest run of the model says how long an answer took and how many tokens it had.
        most: no more requests than so many are sent, whatever is missing.
        may_stop: the run may end before all are sent.
    """
    label = show(run.model.label)
    if not jobs:
        return phrase("progress-none", label=label)
    number = len(jobs) if most is None else min(most, len(jobs))
    said = phrase("progress-request" if number == 1 else "progress-requests", n=f"{number:,}")
    said = phrase("progress-at-most", said=said) if may_stop else said
    earlier = _newest_run(history, run.model.name, run.model.label)
    parts = []
    spent = None if earlier is None else Resources.of(earlier.cases, None)
    latency = None if earlier is None else mean_latency(earlier.cases)
    if latency is not None:
        from harness.endpoints.pace import expected_s

        seconds = expected_s(number, latency, at_once)
        seconds = max(seconds, 60 * number / run.model.rpm) if run.model.rpm else seconds
        if run.model.tpm and spent is not None and spent.prompt_tokens is not None:
            tokens_each = spent.prompt_tokens + (spent.completion_tokens or 0)
            seconds = max(seconds, 60 * number * tokens_each / run.model.tpm)
        parts.append(phrase("progress-about", time=_time(seconds)))
    price = run.model.price
    basis = bool(parts)
    if price is not None and spent is not None and spent.prompt_tokens is not None:
        tokens = (spent.prompt_tokens * price.input, (spent.completion_tokens or 0) * price.output)
        parts.append(phrase("progress-cost", cost=money(number * sum(tokens) / 1e6, price.currency)))
        basis = True
    elif price is not None:
        from harness.endpoints.pace import TokenPrice

        costs = sorted((TokenPrice(price.input, price.output).worst(job.body) for job in jobs), reverse=True)
        parts.append(phrase("progress-cost-at-most", cost=money(sum(costs[:number]), price.currency)))
    if earlier is not None and basis:
        day = (earlier.evidence.newest or earlier.started)[:10]
        parts[-1] += phrase("progress-basis", label=show(earlier.label), day=day)
    if run.model.kind == "local":
        parts.append(phrase("progress-loading"))
    return f"{label}{phrase('colon')}{phrase('comma').join([said, *parts])}"


def _newest_run(history: History, model: str, label: str) -> RunRecord | None:
    """The newest record of the version, or else of the model; one file is read, whatever the history holds."""
    paths = [
        path
        for path in history.paths()
        if path.parent.name.rpartition("@")[0] == model and "-latency." not in path.name
    ]
    newest = max(paths, key=lambda path: (path.parent.name == label, path.name), default=None)
    try:
        return None if newest is None else read_run(newest)
    except HarnessError:  # an estimate is not worth an error; what needs the record reports it
        return None


def wait_for(future: Future[Completion], run: ModelRun, config: pytest.Config) -> Completion:
    """The answer of a future.

    Raises:
        HarnessError: the fetching's own.
    """
    try:
        return future.result(timeout=_PATIENCE_S)
    except concurrent.futures.TimeoutError:
        pass
    reporter: pytest.TerminalReporter | None = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or config.getoption("verbose") < -1:
        return future.result()
    with _uncaptured(config):
        if reporter.isatty and os.environ.get("TERM") != "dumb":  # which has no cursor to move
            return _wait_with_bar(future, run, config)
        return _wait_with_lines(future, run, reporter, config.stash.setdefault(_LINES, _Lines()))


def _wait_with_bar(future: Future[Completion], run: ModelRun, config: pytest.Config) -> Completion:
    try:
        while True:
            _draw(config, text_of(run.answers, damaged(run), bar=True))
            try:
                return future.result(timeout=_REDRAW_S)
            except concurrent.futures.TimeoutError:
                continue
    finally:
        _draw(config, "")


class _Lines:
    """Which lines of progress are written where there is no terminal: ever fewer, and none twice."""

    def __init__(self) -> None:
        self._started = self._last = time.monotonic()
        self._written = ""

    def is_due(self, now: float) -> bool:
        pause = min(max(_FIRST_LINE_S, self._last - self._started), _RAREST_LINE_S)
        return now - self._last >= pause

    def wants(self, text: str, now: float) -> bool:
        """Whether a line that is due says something new."""
        self._last = now
        is_new, self._written = text != self._written, text
        return is_new


def _wait_with_lines(
    future: Future[Completion], run: ModelRun, reporter: pytest.TerminalReporter, lines: _Lines
) -> Completion:
    while True:
        try:
            return future.result(timeout=_LOOK_S)
        except concurrent.futures.TimeoutError:
            now = time.monotonic()
            if lines.is_due(now):
                text = text_of(run.answers, damaged(run), bar=False)
                if lines.wants(text, now):
                    reporter.ensure_newline()
                    reporter.write_line(text)


def damaged(run: ModelRun) -> int:
    """Cases judged so far in which a string came back damaged."""
    return sum(case.outcome == "damaged" for case in run.results)


def text_of(answers: Answers, damaged: int, *, bar: bool) -> str:
    """The counter: answers so far, cases damaged so far, the time that is left; or what is waited for."""
    assert answers.fetcher is not None
    progress = answers.fetcher.progress
    share = progress.done / progress.total if progress.total else 1.0
    parts = [phrase("progress-fetched", done=f"{progress.done:,}", total=f"{progress.total:,}")]
    if progress.failed:
        parts.append(phrase("progress-failed", n=f"{progress.failed:,}"))
    if damaged:
        parts.append(phrase("progress-damaged", n=f"{damaged:,}"))
    if progress.waiting:
        # before the counts, since a bar is cut at the end of the line
        said = f"{progress.waiting}{phrase('semicolon')}{phrase('comma').join(parts)}"
        return f"{answers.model.label}{phrase('colon')}{said}"
    if progress.concurrency < progress.max_concurrency:
        parts.append(phrase("progress-slowed", n=progress.concurrency))
    if progress.left_s is not None and progress.left_s >= _WORTH_SHOWING_S:
        parts.append(phrase("progress-left", time=_time(progress.left_s)))
    drawn = f"[{'#' * int(share * _BAR):<{_BAR}}] " if bar else ""
    return f"{drawn}{answers.model.label}{phrase('colon')}{phrase('comma').join(parts)}"


def _time(seconds: float) -> str:
    if seconds >= 5400:
        return phrase("progress-hours", n=f"{seconds / 3600:.1f}")
    if seconds >= 90:
        return phrase("progress-minutes", n=f"{seconds / 60:.0f}")
    return phrase("progress-seconds", n=f"{max(1, seconds):.0f}")


def _draw(config: pytest.Config, text: str) -> None:
    """Write on the line below the cursor and come back."""
    writer = config.get_terminal_writer()
    column = writer.width_of_current_line
    back = f"\x1b[1A\r\x1b[{column}C" if column else "\x1b[1A\r"
    # past the writer, which would take the bar for a part of its current line
    sys.stdout.write(f"\n\x1b[2K{clipped(text, writer.fullwidth - 1)}{back}")
    sys.stdout.flush()


def write_now(config: pytest.Config, text: str) -> None:
    """A line while a case is set up."""
    reporter: pytest.TerminalReporter | None = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None and config.getoption("verbose") >= -1:
        with _uncaptured(config):
            reporter.ensure_newline()
            reporter.write_line(text)


@contextmanager
def _uncaptured(config: pytest.Config) -> Iterator[None]:
    """Write to the terminal itself: while a case is set up, pytest keeps what is written for its report."""
    capture = config.pluginmanager.get_plugin("capturemanager")
    if capture is None:
        yield
        return
    with capture.global_and_fixture_disabled():
        yield


_SAME_AS_CTRL_C = ("SIGTERM", "SIGHUP")
"""What ends a workflow, a container, a terminal. By itself it would end the process in the middle, without a record."""
_CALM_S = 5.0
_TOGETHER_S = 0.5
"""`timeout` sends its signal to the process and to the group that it is in."""


class Signals:
    """Ctrl-C and its like end a run once: while it stops and its record is written, another one changes nothing.

    A signal for which somebody else has a handler is left to that.
    """

    def __init__(self) -> None:
        self._before: dict[int, Any] = {}
        self._until = 0.0

    def take(self) -> None:
        """Let the other signals do what Ctrl-C does, and one that comes together with another do nothing.

        The second would be raised in the middle of what the first has begun: where an answer is waited for, that can
        leave the lock of the waiting held, which is an internal error of pytest or a run that never ends.
        """
        self._set(signal.SIGINT, signal.default_int_handler)
        for name in _SAME_AS_CTRL_C:
            self._set(getattr(signal, name, None), signal.SIG_DFL)

    def leave(self) -> None:
        """In a worker: whoever ends all processes at one time (`timeout`, systemd) ends the controller, and that ends
        the workers, as with Ctrl-C. A worker that is not ended so ends by itself.
        """
        for name in _SAME_AS_CTRL_C:
            self._set(getattr(signal, name, None), signal.SIG_DFL, self._end_soon)

    def stopping(self) -> None:
        """The run stops from here on. What comes after some seconds ends it as it is: something does not stop."""
        self._until = time.monotonic() + _CALM_S
        self._set(signal.SIGINT, signal.default_int_handler)

    def _set(self, number: int | None, usual: Any, handler: Callable[[int, object], None] | None = None) -> None:
        if number is None or threading.current_thread() is not threading.main_thread():
            return
        if signal.getsignal(number) is usual:
            self._before[number] = signal.signal(number, handler or self._end)

    def _end(self, number: int, frame: object) -> None:
        if time.monotonic() > self._until:
            self._until = time.monotonic() + _TOGETHER_S
            raise KeyboardInterrupt

    def _end_soon(self, number: int, frame: object) -> None:
        if not self._until:
            self._until = time.monotonic() + _TOGETHER_S
            timer = threading.Timer(_CALM_S, os.kill, (os.getpid(), number))
            timer.daemon = True
            timer.start()
        elif time.monotonic() > self._until:
            self.restore()
            os.kill(os.getpid(), number)

    def restore(self) -> None:
        """As it was before; idempotent."""
        while self._before:
            signal.signal(*self._before.popitem())


def how_far(asked: Sequence[Answers]) -> dict[str, Kept]:
    """By label, of the models that this process asks."""
    found = {one.model.label: one.fetcher.progress for one in asked if one.fetcher is not None}
    return {label: Kept(progress.done - progress.failed, progress.total) for label, progress in found.items()}


def on_interrupt(asked: Sequence[Answers], mode: Mode, far: Mapping[str, Kept]) -> list[str]:
    """What is kept of the answers that were asked for before Ctrl-C."""
    lines = []
    for answers in asked:
        label = answers.model.label
        if label in far:
            n, wanted = far[label]
            kept = _kept(mode, answers.command) if n else phrase("progress-none-kept")
            lines.append(phrase("progress-stopped", label=label, n=n, all=wanted, kept=kept))
    return lines


def _kept(mode: Mode, command: str) -> str:
    if mode == "live":
        return phrase("progress-live-kept")
    # `refresh` asks for all again; what came is recorded, and `record` asks for what is not
    return phrase("progress-kept", command=f"{command} --cassette-mode=record")
