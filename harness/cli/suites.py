"""`harness suites`: lint them, make one from your own strings, hold cases out, choose canaries, print the schema."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from harness.cli.arguments import CommandGroup, report_dir_option, tell
from harness.errors import as_word

if TYPE_CHECKING:
    from collections.abc import Iterable

    from harness.authoring.canaries import CanaryTrial
    from harness.authoring.findings import Finding
    from harness.authoring.lint import Judging, LintResult
    from harness.authoring.make import Catalogue
    from harness.authoring.right_answers import AnswersTried
    from harness.config import HarnessConfig
    from harness.decisions.exposure import Learnt


_SHOWN_OF_ONE_REASON = 5
_SHOWN_OF_ONE_RULE = 20


@click.group(cls=CommandGroup)
def suites() -> None:
    """Suites: lint them, make one from your own strings, import another tool's tests, choose canaries."""


@suites.command("schema")
@click.option("--json", "as_json", is_flag=True, help="Accepted for uniformity: a schema is JSON anyway.")
def schema(as_json: bool) -> int:
    """Print the JSON Schema of one line of a case file, the project's own checks included."""
    from harness.suite import case_schema

    _opened()
    click.echo(json.dumps(case_schema(), ensure_ascii=False, indent=2))
    return 0


@suites.command("lint")
@click.argument("paths", nargs=-1, metavar="[PATH...]")
@click.option(
    "--training",
    multiple=True,
    metavar="FILE",
    help="A training file to search for test strings; repeatable. [default: training_data of all configured models]",
)
@click.option("--strict", is_flag=True, help="Exit 1 for warnings too.")
@click.option("--notes", is_flag=True, help="Print notes too, not only their number.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def lint(paths: tuple[str, ...], training: tuple[str, ...], strict: bool, notes: bool, as_json: bool) -> int:
    """Look for what makes a suite unsound, in PATHs (files or folders; `builtin` for the shipped suites).

    Without PATH, the configured suite folders. Exit code 1 if there is an error, or a warning with --strict.
    """
    from harness.authoring.lint import lint as run_lint
    from harness.suite import builtin_root

    config = _opened()
    given = paths or tuple(str(config.root / name) for name in config.suites)
    folders = [builtin_root() if path == "builtin" else _near(Path(path)) for path in given]
    result = run_lint(folders, _judging(), _training(config, training))
    stray = _without_toml(folders)
    if as_json:
        click.echo(json.dumps({**_lint_json(result), "passed_over": stray}, ensure_ascii=False))
    else:
        line = [f"skipped: no suite.toml: {folder}" for folder in stray]
        tell("\n".join([*line, *([""] if line else []), *_lines(result, notes)]))
    bad = result.number("error") + (result.number("warning") if strict else 0)
    return 1 if bad else 0


@suites.command("import")
@click.argument("kind", type=click.Choice(["promptfoo", "inspect", "openai-evals", "csv", "hf"]))
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--out", required=True, type=click.Path(path_type=Path), help="The new suite folder.")
@click.option("--sheet", help="Of a workbook. [default: the only one with rows]")
@click.option("--title", help="Title of the suite. [default: the name of --out]")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def import_(kind: str, file: Path, *, out: Path, sheet: str | None, title: str | None, as_json: bool) -> int:
    """Build a linted suite from the tests of another tool: KIND is promptfoo, inspect, openai-evals, csv or hf.

    Assertions become named checks. What cannot be carried over is listed, and then the exit code is 1; nothing of FILE
    is run, and no file outside its folder is read.

    \b
    $ harness suites import promptfoo promptfooconfig.yaml --out suites/from-promptfoo
    """
    from harness.authoring.importing import write_imported
    from harness.authoring.promptfoo import import_file
    from harness.show.figures import plural
    from harness.text.visible import show

    _opened()
    made = import_file(kind, file, sheet)
    result = write_imported(made, out, title or out.name, _judging())
    if as_json:
        left = [{"place": one.place, "reason": one.reason} for one in made.left_out]
        written = {"out": str(out), "left_out": left, "notes": made.notes, **_lint_json(result)}
        click.echo(json.dumps(written, ensure_ascii=False))
    else:
        shown: Counter[str] = Counter()
        for one in made.left_out:
            shown[one.reason] += 1
            if shown[one.reason] <= _SHOWN_OF_ONE_REASON:
                tell(f"not carried over: {show(one.place, blanks=False)}: {show(one.reason, blanks=False)}")
        for reason, number in shown.items():
            if number > _SHOWN_OF_ONE_REASON:
                more = plural(number - _SHOWN_OF_ONE_REASON, "more place")
                tell(f"not carried over: {more} (--json lists them): {show(reason, blanks=False)}")
        for note in made.notes:
            tell(f"note: {note}")
        tell(f"{out}: {plural(result.cases, 'case')}, {plural(len(made.left_out), 'part')} not carried over")
        tell("\n".join(_lines(result, notes=False)))
        tell(f"run: pytest --model=NAME {as_word(out)}")
    return 1 if made.left_out else 0


@suites.command("make")
@click.option("--terms", type=click.Path(path_type=Path), help="A CSV file, or a workbook (.xlsx).")
@click.option(
    "--fresh", is_flag=True, help="In place of --terms: codes drawn by --seed from the grammars of real ones."
)
@click.option("--out", required=True, type=click.Path(path_type=Path), help="The new suite folder.")
@click.option("--column", help="Name or number of the column. [default: the only one]")
@click.option("--encoding", help="Of the CSV file. [default: recognised: UTF-8, UTF-16, GBK]")
@click.option("--sheet", help="Of a workbook. [default: the only one with rows]")
@click.option("--delimiter", help="One character, or tab. [default: found in the first rows]")
@click.option("--no-header", is_flag=True, help="The first row is data.")
@click.option(
    "--spaced-symbols",
    type=click.Choice(["keep", "skip"]),
    help="Strings with a blank beside a symbol: keep them as they are, or skip them. [default: ask]",
)
@click.option("--domain", help="Domain of all cases. [default: the name of --out]")
@click.option("--domain-column", help="Name or number of a column with the domain of each row.")
@click.option("--languages", default="zh,en", show_default=True, help="Languages of the prompts.")
@click.option("--tasks", help="Tasks of the prompts, comma-separated. [default: all]")
@click.option("--cases", type=click.IntRange(1), default=400, show_default=True, help="At most so many cases.")
@click.option("--per-term", type=click.IntRange(1, 20), default=1, show_default=True, help="Cases of one string.")
@click.option(
    "--seed", type=click.IntRange(min=0), default=7, show_default=True, help="The same seed makes the same suite."
)
@click.option("--title", help="Title of the suite. [default: the name of --out]")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def make(
    *, terms: Path | None, fresh: bool, out: Path, languages: str, tasks: str | None, cases: int, per_term: int,
    seed: int, title: str | None, as_json: bool, **source: Any,
) -> int:  # fmt: skip
    """Build a linted suite from the strings of a catalogue, or from fresh ones, and the shipped prompt templates.

    --fresh makes a suite that is in no training data: part numbers, paths, ISBN, CAS and container numbers
    with right check digits, drawn at random by --seed.

    \b
    $ harness suites make --terms catalogue.csv --column sku --out suites/mine
    $ harness suites make --fresh --seed 20261128 --out suites/fresh
    """
    from harness.authoring.make import make_lines, shipped, write_suite
    from harness.errors import ConfigError
    from harness.show.figures import plural

    _opened()
    all_templates = shipped()
    wanted_tasks = _chosen("--tasks", tasks, [one.task for one in all_templates])
    wanted_languages = _chosen("--languages", languages, [one.language for one in all_templates])
    templates = [one for one in all_templates if one.task in wanted_tasks and one.language in wanted_languages]
    if fresh == (terms is not None):
        raise ConfigError("make: accepted: one of --terms FILE and --fresh")
    catalogue = _fresh(cases, seed, source) if terms is None else _catalogue(terms, out, source)
    judging = _judging()
    made = make_lines(catalogue.terms, templates, cases=cases, per_term=per_term, seed=seed, judging=judging)
    skipped = (*catalogue.skipped, *made.skipped)
    if not made.lines:
        reason = f"; the first row skipped, {skipped[0].row}: {skipped[0].reason}" if skipped else ""
        raise ConfigError(
            f"{terms or '--fresh'}: no cell makes a case{reason}; "
            "accepted: strings that hold a sign, such as A-1, a/b, user_name"
        )
    result = write_suite(out, title or out.name, made.lines, judging)
    if as_json:
        rows = [{"row": one.row, "reason": one.reason} for one in skipped]
        click.echo(json.dumps({"out": str(out), "skipped": rows, **_lint_json(result)}, ensure_ascii=False))
        return 0
    reasons = Counter(one.reason.split(" row ")[0] for one in skipped)
    recognised = source["encoding"] is None and catalogue.encoding != "utf-8"
    form = f"delimiter {catalogue.delimiter!r}" + (f", read as {catalogue.encoding}" if recognised else "")
    count = len(catalogue.terms)
    origin = f"{plural(count, 'fresh string')} (seed {seed})" if fresh else f"{plural(count, 'string')} ({form})"
    tell(f"{out}: {plural(result.cases, 'case')} from {origin}")
    for reason, number in reasons.most_common():
        tell(f"skipped {number}: {reason}")
    tell("\n".join(_lines(result, notes=False)))
    tell(f"run: pytest --model=NAME {as_word(out)}")
    return 0


def _catalogue(terms: Path, out: Path, source: dict[str, Any]) -> Catalogue:
    from harness.authoring.make import read_catalogue
    from harness.project import Project

    return read_catalogue(
        terms,
        domain=source["domain"] or out.name,
        column=source["column"],
        domain_column=source["domain_column"],
        encoding=source["encoding"],
        sheet=source["sheet"],
        delimiter="\t" if source["delimiter"] == "tab" else source["delimiter"],
        header=not source["no_header"],
        symbols=Project.open().symbols,
        spaced=source["spaced_symbols"] or "ask",
    )


def _fresh(cases: int, seed: int, source: dict[str, Any]) -> Catalogue:
    from harness.authoring.fresh import fresh_terms
    from harness.authoring.make import Catalogue
    from harness.errors import ConfigError

    given = [
        f"--{name.replace('_', '-')}"
        for name in ("column", "domain_column", "sheet", "delimiter", "spaced_symbols")
        if source[name]
    ]
    if given:
        raise ConfigError(f"{given[0]}: reads the file of --terms; accepted without --fresh")
    return Catalogue(tuple(fresh_terms(cases, seed)), (), ",")


@suites.command("split")
@click.argument("paths", nargs=-1, metavar="[PATH...]")
@click.option(
    "--holdout",
    type=click.FloatRange(0, 0.9),
    required=True,
    metavar="SHARE",
    help="Share of the cases of every domain that no training set may hold; 0 takes all marks away.",
)
@click.option("--seed", type=int, default=7, show_default=True, help="The same seed marks the same cases.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def split(paths: tuple[str, ...], holdout: float, seed: int, as_json: bool) -> int:
    """Hold cases out of training: tag a share of every domain in PATHs (files or folders) as held-out.

    `harness dataset badcases` and `build` refuse these cases, pages show their rates and not their text, and a rule on
    untrained cases is judged on them. Without PATH, the configured suite folders. Recordings and runs stay comparable:
    tags are not part of a case's content.

    \b
    $ harness suites split --holdout 0.3
    """
    from harness.authoring.holdout import split as run_split
    from harness.errors import ConfigError
    from harness.suite import case_files, is_case_file

    config = _opened()
    places = [_near(Path(path)) for path in paths or tuple(str(config.root / name) for name in config.suites)]
    files = sorted({file for place in places for file in ([place] if is_case_file(place) else case_files(place))})
    if not files:
        raise ConfigError(f"split: no case files under {', '.join(map(str, places))}; accepted: suites of this project")
    result = run_split(files, holdout, seed)
    if as_json:
        domains = {name: {"held_out": held, "cases": total} for name, (held, total) in result.domains.items()}
        summary = {"held_out": list(result.held_out), "cases": result.cases, "domains": domains}
        click.echo(json.dumps({**summary, "changed": [str(path) for path in result.changed]}, ensure_ascii=False))
        return 0
    tell(
        f"{len(result.held_out)} of {_count(result.cases, 'case')} held out in "
        f"{_count(len(result.domains), 'domain')}; {_count(len(result.changed), 'file')} changed"
    )
    return 0


def _opened() -> HarnessConfig:
    """The configuration, with the project's own checks registered."""
    from harness.config import load
    from harness.runs.judge import load_checks

    config = load(Path.cwd())
    load_checks(config.root, config.checks)
    return config


@suites.command("canaries")
@click.argument("broken", metavar="BROKEN")
@click.argument("whole", metavar="WHOLE")
@click.option("--count", type=click.IntRange(1, 1000), default=72, show_default=True, help="A verdict wants 60.")
@click.option("--validate", "others", nargs=2, metavar="BROKEN WHOLE", help="Two other versions, as a test.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="The selection: suites/canary.cases.")
@click.option("--suite", "of_suites", multiple=True, metavar="NAME", help="Cases of this suite alone; repeatable.")
@click.option("--overwrite", is_flag=True, help="Replace --out: other prompts start a new baseline of nights.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@report_dir_option
def canaries(
    *,
    broken: str,
    whole: str,
    count: int,
    others: tuple[str, str] | None,
    of_suites: tuple[str, ...],
    out: Path | None,
    overwrite: bool,
    as_json: bool,
    report_dir: Path | None,
) -> None:
    """Choose nightly prompts by information: those whose answers tell the version BROKEN from the version WHOLE.

    Recorded runs are read, nothing is asked. WHOLE gets each canary right; all domains, tasks and languages are covered
    as far as --count allows. How far apart two versions are on what was chosen on them is too good to be true: look at
    two others with --validate.

    \b
    $ harness suites canaries spaced tuned --validate prompted qwen --out suites/canary.cases
    """
    from dataclasses import asdict

    from harness.authoring.canaries import choose, selection_text
    from harness.authoring.canaries import validate as validated
    from harness.cli.arguments import print_json
    from harness.errors import ConfigError, nearest
    from harness.files import whole as written
    from harness.project import Project

    if out is not None and out.suffix != ".cases":
        raise ConfigError(f"--out: found {out.name!r}; accepted: a name that ends with .cases, beside the suites")
    if out is not None and out.exists() and not overwrite:
        raise ConfigError(f"--out: {out} is there; other prompts start a new baseline: add --overwrite, or rename it")
    project = Project.open(reports=report_dir)
    ours, theirs = project.resolve(broken), project.resolve(whole)
    known = {case.suite for case in theirs.cases}
    for name in of_suites:
        if name not in known:
            raise ConfigError(f"--suite: found {name!r}{nearest(name, known)}; accepted: {', '.join(sorted(known))}")
    chosen = choose(ours, theirs, count, suites=of_suites)
    keys = {canary.key for canary in chosen}
    pairs = [("chosen on", ours, theirs)]
    if others:
        pairs.append(("validated on", project.resolve(others[0]), project.resolve(others[1])))
    tested = [(name, one, other, validated(keys, one, other)) for name, one, other in pairs]
    if out is not None:
        tail = f" --validate {others[0]} {others[1]}" if others else ""
        tail += "".join(f" --suite {name}" for name in of_suites)
        command = f"harness suites canaries {broken} {whole} --count {count}{tail}"
        try:
            out.parent.mkdir(parents=True, exist_ok=True)
            with written(out) as file:
                file.write(selection_text(chosen, ours, theirs, command).encode())
        except OSError as error:
            raise ConfigError(f"--out: {out}: cannot be written: {error.strerror or error}") from error
    if as_json:
        figures = [
            {"name": name, "broken": one.label, "whole": other.label, **asdict(result)}
            for name, one, other, result in tested
        ]
        print_json({"canaries": [asdict(canary) for canary in chosen], "separation": figures})
        return
    if out is None:
        click.echo("".join(f"{canary.key}\n" for canary in chosen), nl=False)
    asked = [case for case in theirs.cases if not of_suites or case.suite in of_suites]
    sizes = ", ".join(
        f"{len({getattr(one, name) for one in chosen})} of {len({getattr(one, name) for one in asked})} {name}s"
        for name in ("domain", "task", "language")
    )
    tell(f"{len(chosen)} canaries: {sizes}", err=True)
    for name, one, other, result in tested:
        tell(f"{name} {one.label} and {other.label}: {_apart(result)}", err=True)


def _apart(result: CanaryTrial) -> str:
    from harness.show.figures import percent

    few, every = result.canaries, result.all_cases
    return (
        f"{percent(few.broken)} and {percent(few.whole)} right on {few.cases} canaries, "
        f"{100 * few.gap:.0f} points apart (on all {every.cases} cases {100 * every.gap:.0f}, on as many at random "
        f"{100 * result.random_low:.0f} to {100 * result.random_high:.0f})"
    )


def _judging() -> Judging:
    from harness.config import ModelConfig
    from harness.project import Project
    from harness.runs.judge import Judge

    judge = Judge(ModelConfig(name="lint"), symbols=Project.open().symbols)
    return lambda case, answer: judge.sample(case, answer, 0)


def _training(config: HarnessConfig, given: tuple[str, ...]) -> dict[str, Learnt]:
    from harness.config import ModelConfig, model
    from harness.runs.judge import learnt_by

    if given:
        wanted = {_shown(Path(name)): str(Path(name).absolute()) for name in given}
    else:
        names = [name for entry in config.models for name in model(config, entry).training_data]
        wanted = {name: name for name in dict.fromkeys(names)}
    return {
        shown: learnt_by(config.root, ModelConfig(name="lint", training_data=(name,))) for shown, name in wanted.items()
    }


def _chosen(option: str, given: str | None, accepted: list[str]) -> list[str]:
    from harness.errors import ConfigError, nearest

    names = list(dict.fromkeys(accepted))
    wanted = [name.strip() for name in given.split(",") if name.strip()] if given is not None else names
    for name in wanted:
        if name not in names:
            raise ConfigError(f"{option}: found {name!r}{nearest(name, names)}; accepted: {', '.join(names)}")
    return wanted


def _near(path: Path) -> Path:
    """Relative to the working directory where it is below it, as a person reads it."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def _without_toml(folders: list[Path]) -> list[str]:
    """Folders whose `*.jsonl` no run reads: a training set, or a new suite without its `suite.toml`."""
    from harness.files import shown_below

    parents = {path.parent for folder in folders if folder.is_dir() for path in shown_below(folder, "*.jsonl")}
    return sorted(_shown(parent) for parent in parents if not (parent / "suite.toml").is_file())


def _shown(path: Path) -> str:
    return str(_near(path))


def _lines(result: LintResult, notes: bool) -> list[str]:
    from harness.authoring.lint import table
    from harness.show.words import translated

    shown, further = _first_of_each(one for one in result.findings if notes or one.level != "note")
    lines = [
        # the place, `error` and the rule in the form that editors look for
        f"{one.place}: {one.level} {one.rule}: {one.case + ': ' if one.case else ''}{translated(one.message)}"
        for one in shown
    ]
    lines += [f"{number:,} further warnings {rule}; all of them: --json" for rule, number in further.items()]
    hidden = result.number("note")
    searched = ", ".join(result.training_files) or "none (training_data of the models, or --training FILE)"
    return [
        *lines,
        *([""] if lines else []),
        *table(result.balance),
        "",
        f"training files searched for test strings: {searched}",
        *_answers_line(result.answers),
        f"{_count(len(result.files), 'file')}, {_count(result.cases, 'case')}: "
        f"{_count(result.number('error'), 'error')}, {_count(result.number('warning'), 'warning')}, "
        f"{_count(hidden, 'note')}" + (" (--notes prints them)" if hidden and not notes else ""),
    ]


def _first_of_each(findings: Iterable[Finding]) -> tuple[list[Finding], Counter[str]]:
    """All but the further warnings of a rule, and how many these are. A template has one for each of its cases."""
    kept: list[Finding] = []
    times, further = Counter[str](), Counter[str]()
    for one in findings:
        times[one.rule] += one.level == "warning"
        if one.level != "warning" or times[one.rule] <= _SHOWN_OF_ONE_RULE:
            kept.append(one)
        else:
            further[one.rule] += 1
    return kept, further


def _answers_line(tried: AnswersTried) -> list[str]:
    if not tried.right:
        return []
    return [
        f"right answers: {tried.right_passed:,} of {tried.right:,} pass; broken ones made of them: "
        f"{tried.broken_failed:,} of {tried.broken:,} fail as they should"
    ]


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _lint_json(result: LintResult) -> dict[str, Any]:
    from dataclasses import asdict

    return {
        "files": [str(path) for path in result.files],
        "cases": result.cases,
        "findings": [{**asdict(one), "path": str(one.path)} for one in result.findings],
        "balance": [asdict(cell) for cell in result.balance],
        "training_files": list(result.training_files),
        "answers": asdict(result.answers),
    }
