"""Signs beside the rate: another model behind the name, slower answers, and which cases and slices moved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from statistics import fmean, median

from harness.decisions.metrics import Count, alignment_rate
from harness.decisions.nights import Night
from harness.records.run import CaseResult

_SLOW_NIGHTS = 3
"""With nothing changed, three nights above all ten of the baseline are one case in 286 (13 choose 3), a night."""

_SLOW_YEARS = {10: 27, 20: 11, 30: 4}
"""Of 100 years in which nothing changes, by baseline nights (benchmarks/simulations)."""

_SAME_NIGHTS = 3
"""Nights that gave the same text, after which another one is a change."""

_LEAST_FALL = 0.002
"""Probabilities of the same answer differ a little from batch to batch."""

_USUAL_NIGHTS = 10
_UNUSUAL = 5
"""Changes of text are a sign where there are five times as many as on any of the last ten nights."""


@dataclass(frozen=True, slots=True)
class Sign:
    """A change that is reported at once and decides nothing."""

    day: date
    text: str


@dataclass(frozen=True, slots=True)
class Moved:
    """A case, or a slice (`domain=...`), that fails more often since the fall than in the baseline."""

    name: str
    before: Count
    since: Count


def fingerprints(nights: Sequence[Night]) -> tuple[Sign, ...]:
    """Changes of the resolved model, the system fingerprint or the runtime from one night to the next."""
    signs = []
    fields = {"resolved_model": "resolved model", "system_fingerprint": "system_fingerprint", "runtime": "runtime"}
    for field, name in fields.items():
        last: frozenset[str] = frozenset()
        for night in nights:
            found = frozenset(
                value
                for case in night.cases.values()
                for sample in case.samples
                if (value := getattr(sample, field)) is not None
            )
            if last and found and found != last:
                signs.append(Sign(night.day, f"{name} changed: {_named(last)} -> {_named(found)}"))
            last = found or last
    return tuple(sorted(signs, key=lambda sign: sign.day))


def _named(values: frozenset[str]) -> str:
    return ", ".join(sorted(values))


def texts_changed(nights: Sequence[Night]) -> tuple[Sign, ...]:
    """Nights on which more prompts than usual got a new text, at temperature 0: reported the first night.

    An endpoint that repeats itself has no reason to change a text, right or wrong, unless something behind it changed.
    One that never repeats itself quite is held against what is usual for it.
    """
    signs: list[Sign] = []
    usual: list[int] = []
    for position in range(_SAME_NIGHTS, len(nights)):
        night, before = nights[position], nights[position - _SAME_NIGHTS : position]
        if not all(one.repeatable for one in (night, *before)):
            continue
        steady, changed = _steady_and_changed(night, before)
        if len(usual) >= _SAME_NIGHTS and changed > _UNUSUAL * max(usual[-_USUAL_NIGHTS:]):
            text = f"{changed} of {steady} prompts got another text than on the {_SAME_NIGHTS} nights before"
            signs.append(Sign(night.day, f"{text}, at temperature 0"))
        usual.append(changed)
    return tuple(signs)


def _steady_and_changed(night: Night, before: Sequence[Night]) -> tuple[int, int]:
    """Prompts that got one text on all the nights before, and those of them that got another one now."""
    steady = changed = 0
    for key, case in night.cases.items():
        texts = {_texts(one.cases[key]) for one in before}
        if len(texts) == 1 and None not in texts and (now := _texts(case)) is not None:
            steady += 1
            changed += now not in texts
    return steady, changed


def _texts(case: CaseResult) -> tuple[str, ...] | None:
    if case.outcome == "unscored" or not case.samples:
        return None
    return tuple(sample.output if sample.raw_output is None else sample.raw_output for sample in case.samples)


def slower(nights: Sequence[Night], baseline_nights: int) -> tuple[Sign, ...]:
    """The last nights, if each had a higher median latency than every night of the baseline."""
    medians = [(night.day, value) for night in nights if (value := _latency(night)) is not None]
    baseline, rest = medians[:baseline_nights], medians[baseline_nights:]
    latest = rest[-_SLOW_NIGHTS:]
    if len(baseline) < baseline_nights or len(latest) < _SLOW_NIGHTS:
        return ()
    slowest = max(value for _, value in baseline)
    if min(value for _, value in latest) <= slowest:
        return ()
    text = f"median latency {latest[-1][1]:.2f} s: {_SLOW_NIGHTS} nights above all of the baseline ({slowest:.2f} s)"
    if baseline_nights in _SLOW_YEARS:
        text += f"; so it is in {_SLOW_YEARS[baseline_nights]} of 100 quiet years"
    return (Sign(latest[0][0], text),)


def less_sure(nights: Sequence[Night], baseline_nights: int) -> tuple[Sign, ...]:
    """The last nights, if the model was less sure of its signs on each than on every night of the baseline.

    What is averaged over the mentions of a night is the least probability of a sign. It falls before an answer flips.
    """
    means = [(night.day, value) for night in nights if (value := _sureness(night)) is not None]
    baseline, latest = means[:baseline_nights], means[baseline_nights:][-_SLOW_NIGHTS:]
    if len(baseline) < baseline_nights or len(latest) < _SLOW_NIGHTS:
        return ()
    least = min(value for _, value in baseline)
    if max(value for _, value in latest) >= least - _LEAST_FALL:
        return ()
    text = (
        f"mean probability of protected signs {latest[-1][1]:.3f}: {_SLOW_NIGHTS} nights below all of the baseline "
        f"({least:.3f})"
    )
    return (Sign(latest[0][0], text),)


def _sureness(night: Night) -> float | None:
    found = [
        mention.probability
        for case in night.cases.values()
        for sample in case.samples
        for mentions in sample.mentions.values()
        for mention in mentions
        if mention.probability is not None
    ]
    return fmean(found) if found else None


def _latency(night: Night) -> float | None:
    values = [s.latency_s for case in night.cases.values() for s in case.samples if s.latency_s is not None]
    return median(values) if values else None


def moved(nights: Sequence[Night], baseline_nights: int, since: date | None, most: int = 10) -> tuple[Moved, ...]:
    """Slices, then cases, by how much more often they fail since `since`; nothing without a date."""
    if since is None:
        return ()
    before, after = nights[:baseline_nights], [night for night in nights if night.day >= since]
    found = []
    for names in (_slices(nights[-1]), {key: frozenset({key}) for key in nights[-1].cases}):
        rows = [Moved(name, _count(before, keys), _count(after, keys)) for name, keys in names.items()]
        worse = [row for row in rows if _fall(row) > 0]
        found += sorted(worse, key=lambda row: (-_fall(row), row.name))[:most]
    return tuple(found)


def _slices(night: Night) -> dict[str, frozenset[str]]:
    names: dict[str, set[str]] = {}
    for key, case in night.cases.items():
        for name in (f"domain={case.domain}", f"language={case.language}", f"task={case.task}"):
            names.setdefault(name, set()).add(key)
    return {name: frozenset(keys) for name, keys in names.items()}


def _count(nights: Sequence[Night], keys: frozenset[str]) -> Count:
    return alignment_rate([night.cases[key] for night in nights for key in keys])


def _fall(row: Moved) -> float:
    if row.before.rate is None or row.since.rate is None:
        return 0.0
    return row.before.rate - row.since.rate
