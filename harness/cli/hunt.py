"""`harness hunt`: which string breaks this model, made as small as can be, and by which rule."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness.errors import ConfigError

if TYPE_CHECKING:
    from harness.hunt.asking import Try
    from harness.hunt.report import HuntReport
    from harness.hunt.session import HuntSession

_PROGRESS_EVERY = 25
_SUITE = "adversarial"


@click.command("hunt")
@click.option("--model", "name", required=True, metavar="NAME", help="A configured model, or openai:NAME.")
@click.option(
    "--request-budget",
    type=click.IntRange(min=1),
    default=300,
    show_default=True,
    metavar="N",
    help="Requests at most, retries included. Never one more.",
)
@click.option(
    "--time-limit",
    type=click.FloatRange(min=0, min_open=True),
    metavar="SECONDS",
    help="Stop after so long with what is found until then.",
)
@click.option("--seed", type=int, default=1, show_default=True, help="Which strings are drawn.")
@click.option("--pin", "pinning", is_flag=True, help="Make the finds cases of suites/adversarial/pinned.jsonl.")
@click.option("--record", "recording", is_flag=True, help="Keep the hunt in suites/adversarial/hunts for replays.")
@click.option("--retire", "retiring", is_flag=True, help="Hunt nothing: retire the pins that this model shows fixed.")
@click.option("--omissions", is_flag=True, help="An answer that leaves the string out fails too.")
@click.option("--base-url", metavar="URL", help="Ask this address instead of the configured one.")
@click.option(
    "--max-concurrency",
    type=click.IntRange(min=1),
    metavar="N",
    help="Requests at one time. [default: that of the model]",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def hunt(
    *,
    name: str,
    request_budget: int,
    time_limit: float | None,
    seed: int,
    pinning: bool,
    recording: bool,
    retiring: bool,
    omissions: bool,
    base_url: str | None,
    max_concurrency: int | None,
    as_json: bool,
) -> None:
    """Look for strings with '-' or '/' that a model does not give back.

    Exit code 0 if nothing was found, 1 if something was, 2 if no answer held the string that was asked for, 130 after
    Ctrl-C (with what was found until then).

    \b
    $ harness hunt --model tuned --request-budget 300
    """
    from harness import config as configuration
    from harness.hunt.search import HuntSettings
    from harness.hunt.session import HuntSession
    from harness.project import Project
    from harness.runs.judge import Judge

    config = configuration.load(Path.cwd())
    model = configuration.model(config, name, base_url=base_url)
    settings = HuntSettings(request_budget, time_limit, max_concurrency or model.max_concurrency, omissions=omissions)
    session = HuntSession(
        config, model, Judge(model, symbols=Project.open().symbols), seed, settings, _Progress(request_budget)
    )
    folder = _suite_folder(config.root, config.suites, needed=pinning or recording or retiring)
    code = _retire(session, folder) if retiring else _hunt(session, folder, pinning, recording, as_json)
    click.get_current_context().exit(code)


def _hunt(session: HuntSession, folder: Path, pinning: bool, recording: bool, as_json: bool) -> int:
    from harness.cli.arguments import print_json
    from harness.hunt.pins import pin
    from harness.hunt.report import report_json, report_lines, report_of
    from harness.hunt.session import HUNTS

    result, interrupted = session.live(folder / HUNTS if recording else None)
    report = report_of(result)
    label = session.model.label
    pinned: list[str] = []
    if pinning:
        names = [pin(folder, find, session.provenance) for find in result.finds if find.failures]
        pinned = [name for name in names if name is not None]
    if as_json:
        print_json(report_json(label, report) | {"seed": session.seed, "pinned": pinned})
    else:
        click.echo("\n".join(report_lines(label, report)))
        for name in pinned:
            click.echo(f"pinned {name} in {folder / 'pinned.jsonl'}")
    return 130 if interrupted else _exit_code(report)


def _exit_code(report: HuntReport) -> int:
    if report.finds or report.failed:
        return 1
    return 0 if report.bound is not None else 2


def _retire(session: HuntSession, folder: Path) -> int:
    from harness.hunt.pins import CLEAN_ANSWERS, PINNED, retire
    from harness.suite import load_cases

    path = folder / PINNED
    cases = [located.case for located in load_cases(path)] if path.is_file() else []
    if not cases:
        click.echo("nothing is pinned")
        return 0
    kept = len(cases)
    for case, evidence in session.evidence(cases):
        facts = f"{evidence.clean} clean, {evidence.damaged} damaged, {evidence.other} without the string"
        if evidence.fixed:
            retire(folder, case, evidence)
            kept -= 1
            click.echo(f"{case.id} retired: {facts}; failure rate below {evidence.bound:.1%} at 95 %")
        else:
            click.echo(f"{case.id} stays: {facts}; it takes {CLEAN_ANSWERS} clean answers and no damaged one")
    return 1 if kept else 0


def _suite_folder(root: Path, suites: tuple[str, ...], *, needed: bool) -> Path:
    """Where pins live: the adversarial suite of the first suite root.

    Raises:
        ConfigError: there is no such suite, and the call wants to write there.
    """
    folder = root / suites[0] / _SUITE if suites else root / "suites" / _SUITE
    if needed and not (folder / "suite.toml").is_file():
        raise ConfigError(
            f"no suite {folder}; --pin, --record and --retire keep their cases there; "
            f"make the folder with a suite.toml that holds: title = 'Adversarial'"
        )
    return folder


class _Progress:
    """A line on standard error now and then, and one for each new phase."""

    def __init__(self, budget: int) -> None:
        self._budget = budget
        self._phase = ""
        self._count = 0

    def __call__(self, tried: Try) -> None:
        self._count += 1
        if tried.phase != self._phase or self._count % _PROGRESS_EVERY == 0:
            self._phase = tried.phase
            click.echo(f"{tried.spent:>5} of {self._budget} requests  {tried.phase}", err=True)
