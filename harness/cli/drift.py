"""`harness drift`: is the model still what it was when it was promoted?"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from harness.cli.arguments import print_json, report_dir_option, tell_lines
from harness.errors import ConfigError


@click.command("drift")
@click.option(
    "--model", "reference", required=True, metavar="NAME[@VERSION]", help="The model that is run every night."
)
@click.option("--since", metavar="DATE", help="Forget the nights before this date: a new baseline starts.")
@click.option("--suite", metavar="NAME", help="Read this suite only. [default: the suites run on most nights]")
@click.option("--fail-on-change", is_flag=True, help="Exit 1 also for a change of the resolved model or fingerprint.")
@click.option("--alarm", is_flag=True, help="Print a message for a chat: one line, page, next command, way back.")
@click.option("--page", metavar="URL", envvar="VERBATIM_PAGES", help="With --alarm: where the pages are published.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@report_dir_option
def drift(
    *,
    reference: str,
    since: str | None,
    suite: str | None,
    fail_on_change: bool,
    alarm: bool,
    page: str | None,
    as_json: bool,
    report_dir: Path | None,
) -> None:
    """Say whether a version still answers as before, night by night; only fresh, complete runs count.

    Exit code 0 for quiet, 1 for an alarm (the rate fell, a prompt broke for good, answers do not come, no night can
    be read, most prompts are wrong three nights long), 2 for inconclusive (still calibrating, too few prompts).

    \b
    $ harness drift --model tuned --since 2026-11-20
    """
    from harness.decisions.drift import fingerprints
    from harness.project import Project
    from harness.show.drift import alarm_lines, drift_json, drift_lines

    project = Project.open(reports=report_dir)
    report = project.drift(reference, since=date_of(since), suite=suite)
    if as_json:
        print_json(drift_json(report))
    elif alarm:
        promoted = project.history.baselines().get(report.label.partition("@")[0])
        asked, over = suite or project.canary, project.over_these
        lines = alarm_lines(report, promoted=promoted, page=page, suite=asked, over=over)
        click.echo("\n".join(lines))
    else:
        tell_lines(drift_lines(report))
    changed = fail_on_change and bool(fingerprints(report.rests_on))
    click.get_current_context().exit(1 if changed else report.exit_code)


def date_of(text: str | None) -> date | None:
    """A date of `--since`. Raises ConfigError."""
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ConfigError(f"--since: found {text!r}; accepted: a date such as 2026-03-01") from error
