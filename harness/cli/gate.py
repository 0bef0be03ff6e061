"""`harness gate`: may this version be promoted? And `--plan`: what could be proven at all?"""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from harness.cli.arguments import print_json, report_dir_option, tell_lines
from harness.errors import ConfigError

if TYPE_CHECKING:
    from harness.decisions.gate import GateVerdict
    from harness.decisions.plan import Plan


class _Share(click.FloatRange):
    """A share between two limits, both open; `nan`, which no comparison refuses, is refused."""

    def __init__(self, most: float) -> None:
        super().__init__(0, most, min_open=True, max_open=True)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        share = super().convert(value, param, ctx)
        if math.isnan(share):
            self.fail(f"{value} is not a number", param, ctx)
        return share


_FOR_PLANS = {"suites": "--suites", "rate": "--rate", "discordant": "--discordant"}


@click.command("gate")
@click.option(
    "--candidate", metavar="RUN", help="Name, NAME@VERSION, run id or file: its latest run of all cases is judged."
)
@click.option("--baseline", metavar="RUN", help="What it must not fall behind. [default: see `harness runs baseline`]")
@click.option("--policy", "policy_file", type=click.Path(dir_okay=False, path_type=Path), help="Policy in TOML.")
@click.option("--plan", is_flag=True, help="Judge nothing: say what the cases can prove, and how many are needed.")
@click.option(
    "--suites", multiple=True, metavar="PATH", help="With --plan: a suite folder; repeatable. [default: the project's]"
)
@click.option("--rate", type=_Share(1), default=0.98, show_default=True, help="With --plan: true rate to assume.")
@click.option(
    "--discordant", type=_Share(0.5), default=0.01, show_default=True, help="With --plan: share of cases each way."
)
@click.option("--json", "form", flag_value="json", help="Print JSON.")
@click.option("--markdown", "form", flag_value="markdown", help="Print Markdown, for a pull request.")
@report_dir_option
def gate(
    *,
    candidate: str | None,
    baseline: str | None,
    policy_file: Path | None,
    plan: bool,
    suites: tuple[str, ...],
    rate: float,
    discordant: float,
    form: str | None,
    report_dir: Path | None,
) -> None:
    """Judge a candidate by the promotion policy.

    Exit code 0 for GO, 1 for NO-GO, 2 for INCONCLUSIVE (not enough evidence), 3 for a mistake in the call.

    It judges runs that are there and asks nothing. To ask and stop as soon as the verdict is clear: pytest --model=NAME
    --gate --sequential.

    \b
    $ harness gate --candidate tuned --baseline spaced
    $ harness gate --plan
    """
    _refuse_what_would_do_nothing(plan=plan, baseline=baseline)
    from harness.project import Project

    project = Project.open(reports=report_dir)
    policy, source = project.policy(policy_file)
    if plan:
        from harness.decisions.plan import Assumption

        found = project.plan(candidate, suites, policy, Assumption(rate, discordant))
        _print_plan(found, source, form)
        click.get_current_context().exit(0 if found.possible else 2)
    if candidate is None:
        raise ConfigError("--candidate: missing; accepted: NAME, NAME@VERSION, run id or file (`harness runs list`)")
    new = project.resolve(candidate)
    old = project.baseline(new.model, baseline)
    if baseline is not None and old is not None and (old.label, old.run_id) == (new.label, new.run_id):
        raise ConfigError(
            f"--baseline: {old.label} {old.run_id} is the candidate itself; accepted: another run (`harness runs list`)"
        )
    verdict = project.gate(new, old, policy)
    _print(verdict, source, form)
    click.get_current_context().exit(verdict.exit_code)


def _refuse_what_would_do_nothing(*, plan: bool, baseline: str | None) -> None:
    """A verdict is about the run that is there: who names a suite or a rate means something else."""
    if plan and baseline is not None:
        raise ConfigError("--baseline: not together with --plan, which compares nothing; leave it out")
    source = click.get_current_context().get_parameter_source
    given = [option for name, option in _FOR_PLANS.items() if source(name) is not ParameterSource.DEFAULT]
    if given and not plan:
        raise ConfigError(
            f"{given[0]}: accepted together with --plan. A verdict about one suite: a policy whose rules have "
            'suite = "NAME" (docs/gate.md)'
        )


def _print(verdict: GateVerdict, source: str, form: str | None) -> None:
    from harness.show.verdicts import gate_json, gate_lines, gate_markdown

    if form == "json":
        print_json(gate_json(verdict, source))
    elif form == "markdown":
        click.echo(gate_markdown(verdict, source), nl=False)
    else:
        tell_lines(gate_lines(verdict, source))


def _print_plan(found: Plan, source: str, form: str | None) -> None:
    from harness.show.sinks import markdown_block
    from harness.show.verdicts import plan_json, plan_lines

    if form == "json":
        print_json(plan_json(found, source))
    else:
        lines = plan_lines(found, source)
        tell_lines([markdown_block("\n".join(lines))] if form == "markdown" else lines)
