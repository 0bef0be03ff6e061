"""`harness gate`: may this version be promoted? And `--plan`: what could be proven at all?"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness.cli.stored_runs import StoredRuns, open_stored, print_json, report_dir_option
from harness.records.errors import ConfigError

if TYPE_CHECKING:
    from harness.records.policy import GatePolicy
    from harness.records.run import CaseResult, RunRecord

_SHARE = click.FloatRange(0, 1, min_open=True, max_open=True)


@click.command("gate")
@click.option(
    "--candidate", metavar="RUN", help="Name, NAME@VERSION, run id or file: its latest complete run is judged."
)
@click.option("--baseline", metavar="RUN", help="What it must not fall behind. [default: see `harness runs baseline`]")
@click.option("--policy", "policy_file", type=click.Path(dir_okay=False, path_type=Path), help="Policy in TOML.")
@click.option("--plan", is_flag=True, help="Judge nothing: say what the cases can prove, and how many are needed.")
@click.option(
    "--suites", multiple=True, metavar="PATH", help="With --plan: a suite folder; repeatable. [default: the project's]"
)
@click.option("--rate", type=_SHARE, default=0.98, show_default=True, help="With --plan: true rate to assume.")
@click.option(
    "--discordant", type=_SHARE, default=0.01, show_default=True, help="With --plan: share of cases each way."
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

    \b
    $ harness gate --candidate tuned --baseline spaced
    $ harness gate --plan
    """
    from harness.policy_file import read_policy

    stored = open_stored(report_dir)
    policy, source = read_policy(policy_file, stored.settings.gate)
    if plan:
        possible = _plan(_planned_cases(stored, candidate, suites), policy, source, (rate, discordant), form)
        click.get_current_context().exit(0 if possible else 2)
    if candidate is None:
        raise ConfigError("--candidate: missing; accepted: NAME, NAME@VERSION, run id or file (`harness runs list`)")
    new = stored.resolve(candidate)
    old = _baseline(stored, new, baseline)
    click.get_current_context().exit(_judge(stored, new, old, (policy, source), form))


def _baseline(stored: StoredRuns, candidate: RunRecord, reference: str | None) -> RunRecord | None:
    """The run named by the option, else the model's kept baseline, else none."""
    chosen = reference or stored.history.baselines().get(candidate.model)
    return None if chosen is None else stored.resolve(chosen)


def _judge(
    stored: StoredRuns, new: RunRecord, old: RunRecord | None, policy: tuple[GatePolicy, str], form: str | None
) -> int:
    from harness.decisions.gate import judge
    from harness.decisions.words.gate import gate_json, gate_lines, gate_markdown

    rules, source = policy
    verdict = judge(new, old, rules, datetime.now(UTC), stored.history.known(new.label))
    if form == "json":
        print_json(gate_json(verdict, source))
    elif form == "markdown":
        click.echo(gate_markdown(verdict, source), nl=False)
    else:
        click.echo("\n".join(gate_lines(verdict, source)))
    return verdict.exit_code


def _planned_cases(stored: StoredRuns, candidate: str | None, suites: tuple[str, ...]) -> list[CaseResult]:
    """The cases of the suites, with the exposure of the candidate if it is a configured model."""
    from harness import config
    from harness.decisions.exposure import exposure
    from harness.decisions.pending import pending
    from harness.runner.training_texts import training_texts
    from harness.suite import builtin_root, case_files, load_suite

    settings = stored.settings
    named = candidate.partition("@")[0] if candidate else ""
    model = config.model(settings, named) if named in settings.models else None
    if candidate and model is None:
        return list(stored.resolve(candidate).cases)
    roots = [builtin_root() if root == "builtin" else settings.root / root for root in suites or settings.suites]
    folders = sorted({file.parent for root in roots for file in case_files(root)})
    if not folders:
        raise ConfigError(f"--suites: no cases under {', '.join(map(str, roots))}; accepted: folders with a suite.toml")
    texts = training_texts(settings.root, model) if model else ()
    domains = model.trained_domains if model else ()
    return [
        pending(case, exposure(case, training_texts=texts, trained_domains=domains))
        for folder in folders
        for case in load_suite(folder)
    ]


def _plan(
    cases: list[CaseResult], policy: GatePolicy, source: str, assumed: tuple[float, float], form: str | None
) -> bool:
    from harness.decisions.plan import Assumption, plan
    from harness.decisions.words.gate import plan_json, plan_lines

    found = plan(cases, policy, Assumption(*assumed))
    if form == "json":
        print_json(plan_json(found, source))
    else:
        lines = plan_lines(found, source)
        click.echo("\n".join(["```text", *lines, "```"] if form == "markdown" else lines))
    return found.possible
