"""The alignment rate over time: one line a model, a band for its interval, marks for what happened."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from importlib import import_module
from typing import Any

from markupsafe import Markup

from harness.reporting.charts import MUTED, NARROW, SERIES, WIDE, available, clip, in_widths
from harness.reporting.figures import percent
from harness.reporting.index_line import IndexLine
from harness.reporting.timeline import Event, by_model

_MODELS = 12
"""Lines that can still be told apart; further models are in the table."""
_LINE_HEIGHT = 0.055
"""Of the chart's height: how near two labels may come."""
_SIGNS = {"new-version": "◆", "promoted": "★", "drift-alarm": "▲", "suite-changed": "▮"}


def trend(lines: Sequence[IndexLine], events: Sequence[Event], *, label: str) -> Markup:
    """Draw the complete runs of each model. Nothing without the chart library or without a run."""
    models = {
        model: [line for line in runs if line.rate.n][-400:]
        for model, runs in by_model(line for line in lines if not line.partial).items()
    }
    models = {model: runs for model, runs in models.items() if runs}
    if not models or not available():
        return Markup("")
    latest = sorted(models, key=lambda model: models[model][-1].when, reverse=True)[:_MODELS]
    shown = {model: models[model] for model in sorted(latest)}
    told = "; ".join(f"{model} {percent(runs[-1].rate.value)}" for model, runs in shown.items())
    points = _points(shown)
    data = {"points": points, "events": _marks(points, events)}
    return in_widths(lambda width: _chart(points, width), f"{label}: {told}", {**NARROW, **WIDE}, data)


def _points(models: dict[str, list[IndexLine]]) -> list[dict[str, Any]]:
    return [
        {
            "model": clip(model, 24),
            "t": line.when,
            "v": line.rate.value,
            "lo": line.rate.low,
            "hi": line.rate.high,
            "run": line.run_id,
        }
        for model, runs in models.items()
        for line in runs
    ]


def _chart(points: list[dict[str, Any]], width: int) -> Any:
    alt: Any = import_module("altair")
    wide = width > 400
    names = list(dict.fromkeys(point["model"] for point in points))
    colours = [SERIES[index % len(SERIES)] for index in range(len(names))]
    colour = alt.Color("model:N", legend=None, scale=alt.Scale(domain=names, range=colours))
    floor = max(0.0, int(min(point["lo"] for point in points) * 10 - 1e-9) / 10)
    dates = alt.Axis(grid=False, tickCount=6 if wide else 4, format=_dates(points, short=not wide))
    x = alt.X("t:T", title=None, scale=alt.Scale(padding=10), axis=dates)
    scale = alt.Scale(domain=[floor, 1.0], nice=False, zero=False)
    rates = alt.Axis(format="%", domain=False, ticks=False, tickCount=5, labelPadding=8)
    y = alt.Y("v:Q", title=None, scale=scale, axis=rates)
    low = alt.Y("lo:Q", scale=scale)
    runs = alt.Chart(alt.NamedData(name="points"))
    counts = Counter(point["model"] for point in points)
    alone = alt.Chart(alt.Data(values=[point for point in points if counts[point["model"]] == 1]))
    labels = alt.Chart(alt.Data(values=_labels(points, names, floor)))
    room = 150 if wide else 95
    layers = [
        runs.mark_area(opacity=0.16).encode(x=x, y=low, y2="hi:Q", color=colour),
        alone.mark_rule(strokeWidth=2, opacity=0.5).encode(x=x, y=low, y2="hi:Q", color=colour),
        runs.mark_line(strokeWidth=2).encode(x=x, y=y, color=colour),
        runs.mark_circle(size=26 if max(counts.values()) <= 40 else 9, opacity=1).encode(x=x, y=y, color=colour),
        alt.Chart(alt.NamedData(name="events"))
        .mark_text(dy=-13, fontSize=13, color=MUTED)
        .encode(x=x, y=y, text="sign:N"),
        labels.mark_text(align="left", fontSize=12.5, fontWeight="bold").encode(
            x=alt.value(width - room - 36), y=y, text="model:N", color=colour
        ),
    ]
    return alt.layer(*layers).properties(width=width - room - 45, height=300 if wide else 240)


def _labels(points: list[dict[str, Any]], names: list[str], floor: float) -> list[dict[str, Any]]:
    """The name of each line beside its last point, pushed apart where two would overlap."""
    last = {point["model"]: point["v"] for point in points}
    step = _LINE_HEIGHT * (1 - floor)
    placed: list[dict[str, Any]] = []
    above = 1.0 + step
    for name in sorted(names, key=lambda one: -last[one]):
        place = min(last[name], above - step)
        placed.append({"model": name, "v": place})
        above = place
    if placed and placed[-1]["v"] < floor:
        lift = floor - placed[-1]["v"]
        placed = [{"model": one["model"], "v": min(1.0, one["v"] + lift)} for one in placed]
    return placed


def _marks(points: list[dict[str, Any]], events: Sequence[Event]) -> list[dict[str, Any]]:
    """Signs above the points where something happened; several at one point stand side by side."""
    at = {point["run"]: point for point in points}
    signs: dict[str, str] = {}
    for event in reversed(events):
        if event.run_id in at and _SIGNS[event.kind] not in signs.get(event.run_id, ""):
            signs[event.run_id] = signs.get(event.run_id, "") + _SIGNS[event.kind]
    return [{"t": at[run]["t"], "v": at[run]["v"], "sign": text} for run, text in signs.items()]


def _dates(points: list[dict[str, Any]], *, short: bool) -> str:
    """Clock times only where all runs are of one day, years only where there is room or more than one."""
    days = {str(point["t"])[:10] for point in points}
    if len(days) == 1:
        return "%H:%M"
    years = len({day[:4] for day in days})
    return "%Y-%m-%d" if not short else "%m-%d" if years == 1 else "%Y-%m"
