"""`harness runs`: the history of runs, and which of them is the baseline."""

from __future__ import annotations

from pathlib import Path

import click

from harness.cli.command_group import CommandGroup
from harness.cli.runs_publish import publish_run
from harness.cli.stored_runs import open_stored, print_json, report_dir_option
from harness.records.errors import ConfigError


@click.group("runs", cls=CommandGroup)
def runs() -> None:
    """The history of runs: list, show, baseline, publish, schema."""


@runs.command("list")
@click.argument("name", required=False, metavar="[NAME[@VERSION]]")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@report_dir_option
def list_runs(name: str | None, as_json: bool, report_dir: Path | None) -> None:
    """All runs, newest answers first. Records that cannot be read are named on standard error."""
    from harness.decisions.words import figures

    history = open_stored(report_dir).history
    listing = history.listing()
    chosen = [run for run in listing.runs if name is None or name in (run.label, run.label.partition("@")[0])]
    if as_json:
        print_json({"runs": figures.plain(chosen), "baselines": history.baselines()})
    elif chosen:
        rows = [["run", "id", "mode", "alignment", "unscored"]]
        rows += [
            [
                figures.foreign(run.label),
                figures.foreign(run.run_id),
                run.mode + (", partial" if run.partial else ""),
                figures.percent(run.alignment.rate),
                str(run.unscored.k),
            ]
            for run in chosen
        ]
        click.echo("\n".join(figures.table(rows, indent="")))
    else:
        which = f" of {figures.foreign(name)}" if name else ""
        click.echo(f"no runs{which} in {history.folder}; `pytest --model=NAME` makes one", err=True)
    for problem in listing.unreadable:
        click.echo(f"unreadable: {problem}", err=True)


@runs.command("show")
@click.argument("run", metavar="RUN")
@click.option("--json", "as_json", is_flag=True, help="Print the whole record.")
@report_dir_option
def show_run(run: str, as_json: bool, report_dir: Path | None) -> None:
    """One run: where its answers come from, its rates, its failing cases."""
    from harness.decisions.words import figures
    from harness.decisions.words.run import run_lines

    record = open_stored(report_dir).resolve(run)
    if as_json:
        print_json(figures.plain(record))
    else:
        click.echo("\n".join(run_lines(record)))


@runs.command("schema")
@click.option("--json", "as_json", is_flag=True, help="Accepted for uniformity: a schema is JSON anyway.")
def schema(as_json: bool) -> None:
    """Print the JSON Schema of a run record, for programs that read records."""
    from harness.history import run_schema

    print_json(run_schema())


@runs.command("baseline")
@click.argument("run", required=False, metavar="[RUN]")
@click.option("--for", "model", metavar="NAME", help="The model it is the baseline of. [default: its own]")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@report_dir_option
def set_baseline(run: str | None, model: str | None, as_json: bool, report_dir: Path | None) -> None:
    """Make RUN the baseline of its model, or of another with --for; without RUN, show the baselines.

    NAME@VERSION stands for the latest complete run of that version; a run id stands for that run.
    """
    from harness.decisions.words import figures

    stored = open_stored(report_dir)
    history = stored.history
    if run is None:
        if model is not None:
            raise ConfigError("--for: needs a RUN; accepted: `harness runs baseline RUN --for NAME`")
    else:
        record = stored.resolve(run)
        if record.partial:
            raise ConfigError(f"{run}: run {record.run_id} is partial; accepted: a complete run (`harness runs list`)")
        by_id = record.run_id.startswith(run) or run.endswith(".json")
        history.set_baseline(model or record.model, record.run_id if by_id else record.label)
    baselines = history.baselines()
    if as_json:
        print_json(baselines)
        return
    for name, reference in baselines.items():
        click.echo(f"{figures.foreign(name)}: {figures.foreign(reference)}")
    if not baselines:
        click.echo("no baselines; `harness runs baseline NAME@VERSION` sets one", err=True)


runs.add_command(publish_run)
