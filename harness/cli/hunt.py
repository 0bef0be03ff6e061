"""`harness hunt`: which string breaks this model, made as small as can be, and by which rule."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness.cli.arguments import tell, tell_lines, tell_of_loading
from harness.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.hunt.asking import Try
    from harness.hunt.report import HuntReport
    from harness.hunt.session import HuntSession
    from harness.text.symbols import SymbolTable

_PROGRESS_EVERY = 25
_SUITE = "adversarial"
_TEMPLATES_LIMIT = 10_000_000
"""Bytes."""


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
@click.option(
    "--terms",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Strings of your own that are drawn too: a catalogue, or one string a line.",
)
@click.option("--column", metavar="NAME|N", help="The column of --terms. A file of one column needs none.")
@click.option(
    "--templates",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Prompts of your own, one a line, each with {string} in it.",
)
@click.option("--encoding", help="Of --terms and --templates. [default: recognised: UTF-8, UTF-16, GBK]")
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
    terms: Path | None,
    column: str | None,
    templates: Path | None,
    encoding: str | None,
    omissions: bool,
    base_url: str | None,
    max_concurrency: int | None,
    as_json: bool,
) -> None:
    """Look for strings with signs such as '-' and '/' that a model does not give back.

    Exit code 0 if nothing was found, 1 if something was found or failed, 2 if no answer held the string that was asked
    for, 130 after Ctrl-C (with what was found until then).

    \b
    $ harness hunt --model tuned --request-budget 300
    """
    from harness import config as configuration
    from harness.hunt.search import HuntSettings
    from harness.hunt.session import HuntSession
    from harness.project import Project
    from harness.runs.judge import Judge

    if retiring:
        given = {"--pin": pinning, "--record": recording, "--omissions": omissions, "--time-limit": time_limit}
        _alone("--retire", given | {"--terms": terms, "--templates": templates})
    config = configuration.load(Path.cwd())
    model = configuration.model(config, name, base_url=base_url)
    symbols = Project.open().symbols
    settings = HuntSettings(request_budget, time_limit, max_concurrency or model.max_concurrency, omissions=omissions)
    session = HuntSession(
        config,
        model,
        Judge(model, symbols=symbols),
        seed,
        settings,
        _Progress(request_budget),
        terms=_terms(terms, column, encoding, symbols),
        templates=_templates(templates, encoding),
        signs=_own(symbols),
    )
    folder = _suite_folder(config.root, config.suites, needed=pinning or recording or retiring)
    code = _retire(session, folder, as_json) if retiring else _hunt(session, folder, pinning, recording, as_json)
    click.get_current_context().exit(code)


def _alone(option: str, others: Mapping[str, object]) -> None:
    """Refuse options that would do nothing beside another."""
    useless = [name for name, value in others.items() if value]
    if useless:
        raise ConfigError(f"{option} hunts nothing, so that {', '.join(useless)} would do nothing; leave it out")


def _own(symbols: SymbolTable) -> tuple[str, ...]:
    """Symbols of the project that a hunt does not draw by itself."""
    from harness.hunt.probe import SYMBOLS

    return tuple(sign for sign in symbols.by_char if sign not in SYMBOLS)


def _terms(path: Path | None, column: str | None, encoding: str | None, symbols: SymbolTable) -> tuple[str, ...]:
    from harness.authoring.make import read_catalogue
    from harness.hunt.strategies import parsed

    if path is None:
        if column is not None:
            raise ConfigError("--column names a column of --terms FILE, which is not given")
        return ()
    header = column is not None and not column.isdecimal()
    found = read_catalogue(
        path, domain=_SUITE, column=column, header=header, encoding=encoding, spaced="keep", symbols=symbols
    )
    fit = [term.text for term in found.terms if parsed(term.text, _own(symbols)) is not None]
    if not fit:
        raise ConfigError(
            f"{path}: no string with a symbol between two parts; accepted: a string such as KX-40/2 a line"
        )
    every = len(found.terms) + len(found.skipped)
    if len(fit) < every:
        left = f"{every - len(fit)} of {every} rows are not drawn: a repeat, too long, or no symbol between two parts"
        tell(f"{path}: {left}", err=True)
    return tuple(fit)


def _templates(path: Path | None, encoding: str | None) -> tuple[str, ...]:
    from harness.authoring.make import decoded

    if path is None:
        return ()
    if path.stat().st_size > _TEMPLATES_LIMIT:
        raise ConfigError(f"{path}: larger than {_TEMPLATES_LIMIT:,} bytes; accepted: one prompt a line")
    text, _ = decoded(path, encoding)
    lines = [(number, line.strip()) for number, line in enumerate(text.split("\n"), start=1) if line.strip()]
    for number, line in lines:
        if "{string}" not in line:
            raise ConfigError(f"{path}, line {number}: no {{string}} in the prompt; it is where the drawn string goes")
    if not lines:
        raise ConfigError(f"{path}: empty; accepted: one prompt a line, each with {{string}} in it")
    return tuple(line for _, line in lines)


def _hunt(session: HuntSession, folder: Path, pinning: bool, recording: bool, as_json: bool) -> int:
    from harness.cli.arguments import print_json
    from harness.hunt.pins import pin
    from harness.hunt.pins import pinned as pinned_cases
    from harness.hunt.report import report_json, report_lines, report_of
    from harness.hunt.session import HUNTS
    from harness.text.visible import show

    if pinning:
        pinned_cases(folder)
    tell_of_loading(session.model)
    result, interrupted = session.live(folder / HUNTS if recording else None)
    report = report_of(result)
    label = session.model.label
    pinned: list[str] = []
    known: list[str] = []
    if pinning:
        finds = [find for find in result.finds if find.failures]
        names = [pin(folder, find, session.provenance) for find in finds]
        pinned = [name for name in names if name is not None]
        known = [find.smallest.code.text for find, name in zip(finds, names, strict=True) if name is None]
    if as_json:
        print_json(report_json(label, report) | {"seed": session.seed, "pinned": pinned, "pinned_already": known})
    else:
        tell_lines(report_lines(label, report))
        for name in pinned:
            tell(f"pinned {name} in {folder / 'pinned.jsonl'}")
        for text in known:
            tell(f"pinned already, and left as it is: {show(text, lookalikes=True)}")
    if session.unfinished is not None:
        tell(f"not recorded whole: {session.unfinished} holds the answers; the same command goes on there", err=True)
    return 130 if interrupted else _exit_code(report)


def _exit_code(report: HuntReport) -> int:
    if report.finds or report.failed:
        return 1
    return 0 if report.bound is not None else 2


def _retire(session: HuntSession, folder: Path, as_json: bool) -> int:
    from harness.cli.arguments import print_json
    from harness.hunt.pins import CLEAN_ANSWERS, pinned, retire

    cases = pinned(folder)
    if cases:
        tell_of_loading(session.model)
    asked = session.evidence(cases) if cases else []
    for case, evidence in asked:
        if evidence.fixed:
            retire(folder, case, evidence)
    missed = [case.id for case in cases[len(asked) :]]
    enough = (CLEAN_ANSWERS + 1) * session.most_requests * len(cases)
    kept = len(missed) + sum(not evidence.fixed for _, evidence in asked)
    if as_json:
        pins = [asdict(evidence) | {"pin": case.id, "retired": evidence.fixed} for case, evidence in asked]
        print_json({"model": session.model.label, "pins": pins, "not_asked": missed, "budget_for_all": enough})
        return 1 if kept else 0
    if not cases:
        tell("nothing is pinned")
    for case, evidence in asked:
        facts = f"{evidence.clean} clean, {evidence.damaged} damaged, {evidence.other} without the string"
        if evidence.fixed:
            tell(f"{case.id} retired: {facts}; failure rate below {evidence.bound:.1%} at 95 %")
        else:
            tell(f"{case.id} stays: {facts}; it takes {CLEAN_ANSWERS} clean answers and no damaged one")
    if missed:
        tell(
            f"{len(missed)} of {len(cases)} pins stay because the budget of {session.settings.budget} requests ended "
            f"before they were asked; run again with --request-budget={enough}"
        )
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
            phase = "failure rate" if tried.phase == "rate" else tried.phase
            tell(f"{tried.spent:>5} of {self._budget} requests  {phase}", err=True)
