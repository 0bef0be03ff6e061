"""`harness report`: pages, Markdown and tables made of the run records under `reports/`."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness.cli.arguments import print_json, report_dir_option, tell_some, warn_of
from harness.errors import ConfigError

if TYPE_CHECKING:
    from harness.project import Project
    from harness.records.run import RunRecord
    from harness.show.evidence import Rulings
    from harness.show.html import Judgement
    from harness.site import Site


_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command("report")
@click.argument("run", required=False)
@click.option("--against", metavar="RUN", help="Compare with this run: flips first, then the difference.")
@click.option("--gate", is_flag=True, help="With --against: judge by the promotion policy and show the verdict.")
@click.option("--policy", "--gate-policy", "gate_policy", type=_FILE, help="With --against: policy in TOML.")
@click.option("--labels", multiple=True, type=_FILE, help="Rulings of readers; repeatable.")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="Folder for pages. [default: reports]")
@report_dir_option
@click.option(
    "--lang",
    type=click.Choice(["auto", "en", "zh"]),
    default="auto",
    show_default=True,
    help="Language that pages open in; auto: that of the browser.",
)
@click.option("--index", "index_only", is_flag=True, help="Build the index alone, not the pages of the runs.")
@click.option("--rebuild", is_flag=True, help="Build every page again, even where its record has not changed.")
@click.option("--markdown", "form", flag_value="markdown", help="Print Markdown instead of building pages.")
@click.option("--json", "form", flag_value="json", help="Print JSON instead of building pages.")
@click.option("--openmetrics", "form", flag_value="openmetrics", help="Print the newest rates for Prometheus.")
@click.option("--csv", "form", flag_value="csv", help="Print one row a sample of RUN instead of building pages.")
def report(
    *,
    run: str | None,
    against: str | None,
    gate: bool,
    gate_policy: Path | None,
    labels: tuple[Path, ...],
    out: Path | None,
    report_dir: Path | None,
    lang: str,
    index_only: bool,
    rebuild: bool,
    form: str | None,
) -> None:
    """Build the page of RUN, or the pages of every run with an index over all versions.

    RUN is a file, NAME@VERSION, NAME, a run id or its beginning. What is built can be deleted at any time.

    \b
    $ harness report
    $ harness report tuned --against spaced --gate
    """
    from harness.project import Project
    from harness.show.evidence import match, read_labels
    from harness.show.words import spoken
    from harness.site import Site

    project = Project.open(reports=report_dir)
    given = read_labels(labels)
    # a page asks its browser; Markdown has none to ask, and speaks as the terminal does
    language = spoken() if form == "markdown" and lang == "auto" else lang
    site = Site(project, out or project.history.folder, language, given, rebuild=rebuild, index_only=index_only)
    if run is None:
        _refuse("RUN", {"--against": against, "--csv": form == "csv", "--gate": gate, "--gate-policy": gate_policy})
        _everything(site, form)
        return
    if form == "openmetrics":
        raise ConfigError("--openmetrics: not together with RUN; all versions are printed together")
    record = project.resolve(run)
    if against is None:
        _refuse("--against RUN, the baseline", {"--gate": gate, "--gate-policy": gate_policy})
        _one(site, record, match(record, given) if labels else None, form)
        return
    if form == "csv":
        raise ConfigError("--csv: not together with --against; one run is one table")
    baseline = project.resolve(against)
    judged = _judged(project, record, baseline, gate_policy) if gate or gate_policy else None
    _two(site, baseline, record, judged, form)


def _refuse(needed: str, given: dict[str, object]) -> None:
    wrong = [name for name, value in given.items() if value]
    if wrong:
        raise ConfigError(f"{wrong[0]}: needs {needed}; runs are listed by `harness runs list`")


def _everything(site: Site, form: str | None) -> None:
    from harness.show.export import index_json
    from harness.show.index import events
    from harness.show.markdown import index_markdown
    from harness.show.verdicts import last_verdict_lines

    if form is None:
        for path in site.build():
            click.echo(str(path))
        warn_of(site.contradictions)
        _left_out(site)
        # paths alone are on standard output, for programs; the verdict is for a person
        last = last_verdict_lines(
            site.verdicts.values(),
            str(site.out),
            site.newest,
            site.some,
            site.unjudged,
            over=site.project.over_these,
        )
        for line in last:
            click.echo(line, err=True)
    else:
        lines = site.lines()
        warn_of(one for line in lines for one in line.contradictions)
        if form == "markdown":
            click.echo(index_markdown(lines, lang=site.lang), nl=False)
        elif form == "openmetrics":
            from harness.show.export import openmetrics

            click.echo(openmetrics(lines, site.drift_verdicts(lines)), nl=False)
        else:
            print_json(index_json(lines, events(lines, site.project.history.baselines())))
        _left_out(site)


def _left_out(site: Site) -> None:
    from harness.text.visible import show

    tell_some((f"left out: {show(problem, blanks=False)}" for problem in site.unreadable), "harness runs verify")


def _one(site: Site, record: RunRecord, rulings: Rulings | None, form: str | None) -> None:
    from harness.show.export import run_json, samples_csv
    from harness.show.markdown import run_markdown
    from harness.text.visible import show

    contradictions = site.project.contradictions(record)
    warn_of(contradictions)
    if form is None:
        click.echo(str(site.write_run(record)))
    elif form == "markdown":
        click.echo(run_markdown(record, lang=site.lang, contradictions=contradictions), nl=False)
    elif form == "csv":
        text = samples_csv(record)
        if sys.stdout.isatty():  # a terminal would obey what is in an answer; a file gets it as it is
            text = "".join(f"{show(line, blanks=False)}\n" for line in text.splitlines())
        click.echo(text, nl=False)
    else:
        print_json(run_json(record, rulings, contradictions))


def _two(site: Site, old: RunRecord, new: RunRecord, judged: Judgement | None, form: str | None) -> None:
    from harness.decisions.compare import compare
    from harness.show.comparison import compare_json
    from harness.show.markdown import compare_markdown
    from harness.show.verdicts import gate_json

    contradictions = site.project.contradictions(old, new)
    warn_of(contradictions)
    if form is None:
        for record in filter(site.missing, (old, new)):
            click.echo(str(site.write_run(record)))
        click.echo(str(site.write_comparison(old, new, judged)))
        return
    comparison = compare(old, new)
    if form == "markdown":
        click.echo(compare_markdown(comparison, judged=judged, lang=site.lang, contradictions=contradictions), nl=False)
    else:
        print_json(
            {
                "comparison": compare_json(comparison),
                "gate": gate_json(judged.verdict, judged.policy) if judged else None,
                **({"contradictions": contradictions} if contradictions else {}),
            }
        )


def _judged(project: Project, new: RunRecord, old: RunRecord, file: Path | None) -> Judgement:
    from harness.show.html import Judgement

    policy, where = project.policy(file)
    return Judgement(project.gate(new, old, policy), datetime.now(UTC).isoformat(timespec="seconds"), where)
