"""Nightly drift: false alarms in quiet histories and nights until an alarm, through the product's own code.

    python -m benchmarks.simulations.drift             # 60 nights, about three minutes of CPU
    python -m benchmarks.simulations.drift --year      # 365 nights, about four minutes
    python -m benchmarks.simulations.drift --signs     # what is reported and decides nothing, one minute

An alarm is any that ends in exit code 1: of the rate (pooled, or a night on which most is wrong), of a single prompt,
of unscored answers. Every row has 60 prompts and, unless it says otherwise, ten baseline nights. Fixed seed.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass, replace

import numpy as np
from scipy.stats import binom

from benchmarks.simulations.tables import percent, show
from harness.statistics.nightly import collapsed, outlying, unusual, watch_nights, watch_prompts, watch_unscored

PROMPTS = 60
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
    serial: float = 0.0
    """Correlation of the mean of a night with that of the next; its standard deviation is one point."""
    fixed: bool = False
    """The endpoint repeats itself: a prompt is right on all nights or on none."""
    fall: float | None = None
    broken: int = 0
    """Prompts that always fail after the baseline."""
    lost: float | None = None
    """Mean rate of one bad night, the first after the baseline; the others are as before."""
    decline: float = 0.0
    """Loss of the mean each night after the baseline."""
    unscored: float = 0.0
    """Share of prompts without an answer, each night, by chance."""
    silent: int = 0
    """Prompts without an answer on every night after the baseline."""
    unreadable: float = 0.0
    """Share of nights on which the endpoint cannot be read."""
    baseline: int = 10
    """Nights before the watch begins."""


def beta(generator: np.random.Generator, mean: float, correlation: float, size: int | tuple[int, ...]) -> np.ndarray:
    precision = 1 / correlation - 1
    return generator.beta(mean * precision, (1 - mean) * precision, size=size)


def difficulties(generator: np.random.Generator, world: World) -> np.ndarray:
    if world.fixed:
        return (generator.random(PROMPTS) < world.mean).astype(float)
    if not world.spread:
        return np.full(PROMPTS, world.mean)
    drawn = beta(generator, world.mean, world.spread, PROMPTS)
    return np.clip(drawn + world.mean - drawn.mean(), 0.0, 1.0)


def history(generator: np.random.Generator, world: World, watched: int) -> np.ndarray:
    """Outcomes by night and prompt: those of the baseline, then those watched."""
    before = difficulties(generator, world)
    after = before.copy()
    if world.fall is not None:
        after = np.clip(after - (world.mean - world.fall), 0.0, 1.0)
    if world.broken:
        after[np.flatnonzero(after > 0)[: world.broken]] = 0.0
    loss = np.concatenate([np.zeros(world.baseline), world.decline * np.arange(1, watched + 1)])
    rates = np.concatenate([np.tile(before, (world.baseline, 1)), np.tile(after, (watched, 1))])
    if world.lost is not None:
        rates[world.baseline] -= world.mean - world.lost
    rates = rates - np.minimum(loss, 0.2)[:, None] + shifts(generator, world, len(rates))[:, None]
    return generator.random(rates.shape) < np.clip(rates, 0.0, 1.0)


def shifts(generator: np.random.Generator, world: World, nights: int) -> np.ndarray:
    """By how much the mean of each night is off."""
    if world.within:
        return beta(generator, world.mean, world.within, nights) - world.mean
    if not world.serial:
        return np.zeros(nights)
    level, found = generator.normal(0.0, 0.01), []
    for _ in range(nights):
        level = world.serial * level + np.sqrt(1 - world.serial**2) * generator.normal(0.0, 0.01)
        found.append(level)
    return np.array(found)


@dataclass(frozen=True)
class Alarms:
    """Nights until each kind of alarm, counted from the end of the baseline; inf for none."""

    pooled: float
    night: float
    """More than half of the prompts wrong."""
    prompts: float
    unscored: float
    by_mean: bool

    @property
    def any(self) -> float:
        return min(self.pooled, self.night, self.prompts, self.unscored)


def alarms(generator: np.random.Generator, world: World, watched: int) -> Alarms:
    outcomes = history(generator, world, watched)
    silent = generator.random(outcomes.shape) < world.unscored
    silent[world.baseline :, : world.silent] = True
    seen = np.where(silent, None, outcomes).tolist()
    kept = generator.random(len(seen)) >= world.unreadable
    kept[: world.baseline] = True
    nights = [night for night, readable in zip(seen, kept, strict=True) if readable]
    position = np.flatnonzero(kept[world.baseline :])
    pooled = watch_nights(nights, world.baseline)
    prompts = watch_prompts(nights, world.baseline)
    answered = [(int(count), PROMPTS) for count in (~silent).sum(axis=1)]
    unscored = watch_unscored(answered, world.baseline)

    def when(alarm: int | None) -> float:
        return float("inf") if alarm is None else float(position[alarm] + 1)

    late = float("inf") if unscored.alarm is None else float(unscored.alarm + 1 - world.baseline)
    night = when(collapsed(pooled))
    return Alarms(when(pooled.detection.alarm), night, when(prompts.alarm), late, pooled.bets == "nightly mean")


def simulated(world: World, runs: int, watched: int) -> list[Alarms]:
    generator = np.random.default_rng(20260101)
    return [alarms(generator, world, watched) for _ in range(runs)]


QUIET = (
    World("independent prompts, mean 0.98"),
    World("the same, mean 0.97", mean=0.97),
    World("the same, mean 0.99", mean=0.99),
    World("prompts of different difficulty, repeated", spread=0.3),
    World("a few prompts that nearly always fail", spread=0.8),
    World("an endpoint that repeats itself", fixed=True),
    World("2 % of answers do not come, by chance", unscored=0.02),
    World("a tenth of the nights unreadable", unreadable=0.1),
    World("nights that depend on each other, correlation 0.02", within=0.02),
    World("the same, correlation 0.05", within=0.05),
    World("correlation 0.02 with 30 baseline nights", within=0.02, baseline=30),
    World("serial correlation 0.8, sd 1 point", serial=0.8),
    World("serial correlation 0.8 with 30 baseline nights", serial=0.8, baseline=30),
)

FALLS = (
    World("independent prompts"),
    World("prompts of different difficulty, repeated", spread=0.3),
    World("a tenth of the nights unreadable", unreadable=0.1),
    World("nights that depend on each other, correlation 0.02", within=0.02),
    World("serial correlation 0.8", serial=0.8),
    World("serial correlation 0.8, 30 baseline nights", serial=0.8, baseline=30),
    World("independent prompts, 30 baseline nights", baseline=30),
)

DELAYS = (
    World("one prompt breaks for good, the endpoint repeats itself", fixed=True, broken=1),
    World("the same with 30 baseline nights", fixed=True, broken=1, baseline=30),
    World("one prompt breaks for good, independent prompts at 0.98", broken=1),
    World("one domain of six prompts breaks, the endpoint repeats itself", fixed=True, broken=6),
    World("one domain of six prompts breaks, independent prompts", broken=6),
    World("the mean declines by 0.1 points a night", decline=0.001),
    World("the mean declines by 0.5 points a night", decline=0.005),
    World("11 of 60 prompts are not answered any more", silent=11),
    World("6 of 60 prompts are not answered any more", silent=6),
    World("one night at 0.30, independent prompts", lost=0.3),
    World("one night at 0.30, nights that depend on each other, correlation 0.02", lost=0.3, within=0.02),
    World("one night at 0.30, correlation 0.02, 30 baseline nights", lost=0.3, within=0.02, baseline=30),
)


def quiet(runs: int, watched: int) -> None:
    rows = []
    for world in QUIET:
        found = simulated(world, runs, watched)
        shares = [[one.any for one in found], [one.pooled for one in found], [one.night for one in found]]
        shares += [[one.prompts for one in found], [one.unscored for one in found]]
        seen = [percent(float(np.isfinite(nights).mean())) for nights in shares]
        rows.append([world.name, *seen, percent(float(np.mean([one.by_mean for one in found])), 0)])
    if watched == 60:
        rows.append(["testing every night at 5 % instead, 40 prompts", percent(naive(runs)), "", "", "", "", ""])
    show(
        f"Quiet histories: share with an alarm within {watched} nights ({runs} histories a row)",
        ["world", "any alarm", "pooled", "one night", "single prompts", "unscored", "watched by the mean"],
        rows,
    )


def naive(runs: int) -> float:
    """What not to do: test each night against the baseline at 5 %, with 40 prompts."""
    generator = np.random.default_rng(20260101)
    world, found = World("naive"), 0
    for _ in range(runs):
        outcomes = history(generator, world, 60)[:, :40]
        rate = (outcomes[:10].sum() + 1) / (10 * 40 + 2)
        found += bool((binom.cdf(outcomes[10:].sum(axis=1), 40, rate) <= 0.05).any())
    return found / runs


def within(nights: float, watched: int) -> str:
    return f"{nights:.0f}" if np.isfinite(nights) else f"over {watched}"


def falls(runs: int, watched: int = 60) -> None:
    rows = []
    for world in FALLS:
        row = [world.name]
        for fall in (0.90, 0.95):
            nights = [one.any for one in simulated(replace(world, fall=fall), runs, watched)]
            row += [
                within(float(np.median(nights)), watched),
                within(float(np.quantile(nights, 0.9, method="lower")), watched),
            ]
        rows.append(row)
    show(
        "Falls from 0.98: nights until the alarm",
        ["world", "to 0.90, median", "90 % within", "to 0.95, median", "90 % within"],
        rows,
    )


def delays(runs: int, watched: int = 90) -> None:
    rows = []
    for world in DELAYS:
        nights = [one.any for one in simulated(world, runs, watched)]
        rows.append(
            [
                world.name,
                within(float(np.median(nights)), watched),
                within(float(np.quantile(nights, 0.9, method="lower")), watched),
            ]
        )
    show("What breaks a little: nights until the alarm", ["world", "median", "90 % within"], rows)


def slow_years(runs: int = 4000) -> None:
    """The latency sign: three nights in a row above all of the baseline, with nights that are alike."""
    generator = np.random.default_rng(20260101)
    rows = []
    for baseline in (10, 20, 30):
        medians = generator.random((runs, baseline + 365))
        over = medians[:, baseline:] > medians[:, :baseline].max(axis=1, keepdims=True)
        three = over[:, 2:] & over[:, 1:-1] & over[:, :-2]
        shares = [percent(float(three[:, : nights - 2].any(axis=1).mean())) for nights in (60, 365)]
        rows.append([str(baseline), *shares])
    show("Latency reported as slower though nothing changed", ["baseline nights", "in 60 nights", "in 365"], rows)


def new_texts(runs: int) -> None:
    """The sign of another text at temperature 0, where each prompt gets another text on a night now and then."""
    generator = np.random.default_rng(20260101)
    rows = []
    for rate in (0.0, 0.0001, 0.001, 0.01, 0.05):
        signs = []
        for _ in range(runs):
            text = generator.random((365, PROMPTS)) < rate
            steady = (text[2:-1] == text[1:-2]) & (text[1:-2] == text[:-3])
            changed = (steady & (text[3:] != text[2:-1])).sum(axis=1)
            signs.append(len(unusual([int(count) for count in changed])))
        rows.append([percent(rate, 2), percent(float(np.mean(np.array(signs) > 0))), f"{np.mean(signs):.1f}"])
    show(
        "Another text reported though nothing changed, within 365 nights",
        ["texts that differ on a night", "share of years with a sign", "signs in a year"],
        rows,
    )


def first_sign(means: np.ndarray, baseline: int, least: float = 0.002) -> float:
    """Nights after the baseline until the mean probability is reported."""
    values = [-float(mean) for mean in means]
    nights = (end - baseline for end in range(baseline + 3, len(values) + 1) if outlying(values[:end], baseline, least))
    return float(next(nights, np.inf))


def margins(
    generator: np.random.Generator, prompts: int, nights: int, jitter: float, decline: np.ndarray
) -> np.ndarray:
    """Log odds of each prompt's sign by night: mean probability 0.92, and under a half for 1 prompt in 150."""
    usual = generator.normal(3.0, 1.2, prompts)
    return usual + generator.normal(0.0, jitter, (nights, prompts)) - decline[:, None]


def less_sure(runs: int, watched: int = 120) -> None:
    """The sign of `logprobs = true` beside what answers show. An answer flips when its sign falls under one half."""
    rows, quiet_rows = [], []
    for jitter in (0.0, 0.1, 0.5):
        for prompts in (10, 20, 60):
            generator = np.random.default_rng(20260101)
            decline = 0.03 * np.maximum(0, np.arange(10 + watched) - 9)
            found = []
            for _ in range(runs):
                odds = margins(generator, prompts, 10 + watched, jitter, decline)
                right = odds > 0
                sign = first_sign((1 / (1 + np.exp(-odds))).mean(axis=1), 10)
                steady = right[:10].all(axis=0)
                flips = np.flatnonzero((~right[10:, steady]).any(axis=1))
                outcomes = right.tolist()
                pooled = watch_nights(outcomes, 10)
                alarmed = [pooled.detection.alarm, collapsed(pooled), watch_prompts(outcomes, 10).alarm]
                alarm = min((at + 1 for at in alarmed if at is not None), default=np.inf)
                found.append((sign, flips[0] + 1 if len(flips) else np.inf, alarm))
            medians = [within(float(np.median(nights)), watched) for nights in zip(*found, strict=True)]
            first = float(np.mean([sign < flip for sign, flip, _ in found]))
            rows.append([f"{jitter:g}", str(prompts), *medians, percent(first, 0)])
        generator = np.random.default_rng(20260101)
        for baseline in (10, 30):
            still = np.zeros(baseline + 365)
            odds = (margins(generator, PROMPTS, baseline + 365, jitter, still) for _ in range(runs))
            signs = [np.isfinite(first_sign((1 / (1 + np.exp(-one))).mean(axis=1), baseline)) for one in odds]
            quiet_rows.append([f"{jitter:g}", str(baseline), percent(float(np.mean(signs)))])
    show(
        f"The log odds of every sign decline by 0.03 a night: nights until it shows, median ({runs} histories a row)",
        ["jitter of a night", "prompts", "less sure", "first answer flips", "alarm", "less sure before a flip"],
        rows,
    )
    show(
        f"Less sure though nothing changed, within 365 nights, {PROMPTS} prompts ({runs} histories a row)",
        ["jitter of a night", "baseline nights", "share of years with the sign"],
        quiet_rows,
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=600, help="histories a row")
    parser.add_argument("--year", action="store_true", help="365 nights instead of 60: false alarms alone")
    parser.add_argument(
        "--signs", action="store_true", help="signs that decide nothing: slower, another text, less sure"
    )
    chosen = parser.parse_args()
    if chosen.signs:
        slow_years()
        new_texts(chosen.runs)
        less_sure(chosen.runs)
    elif chosen.year:
        quiet(chosen.runs, 365)
    else:
        quiet(chosen.runs, 60)
        falls(chosen.runs)
        delays(chosen.runs)
