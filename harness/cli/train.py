"""`harness train`: a small fine-tune on this machine's CPU; its recipe, and which of its checkpoints to keep."""

from __future__ import annotations

import json
import shlex
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import click

from harness.cli.arguments import print_json, report_dir_option, tell
from harness.errors import nearest
from harness.records.training import Provider, TrainingError, TrainingSample, read_origin
from harness.show.words import phrase, translated

if TYPE_CHECKING:
    from harness.finetune.lora import Settings
    from harness.finetune.train import EpochReport, TrainingJob
    from harness.records.training import Recipe

_DEFAULT_WEIGHTS = "smollm2-135m-instruct"
SHORT_NAMES = ("v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
"""Last parts of `gguf.PROJECTIONS`, whose import costs what `--help` need not pay."""


@click.command("train")
@click.argument("data", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), required=True, help="The adapter, *.gguf.")
@click.option(
    "--weights", default=_DEFAULT_WEIGHTS, show_default=True, help="A name of `models pull`, or a .gguf file."
)
@click.option(
    "--on",
    "adapters",
    multiple=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="An adapter that is already applied; the new one is trained on top of it. Repeatable.",
)
@click.option("--validation", default="0.1", show_default=True, help="A share of DATA, a file of its own, or 0.")
@click.option("--epochs", type=click.IntRange(1, 100), default=4, show_default=True)
@click.option("--batch-size", type=click.IntRange(1, 256), default=4, show_default=True)
@click.option("--learning-rate", type=click.FloatRange(0, 0.1, min_open=True), default=3e-4, show_default=True)
@click.option("--warmup", type=click.FloatRange(0, 1), default=0.1, show_default=True, help="Share of the steps.")
@click.option("--rank", "lora_rank", type=click.IntRange(1, 64), default=8, show_default=True)
@click.option("--alpha", "lora_alpha", type=click.IntRange(1, 128), default=16, show_default=True)
@click.option("--dropout", "lora_dropout", type=click.FloatRange(0, 1, max_open=True), default=0.0, show_default=True)
@click.option(
    "--modules",
    default=",".join(SHORT_NAMES),
    show_default=True,
    help="Matrices of each layer that are adapted. Fewer make a smaller file.",
)
@click.option("--seed", type=int, default=7, show_default=True)
@click.option(
    "--threads",
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
    help="More are faster, and may change the last bits of the sums and so the digest.",
)
@click.option("--max-tokens", type=click.IntRange(16, 4096), default=512, show_default=True, help="Longest sample.")
@click.option("--low-memory", is_flag=True, help="Less memory for long samples, the same adapter, a third slower.")
@click.option("--keep-checkpoints", is_flag=True, help="Write each epoch's adapter, not the last one alone.")
@click.option("--json", "as_json", is_flag=True, help="Print the recipe and the epochs as JSON.")
def train(
    *,
    data: Path,
    out: Path,
    weights: str,
    adapters: tuple[Path, ...],
    validation: str,
    modules: str,
    max_tokens: int,
    low_memory: bool,
    keep_checkpoints: bool,
    as_json: bool,
    **numbers: float,
) -> None:
    """Fine-tune a packaged model on DATA and write a LoRA adapter that models of kind "local" load.

    Weights of the architectures llama (SmolLM2) and qwen2 (Qwen2.5) can be trained.

    \b
    $ harness train set.jsonl --out adapters/cure.gguf --on adapters/spaced.gguf
    """
    from harness.finetune import train as fine_tune
    from harness.finetune.lora import Settings

    if out.suffix != ".gguf":
        raise TrainingError(f"--out: found {out.name!r}; accepted: a name that ends with .gguf")
    _check_writable(out)
    started = time.monotonic()
    training, held_out = _samples(data, validation, int(numbers["seed"]))
    job = fine_tune.TrainingJob(
        weights=_weights(weights), training=training, validation=held_out, out=out, on=adapters,
        max_tokens=max_tokens, keep_checkpoints=keep_checkpoints, low_memory=low_memory,
    )  # fmt: skip
    settings = Settings(modules=_modules(modules), **numbers)  # type: ignore[arg-type]
    needed, available = fine_tune.check_memory(job, settings)
    free = "" if available is None else f", {available / 1e9:.1f} GB available"
    tell(f"{job.weights.name}: needs about {needed / 1e9:.1f} GB of memory{free}", err=True)
    reports = _train(job, settings)
    command = shlex.join(["harness", *_typed()])
    loss = reports[-1].training_loss
    recipe = fine_tune.recipe_of(job, settings, data=data, started=started, loss=loss, command=command).model_copy(
        update={"general_share": read_origin(data).general_share, "validation": _held_out(validation)}
    )
    report = {"recipe": recipe.model_dump(mode="json", exclude_none=True), "epochs": [_row(one) for one in reports]}
    out.with_suffix(".training.json").write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n", "utf-8")
    svg = fine_tune.svg_plot(reports)
    if svg is not None:
        out.with_suffix(".loss.svg").write_text(svg, "utf-8")
    click.echo(fine_tune.text_plot(reports), err=True)
    warning = fine_tune.overfitting(reports)
    if warning:
        click.echo(warning, err=True)
    if as_json:
        click.echo(json.dumps(report, ensure_ascii=False))
    else:
        click.echo(f"{out}  {out.stat().st_size:,} bytes  SHA-256 {recipe.output_digest}")


def _check_writable(out: Path) -> None:
    # said before minutes of training, not after them
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        part = out.with_name(out.name + ".part")
        part.touch()
        part.unlink()
    except OSError as error:
        raise TrainingError(f"--out: {out} cannot be written: {error.strerror or error}") from error


def _modules(names: str) -> tuple[str, ...]:
    from harness.finetune.gguf import PROJECTIONS

    given = [name.strip() for name in names.split(",")]
    for name in given:
        if name not in SHORT_NAMES:
            hint = nearest(name, SHORT_NAMES)
            raise TrainingError(f"--modules: found {name!r}{hint}; accepted: {', '.join(SHORT_NAMES)}, with commas")
    return tuple(module for module in PROJECTIONS if module.rpartition(".")[2] in given)


def _typed() -> list[str]:
    # the words after the program's name, so that the recipe keeps a command that can be repeated
    return sys.argv[1:]


def _held_out(validation: str) -> float | str | None:
    try:
        return float(validation) or None
    except ValueError:
        return validation


def _weights(name: str) -> Path:
    from harness.endpoints import local

    return local.path_of(name, root=Path.cwd(), model_name="smollm2")


def _samples(data: Path, validation: str, seed: int) -> tuple[list[TrainingSample], list[TrainingSample]]:
    from harness.finetune.samples import read_samples, split

    samples = read_samples(data)
    try:
        share = float(validation)
    except ValueError:
        return samples, read_samples(Path(validation))
    return split(samples, share, seed=seed) if share else (samples, [])


_PAUSE_S = 10.0
"""Seconds between two lines of progress where there is no terminal."""


class _Progress:
    """Steps, loss and time left: a bar in a terminal, a line now and then in a log."""

    def __init__(self) -> None:
        from rich.console import Console

        self._console = Console(stderr=True)
        self._started = self._said = 0.0
        self._bar: Any = None

    def __enter__(self) -> _Progress:
        from rich.progress import Progress

        if self._console.is_terminal:
            self._bar = Progress(console=self._console)
            self._bar.start()
            self._task = self._bar.add_task("loading the weights", total=None)
        else:
            tell("loading the weights", err=True)
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def on_step(self, step: int, steps: int, loss: float) -> None:
        """After each batch; the time left is that of the batches so far, from the first one on."""
        if self._bar is not None:
            self._bar.update(self._task, completed=step, total=steps, description=f"training, loss {loss:.3f}")
            return
        now = time.monotonic()
        if not self._started:
            self._started = now
        elif step < steps and now - self._said < _PAUSE_S:
            return
        self._said = now
        left = ""
        if 1 < step < steps:
            left = f", {_duration((now - self._started) / (step - 1) * (steps - step))} left"
        tell(f"step {step} of {steps}, loss {loss:.3f}{left}", err=True)

    def say(self, line: str) -> None:
        """A line that stays."""
        if self._bar is None:
            click.echo(line, err=True)
        else:
            self._bar.console.print(line, highlight=False, markup=False)


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"


def _train(job: TrainingJob, settings: Settings) -> list[EpochReport]:
    from harness.finetune import train as fine_tune

    reports = []
    with _Progress() as progress:
        for report in fine_tune.run(job, settings, on_step=progress.on_step):
            reports.append(report)
            progress.say(_line(report))
    return reports


def _line(report: EpochReport) -> str:
    parts = [f"epoch {report.number}" if report.number else "before"]
    if report.training_loss is not None:
        parts.append(f"training loss {report.training_loss:.4f}")
    if report.validation_loss is not None:
        parts.append(f"validation loss {report.validation_loss:.4f}")
    if report.judged:
        parts.append(f"aligned {report.aligned} of {report.judged}")
    return "  ".join(parts)


def _row(report: EpochReport) -> dict[str, object]:
    return {
        "epoch": report.number,
        "training_loss": report.training_loss,
        "validation_loss": report.validation_loss,
        "aligned": report.aligned,
        "judged": report.judged,
        "alignment": report.alignment,
        "checkpoint": str(report.checkpoint) if report.checkpoint else None,
    }


PROVIDER_NAMES = click.Choice(get_args(Provider))


@click.command("recipe")
@click.option("--check", "target", metavar="MODEL|FILE", help="A model whose recipe is checked, or a .toml file.")
@click.option("--samples", type=click.IntRange(min=1), help="Print starting values for so many samples.")
@click.option("--provider", type=PROVIDER_NAMES, help="[default with --check: that of the recipe]")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def recipe(target: str | None, samples: int | None, provider: str | None, as_json: bool) -> int:
    """Check a recipe (exit code 1 if the provider would refuse it), or print starting values with their reasons."""
    from dataclasses import asdict

    from harness.finetune.recipes import PROVIDERS, recipe_problems, size_advice, starting_values
    from harness.show.figures import plural, wrapped

    if (target is None) == (samples is None):
        raise TrainingError("recipe: accepted: either --check MODEL|FILE, or --samples N --provider NAME")
    if target is not None:
        found = recipe_of(target)
        rules = PROVIDERS[provider or found.provider]
        problems = recipe_problems(found, rules)
        if as_json:
            print_json({"recipe": target, "provider": rules.name, "problems": problems})
        else:
            for problem in problems:
                click.echo(f"{target}{phrase('colon')}{translated(problem)}")
            tell(f"{target}: {plural(len(problems), 'problem')} for {rules.name}", err=True)
        return 1 if problems else 0
    assert samples is not None
    values = [*starting_values(samples, PROVIDERS[provider or "local"]), *size_advice(samples)]
    if as_json:
        print_json([asdict(value) for value in values])
        return 0
    sources = {source: number for number, source in enumerate(dict.fromkeys(value.source for value in values), 1)}
    before = ""
    for value in values:
        reason = "as above" if value.reason == before else value.reason
        before = value.reason
        lines = wrapped(f"{translated(reason)} [{sources[value.source]}]", _REASON)
        lines += wrapped(f"but: {translated(value.conflict)}", _REASON) if value.conflict else []
        click.echo("\n".join([f"{value.field:<17} {value.value!s:<8} {lines[0].lstrip()}", *lines[1:]]))
    click.echo("\n".join(["", *(f"[{number}] {source}" for source, number in sources.items())]))
    return 0


_REASON = " " * 27
"""Where the reason of a value begins."""


def recipe_of(target: str) -> Recipe:

    from pydantic import ValidationError

    from harness import config
    from harness.errors import explain
    from harness.files import reading, toml_of
    from harness.records.training import Recipe

    if target.endswith(".toml"):
        with reading(target, TrainingError, form="TOML"):
            table = toml_of(Path(target))
    else:
        settings = config.load(Path.cwd())
        table = config.model(settings, target).training or {}
        if not table:
            raise TrainingError(f"model {target!r} has no recipe; write [tool.harness.models.{target}.training]")
    try:
        return Recipe.model_validate(table)
    except ValidationError as error:
        raise TrainingError(f"{target}: training.{explain(error, Recipe)}") from error


@click.command("checkpoints")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), metavar="TRAINING.json")
@click.argument("references", nargs=-1, metavar="[RUN]...")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@report_dir_option
def checkpoints(file: Path, references: tuple[str, ...], as_json: bool, report_dir: Path | None) -> None:
    """Compare the epochs of one training, and name the checkpoint to keep.

    TRAINING.json is what `harness train --keep-checkpoints` writes. The samples of a validation set are few: enter each
    epoch as a version, run the suites, and name the RUNs, oldest first. Kept is the earliest that is not clearly worse
    than the best on the cases that all answered (95 % interval of the paired difference); without RUNs, the epoch with
    the most validation samples aligned, then the lowest validation loss.

    \b
    $ harness dataset checkpoints adapters/cure.training.json tuned@e1 tuned@e2 tuned@e3
    """
    from harness.finetune.train import EpochReport, epoch_to_keep, standings_of
    from harness.show.figures import percent

    rows = _epochs(file)
    reports = [
        EpochReport(row["epoch"], row["training_loss"], row["validation_loss"], row["aligned"], row["judged"])
        for row in rows
    ]
    standings = []
    if references:
        from harness.project import Project

        project = Project.open(reports=report_dir)
        standings = standings_of([project.resolve(reference) for reference in references])
    if standings:
        kept = next(one.run.label for one in standings if not one.worse)
    else:
        best = epoch_to_keep(reports)
        if best is None:
            raise TrainingError(f"{file}: holds no trained epoch")
        kept = str(rows[reports.index(best)]["checkpoint"] or f"epoch {best.number}; it was not kept")
    if as_json:
        runs = [
            {"version": one.run.label, "run": one.run.run_id, "aligned": one.aligned.k, "cases": one.aligned.n}
            | {"fidelity": one.fidelity.rate, "clearly_worse": one.worse}
            for one in standings
        ]
        print_json({"epochs": rows, "runs": runs, "keep": kept})
        return
    for report in reports:
        losses = " ".join(
            f"{'-' if loss is None else format(loss, '.4f'):>8}"
            for loss in (report.training_loss, report.validation_loss)
        )
        tell(f"epoch {report.number:<3} {losses}  aligned {report.aligned} of {report.judged}")
    for one in standings:
        note = "  clearly worse than the best" if one.worse else ""
        tell(
            f"{one.run.label:<20} aligned {one.aligned.k} of {one.aligned.n}"
            f"  fidelity {percent(one.fidelity.rate)}{note}"
        )
    tell(f"keep: {kept}")


def _epochs(file: Path) -> list[dict[str, Any]]:
    from harness.files import content_of, json_of, reading

    with reading(file, TrainingError, form="JSON"):
        value = json_of(content_of(file, limit=10_000_000))
    rows = value.get("epochs") if isinstance(value, dict) else None
    keys = ("epoch", "training_loss", "validation_loss", "aligned", "judged")
    if not isinstance(rows, list) or not all(
        isinstance(row, dict)
        and all(row.get(key) is None or isinstance(row[key], int | float) for key in keys)
        and all(isinstance(row.get(key), int) for key in ("epoch", "aligned", "judged"))
        for row in rows
    ):
        raise TrainingError(f"{file}: holds no epochs; accepted: the .training.json that harness train wrote")
    return [{**dict.fromkeys((*keys, "checkpoint")), **row} for row in rows]
