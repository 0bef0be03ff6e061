"""`harness dataset`: make training sets, and say whether they are fit to be trained on."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from harness.cli.arguments import CommandGroup, print_json, report_dir_option, tell, tell_some
from harness.cli.train import PROVIDER_NAMES, checkpoints, recipe, recipe_of
from harness.errors import as_word
from harness.records.training import TrainingError
from harness.show.words import phrase, translated

if TYPE_CHECKING:
    from harness.finetune.bad_cases import GoldSources
    from harness.records.answer import Completion
    from harness.records.case import Case
    from harness.records.run import RunRecord
    from harness.records.training import TrainingSample


_FILE = click.Path(dir_okay=False, path_type=Path)
_SEED = click.option("--seed", type=int, default=7, show_default=True, help="The same seed gives the same set.")
_OUT = click.option("--out", type=_FILE, required=True, help="The new training file.")
_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_JSON_LINE = click.option("--json", "as_json", is_flag=True, help="One JSON object a file.")


@click.group("dataset", cls=CommandGroup)
def dataset() -> None:
    """Training sets: validate, convert, split, mix, build, bad cases, distill, recipes, checkpoints."""


dataset.add_command(recipe)
dataset.add_command(checkpoints)


_KIND = click.Choice(["chat", "alpaca", "sharegpt", "ms-swift", "llama-factory"])


@dataset.command("convert")
@click.argument("file", type=_FILE)
@click.option("--from", "source", type=_KIND, required=True, help="The form of FILE.")
@click.option("--to", "target", type=_KIND, required=True)
@_OUT
@click.option("--recipe", "named", metavar="MODEL|FILE", help="For the training YAML. [default: starting values]")
@click.option("--base", metavar="NAME|PATH", help="The model to train, for the training YAML. [default: the recipe's]")
@click.option("--template", help="LLaMA-Factory's chat template. [default: by the base]")
@_JSON
def convert(
    *,
    file: Path,
    source: str,
    target: str,
    out: Path,
    named: str | None,
    base: str | None,
    template: str | None,
    as_json: bool,
) -> int:
    """FILE in the form of another trainer, with `dataset_info.json` and a training YAML where that trainer has them.

    Each sample is checked and read back. One whose gold answer breaks a string of its question, or that the other form
    cannot hold, is left out and listed; then the exit code is 1.

    \b
    $ harness dataset convert set.jsonl --from chat --to llama-factory --out lf/set.json --base Qwen/Qwen3-4B
    """
    from harness.finetune.convert import convert as converted
    from harness.finetune.convert import write
    from harness.finetune.recipes import PROVIDERS, starting_values
    from harness.records.training import Recipe
    from harness.show.figures import plural
    from harness.text.visible import show

    result = converted(file, source, target)
    if named is not None:
        values = recipe_of(named)
    else:
        started = starting_values(max(1, len(result.values)), PROVIDERS["local"])
        values = Recipe.model_validate({one.field: one.value for one in started if one.field in Recipe.model_fields})
    if base is not None:
        values = values.model_copy(update={"base": base})
    paths = write(result, out, target, values, template) if result.values else []
    if as_json:
        left = [{"place": place, "reason": reason} for place, reason in result.left_out]
        print_json({"files": [str(path) for path in paths], "samples": len(result.values), "left_out": left})
    else:
        for place, reason in result.left_out:
            tell(f"{file}: {place}: left out: {show(reason, blanks=False)}")
        for path in paths:
            tell(f"written: {path}")
        left_out = f", {len(result.left_out)} left out" if result.left_out else ""
        tell(f"{file}: {plural(len(result.values), 'sample')} of {source} to {target}{left_out}", err=True)
    return 1 if result.left_out else 0


@dataset.command("validate")
@click.argument("file", type=_FILE)
@click.option("--provider", type=PROVIDER_NAMES, default="local", show_default=True)
@click.option("--suites", type=click.Path(path_type=Path), help="Suites whose strings must not be in FILE.")
@click.option("--epochs", type=click.IntRange(1, 100), default=1, show_default=True, help="For tokens and cost.")
@click.option("--price", type=click.FloatRange(0), metavar="MONEY", help="Of a million training tokens, for the cost.")
@click.option("--weights", metavar="NAME|FILE", help="Count tokens with the tokenizer of these weights (extra train).")
@_JSON
def validate(
    *,
    file: Path,
    provider: str,
    suites: Path | None,
    epochs: int,
    price: float | None,
    weights: str | None,
    as_json: bool,
) -> int:
    """Every problem of FILE with its line: shape, roles, limits, repeats, damaged gold answers, leaked test strings.

    Exit code 0 if there is none, else 1. A gold answer with none of the strings of its question is a warning. The last
    line says how many tokens a training reads: an estimate, or counted with --weights.

    \b
    $ harness dataset validate data.jsonl --provider siliconflow
    $ harness dataset validate data.jsonl --provider ark --epochs 3 --price 50
    """
    from harness.finetune.recipes import PROVIDERS
    from harness.finetune.validate import suite_content
    from harness.finetune.validate import validate as validated
    from harness.records.training import read_origin
    from harness.show.figures import plural

    tested = suite_content(tested_cases(suites), trained_on=read_origin(file).cases)
    result = validated(file, PROVIDERS[provider], tested)
    tokens = result.tokens if weights is None else _counted(file, weights)
    read = tokens * epochs
    cost = None if price is None else read * price / 1e6
    if as_json:
        problems, warnings = (
            [{"line": one.line or None, "message": one.message} for one in found]
            for found in (result.problems, result.warnings)
        )
        figures = {"tokens": tokens, "counted": weights is not None, "epochs": epochs, "cost": cost}
        print_json(
            {"file": str(file), "provider": provider, "samples": result.samples, "problems": problems}
            | {"warnings": warnings, **figures}
        )
    else:
        for problem in result.problems:
            place = f"{file}:{problem.line}" if problem.line else str(file)
            click.echo(f"{place}{phrase('colon')}{translated(problem.message)}")
        warned = [
            f"{file}:{one.line}{phrase('colon')}{translated(f'warning: {one.message}')}" for one in result.warnings
        ]
        tell_some(warned, f"harness dataset validate {as_word(file)} --json")
        found = plural(len(result.problems), "problem")
        if result.warnings:
            found += f", {plural(len(result.warnings), 'warning')}"
        tell(f"{file}: {plural(result.samples, 'sample')}, {found} for {provider}", err=True)
        about = "" if weights else "about "
        times = f" x {epochs} epochs = {read:,}" if epochs > 1 else ""
        money = "" if cost is None else f", cost {about}{cost:.2f} at {price:g} a million"
        tell(f"{file}: {about}{tokens:,} tokens{times}{money}", err=True)
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


@dataset.command("take")
@click.argument("file", type=_FILE)
@click.option("--samples", "count", type=click.IntRange(min=1), required=True, metavar="N", help="How many.")
@_OUT
@_SEED
@_JSON_LINE
def take(*, file: Path, count: int, out: Path, seed: int, as_json: bool) -> None:
    """N samples of FILE, one of each domain by turns, for a learning curve: fewer are some of the same samples.

    \b
    $ harness dataset take set.jsonl --samples 10 --out set-10.jsonl
    """
    from harness.finetune.samples import read_samples
    from harness.finetune.samples import take as taken
    from harness.records.training import read_origin

    origin = read_origin(file)
    _write(out, taken(read_samples(file), count, seed=seed), cases=origin.cases, runs=origin.runs, as_json=as_json)


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
    from harness.finetune.samples import advice, read_samples
    from harness.finetune.samples import mix as mixed
    from harness.records.training import read_origin

    warning = advice(share)
    if warning:
        tell(warning, err=True)
    origin = read_origin(file)
    special = read_samples(file)
    samples = mixed(special, read_samples(general), share, seed=seed)
    mixed_in = (len(samples) - len(special)) / len(samples)
    _write(out, samples, cases=origin.cases, runs=origin.runs, general_share=round(mixed_in, 4), as_json=as_json)


@dataset.command("stats")
@click.argument("file", type=_FILE)
@_JSON
def stats(file: Path, as_json: bool) -> None:
    """What FILE is made of: domains, languages, symbols, contrast samples, lengths."""
    from dataclasses import asdict

    from harness.finetune.samples import read_samples
    from harness.finetune.samples import stats as figures
    from harness.show.figures import pad, wrapped

    values = asdict(figures(read_samples(file)))
    if as_json:
        print_json(values)
        return
    for name, value in values.items():
        cells = [f"{key} {count}" for key, count in value.items()] if isinstance(value, dict) else [f"{value}"]
        lines = wrapped(phrase("list-comma").join(cells), " " * 19)
        click.echo("\n".join([f"{pad(phrase(f'stats-{name}'), 18)} {lines[0].lstrip()}", *lines[1:]]))


def _domains(context: click.Context, option: click.Parameter, given: tuple[str, ...]) -> tuple[str, ...]:
    from harness.records.case import domain_name

    return tuple(map(domain_name, given))


@dataset.command("build")
@click.option("--templates", type=_FILE, help='JSON lines {"domain", "prompt", "answer", "strings"}.')
@click.option("--run", "reference", metavar="RUN", help="A run whose aligned answers become gold.")
@click.option(
    "--domain",
    "domains",
    multiple=True,
    callback=_domains,
    metavar="NAME",
    help="Take this domain of the run alone; repeatable.",
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

    One answer a prompt: that of a --badcases file, else that of --run, else of the templates.

    \b
    $ harness dataset build --run qwen --badcases bad.jsonl --out set.jsonl
    """
    from harness.finetune import bad_cases
    from harness.finetune.samples import read_samples
    from harness.records.training import read_origin

    samples: list[TrainingSample] = []
    cases: list[str] = []
    runs: list[str] = []
    for file in files:
        samples += read_samples(file)
        cases += read_origin(file).cases
        runs += read_origin(file).runs
    if reference is not None:
        from harness.project import Project

        project = Project.open(reports=report_dir)
        run = project.resolve(reference)
        tested, gold = _gold_sources(run, None, mended=False)
        taken = bad_cases.from_run(run, domains=domains, gold=gold, tested=tested)
        _say_skipped(taken.skipped)
        samples += taken.samples
        cases += taken.cases
        runs.append(run.run_id)
    if templates is not None:
        samples += bad_cases.from_templates(bad_cases.read_templates(templates), seed=seed)
    if not samples:
        raise TrainingError("build: nothing to build from; accepted: --templates FILE, --run RUN, --badcases FILE")
    one_each: dict[str, TrainingSample] = {}
    for sample in samples:
        one_each.setdefault(sample.source, sample)
    _write(out, list(one_each.values()), cases=cases, runs=runs, as_json=as_json)


@dataset.command("badcases")
@click.argument("reference", metavar="RUN")
@click.option("--suite", "suites", multiple=True, metavar="NAME", help="Take this suite alone; repeatable.")
@click.option(
    "--domain", "domains", multiple=True, callback=_domains, metavar="NAME", help="Take this domain alone; repeatable."
)
@click.option("--gold", "stronger", metavar="RUN", help="A stronger version, whose right answers become gold.")
@click.option(
    "--outcome",
    "outcomes",
    multiple=True,
    type=click.Choice(["damaged", "omitted", "failed"]),
    default=["damaged"],
    show_default=True,
    help="Of the cases that are taken; repeatable.",
)
@click.option(
    "--mend",
    "mended",
    is_flag=True,
    help="Where no right answer is at hand, take the weak answer with its strings put right; its other errors stay.",
)
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="At most so many samples, over all domains.")
@_OUT
@_SEED
@_JSON_LINE
@report_dir_option
def badcases(
    *,
    reference: str,
    suites: tuple[str, ...],
    domains: tuple[str, ...],
    stronger: str | None,
    outcomes: tuple[str, ...],
    mended: bool,
    limit: int | None,
    out: Path,
    seed: int,
    as_json: bool,
    report_dir: Path | None,
) -> int:
    """The bad cases of RUN as new samples, each with a right answer to its very prompt as gold.

    The gold answer is that of a stronger version (--gold RUN), else one of the right answers that the suite holds
    beside its cases. A case without either is skipped, for a damaged answer may be wrong in other ways too; --mend
    takes it all the same.

    The cases are named in <stem>.origin.json. Their strings are in the file: every version trained on it has seen
    them, and they leave its untrained figure. To take every damaged case leaves an untrained rest that was chosen by
    its outcome, which a gate does not accept: hold cases out first (`harness suites split --holdout 0.3`), or take
    whole domains. Cases that are held out are never taken.

    \b
    $ harness dataset badcases tuned --out bad.jsonl
    """
    from harness.finetune.bad_cases import harvest
    from harness.project import Project

    project = Project.open(reports=report_dir)
    run = project.resolve(reference)
    _refuse_unknown("--suite", suites, {case.suite for case in run.cases})
    _refuse_unknown("--domain", domains, {case.domain for case in run.cases})
    tested, gold = _gold_sources(run, None if stronger is None else project.resolve(stronger), mended=mended)
    result = harvest(
        run, gold=gold, outcomes=outcomes, suites=suites, domains=domains, limit=limit, tested=tested, seed=seed
    )
    _say_skipped(result.skipped)
    if not result.samples:
        kinds = " or ".join(outcomes)
        tell(f"{run.label} {run.run_id}: no {kinds} case with a right answer; nothing written", err=True)
        return 1
    _write(out, result.samples, cases=result.cases, runs=[run.run_id], as_json=as_json)
    return 0


_SHOWN = 20
"""Skipped cases that are named one by one; the rest is counted by reason."""


def _say_skipped(skipped: dict[str, str]) -> None:
    from collections import Counter

    for key, reason in list(skipped.items())[:_SHOWN]:
        tell(f"skipped {key}: {reason}", err=True)
    for reason, count in Counter(list(skipped.values())[_SHOWN:]).most_common():
        tell(f"skipped {count} more: {reason}", err=True)


def _gold_sources(run: RunRecord, stronger: RunRecord | None, *, mended: bool) -> tuple[list[Case], GoldSources]:
    """The cases of the project now, and where right answers to the prompts of `run` come from."""
    from harness.errors import SuiteError
    from harness.finetune.bad_cases import GoldSources
    from harness.suite import case_files, load_cases, load_info
    from harness.suite.answers import answers_file, read_answers

    names: dict[str, list[str]] = {}  # a selection has other names for the same cases
    for one in run.cases:
        names.setdefault(one.digest, []).append(one.key)
    tested: list[Case] = []
    right: dict[str, tuple[Completion, ...]] = {}
    tools: dict[str, tuple[dict[str, Any], ...]] = {}
    try:
        for path in [path for root in _roots(None) for path in case_files(root)]:
            cases = [located.case for located in load_cases(path)]
            tested += cases
            same = {case.id: case for case in cases if case.digest in names}
            tools |= {key: case.tools for case in same.values() if case.tools for key in names[case.digest]}
            if same and answers_file(path).exists():
                answers = read_answers(answers_file(path), load_info(path.parent))
                right |= {key: answers[name] for name in answers if name in same for key in names[same[name].digest]}
    except SuiteError as error:  # the run may come from elsewhere; its own tags count then
        tell(f"the suites of this project are left out: {error}", err=True)
    return tested, GoldSources(stronger, right, tools, mended)


@dataset.command("distill")
@click.argument("reference", metavar="RUN")
@click.option("--system", metavar="TEXT", help="The short system prompt. [default: none]")
@click.option("--suite", "suites", multiple=True, metavar="NAME", help="Take this suite alone; repeatable.")
@click.option("--tag", metavar="NAME", help="Take the cases with this tag alone, such as long-prompt.")
@_OUT
@_JSON_LINE
@report_dir_option
def distill(
    *,
    reference: str,
    system: str | None,
    suites: tuple[str, ...],
    tag: str | None,
    out: Path,
    as_json: bool,
    report_dir: Path | None,
) -> int:
    """Answers to a long prompt as samples for a short one: those of RUN that passed every check of their case.

    The checks are the filter: form, forbidden words, sentences, punctuation. What failed is named with its checks. Ask
    for this with words that no suite tests; the cases that are taken are named in <stem>.origin.json.

    \b
    $ harness dataset distill qwen --suite tales --tag long-prompt --system "写新说：title、tale" --out style.jsonl
    """
    from harness.finetune.bad_cases import distilled
    from harness.project import Project

    run = Project.open(reports=report_dir).resolve(reference)
    _refuse_unknown("--suite", suites, {case.suite for case in run.cases})
    if tag is not None:
        _refuse_unknown("--tag", [tag], {name for case in run.cases for name in case.tags})
    result = distilled(run, system=system, suites=suites, tag=tag)
    _say_skipped(result.skipped)
    if not result.samples:
        tell(f"{run.label} {run.run_id}: no answer that passed; nothing written", err=True)
        return 1
    _write(out, result.samples, cases=result.cases, runs=[run.run_id], as_json=as_json)
    return 0


def _refuse_unknown(option: str, given: Iterable[str], known: set[str]) -> None:
    from harness.errors import ConfigError, nearest

    for name in given:
        if name not in known:
            listed = ", ".join(sorted(known))
            raise ConfigError(f"{option}: found {name!r}{nearest(name, known)}; accepted: {listed}")


def tested_cases(suites: Path | None) -> list[Case]:
    """The cases of these suites, or of the project's own, or of the shipped ones."""
    from harness.suite import case_files, load_cases

    return [located.case for root in _roots(suites) for path in case_files(root) for located in load_cases(path)]


def _counted(file: Path, weights: str) -> int:
    """Tokens of all samples as `harness train` sees them."""
    from harness.endpoints import local
    from harness.finetune.gguf import load_tokenizer
    from harness.finetune.lora import encode
    from harness.finetune.samples import read_samples

    tokenizer = load_tokenizer(local.path_of(weights, root=Path.cwd(), model_name="smollm2"))
    return sum(len(one.tokens) for one in encode(read_samples(file), tokenizer, max_tokens=1 << 30))


def _roots(suites: Path | None) -> list[Path]:
    from harness import config
    from harness.suite import builtin_root

    settings = config.load(Path.cwd())
    roots = [suites] if suites else [settings.root / name for name in settings.suites]
    return [root for root in roots if root.is_dir()] or [builtin_root()]


def _write(
    path: Path,
    samples: Sequence[TrainingSample],
    *,
    as_json: bool,
    cases: Iterable[str] = (),
    runs: Iterable[str] = (),
    general_share: float | None = None,
) -> None:
    from harness.finetune.samples import file_digest, write_origin, write_samples

    count = write_samples(path, samples)
    write_origin(path, samples, cases=cases, runs=runs, general_share=general_share)
    digest = file_digest(path)
    if as_json:
        click.echo(json.dumps({"file": str(path), "samples": count, "sha256": digest}, ensure_ascii=False))
    else:
        tell(f"{path}  {count} samples  SHA-256 {digest}")
