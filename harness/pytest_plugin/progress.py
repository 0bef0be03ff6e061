"""Waiting for an answer with something to look at: a bar on a terminal, a plain line now and then without one.

Only the main thread draws, and only while it waits, so nothing ever writes into pytest's own lines.
"""

from __future__ import annotations

import concurrent.futures
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from concurrent.futures import Future

    import pytest

    from harness.records.completion import Completion
    from harness.runner.answering import Answers
    from harness.runner.fetching import Progress

_PATIENCE_S = 0.3
_REDRAW_S = 0.2
_LINE_EVERY_S = 15.0
_BAR = 24
_last_line = [0.0]


def wait_for(future: Future[Completion], answers: Answers, config: pytest.Config) -> Completion:
    """The answer of a future.

    Raises:
        HarnessError: the fetching's own.
    """
    try:
        return future.result(timeout=_PATIENCE_S)
    except concurrent.futures.TimeoutError:
        pass
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or config.getoption("verbose") < -1:
        return future.result()
    if not reporter.isatty:
        return _wait_plain(future, answers, reporter)
    try:
        while True:
            _draw(reporter, _text(answers))
            try:
                return future.result(timeout=_REDRAW_S)
            except concurrent.futures.TimeoutError:
                continue
    finally:
        _draw(reporter, "")


def _wait_plain(future: Future[Completion], answers: Answers, reporter: pytest.TerminalReporter) -> Completion:
    while True:
        try:
            return future.result(timeout=1.0)
        except concurrent.futures.TimeoutError:
            now = time.monotonic()
            if now - _last_line[0] > _LINE_EVERY_S:
                _last_line[0] = now
                reporter.ensure_newline()
                reporter.write_line(_text(answers, bar=False))


def _text(answers: Answers, *, bar: bool = True) -> str:
    assert answers.fetcher is not None
    progress: Progress = answers.fetcher.progress
    share = progress.done / progress.total if progress.total else 1.0
    failed = f", {progress.failed} without an answer" if progress.failed else ""
    drawn = f"[{'#' * int(share * _BAR):<{_BAR}}] " if bar else ""
    return f"{drawn}{answers.model.label}: {progress.done} of {progress.total} answers fetched{failed}"


def _draw(reporter: pytest.TerminalReporter, text: str) -> None:
    """Write on the line below the cursor and come back."""
    writer = reporter._tw
    column = writer.width_of_current_line
    width = writer.fullwidth - 1
    back = f"\x1b[1A\r\x1b[{column}C" if column else "\x1b[1A\r"
    writer._file.write(f"\n\x1b[2K{text[:width]}{back}")
    writer._file.flush()
