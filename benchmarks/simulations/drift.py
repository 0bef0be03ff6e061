"""Nightly drift: false alarms in quiet histories and nights until an alarm, through the product's own code.

    python -m benchmarks.simulations.drift

Every row: 10 baseline nights and 60 watched ones of 60 prompts; 4,000 histories, fixed seed. Takes about
a minute of CPU.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.stats import binom

from benchmarks.simulations.tables import percent, show
from harness.statistics.edetector import detect, mean_factors, presumed_mean, presumed_rate, prompt_factors
from harness.statistics.nightly import Bets, watch_nights

PROMPTS, WATCHED = 60, 60
Nights = np.ndarray
"""Shape (nights, prompts): chance of success of each prompt on each night."""


@dataclass(frozen=True)
class World:
    """How histories come about. `fall` is the mean rate after the baseline; None for a quiet history."""

    name: str
    mean: float = 0.98
    spread: float = 0.0
    """Variance of difficulty among prompts, as the correlation of two nights of one prompt."""
    within: float = 0.0
    """Correlation of prompts within a night."""
    fall: float | None = None
    broken_prompts: bool = False
    """The fall is that of a few prompts which now always fail."""
    other_prompts: bool = False
    """The baseline was made with other prompts of the same mean difficulty."""
    unreadable: float = 0.0
    """Share of nights on which the endpoint cannot be read."""
    baseline: int = 10
    """Nights before the watch begins."""
    bets: Bets | None = None
    """Bets to use whatever the calibration says; None to let it choose, as the product does."""


def beta(generator: np.random.Generator, mean: float, correlation: float, size: int | tuple[int, ...]) -> np.ndarray:
    precision = 1 / correlation - 1
    return generator.beta(mean * precision, (1 - mean) * precision, size=size)


def difficulties(generator: np.random.Generator, world: World) -> np.ndarray:
    if not world.spread:
        return np.full(PROMPTS, world.mean)
    drawn = beta(generator, world.mean, world.spread, PROMPTS)
    return np.clip(drawn + world.mean - drawn.mean(), 0.0, 1.0)


def history(generator: np.random.Generator, world: World) -> tuple[np.ndarray, np.ndarray]:
    """Outcomes of the baseline nights and of the watched ones."""
    before = difficulties(generator, world)
    after = difficulties(generator, world) if world.other_prompts else before
    if world.fall is not None and world.broken_prompts:
        after = after.copy()
        after[: round(PROMPTS * (world.mean - world.fall) / world.mean)] = 0.0
    elif world.fall is not None:
        after = np.clip(after - (world.mean - world.fall), 0.0, 1.0)
    return drawn(generator, before, world.baseline, world.within), drawn(generator, after, WATCHED, world.within)


def drawn(generator: np.random.Generator, chances: np.ndarray, nights: int, within: float) -> np.ndarray:
    rates = np.broadcast_to(chances, (nights, PROMPTS))
    if within:
        # the mean of each night varies; prompts keep their order of difficulty
        shift = beta(generator, float(chances.mean()), within, (nights, 1)) - chances.mean()
        rates = np.clip(rates + shift, 0.0, 1.0)
    return generator.random((nights, PROMPTS)) < rates


def alarm(generator: np.random.Generator, world: World) -> tuple[float, Bets]:
    """Nights until the alarm (inf for none), counting every night, also those that cannot be read."""
    before, after = history(generator, world)
    readable = np.flatnonzero(generator.random(WATCHED) >= world.unreadable)
    if world.bets is None:
        watched = watch_nights([*before.tolist(), *after[readable].tolist()], world.baseline)
        bets, found = watched.bets, watched.detection.alarm
    else:
        bets, found = world.bets, _forced(world, before, after[readable])
    return (float("inf") if found is None else float(readable[found] + 1)), bets


def _forced(world: World, before: np.ndarray, after: np.ndarray) -> int | None:
    counts = [(int(night.sum()), PROMPTS) for night in before]
    later = [int(night.sum()) for night in after]
    if world.bets == "prompts":
        presumed = presumed_rate(sum(k for k, _ in counts), sum(m for _, m in counts))
        return detect([prompt_factors(k, PROMPTS, presumed) for k in later]).alarm
    presumed = presumed_mean(counts)
    return detect([mean_factors(k, PROMPTS, presumed) for k in later]).alarm


def nightly_p_values(generator: np.random.Generator, world: World) -> tuple[float, Bets]:
    """What not to do: test each night against the baseline at 5 %, with 40 prompts."""
    before, after = history(generator, world)
    rate = (before[:, :40].sum() + 1) / (world.baseline * 40 + 2)
    low = binom.cdf(after[:, :40].sum(axis=1), 40, rate) <= 0.05
    return (float(np.argmax(low) + 1) if low.any() else float("inf")), "prompts"


def simulated(
    world: World, runs: int, how: Callable[[np.random.Generator, World], tuple[float, Bets]] = alarm
) -> tuple[np.ndarray, float]:
    generator = np.random.default_rng(20260101)
    found = [how(generator, world) for _ in range(runs)]
    return np.array([nights for nights, _ in found]), float(np.mean([bets == "nightly mean" for _, bets in found]))


QUIET = (
    World("independent prompts, mean 0.98"),
    World("the same, mean 0.97", mean=0.97),
    World("the same, mean 0.99", mean=0.99),
    World("prompts of different difficulty, repeated", spread=0.3),
    World("a few prompts that nearly always fail", spread=0.8),
    World("baseline from other prompts of different difficulty", spread=0.3, other_prompts=True),
    World("a tenth of the nights unreadable", unreadable=0.1),
    World("nights that hang together, correlation 0.02", within=0.02),
    World("the same, correlation 0.05", within=0.05),
    World("correlation 0.02 with 20 baseline nights", within=0.02, baseline=20),
    World("correlation 0.02 with 30 baseline nights", within=0.02, baseline=30),
    World("independent prompts, bets on prompts in any case", bets="prompts"),
    World("correlation 0.02, bets on prompts in any case", within=0.02, bets="prompts"),
    World("correlation 0.02, bets on the nightly mean in any case", within=0.02, bets="nightly mean"),
)


def quiet(runs: int) -> None:
    rows = []
    for world in QUIET:
        nights, by_mean = simulated(world, runs)
        rows.append([world.name, percent(np.isfinite(nights).mean()), percent(by_mean, 0)])
    naive, _ = simulated(World("testing every night at 5%, 40 prompts"), runs, nightly_p_values)
    rows.append(["testing every night at 5 % instead, 40 prompts", percent(np.isfinite(naive).mean()), ""])
    show(
        "Quiet histories: share with an alarm within 60 nights, and share that was watched by the nightly mean",
        ["world", "false alarms", "by the mean"],
        rows,
    )


def within(nights: float) -> str:
    return f"{nights:.0f}" if np.isfinite(nights) else f"over {WATCHED}"


def falls(runs: int) -> None:
    rows = []
    for name, settings in (
        ("independent prompts", {}),
        ("prompts of different difficulty, repeated", {"spread": 0.3}),
        ("a few prompts now always fail", {"broken_prompts": True}),
        ("a tenth of the nights unreadable", {"unreadable": 0.1}),
        ("nights that hang together, correlation 0.02", {"within": 0.02}),
        ("independent prompts, 20 baseline nights", {"baseline": 20}),
        ("independent prompts, bets on prompts", {"bets": "prompts"}),
        ("independent prompts, bets on the nightly mean", {"bets": "nightly mean"}),
        ("nights that hang together, bets on the nightly mean", {"within": 0.02, "bets": "nightly mean"}),
    ):
        row = [name]
        for fall in (0.90, 0.95):
            nights, _ = simulated(World(name, fall=fall, **settings), runs)
            row += [within(np.median(nights)), within(np.quantile(nights, 0.9, method="lower"))]
        rows.append(row)
    show(
        "Falls from 0.98: nights until the alarm",
        ["world", "to 0.90, median", "90% within", "to 0.95, median", "90% within"],
        rows,
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=4000, help="histories a row")
    chosen = parser.parse_args()
    quiet(chosen.runs)
    falls(chosen.runs)
