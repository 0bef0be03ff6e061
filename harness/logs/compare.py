"""Rates now against the rates of another time: differences of independent samples, with intervals."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import NormalDist
from typing import Any

from harness.errors import HarnessError
from harness.logs.rates import SCHEMA
from harness.statistics.multiplicity import benjamini_hochberg

COMPARED = ("alignment_rate", "fidelity", "mention_rate")
LEVEL = 0.05


@dataclass(frozen=True, slots=True)
class RateDifference:
    """`now` minus `before`. `notable`: among all the differences shown, at a false discovery rate of 5 %."""

    columns: tuple[str, ...]
    group: tuple[str | None, ...]
    metric: str
    before: float
    now: float
    low: float
    high: float
    p_value: float
    notable: bool

    @property
    def difference(self) -> float:
        return self.now - self.before


def read_rates(path: Path) -> dict[str, Any]:
    """A `rates.json`, or the folder that holds one. Raises HarnessError."""
    path = path / "rates.json" if path.is_dir() else path
    try:
        value = json.loads(path.read_bytes())
    except OSError as error:
        raise HarnessError(
            f"{path}: cannot be read: {error.strerror}; accepted: the rates.json of a finished run"
        ) from None
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict) or not isinstance(value.get("by"), list) or "all" not in value:
        raise HarnessError(f"{path}: no rates of harness score; accepted: the rates.json of a finished run")
    if value.get("schema") != SCHEMA:
        raise HarnessError(f"{path}: schema {value.get('schema')!r}; this version reads {SCHEMA}: score the logs again")
    return value


def differences(before: dict[str, Any], now: dict[str, Any]) -> list[RateDifference]:
    """For all rows and every group that both have; not for days, nor for rows without a value.

    Raises HarnessError if `before` is not what `rates` makes.
    """
    try:
        return _differences(before, now)
    except (KeyError, TypeError, AttributeError, ValueError, ZeroDivisionError) as error:
        raise HarnessError(
            f"the baseline is damaged ({type(error).__name__}: {error}); score its logs again"
        ) from error


def _differences(before: dict[str, Any], now: dict[str, Any]) -> list[RateDifference]:
    found = [_of((), (), metric, before["all"], now["all"]) for metric in COMPARED]
    old = {tuple(grouping["columns"]): grouping for grouping in before["by"]}
    for grouping in now["by"]:
        columns = tuple(grouping["columns"])
        if "day" in columns or columns not in old:
            continue
        there = {tuple(group["group"]): group for group in old[columns]["groups"]}
        for group in grouping["groups"]:
            key = tuple(group["group"])
            if key in there and None not in key:
                found += [_of(columns, key, metric, there[key], group) for metric in COMPARED]
    known = [one for one in found if one]
    adjusted = benjamini_hochberg([one.p_value for one in known])
    return [replace(one, notable=p <= LEVEL) for one, p in zip(known, adjusted, strict=True)]


def _of(
    columns: tuple[str, ...], key: tuple[str | None, ...], metric: str, before: dict[str, Any], now: dict[str, Any]
) -> RateDifference | None:
    old, new = before["rates"][metric], now["rates"][metric]
    if old["rate"] is None or new["rate"] is None:
        return None
    low, high = newcombe(old, new)
    return RateDifference(columns, key, metric, old["rate"], new["rate"], low, high, _p_value(old, new), False)


def newcombe(old: dict[str, Any], new: dict[str, Any]) -> tuple[float, float]:
    """95 % interval of new - old from the Wilson bounds of both (Newcombe 1998, method 10).

    The bounds carry what is known of clusters, so the difference does too.
    """
    difference = new["rate"] - old["rate"]
    down = math.hypot(new["rate"] - new["low"], old["high"] - old["rate"])
    up = math.hypot(new["high"] - new["rate"], old["rate"] - old["low"])
    return max(-1.0, difference - down), min(1.0, difference + up)


def _p_value(old: dict[str, Any], new: dict[str, Any]) -> float:
    """Two-sided, of the pooled score test, at the effective numbers of trials that the intervals stand for."""
    sizes = old["effective_n"], new["effective_n"]
    pooled = (old["rate"] * sizes[0] + new["rate"] * sizes[1]) / sum(sizes)
    spread = math.sqrt(pooled * (1 - pooled) * (1 / sizes[0] + 1 / sizes[1]))
    if spread == 0:
        return 1.0
    return 2 * NormalDist().cdf(-abs(new["rate"] - old["rate"]) / spread)
