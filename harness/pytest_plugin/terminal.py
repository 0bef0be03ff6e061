"""What a run writes to the terminal: failures by kind, a table for each version, what to do next.

Laid out for the terminal, 80 columns without one; no colour needed, Chinese widths counted.
"""

from __future__ import annotations

import os
import shlex
import subprocess
from collections import Counter
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from harness.config import name_to_ask, pytest_options
from harness.decisions import metrics
from harness.records.run import GOOD
from harness.show.figures import MOST, WIDTH, cells, clipped, fitted, pad, percent, screen, table, wrapped
from harness.show.run import KINDS, explain_case, failure_lines
from harness.show.words import Name, phrase, spoken, translated
from harness.statistics.rates import wilson
from harness.text.visible import show

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from harness.decisions.metrics import Count
    from harness.project import Project
    from harness.records.run import CaseResult, Mode, Outcome, RunRecord


_NAME = 20
_CASES_OF_A_KIND = 3
_LISTED = {"failed", "error"}
_DEFAULT_CHARS = "fE"
"""What `-r` is where nobody gave it: pytest's own default."""


@contextmanager
def failures_by_kind(
    reporter: pytest.TerminalReporter,
    project: Project,
    records: Sequence[RunRecord],
    nodes: Mapping[tuple[str, str], str],
) -> Iterator[None]:
    """Show failed cases by kind, in place of pytest's section for each and its list of all test ids.

    Other tests of the session are shown as ever. `-rf` and `-rE` still list ids, `--tb=no` shows no case, `-v` all.

    Args:
        nodes: the id of each case's test, `#` and its line, by model name and key of the case.
    """
    style = reporter.config.getoption("tbstyle")
    if style != "no":
        _write_failures(reporter, project, records, nodes, style)
    asked_for_ids = _asked_for_ids(reporter.config)
    every: dict[str, list[Any]] = {name: list(found) for name, found in reporter.stats.items()}
    try:
        for name in _LISTED & every.keys():
            reporter.stats[name] = [report for report in every[name] if not hasattr(report, "verbatim")]
        _cap_missing_answers(reporter)
        if not asked_for_ids:
            yield
            return
        # pytest writes its sections first and the list of ids after the inner summaries
        chars, reporter.reportchars = reporter.reportchars, ""
        yield
        reporter.stats.update(every)
        reporter.reportchars = chars
        if not reporter.no_summary:
            reporter.short_test_summary()
    finally:
        reporter.stats.update(every)


def _cap_missing_answers(reporter: pytest.TerminalReporter) -> None:
    """Of cases without a recorded answer the first few are shown, and how many more there are."""
    errors = reporter.stats.get("error", [])
    missing = [report for report in errors if getattr(report, "verbatim_missing", False)]
    more = missing[_CASES_OF_A_KIND:]
    if not more or reporter.verbosity > 0:
        return
    left_out = {id(report) for report in more}
    reporter.stats["error"] = [report for report in errors if id(report) not in left_out]
    _write_fitted(reporter, phrase("missing-more", n=len(missing), shown=_CASES_OF_A_KIND))


def _asked_for_ids(config: pytest.Config) -> bool:
    """Whether `-r` was given. Its default lists failed tests too, so a look at what was typed decides between them."""
    if config.getoption("reportchars") != _DEFAULT_CHARS:
        return True
    return any(str(given).startswith("-r") for given in config.invocation_params.args)


def _write_failures(
    reporter: pytest.TerminalReporter,
    project: Project,
    records: Sequence[RunRecord],
    nodes: Mapping[tuple[str, str], str],
    style: str,
) -> None:
    most = None if reporter.verbosity > 0 else 0 if style == "line" else _CASES_OF_A_KIND
    sections = []
    for record in records:
        commands = {
            key: rerun_command(project, reporter.config, record, node.rpartition("#")[0])
            for (model, key), node in nodes.items()
            if model == record.model
        }
        lines = failure_lines(record.cases, commands, most)
        if lines:
            sections.append([record.label, *lines, ""])
    if sections:
        reporter.section(phrase("failures"), "=")
    for line in (line for section in sections for line in section):
        _write_fitted(reporter, line)
    if os.environ.get("GITHUB_ACTIONS") == "true":
        for line in _annotations(records, nodes):
            reporter.write_line(line)


_ANNOTATIONS = 10
"""GitHub shows no more of one step."""


def _annotations(records: Sequence[RunRecord], nodes: Mapping[tuple[str, str], str]) -> Iterator[str]:
    """Damaged cases beside their lines in a pull request; what would end a field of the command is coded."""
    found = [(run, case) for run in records for case in run.cases if case.outcome == "damaged"]
    for run, case in found[:_ANNOTATIONS]:
        node = nodes.get((run.model, case.key), "")
        place, _, number = node.rpartition("#")
        title = f"{run.label}: {case.key}"
        first = explain_case(case).split("\n", 1)[0]
        properties = (
            f"file={_coded(place.partition('::')[0])},line={number or 1},title={_coded(show(title, blanks=False))}"
        )
        yield f"::error {properties}::{show(first, blanks=False).replace('%', '%25')}"


def _coded(text: str) -> str:
    for char, code in (("%", "%25"), ("\r", "%0D"), ("\n", "%0A"), (":", "%3A"), (",", "%2C")):
        text = text.replace(char, code)
    return text


_REPEATED = {
    "verbatim_base_url": "--base-url",
    "verbatim_reports": "--report-dir",
}


def rerun_command(project: Project, config: pytest.Config, run: RunRecord, node: str) -> str:
    """The command that runs one case again, for the shell of this system."""
    words = ["pytest", f"--model={name_to_ask(project.config, run.model, str(run.configuration.get('model')))}"]
    words += [f"{option}={value}" for name, option in _REPEATED.items() if (value := config.getoption(name))]
    if config.getoption("verbatim_samples") != 1:
        words.append(f"--samples={config.getoption('verbatim_samples')}")
    if config.getoption("verbatim_mode") == "live":
        words.append("--cassette-mode=live")  # its answers are in no cassette
    file, _, case = node.partition("::")
    if config.invocation_params.dir != config.rootpath:
        with suppress(ValueError):  # another drive
            file = os.path.relpath(config.rootpath / file, config.invocation_params.dir).replace(os.sep, "/")
    suites = config.getoption("verbatim_suites")
    if suites and not Path(config.invocation_params.dir, file).exists():  # the shipped suites are in the package
        words += [f"--suites={suites}", "-k", case.partition("[")[0]]
    else:
        words.append(f"{file}::{case}")
    return _shell(words)


def next_line(project: Project, records: Sequence[RunRecord], config: pytest.Config, interrupted: bool) -> str:
    """The last line of a run without a verdict: one command, and what it is for."""
    command, why = _next(project, records, interrupted)
    if config.getoption("verbatim_reports") and command[0] == "harness":
        command = [*command, f"--report-dir={config.getoption('verbatim_reports')}"]
    return f"{phrase('next')}{translated(f'{_shell(command)}  ({phrase(why)})')}"


def unwritten_line(project: Project, record: RunRecord, mode: Mode) -> str:
    """The last line of a run whose record could not be written: what reads records would not find it."""
    command = ["pytest", *_options(project, record), f"--cassette-mode={mode}", "--report-dir=FOLDER"]
    why = phrase("next-writable")
    return f"{phrase('next')}{translated(f'{_shell(command)}  ({why})')}"


def _next(project: Project, records: Sequence[RunRecord], interrupted: bool) -> tuple[list[str], str]:
    if interrupted:
        several = [f"--model={','.join(run.model for run in records)}"]
        words = several if len(records) > 1 else _options(project, records[0])
        if all(run.mode == "replay" for run in records):  # a replay asks for nothing
            return ["pytest", *words], "next-whole"
        kept = all(run.mode != "live" for run in records)  # what was asked live is in no cassette
        return ["pytest", *words, "--cassette-mode=record"], "next-rest" if kept else "next-again"
    if len(records) > 1:
        return ["harness", "compare", *(run.label for run in records)], "next-compare"
    (run,) = records
    if any(case.outcome not in GOOD for case in run.cases):
        return ["harness", "report", run.label], "next-report"
    if run.partial:
        # a replay would look for what was asked live, or was never asked
        replay = run.mode == "replay" and not str(run.partial_reason).endswith("have no result")
        mode = [] if replay else [f"--cassette-mode={'live' if run.mode == 'live' else 'record'}"]
        return ["pytest", *_options(project, run), *mode], "next-whole"
    baselines = project.history.baselines()
    if baselines.get(run.model) not in (None, run.label, run.run_id):
        return ["harness", "gate", "--candidate", run.label], "next-gate"
    if baselines.get(run.model) is None:
        return ["harness", "runs", "baseline", run.label], "next-baseline"
    return ["harness", "report", run.label], "next-report"


def _options(project: Project, run: RunRecord) -> list[str]:
    settings = run.configuration
    return pytest_options(project.config, run.model, str(settings.get("model")), settings.get("base_url"))


def _shell(words: Sequence[str]) -> str:
    return subprocess.list2cmdline(words) if os.name == "nt" else shlex.join(words)


def write_summary(
    reporter: pytest.TerminalReporter, records: Sequence[RunRecord], mode: Mode, lines: Sequence[str]
) -> None:
    """Write the section `verbatim`: a table for each record, then the lines."""
    if records:
        reporter.section("verbatim", "=")
    for record in records:
        for line in [*summary_lines(record, mode, None if reporter.verbosity > 0 else MOST), ""]:
            _write_fitted(reporter, line)
    for line in lines:
        _write_fitted(reporter, line)


def _write_fitted(reporter: pytest.TerminalReporter, line: str) -> None:
    for part in fitted(line):
        reporter.write_line(part)


def summary_lines(record: RunRecord, mode: Mode, most: int | None = None) -> list[str]:
    """One model version: the headline, the rates beside it, and the slices. `mode` is that of this session.

    Args:
        most: domains that are listed, those with most failing cases; None for all.
    """
    cases = record.cases
    lines = [f"{record.label}  {_evidence(record, mode)}"]
    if record.partial:
        lines.append(f"  {phrase('summary-partial', why=translated(record.partial_reason or 'narrowed or stopped'))}")
    rates = {
        "alignment_rate": metrics.alignment_rate(cases),
        "fidelity": metrics.fidelity(cases),
        "search_hit_rate": metrics.search_hit_rate(cases),
        "mention_rate": metrics.mention_rate(cases),
    }
    if any(not case.targets for case in cases):
        rates["check_rate"] = metrics.check_rate(cases)
    if metrics.over_correction_rate(cases).n:
        rates["over_correction_rate"] = metrics.over_correction_rate(cases)
    lines += [f"  {pad(phrase(f'summary-{name}'), 16)} {_rate(count)}" for name, count in rates.items()]
    lines += _tool_calls(cases)
    unscored = metrics.unscored_rate(cases)
    if unscored.k:
        of = phrase("summary-of", k=f"{unscored.k:,}", n=f"{unscored.n:,}")
        much = f"  ({phrase('unscored-much')})" if unscored.k > metrics.MOST_UNSCORED * unscored.n else ""
        lines.append(f"  {pad(phrase('summary-unscored_rate'), 16)} {of}{_reasons(cases)}{much}")
    return [*lines, *_slices(cases, most), *_headline(record)]


def _headline(record: RunRecord) -> list[str]:
    """The run in a line, below the table where it is still on the screen."""
    cases = record.cases
    aligned = metrics.alignment_rate(cases)
    counts = Counter(case.outcome for case in cases)
    bad = [phrase("kind-number", n=f"{counts[kind]:,}", kind=phrase(f"kind-{kind}")) for kind in KINDS if counts[kind]]
    found = metrics.search_hit_rate(cases)
    every = f"{len(cases):,}"
    said = phrase(
        "summary-headline",
        label=record.label,
        rate=translated(percent(aligned.rate)),
        k=f"{aligned.k:,}",
        n=f"{aligned.n:,}",
        fidelity=translated(percent(metrics.fidelity(cases).rate)),
        found=translated(percent(found.rate)),
        outcomes=phrase("summary-outcomes", outcomes=phrase("comma").join(bad), all=every)
        if bad
        else phrase("summary-none-failing", all=every),
    )
    return ["", *wrapped(said, "")]


def _tool_calls(cases: Sequence[CaseResult]) -> list[str]:
    """Two figures: calls that the server returned, and calls with the right strings, those written as text included."""
    with_tools = [case for case in cases if case.channel == "tool"]
    if not with_tools:
        return []
    return [
        f"  {pad(phrase('summary-tool-calls'), 16)} {_rate(metrics.delivered_rate(with_tools))} "
        f"{phrase('summary-delivered')}",
        f"  {pad(phrase('summary-in-call'), 16)} {_rate(metrics.alignment_rate(with_tools))} {phrase('summary-right')}",
    ]


def _evidence(record: RunRecord, mode: Mode) -> str:
    oldest, newest = record.evidence.oldest, record.evidence.newest
    if oldest is None or newest is None:
        return phrase("brackets", text=translated(mode)).strip()
    if oldest[:10] == newest[:10]:
        return phrase("summary-answers", mode=translated(mode), day=oldest[:10])
    return phrase("summary-answers-of", mode=translated(mode), first=oldest[:10], last=newest[:10])


def _rate(count: Count) -> str:
    interval = wilson(count.k, count.n)
    if interval is None or count.rate is None:
        return phrase("no-data")
    of = phrase("summary-of", k=f"{count.k:,}", n=f"{count.n:,}")
    return f"{percent(count.rate):>7}  [{interval.low:.1%}, {interval.high:.1%}]  {of}"


def _reasons(cases: Sequence[CaseResult]) -> str:
    reasons = Counter(s.reason for c in cases if c.outcome == "unscored" for s in c.samples if s.reason)
    named = phrase("list-comma").join(f"{reason} {number}" for reason, number in reasons.most_common(4))
    return f"  ({named})" if spoken() == "en" else f"（{named}）"


def _slices(cases: Sequence[CaseResult], most: int | None) -> list[str]:
    with_targets = [case for case in cases if case.targets]
    exposures = sorted({case.exposure for case in with_targets})
    places: dict[tuple[str, str], list[CaseResult]] = {}
    for case in with_targets:
        places.setdefault((case.suite, case.domain), []).append(case)
    lines: list[str] = []
    if len(exposures) > 1:
        named = [(_exposure(name), [c for c in with_targets if c.exposure == name]) for name in exposures]
        lines += ["", *_slice_table(phrase("summary-exposure"), named)]
    worst_first = sorted(places, key=lambda place: (-sum(c.outcome not in GOOD for c in places[place]), place))
    rows: list[tuple[str, list[CaseResult] | None]] = []
    suite = None
    for name, domain in sorted(worst_first[:most]):
        if name != suite:
            rows.append((name, None))
            suite = name
        rows.append((f"  {domain}", places[name, domain]))
    lines += ["", *_slice_table(phrase("summary-domain"), rows)] if places else []
    if most is not None and len(places) > most:
        lines.append(f"  {phrase('summary-more', n=f'{len(places) - most:,}')}")
    return lines


def _exposure(name: str) -> str:
    return name if spoken() == "en" else phrase(name)


_KIND_WIDTHS: tuple[tuple[Outcome, int], ...] = (("damaged", 8), ("omitted", 8), ("failed", 7), ("unscored", 9))


def _slice_table(name: str, rows: Sequence[tuple[str, Sequence[CaseResult] | None]]) -> list[str]:
    """Where the terminal has no room for the row, it is folded as every table; a suite has a name alone."""
    if (screen() or WIDTH) >= WIDTH:
        return [_header(name), *(f"  {one}" if cases is None else _row(one, cases) for one, cases in rows)]
    head = [name, phrase("summary-aligned"), *(_kind_title(kind) for kind, _ in _KIND_WIDTHS)]
    lines = [[Name(one), *([""] * 5 if cases is None else _figures(cases))] for one, cases in rows]
    return table([head, *lines])


def _kind_title(kind: Outcome) -> str:
    return phrase(f"kind-{kind}" if kind != "failed" else "summary-failed")


def _header(name: str) -> str:
    titles = [pad(phrase("summary-aligned"), 8), pad(phrase("interval-95"), 16)]
    kinds = [(_kind_title(kind), width) for kind, width in _KIND_WIDTHS]
    counts = "".join(" " * max(1, width - cells(kind)) + kind for kind, width in kinds)
    return f"  {_padded(name)} {' '.join(titles)}{counts}"


def _figures(cases: Sequence[CaseResult]) -> list[str]:
    outcomes = Counter(case.outcome for case in cases)
    return [
        translated(percent(metrics.alignment_rate(cases).rate)),
        *(str(outcomes[kind] or ".") for kind, _ in _KIND_WIDTHS),
    ]


def _row(name: str, cases: Sequence[CaseResult]) -> str:
    count = metrics.alignment_rate(cases)
    interval = wilson(count.k, count.n)
    shown = f"[{interval.low:6.1%},{interval.high:7.1%}]" if interval else ""
    rate, *counts = _figures(cases)
    rate = " " * max(0, 7 - cells(rate)) + rate
    told = "".join(f"{number:>{width}}" for number, (_, width) in zip(counts, _KIND_WIDTHS, strict=True))
    return f"  {_padded(name)} {rate}  {shown:<16}{told}"


def _padded(text: str) -> str:
    """To the width of the first column, cut if it is longer."""
    return pad(clipped(text, _NAME), _NAME)


_MANY_UNSCORED = 0.2
_MEANING = {
    "length": "cut off at the token limit: raise max_tokens in [tool.harness.models.{model}]",
    "content_filter": "held back by the endpoint's content filter",
    "timeout": "no answer in time: raise timeout_s in [tool.harness.models.{model}], or lower --max-concurrency",
    "http_429": "the endpoint wants fewer requests: set rpm, tpm or max_concurrency of the model",
    "only_reasoning": "nothing but reasoning came back: raise max_tokens, or switch reasoning off (extra_body)",
    "unknown_end": "ended in a way that is not known; its words are in the summary",
    "no_content": "an answer without content; a model that reasons may need more max_tokens",
    "refusal": "the model refused to answer; what it was asked is on the page",
    "not_json": "no JSON came, as from a wrong address or a gateway in between; run: harness models check {model}",
    "no_choices": "JSON of another form than an answer's: set base_url or kind; run: harness models check {model}",
    "connection": "nothing answers at base_url; run: harness models check {model}",
}
"""What an answer without a verdict most likely means. All reasons are in docs/recording.md."""
_OF_THE_SERVER = "the endpoint fails; when it answers again, the same command asks for what is missing"


def on_unscored(record: RunRecord) -> list[str]:
    """Why so many cases have no verdict, if many have none."""
    unscored = [case for case in record.cases if case.outcome == "unscored"]
    reasons = Counter(sample.reason for case in unscored for sample in case.samples if sample.reason)
    if not reasons or len(unscored) < _MANY_UNSCORED * len(record.cases):
        return []
    reason, _ = reasons.most_common(1)[0]
    other = _OF_THE_SERVER if reason.startswith("http_5") else "run: harness models check {model}"
    meaning = _MEANING.get(reason, other).format(model=record.model)
    return [f"{record.label}: {len(unscored)} of {len(record.cases)} cases are unscored, most for {reason}: {meaning}"]
