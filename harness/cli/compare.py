"""`harness compare`: what changed from one run to another; with more than two, the options side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness.cli.arguments import print_json, report_dir_option, tell, tell_lines, warn_of
from harness.errors import ConfigError
from harness.show.words import spoken

if TYPE_CHECKING:
    from harness.project import Project
    from harness.records.run import RunRecord


@click.command("compare")
@click.argument("runs", nargs=-1, metavar="A B...")
@click.option("--flips", type=click.IntRange(min=0), default=20, show_default=True, help="Flips shown each way.")
@click.option("--json", "form", flag_value="json", help="Print JSON, with all flips.")
@click.option("--markdown", "form", flag_value="markdown", help="Print Markdown, for a pull request.")
@click.option(
    "--lang",
    type=click.Choice(["en", "zh"]),
    help="With --markdown: its language. [default: that of the terminal]",
)
@report_dir_option
def compare(runs: tuple[str, ...], *, flips: int, form: str | None, lang: str | None, report_dir: Path | None) -> None:
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
    from harness.project import Project

    lang = lang or spoken()
    project = Project.open(reports=report_dir)
    records = [project.resolve(reference) for reference in runs]
    contradictions = project.contradictions(*records)
    warn_of(contradictions)
    if len(records) == 2:
        _pair(records[0], records[1], project, flips=flips, form=form, lang=lang, contradictions=contradictions)
    else:
        _options(records, form, lang, contradictions)


def _pair(
    old: RunRecord,
    new: RunRecord,
    project: Project,
    *,
    flips: int,
    form: str | None,
    lang: str,
    contradictions: Sequence[str],
) -> None:
    from harness.show.comparison import compare_json, compare_lines
    from harness.show.markdown import compare_markdown

    comparison = replace(project.compare(old, new), latency=project.compare_latency(old, new))
    if form == "json":
        print_json(compare_json(comparison) | ({"contradictions": contradictions} if contradictions else {}))
    elif form == "markdown":
        click.echo(compare_markdown(comparison, most=flips, lang=lang, contradictions=contradictions), nl=False)
    else:
        tell_lines(compare_lines(comparison, most=flips))


def _options(records: list[RunRecord], form: str | None, lang: str, contradictions: Sequence[str]) -> None:
    from harness.decisions.compare import in_the_way, options
    from harness.decisions.standing import same_run
    from harness.show.comparison import options_json, options_lines
    from harness.show.markdown import options_markdown
    from harness.text.visible import show

    columns = options(records)
    for number, one in enumerate(records):
        for other in records[number + 1 :]:
            if alike := same_run(one, other):
                tell(show(alike, blanks=False), err=True)
    if form == "json":
        print_json(options_json(columns))
    elif form == "markdown":
        click.echo(options_markdown(columns, lang=lang, contradictions=contradictions), nl=False)
    else:
        tell_lines(options_lines(columns, in_the_way(records)))
