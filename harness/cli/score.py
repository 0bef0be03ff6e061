"""`harness score`: production logs at scale, for verdicts of every row and rates by model, version and day."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from harness.cli.arguments import print_json, tell, tell_lines
from harness.errors import ConfigError, HarnessError, as_word
from harness.show.words import translated

if TYPE_CHECKING:
    from harness.logs.files import InputFile
    from harness.logs.recognise import Recognised
    from harness.logs.rows import Columns
    from harness.logs.run import ScoringJob, ScoringProgress


_COLUMNS = ("targets", "channel", "id", "model", "version", "time", "finish")
PRESETS = (
    *("openai", "litellm", "langfuse", "otel", "traces", "chats", "promptfoo", "evals", "messages"),
    *("openai-batch", "ark-batch", "anthropic-batch", "gemini-batch"),
)


def _column(name: str, text: str, default: str | None = None) -> Callable[[Any], Any]:
    parameter = f"{name}_column"
    return click.option(f"--{name}", parameter, metavar="COLUMN", default=default or name, show_default=True, help=text)


@click.command()
@click.argument("inputs", nargs=-1, required=True, metavar="INPUT...")
@click.option("--preset", type=click.Choice(PRESETS), help="The form of a tool's logs, in place of columns.")
@click.option("--out", type=click.Path(path_type=Path), help="Folder for the result. [default: INPUT.scored]")
@click.option(
    "--source",
    metavar="COLUMN",
    multiple=True,
    default=["source"],
    help="What the model was given; repeatable. [default: source, or recognised]",
)
@click.option(
    "--output",
    metavar="COLUMN",
    multiple=True,
    default=["output"],
    help="The answer; repeatable. [default: output, or recognised]",
)
@click.option(
    "--rows", metavar="PATH", default="", help="Where a document holds its rows, such as data.list; * for every field."
)
@_column("targets", "The strings to protect; without them they are looked for in the source.")
@_column("channel", "Says text, json or tool.")
@_column("id", "Carried over to the verdicts.")
@_column("model", "The model's name.")
@_column("version", "The model's version.")
@_column("time", "ISO 8601, or a number since 1970.")
@_column("finish", "Why the answer ended: one cut off is not judged.", default="finish_reason")
@click.option("--cluster", metavar="COLUMN", default="", help="Rows that belong together, such as a conversation.")
@click.option("--by", metavar="COLUMN", multiple=True, help="Rates by this column; repeatable.")
@click.option("--encoding", help="Of the text files. [default: recognised: UTF-8, UTF-16, GBK]")
@click.option("--sheet", help="Of a workbook. [default: the only one with rows]")
@click.option(
    "--input-format", type=click.Choice(["jsonl", "csv", "parquet", "xlsx"]), help="Instead of by the files' names."
)
@click.option("--delimiter", help="Of CSV files. [default: by the header: , ; tab or |]")
@click.option(
    "--max-line", type=click.IntRange(min=1024), default=16 << 20, show_default=True, help="Longest row in bytes."
)
@click.option(
    "--format",
    "verdict_format",
    type=click.Choice(["jsonl", "parquet"]),
    default="jsonl",
    show_default=True,
    help="Of the verdicts.",
)
@click.option(
    "--max-groups", type=click.IntRange(min=1), default=500, show_default=True, help="Groups a column; the rest as one."
)
@click.option("--workers", type=click.IntRange(min=1), help="Processes. [default: one a core]")
@click.option(
    "--ray", is_flag=False, flag_value="", metavar="[ADDRESS]", help="On Ray: of this machine, or a cluster's."
)
@click.option("--baseline", type=click.Path(path_type=Path), help="Rates of another run: show the differences.")
@click.option(
    "--max-rejected",
    type=click.FloatRange(0, 1),
    default=0.01,
    show_default=True,
    help="Exit 3 if a larger share of the rows is rejected.",
)
@click.option(
    "--to-suite",
    type=click.Path(path_type=Path),
    help="Review damaged rows one by one, and add those kept to this suite.",
)
@click.option("--most-cases", type=click.IntRange(1, 1000), default=20, show_default=True, help="To review.")
@click.option(
    "--publish",
    "publish_to",
    type=click.Choice(["otel", "langfuse"]),
    multiple=True,
    help="Send the verdicts there too; repeatable.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def score(out: Path | None, baseline: Path | None, max_rejected: float, as_json: bool, **options: Any) -> int:
    """Score the logs INPUT...: files, folders, globs, URLs of object stores, or - for standard input.

    JSON lines, JSON documents, CSV (also .gz), Parquet or .xlsx. Columns with usual names and logs of known tools are
    recognised. A column is a name or a path such as choices.0.message.content. The same command goes on where a killed
    run stopped. Exit code 2: no row held anything to protect.

    \b
    $ harness score answers.csv
    $ harness score logs/ --source prompt --output answer --out scored
    $ harness score langfuse-export.json --preset langfuse --out scored
    $ harness score logs/ --out scored --to-suite suites/from-logs
    $ harness score november/ --out november.out --baseline october.out/rates.json
    """
    from harness.logs.rates import differences, read_rates
    from harness.logs.run import mark_failed
    from harness.logs.run import score as score_all

    suite = options["to_suite"]
    if suite and not _is_terminal():
        raise ConfigError("--to-suite: cases are reviewed one by one, and this is not a terminal; run it on one")
    with _safe_errors():
        before = read_rates(baseline) if baseline else None
        job = _job(out, options)
        named, out = out is not None, job.out
        with _kept(out), _progress() as moved:
            rates = score_all(job, moved)
        found = differences(before, rates) if before else None
    rejected = os.path.join(out, "rejected.jsonl")
    if as_json:
        from harness.show.figures import plain

        print_json(rates if found is None else {**rates, "differences": plain(found)})
    else:
        from harness.logs.cases import examples
        from harness.logs.tables import difference_lines, example_lines, rate_lines
        from harness.recording.secrets import Secrets

        redact = Secrets.of_environment(os.environ).redacted
        some = examples(out, redact) if rates["all"]["damage"] else []
        lines = [*rate_lines(rates, rejected), *example_lines(some), *(difference_lines(found) if found else [])]
        tell_lines(lines)
    _tell_empty_columns(rates, job.reading.columns)
    _tell_nothing(rates, job)
    code = _exit_code(rates, max_rejected, rejected)
    if code:
        mark_failed(out)
        return code
    if not named:
        tell(f"harness: the verdict of each row: {out / 'verdicts'}", err=True)
    with _safe_errors():
        for name in options["publish_to"]:
            _publish(name, out)
        if suite:
            _review(job, suite, options["most_cases"])
    return code


def _is_terminal() -> bool:
    return sys.stdin.isatty()


def _publish(name: str, out: Path) -> None:
    """Once: a second run of the same command sends nothing again."""
    from harness.publish.scores import to_langfuse, to_otel
    from harness.show.figures import plural

    sent = out / f".published-{name}"
    if sent.exists():
        tell(f"{name}: published before; delete {sent} to send it again", err=True)
        return
    count = to_otel(out) if name == "otel" else to_langfuse(out, os.environ)
    sent.touch()
    tell(f"{name}: {plural(count, 'result')} sent", err=True)


def _review(job: ScoringJob, suite: Path, most: int) -> None:
    from harness.logs.cases import add_canary, add_case, candidates, note_reviewed, reviewed
    from harness.logs.tables import became_words
    from harness.recording.secrets import Secrets
    from harness.show.figures import plural
    from harness.show.words import phrase
    from harness.text.visible import show

    secrets = Secrets.of_environment(os.environ)
    kept = seen = canaries = 0
    known = reviewed(job.out, suite)
    tell("y: keep it as a case; c: as a canary of the nightly run too; n: leave it; q: end")
    for candidate in candidates(job, secrets.redacted, most, known):
        seen += 1
        click.echo(f"\n{phrase('log-row', file=show(candidate.file, blanks=False), row=candidate.row)}")
        tell(f"  prompt: {show(candidate.prompt, blanks=False)}")
        for target, became in candidate.became:
            click.echo(f"  {became_words(target, became)}")
        question = f"{translated('keep it as a case? names are not taken out: look')} (y, c, n, q)"
        while (answer := click.prompt(question).strip().lower()) not in ("y", "c", "n", "q"):
            pass
        if answer == "q":
            break
        kept += answer in ("y", "c") and add_case(suite, candidate.line)
        if answer == "c":
            selection = add_canary(suite, candidate.line)
            canaries += 1
        note_reviewed(job.out, candidate.line["id"])
    if not seen and known:
        place = job.out / ".reviewed"
        tell(f"all damaged rows that make a case were reviewed before; delete {place} to see those left out")
    tell(f"{suite}: {plural(kept, 'case')} added of {seen} reviewed")
    if canaries:
        tell(f"{selection}: {canaries} added as canaries; a changed selection starts a new baseline")
    if kept:
        typed = as_word(suite)
        tell(f"run: harness suites lint {typed}; pytest --model=NAME {typed}")


def _job(out: Path | None, options: dict[str, Any]) -> ScoringJob:
    from harness.logs.files import find_inputs, result_folder
    from harness.logs.judge import ReadSettings, Scoring
    from harness.logs.recognise import Recognised
    from harness.logs.rows import Columns
    from harness.logs.run import ScoringJob
    from harness.project import Project

    ray, delimiter = options["ray"], options["delimiter"]
    if ray and os.path.exists(ray):
        raise ConfigError(f"--ray took {ray!r} for the address of a cluster; put --ray behind the files")
    if delimiter is not None and (len(delimiter) != 1 or delimiter in '\r\n"'):
        raise ConfigError(f"--delimiter: found {delimiter!r}; accepted: one character")
    encoding = options["encoding"]
    if encoding is not None:
        from harness.logs.files import check_encoding

        check_encoding(encoding)
    columns = Columns(
        source=tuple(dict.fromkeys(options["source"])),
        output=tuple(dict.fromkeys(options["output"])),
        cluster=options["cluster"],
        by=tuple(path for path in dict.fromkeys(options["by"]) if path != options["model_column"]),
        **{name: options[f"{name}_column"] for name in _COLUMNS},
    )
    out = out or result_folder(options["inputs"][0])
    files = find_inputs(options["inputs"], options["input_format"], excluded=out, sheet=options["sheet"])
    read = Recognised(columns, options["preset"], options["rows"])
    if files and not read.preset:
        read = _recognised(files[0], columns, options)
    return ScoringJob(
        files=files,
        reading=ReadSettings(read.columns, options["max_line"], delimiter, encoding, read.preset),
        scoring=Scoring(read.columns, options["verdict_format"], Project.open().symbols, read.preset, read.rows),
        out=out,
        most_groups=options["max_groups"],
        workers=options["workers"] or 0,
        ray=ray,
    )


def _recognised(file: InputFile, columns: Columns, options: dict[str, Any]) -> Recognised:
    """How the first file is to be read; said where it was not named."""
    from harness.logs.recognise import recognise

    context = click.get_current_context()
    named = {
        name
        for name in ("source", "output", "rows", *_COLUMNS)
        if context.get_parameter_source(f"{name}_column" if name in _COLUMNS else name) is not ParameterSource.DEFAULT
    }
    found = recognise(
        file,
        columns,
        named,
        longest=options["max_line"],
        delimiter=options["delimiter"],
        encoding=options["encoding"],
    )
    from harness.text.visible import show

    if said := found.options(columns):
        tell(f"harness: read as {show(said, blanks=False)}", err=True)
    else:
        found = found._replace(answers=(), given=())
    if found.answers:
        names = show(", ".join(found.answers), blanks=False)
        tell(f"harness: has the name of an answer too, and is not read: {names} (--output)", err=True)
    if found.given:
        names = show(", ".join(found.given), blanks=False)
        tell(f"harness: not read; name it if the model was given it: {names} (--source)", err=True)
    return found._replace(rows=found.rows or options["rows"])


@contextmanager
def _safe_errors() -> Iterator[None]:
    """Errors name files and fields that somebody else may have named: nothing in them may command a terminal."""
    from harness.text.visible import show

    try:
        yield
    except HarnessError as error:
        raise type(error)(show(str(error), blanks=False)) from error


@contextmanager
def _kept(out: Path) -> Iterator[None]:
    """Say that an interrupted run goes on."""
    try:
        yield
    except KeyboardInterrupt:
        tell(f"what is done is kept in {out}; the same command goes on from there", err=True)
        raise


@contextmanager
def _progress() -> Iterator[Callable[[ScoringProgress], None]]:
    """A line on standard error if it is a terminal."""
    if not sys.stderr.isatty():
        yield lambda progress: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
    from rich.progress import Progress as Line

    columns = [TextColumn("{task.description}"), BarColumn(), TaskProgressColumn()]
    with Line(
        *columns, TimeElapsedColumn(), TimeRemainingColumn(), console=Console(stderr=True), transient=True
    ) as line:
        bar = line.add_task(translated("reading"), total=None)

        def moved(progress: ScoringProgress) -> None:
            rows = translated(f"{progress.rows:,} rows")
            line.update(bar, total=progress.size, completed=progress.position, description=rows)

        yield moved


def _tell_empty_columns(rates: dict[str, Any], columns: Columns) -> None:
    """A column that was asked for by name and is nowhere is most likely a slip."""
    usual = {"model", "version", "time"}
    empty = [path for path, rows in rates["rows_with"].items() if not rows and path not in usual]
    if empty and rates["all"]["rows"]:
        tell(f"harness: no row has a value in {', '.join(map(repr, empty))}", err=True)


def _tell_nothing(rates: dict[str, Any], job: ScoringJob) -> None:
    """Why there is nothing to report, and what to try."""
    from harness.logs.presets import BATCHES

    preset = job.reading.preset
    if rates["rows"]:
        if rates["all"]["rows"] and not rates["all"]["rates"]["mention_rate"]["n"]:
            tell(
                "harness: no row held anything to protect: name all that the model was given (--source, repeatable), "
                "or the strings (--targets)",
                err=True,
            )
    elif preset in BATCHES:
        tell(
            f"harness: no answer of a batch is there; name both: harness score REQUESTS ANSWERS --preset {preset}",
            err=True,
        )
    elif preset:
        tell(f"harness: nothing there has the form of --preset {preset}", err=True)
    else:
        tell("harness: the log is empty: no row was found", err=True)


def _exit_code(rates: dict[str, Any], max_rejected: float, rejected: str) -> int:
    broken = rates["rejected_by_kind"].get("unreadable", 0)
    too_many = rates["rejected"] > max_rejected * rates["rows"]
    if broken or too_many:
        from harness.show.figures import plural
        from harness.text.visible import show

        with open(rejected, encoding="utf-8") as file:
            first = json.loads(file.readline())
        share = f"{rates['rejected'] / rates['rows']:.1%} of the rows are rejected; accepted: {max_rejected:.1%}"
        reason = f"{plural(broken, 'file')} cannot be read to the end" if broken else f"{share} (--max-rejected)"
        place = f"{first['file']}, row {first['line']}: {first['reason']}"
        tell(f"harness: {reason}. First in {rejected}: {show(place, blanks=False)}", err=True)
        return 3
    return 0 if rates["all"]["rates"]["mention_rate"]["n"] else 2
