"""The terminal summary: a table for each model version. 80 columns, no colour needed, Chinese widths counted."""

from __future__ import annotations

import concurrent.futures
import sys
import time
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from harness.decisions import metrics
from harness.show.figures import clipped, pad, percent
from harness.statistics.rates import wilson

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from concurrent.futures import Future

    from harness.decisions.metrics import Count
    from harness.records.answer import Completion
    from harness.records.run import CaseResult, Mode, RunRecord
    from harness.runs.answers import Answers


_NAME = 20


def write_summary(
    reporter: pytest.TerminalReporter, records: Sequence[RunRecord], mode: Mode, lines: Sequence[str]
) -> None:
    """Write the section `verbatim`: a table for each record, then the lines."""
    if records:
        reporter.section("verbatim", "=")
    for record in records:
        for line in summary_lines(record, mode):
            reporter.write_line(line)
        reporter.write_line("")
    for line in lines:
        reporter.write_line(line)


def summary_lines(record: RunRecord, mode: Mode) -> list[str]:
    """One model version: the headline, the rates beside it, and the slices. `mode` is that of this session."""
    cases = record.cases
    aligned = metrics.alignment_rate(cases)
    lines = [f"{record.label}  {_evidence(record, mode)}"]
    if record.partial:
        lines.append(f"  partial: {record.partial_reason}")
    lines.append(f"  alignment rate   {_rate(aligned)}")
    lines.append(f"  fidelity         {_rate(metrics.fidelity(cases))}")
    lines.append(f"  mention rate     {_rate(metrics.mention_rate(cases))}")
    if any(not case.targets for case in cases):
        lines.append(f"  checks passed    {_rate(metrics.check_rate(cases))}")
    if metrics.over_correction_rate(cases).n:
        lines.append(f"  over-correction  {_rate(metrics.over_correction_rate(cases))}")
    lines += _tool_calls(cases)
    unscored = metrics.unscored_rate(cases)
    if unscored.k:
        lines.append(f"  unscored         {unscored.k} of {unscored.n}{_reasons(cases)}")
    lines += _slices(cases)
    return lines


def _tool_calls(cases: Sequence[CaseResult]) -> list[str]:
    """Two figures: calls that the server returned, and calls with the right strings, those written as text included."""
    with_tools = [case for case in cases if case.channel == "tool"]
    if not with_tools:
        return []
    return [
        f"  tool calls       {_rate(metrics.delivered_rate(with_tools))} delivered",
        f"  string in call   {_rate(metrics.alignment_rate(with_tools))} right",
    ]


def _evidence(record: RunRecord, mode: Mode) -> str:
    oldest, newest = record.evidence.oldest, record.evidence.newest
    if oldest is None or newest is None:
        return f"({mode})"
    days = oldest[:10] if oldest[:10] == newest[:10] else f"{oldest[:10]} to {newest[:10]}"
    return f"({mode}, answers of {days})"


def _rate(count: Count) -> str:
    interval = wilson(count.k, count.n)
    if interval is None or count.rate is None:
        return "no data"
    return f"{percent(count.rate):>7}  [{interval.low:.1%}, {interval.high:.1%}]  {count.k} of {count.n}"


def _reasons(cases: Sequence[CaseResult]) -> str:
    from collections import Counter

    reasons = Counter(s.reason for c in cases if c.outcome == "unscored" for s in c.samples if s.reason)
    return "  (" + ", ".join(f"{reason} {number}" for reason, number in reasons.most_common(4)) + ")"


def _slices(cases: Sequence[CaseResult]) -> list[str]:
    with_targets = [case for case in cases if case.targets]
    exposures = sorted({case.exposure for case in with_targets})
    places: dict[tuple[str, str], list[CaseResult]] = {}
    for case in with_targets:
        places.setdefault((case.suite, case.domain), []).append(case)
    lines: list[str] = []
    if len(exposures) > 1:
        lines += ["", _header("exposure")]
        lines += [_row(name, [c for c in with_targets if c.exposure == name]) for name in exposures]
    lines += ["", _header("suite / domain")] if places else []
    suite = None
    for (name, domain), here in sorted(places.items()):
        if name != suite:
            lines.append(f"  {name}")
            suite = name
        lines.append(_row(f"  {domain}", here))
    return lines


def _header(name: str) -> str:
    return f"  {_padded(name)} aligned  95% interval     damaged omitted failed unscored"


def _row(name: str, cases: Sequence[CaseResult]) -> str:
    count = metrics.alignment_rate(cases)
    interval = wilson(count.k, count.n)
    rate = f"{percent(count.rate):>7}"
    shown = f"[{interval.low:6.1%},{interval.high:7.1%}]" if interval else ""
    outcomes = [case.outcome for case in cases]
    counts = "".join(
        f"{outcomes.count(outcome) or '.':>{width}}"  # type: ignore[arg-type]
        for outcome, width in (("damaged", 8), ("omitted", 8), ("failed", 7), ("unscored", 9))
    )
    return f"  {_padded(name)} {rate}  {shown:<16}{counts}"


def _padded(text: str) -> str:
    """To the width of the first column, cut if it is longer."""
    return pad(clipped(text, _NAME), _NAME)


_PATIENCE_S = 0.3
_REDRAW_S = 0.2
_LINE_EVERY_S = 15.0
_BAR = 24
_WORTH_SHOWING_S = 5.0
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
            return _wait_with_bar(future, answers, config)
        return _wait_with_lines(future, answers, reporter, config)


def _wait_with_bar(future: Future[Completion], answers: Answers, config: pytest.Config) -> Completion:
    try:
        while True:
            _draw(config, _text(answers, bar=True))
            try:
                return future.result(timeout=_REDRAW_S)
            except concurrent.futures.TimeoutError:
                continue
    finally:
        _draw(config, "")


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
    pace = f", slowed to {progress.concurrency} at one time (429 or time-outs)" if slowed else ""
    left = _left(progress.left_s)
    return f"{drawn}{answers.model.label}: {progress.done} of {progress.total} answers fetched{failed}{pace}{left}"


def _left(seconds: float | None) -> str:
    if seconds is None or seconds < _WORTH_SHOWING_S:
        return ""
    return f", about {seconds / 60:.0f} min left" if seconds >= 90 else f", about {seconds:.0f} s left"


def _draw(config: pytest.Config, text: str) -> None:
    """Write on the line below the cursor and come back."""
    writer = config.get_terminal_writer()
    column = writer.width_of_current_line
    back = f"\x1b[1A\r\x1b[{column}C" if column else "\x1b[1A\r"
    # past the writer, which would take the bar for a part of its current line
    sys.stdout.write(f"\n\x1b[2K{text[: writer.fullwidth - 1]}{back}")
    sys.stdout.flush()


@contextmanager
def _uncaptured(config: pytest.Config) -> Iterator[None]:
    """Write to the terminal itself: while a case is set up, pytest keeps what is written for its report."""
    capture = config.pluginmanager.get_plugin("capturemanager")
    if capture is None:
        yield
        return
    with capture.global_and_fixture_disabled():
        yield


_MANY_UNSCORED = 0.2
_MEANING = {
    "length": "cut off at the token limit: raise max_tokens in [tool.harness.models.{model}]",
    "content_filter": "held back by the endpoint's content filter",
    "timeout": "no answer in time: raise timeout_s in [tool.harness.models.{model}], or lower --max-concurrency",
    "http_429": "the endpoint wants fewer requests: set rpm, tpm or max_concurrency of the model",
    "only_reasoning": "nothing but reasoning came back: raise max_tokens, or switch reasoning off (extra_body)",
    "unknown_end": "ended in a way that is not known; its words are in the summary",
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


def on_interrupt(asked: Sequence[Answers], mode: Mode) -> list[str]:
    """What is kept of the answers that were asked for before Ctrl-C."""
    lines = []
    for answers in asked:
        if answers.fetcher is None:
            continue
        progress = answers.fetcher.progress
        answered = progress.done - progress.failed
        kept = _kept(mode, answers.model.name) if answered else "none is kept"
        lines.append(f"{answers.model.label}: stopped after {answered} of {progress.total} answers; {kept}")
    return lines


def _kept(mode: Mode, model: str) -> str:
    if mode == "live":
        return "a live run begins again; what it kept is beside the run record"
    # `refresh` asks for all again; what came is recorded, and `record` asks for what is not
    return f"they are recorded. For the rest run: pytest --model={model} --cassette-mode=record"
