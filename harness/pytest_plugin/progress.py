"""Waiting for an answer with something to look at: a bar on a terminal, a plain line now and then without one.

Only the main thread draws, and only while it waits, so nothing ever writes into pytest's own lines.
"""

from __future__ import annotations

import concurrent.futures
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Future

    from harness.records.completion import Completion
    from harness.runner.answering import Answers

_PATIENCE_S = 0.3
_REDRAW_S = 0.2
_LINE_EVERY_S = 15.0
_BAR = 24
_WORTH_TELLING_S = 5.0
_LAST_LINE: pytest.StashKey[float] = pytest.StashKey()


def wait_for(future: Future[Completion], answers: Answers, config: pytest.Config) -> Completion:
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
        if reporter.isatty:
            return _wait_with_bar(future, answers, reporter)
        return _wait_with_lines(future, answers, reporter, config)


def _wait_with_bar(future: Future[Completion], answers: Answers, reporter: pytest.TerminalReporter) -> Completion:
    try:
        while True:
            _draw(reporter, _text(answers, bar=True))
            try:
                return future.result(timeout=_REDRAW_S)
            except concurrent.futures.TimeoutError:
                continue
    finally:
        _draw(reporter, "")


def _wait_with_lines(
    future: Future[Completion], answers: Answers, reporter: pytest.TerminalReporter, config: pytest.Config
) -> Completion:
    last = config.stash.setdefault(_LAST_LINE, time.monotonic())
    while True:
        try:
            return future.result(timeout=1.0)
        except concurrent.futures.TimeoutError:
            now = time.monotonic()
            if now - last > _LINE_EVERY_S:
                last = config.stash[_LAST_LINE] = now
                reporter.ensure_newline()
                reporter.write_line(_text(answers, bar=False))


def _text(answers: Answers, *, bar: bool) -> str:
    assert answers.fetcher is not None
    progress = answers.fetcher.progress
    share = progress.done / progress.total if progress.total else 1.0
    failed = f", {progress.failed} without an answer" if progress.failed else ""
    drawn = f"[{'#' * int(share * _BAR):<{_BAR}}] " if bar else ""
    slowed = progress.concurrency < progress.max_concurrency
    pace = f", slowed to {progress.concurrency} at one time (429)" if slowed else ""
    left = _left(progress.left_s)
    return f"{drawn}{answers.model.label}: {progress.done} of {progress.total} answers fetched{failed}{pace}{left}"


def _left(seconds: float | None) -> str:
    if seconds is None or seconds < _WORTH_TELLING_S:
        return ""
    return f", about {seconds / 60:.0f} min left" if seconds >= 90 else f", about {seconds:.0f} s left"


def _draw(reporter: pytest.TerminalReporter, text: str) -> None:
    """Write on the line below the cursor and come back."""
    writer = reporter._tw
    column = writer.width_of_current_line
    back = f"\x1b[1A\r\x1b[{column}C" if column else "\x1b[1A\r"
    writer._file.write(f"\n\x1b[2K{text[: writer.fullwidth - 1]}{back}")
    writer._file.flush()


@contextmanager
def _uncaptured(config: pytest.Config) -> Iterator[None]:
    """Write to the terminal itself: while a case is set up, pytest keeps what is written for its report."""
    capture = config.pluginmanager.get_plugin("capturemanager")
    if capture is None:
        yield
        return
    with capture.global_and_fixture_disabled():
        yield
