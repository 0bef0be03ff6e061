"""A whole fine-tune: weights and samples in, adapter files and a report out."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from harness.decisions.metrics import Count, fidelity
from harness.finetune.gguf import Header, check_weights, load, write_adapter
from harness.finetune.lora import Settings, aligned_share, encode, fit, mean_loss, save_memory
from harness.finetune.samples import estimated_tokens, file_digest
from harness.records.run import RunRecord
from harness.records.training import Recipe, TrainingError, TrainingSample
from harness.show import charts
from harness.statistics.paired import tango


@dataclass(frozen=True, slots=True)
class EpochReport:
    """One epoch. Number 0 is the model before training. Losses are nats per answer token."""

    number: int
    training_loss: float | None
    validation_loss: float | None
    aligned: int
    judged: int
    checkpoint: Path | None = None

    @property
    def alignment(self) -> float | None:
        """Share of validation samples whose strings came back verbatim; None when none was judged."""
        return self.aligned / self.judged if self.judged else None


@dataclass(frozen=True, slots=True)
class TrainingJob:
    """What to train on what, and where the adapter goes."""

    weights: Path
    training: Sequence[TrainingSample]
    validation: Sequence[TrainingSample]
    out: Path
    on: tuple[Path, ...] = ()
    max_tokens: int = 512
    keep_checkpoints: bool = False
    low_memory: bool = False
    """Compute the inner values of a layer a second time instead of keeping them: the same sums, more time."""


_PROGRAM_BYTES = 0.8e9
"""torch, transformers and peft before any weights."""
_LOADING = 1.7
"""Peak while weights are dequantised, in copies of them (measured: 1.6 with SmolLM2)."""


_LARGE_VOCABULARY = 100_000
"""Tokens. With a smaller one a Han character takes two or three."""


def memory_needed(job: TrainingJob, header: Header, batch_size: int) -> int:
    """Bytes at the peak, about: weights in float32, twice in part while they load, then the values of each layer.

    Measured: 2.8 GB for SmolLM2 with samples of 133 tokens, 13 GB for Qwen 1.5B.
    """
    weights = 4 * header.parameters
    hidden, vocabulary = (*header.tensors.get("token_embd.weight", ()), 0, 0)[:2]
    inner = header.tensors.get("blk.0.ffn_up.weight", (0, 0))[-1]
    layers = sum(name.endswith(".ffn_up.weight") for name in header.tensors)
    longest = min(job.max_tokens, max((estimated_tokens(sample.text) for sample in job.training), default=0))
    if vocabulary < _LARGE_VOCABULARY:
        longest *= 2
    kept = 4 * layers * batch_size * longest * (16 * hidden + 10 * inner)
    if job.low_memory:
        kept //= max(1, layers)
    return int(_PROGRAM_BYTES + max(_LOADING * weights, weights + kept))


def memory_available() -> int | None:
    """Bytes that this process may still take, the limit of its container included; None where the system tells none."""
    try:
        known = dict(line.split(":", 1) for line in Path("/proc/meminfo").read_text("ascii").splitlines())
        free = 1024 * int(known["MemAvailable"].split()[0])
    except (OSError, KeyError, ValueError):
        return None
    try:
        group = Path("/proc/self/cgroup").read_text("utf-8").strip().rpartition("::")[2]
        folder = Path("/sys/fs/cgroup") / group.strip("/")
        limit, used = ((folder / f"memory.{name}").read_text("ascii").strip() for name in ("max", "current"))
        return free if limit == "max" else min(free, int(limit) - int(used))
    except (OSError, ValueError):
        return free


def check_memory(job: TrainingJob, settings: Settings) -> tuple[int, int | None]:
    """(bytes needed, bytes available), before minutes are spent on it.

    Raises:
        TrainingError: weights or adapters that do not fit, or more memory is needed than there is.
    """
    header = check_weights(job.weights, adapters=job.on)
    needed, available = memory_needed(job, header, settings.batch_size), memory_available()
    if available is not None and needed > available:
        sparing = memory_needed(replace(job, low_memory=True), header, settings.batch_size)
        advice = ", or add --low-memory (the same adapter, slower)" if sparing < needed else ""
        raise TrainingError(
            f"{job.weights.name}: training needs about {needed / 1e9:.1f} GB of memory, "
            f"{available / 1e9:.1f} GB are available; end other programs{advice}"
        )
    return needed, available


def run(
    job: TrainingJob,
    settings: Settings,
    *,
    on_step: Callable[[int, int, float], None] = lambda step, steps, loss: None,
) -> Iterator[EpochReport]:
    """Train, and yield a report before the first epoch and after each; the last epoch's adapter is `job.out`.

    Checkpoints are beside it as `<stem>-epoch<N>.gguf`; each is an adapter that can be served as a version of its own.
    """
    architecture = check_weights(job.weights, adapters=job.on).architecture
    tokenizer, model = load(job.weights, adapters=job.on)
    training = encode(job.training, tokenizer, max_tokens=job.max_tokens)
    validation = encode(job.validation, tokenizer, max_tokens=job.max_tokens)
    if validation:
        model.eval()
        yield EpochReport(0, None, mean_loss(model, validation), *aligned_share(job.validation, model, tokenizer))
    if job.low_memory:
        save_memory(model)
    for epoch in fit(model, training, validation, settings, on_step=on_step):
        last = epoch.number == settings.epochs
        checkpoint = job.out if last else job.out.with_stem(f"{job.out.stem}-epoch{epoch.number}")
        if last or job.keep_checkpoints:
            write_adapter(checkpoint, epoch.adapter, name=job.out.stem, architecture=architecture)
        aligned, judged = aligned_share(job.validation, model, tokenizer)
        yield EpochReport(
            epoch.number,
            epoch.training_loss,
            epoch.validation_loss,
            aligned,
            judged,
            checkpoint if last or job.keep_checkpoints else None,
        )


def overfitting(reports: Sequence[EpochReport]) -> str | None:
    """A warning when the validation loss has turned upwards while the training loss still falls.

    Compared is the last epoch with the best one: 2 % above it is noise on a validation set of a few samples.
    """
    trained = [report for report in reports if report.training_loss is not None and report.validation_loss is not None]
    if len(trained) < 2:
        return None
    best = min(trained, key=lambda report: report.validation_loss or 0.0)
    last = trained[-1]
    assert best.validation_loss is not None
    assert last.validation_loss is not None
    assert best.training_loss is not None
    assert last.training_loss is not None
    if last.validation_loss <= 1.02 * best.validation_loss or last.training_loss >= best.training_loss:
        return None
    return (
        f"overfitting: since epoch {best.number} the validation loss rose from {best.validation_loss:.3f} to "
        f"{last.validation_loss:.3f} while the training loss fell from {best.training_loss:.3f} to "
        f"{last.training_loss:.3f}; prefer the checkpoint of epoch {best.number} (--keep-checkpoints)"
    )


def epoch_to_keep(reports: Sequence[EpochReport]) -> EpochReport | None:
    """By the validation samples alone: most of them aligned, then the lowest loss, then the fewest epochs."""
    trained = [report for report in reports if report.number]
    return min(
        trained,
        key=lambda one: (-(one.alignment or 0.0), one.validation_loss or math.inf, one.number),
        default=None,
    )


@dataclass(frozen=True, slots=True)
class Standing:
    """One checkpoint on the cases that all of them answered, and whether it is clearly worse than the best one."""

    run: RunRecord
    aligned: Count
    fidelity: Count
    worse: bool


def standings_of(runs: Sequence[RunRecord]) -> list[Standing]:
    """The recorded runs of checkpoints side by side, in the order given; `worse` by the 95 % interval of the pairs."""
    tables = [{case.key: case for case in run.cases if case.targets} for run in runs]
    shared = [
        key
        for key, case in tables[0].items()
        if all(key in table and table[key].digest == case.digest for table in tables)
        and all(table[key].outcome != "unscored" for table in tables)
    ]
    if not shared:
        raise TrainingError("the runs share no case that all of them answered; record the same suites for each")
    right = [[table[key].outcome == "aligned" for key in shared] for table in tables]
    best = max(right, key=sum)
    standings = []
    for run, table, ours in zip(runs, tables, right, strict=True):
        better = sum(mine and not theirs for mine, theirs in zip(ours, best, strict=True))
        behind = sum(theirs and not mine for mine, theirs in zip(ours, best, strict=True))
        interval = tango(better, behind, len(shared))
        worse = interval is not None and interval.high < 0
        standings.append(Standing(run, Count(sum(ours), len(shared)), fidelity([table[key] for key in shared]), worse))
    return standings


def recipe_of(
    job: TrainingJob, settings: Settings, *, data: Path, started: float, loss: float | None, command: str
) -> Recipe:
    """The recipe to put under `[tool.harness.models.<name>.training]`; `started` is `time.monotonic()` at the start."""
    numbers = asdict(settings)
    if settings.modules == Settings().modules:
        del numbers["modules"]
    return Recipe(
        provider="local",
        base=job.weights.name,
        on=tuple(str(path) for path in job.on),
        data=str(data),
        data_digest=file_digest(data),
        samples=len(job.training),
        **numbers,
        max_tokens=job.max_tokens,
        output=str(job.out),
        output_digest=file_digest(job.out),
        command=command,
        duration_s=round(time.monotonic() - started, 1),
        cost=0.0,
        loss=loss,
    )


_WIDTH = 40
_CURVES = (("training", "training_loss"), ("validation", "validation_loss"))


def text_plot(reports: Sequence[EpochReport]) -> str:
    """One bar an epoch and a curve, scaled to the largest loss shown."""
    values = [getattr(report, field) for _, field in _CURVES for report in reports]
    largest = max((value for value in values if value is not None), default=0.0)
    lines = []
    for name, field in _CURVES:
        for report in reports:
            value = getattr(report, field)
            if value is not None:
                bar = "#" * round(_WIDTH * value / largest) if largest else ""
                lines.append(f"{name:>10} {report.number:>2}  {value:7.4f}  {bar}")
    return "\n".join(lines)


def svg_plot(reports: Sequence[EpochReport]) -> str | None:
    """An SVG line chart of both curves; None where no loss is a number."""
    curves = {name: [(report.number, loss) for report, loss in _losses(reports, field)] for name, field in _CURVES}
    drawn = {name: points for name, points in curves.items() if points}
    return charts.curves(drawn, across="epoch", up="loss, nats per answer token") if drawn else None


def _losses(reports: Sequence[EpochReport], field: str) -> list[tuple[EpochReport, float]]:
    found = [(report, getattr(report, field)) for report in reports]
    return [(report, loss) for report, loss in found if loss is not None and math.isfinite(loss)]
