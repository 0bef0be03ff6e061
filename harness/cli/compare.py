"""`harness compare`: what changed from one run to another; with more than two, the options side by side."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness.cli.stored_runs import open_stored, print_json, report_dir_option
from harness.records.errors import ConfigError

if TYPE_CHECKING:
    from harness.cli.stored_runs import StoredRuns
    from harness.decisions.latency import LatencyComparison
    from harness.records.run import RunRecord


@click.command("compare")
@click.argument("runs", nargs=-1, metavar="A B...")
@click.option("--flips", type=click.IntRange(min=0), default=20, show_default=True, help="Flips shown each way.")
@click.option("--json", "form", flag_value="json", help="Print JSON, with all flips.")
@click.option("--markdown", "form", flag_value="markdown", help="Print Markdown, for a pull request.")
@report_dir_option
def compare(runs: tuple[str, ...], flips: int, form: str | None, report_dir: Path | None) -> None:
    """Compare run A with run B: from A to B, on the cases that both have.

    Where both versions have a measurement of latency (suites/latency), the newest ones are compared too. With
    three or more, one table: alignment on trained and untrained cases, mentions, latency, tokens, cost.
    A run is a name, NAME@VERSION, run id or file. Says nothing about promotion: exit code 0 whatever it
    finds.

    \b
    $ harness compare spaced tuned
    """
    if len(runs) < 2:
        count = "one run" if runs else "no run"
        raise ConfigError(f"compare: found {count}; accepted: two or more (`harness runs list`)")
    stored = open_stored(report_dir)
    records = [stored.resolve(reference) for reference in runs]
    if len(records) == 2:
        _pair(records[0], records[1], stored, flips, form)
    else:
        _options(records, form)


def _latency(old: RunRecord, new: RunRecord, stored: StoredRuns) -> LatencyComparison | None:
    """Of the runs themselves if they measured it, else of their versions' newest measurements."""
    from harness.decisions.latency import compare_latency

    before, after = (run if run.latency else stored.history.latest_latency(run.label) for run in (old, new))
    return compare_latency(before, after) if before and after else None


def _pair(old: RunRecord, new: RunRecord, stored: StoredRuns, flips: int, form: str | None) -> None:
    from harness.decisions.compare import compare as compared
    from harness.decisions.words.compare import compare_json, compare_lines, compare_markdown

    comparison = replace(compared(old, new), latency=_latency(old, new, stored))
    if form == "json":
        print_json(compare_json(comparison))
    elif form == "markdown":
        click.echo(compare_markdown(comparison, most=flips), nl=False)
    else:
        click.echo("\n".join(compare_lines(comparison, most=flips)))


def _options(records: list[RunRecord], form: str | None) -> None:
    from harness.decisions.options import options
    from harness.decisions.words.options import options_json, options_lines, options_markdown

    columns = options(records)
    if form == "json":
        print_json(options_json(columns))
    elif form == "markdown":
        click.echo(options_markdown(columns), nl=False)
    else:
        click.echo("\n".join(options_lines(columns)))
