"""`harness dataset`: make training sets, and say whether they are fit to be trained on."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness.cli.arguments import CommandGroup, print_json, report_dir_option
from harness.records.training import TrainingError

if TYPE_CHECKING:
    from harness.records.case import Case
    from harness.records.training import Recipe, TrainingSample


PROVIDER_NAMES = click.Choice(["ark", "siliconflow", "openai", "local"])


@click.command("recipe")
@click.option("--check", "target", metavar="MODEL|FILE", help="A model whose recipe is checked, or a .toml file.")
@click.option("--samples", type=click.IntRange(min=1), help="Print starting values for so many samples.")
@click.option("--provider", type=PROVIDER_NAMES, help="[default with --check: that of the recipe]")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def recipe(target: str | None, samples: int | None, provider: str | None, as_json: bool) -> int:
    """Check a recipe (exit code 1 if the provider would refuse it), or print starting values with their reasons."""
    from dataclasses import asdict

    from harness.finetune.recipes import PROVIDERS, recipe_problems, starting_values
    from harness.show.figures import plural

    if (target is None) == (samples is None):
        raise TrainingError("recipe: accepted: either --check MODEL|FILE, or --samples N --provider NAME")
    if target is not None:
        found = _recipe(target)
        rules = PROVIDERS[provider or found.provider]
        problems = recipe_problems(found, rules)
        if as_json:
            print_json({"recipe": target, "provider": rules.name, "problems": problems})
        else:
            for problem in problems:
                click.echo(f"{target}: {problem}")
            click.echo(f"{target}: {plural(len(problems), 'problem')} for {rules.name}", err=True)
        return 1 if problems else 0
    assert samples is not None
    values = starting_values(samples, PROVIDERS[provider or "local"])
    if as_json:
        print_json([asdict(value) for value in values])
        return 0
    for value in values:
        click.echo(f"{value.field:<17} {value.value!s:<8} {value.reason} ({value.source})")
        if value.conflict:
            click.echo(f"{'':<26} but: {value.conflict}")
    return 0


def _recipe(target: str) -> Recipe:
    import tomllib

    from pydantic import ValidationError

    from harness import config
    from harness.errors import explain
    from harness.records.training import Recipe

    if target.endswith(".toml"):
        try:
            table = tomllib.loads(Path(target).read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise TrainingError(f"{target}: cannot be read as TOML: {error}") from error
    else:
        settings = config.load(Path.cwd())
        table = config.model(settings, target).training or {}
        if not table:
            raise TrainingError(f"model {target!r} has no recipe; write [tool.harness.models.{target}.training]")
    try:
        return Recipe.model_validate(table)
    except ValidationError as error:
        raise TrainingError(f"{target}: training.{explain(error, Recipe)}") from error


_FILE = click.Path(dir_okay=False, path_type=Path)
_SEED = click.option("--seed", type=int, default=7, show_default=True, help="The same seed gives the same set.")
_OUT = click.option("--out", type=_FILE, required=True, help="The new training file.")
_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_JSON_LINE = click.option("--json", "as_json", is_flag=True, help="One JSON object a file.")


@click.group("dataset", cls=CommandGroup)
def dataset() -> None:
    """Training sets in the chat format: validate, split, mix, stats, build, bad cases, recipes."""


dataset.add_command(recipe)


@dataset.command("validate")
@click.argument("file", type=_FILE)
@click.option("--provider", type=PROVIDER_NAMES, default="local", show_default=True)
@click.option("--suites", type=click.Path(path_type=Path), help="Suites whose strings must not be in FILE.")
@_JSON
def validate(file: Path, provider: str, suites: Path | None, as_json: bool) -> int:
    """Every problem of FILE with its line: shape, roles, limits, repeats, damaged gold answers, leaked test strings.

    Exit code 0 if there is none, else 1.

    \b
    $ harness dataset validate data.jsonl --provider siliconflow
    """
    from harness.finetune.recipes import PROVIDERS
    from harness.finetune.samples import read_origin
    from harness.finetune.validate import suite_content
    from harness.finetune.validate import validate as validated
    from harness.show.figures import plural

    tested = suite_content(_cases(suites), trained_on=read_origin(file).cases)
    result = validated(file, PROVIDERS[provider], tested)
    if as_json:
        problems = [{"line": one.line or None, "message": one.message} for one in result.problems]
        print_json({"file": str(file), "provider": provider, "samples": result.samples, "problems": problems})
    else:
        for problem in result.problems:
            click.echo(f"{file}:{problem.line}: {problem.message}" if problem.line else f"{file}: {problem.message}")
        found = plural(len(result.problems), "problem")
        click.echo(f"{file}: {plural(result.samples, 'sample')}, {found} for {provider}", err=True)
    return 1 if result.problems else 0


@dataset.command("split")
@click.argument("file", type=_FILE)
@click.option("--validation", "share", type=float, default=0.1, show_default=True, help="Share that is held out.")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="Folder. [default: that of FILE]")
@_SEED
@_JSON_LINE
def split(file: Path, share: float, out: Path | None, seed: int, as_json: bool) -> None:
    """Cut FILE into <stem>.train.jsonl and <stem>.validation.jsonl, every domain alike.

    \b
    $ harness dataset split data.jsonl --validation 0.1
    """
    from harness.finetune.samples import read_samples
    from harness.finetune.samples import split as cut

    training, validation = cut(read_samples(file), share, seed=seed)
    folder = out or file.parent
    for name, samples in (("train", training), ("validation", validation)):
        _write(folder / f"{file.stem}.{name}.jsonl", samples, as_json=as_json)


@dataset.command("mix")
@click.argument("file", type=_FILE)
@click.option("--general", type=_FILE, required=True, help="Samples of other skills.")
@click.option("--share", type=float, default=0.2, show_default=True, help="Share of general samples in the result.")
@_OUT
@_SEED
@_JSON_LINE
def mix(*, file: Path, general: Path, share: float, out: Path, seed: int, as_json: bool) -> None:
    """Put general samples beside those of FILE, against one-sidedness (advised: a share of 0.15 to 0.3).

    \b
    $ harness dataset mix set.jsonl --general general.jsonl --out mixed.jsonl
    """
    from harness.finetune.samples import advice, read_origin, read_samples
    from harness.finetune.samples import mix as mixed

    warning = advice(share)
    if warning:
        click.echo(warning, err=True)
    origin = read_origin(file)
    samples = mixed(read_samples(file), read_samples(general), share, seed=seed)
    _write(out, samples, cases=origin.cases, runs=origin.runs, as_json=as_json)


@dataset.command("stats")
@click.argument("file", type=_FILE)
@_JSON
def stats(file: Path, as_json: bool) -> None:
    """What FILE is made of: domains, languages, symbols, contrast samples, lengths."""
    from dataclasses import asdict

    from harness.finetune.samples import read_samples
    from harness.finetune.samples import stats as figures

    values = asdict(figures(read_samples(file)))
    if as_json:
        print_json(values)
        return
    for name, value in values.items():
        shown = ", ".join(f"{key} {count}" for key, count in value.items()) if isinstance(value, dict) else value
        click.echo(f"{name.replace('_', ' '):<18} {shown}")


@dataset.command("build")
@click.option("--templates", type=_FILE, help='JSON lines {"domain", "prompt", "answer", "strings"}.')
@click.option("--run", "reference", metavar="RUN", help="A run whose aligned answers become gold.")
@click.option(
    "--domain", "domains", multiple=True, metavar="NAME", help="Take this domain of the run alone; repeatable."
)
@click.option("--badcases", "files", type=_FILE, multiple=True, help="A training file to put in as it is; repeatable.")
@_OUT
@_SEED
@_JSON_LINE
@report_dir_option
def build(
    *,
    templates: Path | None,
    reference: str | None,
    domains: tuple[str, ...],
    files: tuple[Path, ...],
    out: Path,
    seed: int,
    as_json: bool,
    report_dir: Path | None,
) -> None:
    """Assemble a set from templates (`{string}`, `{damaged}`), right answers of a run, and bad cases.

    \b
    $ harness dataset build --run qwen --badcases bad.jsonl --out set.jsonl
    """
    from harness.finetune import bad_cases
    from harness.finetune.samples import read_origin, read_samples

    samples, cases, runs = [], [], []
    if templates is not None:
        samples += bad_cases.from_templates(bad_cases.read_templates(templates), seed=seed)
    if reference is not None:
        from harness.project import Project

        run = Project.open(reports=report_dir).resolve(reference)
        taken, keys = bad_cases.from_run(run, domains=domains)
        samples += taken
        cases += keys
        runs.append(run.run_id)
    for file in files:
        samples += read_samples(file)
        cases += read_origin(file).cases
        runs += read_origin(file).runs
    if not samples:
        raise TrainingError("build: nothing to build from; accepted: --templates FILE, --run RUN, --badcases FILE")
    _write(out, list({sample.text: sample for sample in samples}.values()), cases=cases, runs=runs, as_json=as_json)


@dataset.command("badcases")
@click.argument("reference", metavar="RUN")
@_OUT
@_JSON_LINE
@report_dir_option
def badcases(reference: str, out: Path, as_json: bool, report_dir: Path | None) -> int:
    """The damaged answers of RUN as new samples, the right strings put back by program and checked.

    The cases are named in <stem>.origin.json. Their strings are in the file: every version trained on it has seen
    them, and they leave its untrained figure.

    \b
    $ harness dataset badcases tuned --out bad.jsonl
    """
    from harness.finetune.bad_cases import harvest
    from harness.project import Project

    run = Project.open(reports=report_dir).resolve(reference)
    result = harvest(run)
    for key, reason in result.skipped.items():
        click.echo(f"skipped {key}: {reason}", err=True)
    if not result.samples:
        click.echo(f"{run.label} {run.run_id}: no damaged answer that can be put right; nothing written", err=True)
        return 1
    _write(out, result.samples, cases=result.cases, runs=[run.run_id], as_json=as_json)
    return 0


def _cases(suites: Path | None) -> list[Case]:
    from harness import config
    from harness.suite import builtin_root, case_files, load_cases

    settings = config.load(Path.cwd())
    roots = [suites] if suites else [settings.root / name for name in settings.suites]
    roots = [root for root in roots if root.is_dir()] or [builtin_root()]
    return [located.case for root in roots for path in case_files(root) for located in load_cases(path)]


def _write(
    path: Path,
    samples: Sequence[TrainingSample],
    *,
    as_json: bool,
    cases: Iterable[str] = (),
    runs: Iterable[str] = (),
) -> None:
    from harness.finetune.samples import file_digest, write_origin, write_samples

    count = write_samples(path, samples)
    write_origin(path, samples, cases=cases, runs=runs)
    digest = file_digest(path)
    if as_json:
        click.echo(json.dumps({"file": str(path), "samples": count, "sha256": digest}, ensure_ascii=False))
    else:
        click.echo(f"{path}  {count} samples  SHA-256 {digest}")
