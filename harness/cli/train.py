"""`harness train`: a small fine-tune on this machine's CPU."""

from __future__ import annotations

import json
import shlex
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness.records.training import TrainingError, TrainingSample

if TYPE_CHECKING:
    from harness.finetune.lora import Settings
    from harness.finetune.train import EpochReport, TrainingJob

_DEFAULT_WEIGHTS = "smollm2-135m-instruct"


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
@click.option("--seed", type=int, default=7, show_default=True)
@click.option(
    "--threads",
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
    help="More are faster, and may change the last bits of the sums and so the digest.",
)
@click.option("--max-tokens", type=click.IntRange(16, 4096), default=512, show_default=True, help="Longest sample.")
@click.option("--keep-checkpoints", is_flag=True, help="Write each epoch's adapter, not the last one alone.")
@click.option("--json", "as_json", is_flag=True, help="Print the recipe and the epochs as JSON.")
def train(
    *,
    data: Path,
    out: Path,
    weights: str,
    adapters: tuple[Path, ...],
    validation: str,
    max_tokens: int,
    keep_checkpoints: bool,
    as_json: bool,
    **numbers: float,
) -> None:
    """Fine-tune the packaged model on DATA and write a LoRA adapter that models of kind "local" load.

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
        max_tokens=max_tokens, keep_checkpoints=keep_checkpoints,
    )  # fmt: skip
    settings = Settings(**numbers)  # type: ignore[arg-type]
    reports = _train(job, settings)
    command = shlex.join(["harness", *_typed()])
    loss = reports[-1].training_loss
    recipe = fine_tune.recipe_of(job, settings, data=data, started=started, loss=loss, command=command)
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


def _typed() -> list[str]:
    # the words after the program's name, so that the recipe keeps a command that can be repeated
    return sys.argv[1:]


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


def _train(job: TrainingJob, settings: Settings) -> list[EpochReport]:
    from rich.console import Console
    from rich.progress import Progress

    from harness.finetune import train as fine_tune

    reports = []
    with Progress(console=Console(stderr=True)) as progress:
        bar = progress.add_task("loading the weights", total=None)

        def on_step(step: int, steps: int, loss: float) -> None:
            progress.update(bar, completed=step, total=steps, description=f"training, loss {loss:.3f}")

        for report in fine_tune.run(job, settings, on_step=on_step):
            reports.append(report)
            progress.console.print(_line(report), highlight=False, markup=False)
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
