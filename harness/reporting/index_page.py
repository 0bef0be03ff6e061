"""The index over all versions: where each stands now, how it got there, and every run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from markupsafe import Markup

from harness.reporting import charts
from harness.reporting.index_line import IndexLine, rate
from harness.reporting.page import render as render_page
from harness.reporting.timeline import Event, current, events
from harness.reporting.trend import trend
from harness.reporting.vocabulary import WORDS

_BARS = 20


def render(
    lines: Sequence[IndexLine],
    *,
    lang: str = "auto",
    baselines: Mapping[str, str] | None = None,
    drift: Mapping[str, str] | None = None,
    alarms: Sequence[Event] = (),
    comparisons: Sequence[tuple[str, str]] = (),
    unreadable: Sequence[str] = (),
) -> str:
    """One HTML page.

    `drift` is the state of each `model@version` as the drift verdict words it, `alarms` its events;
    `comparisons` are titles and addresses of compare pages; `unreadable` says which records were left out.
    """
    happened = sorted([*events(lines, baselines), *alarms], key=lambda event: event.when, reverse=True)
    now = current(lines)
    promoted = {event.run_id for event in happened if event.kind == "promoted"}
    return render_page(
        "index.html.j2",
        styles=("page.css", "index.css"),
        scripts=("page.js", "filter.js"),
        lang=lang,
        lines=sorted(lines, key=lambda line: (line.when, line.started), reverse=True),
        now=now,
        promoted=promoted,
        drift=drift or {},
        runs_of=Counter(line.label for line in lines),
        models=sorted({line.model for line in lines}),
        happened=happened,
        trend=trend(lines, happened, label=WORDS["trend"][0]),
        standing=_standing(now),
        charts_available=charts.available(),
        install=charts.INSTALL,
        comparisons=comparisons,
        unreadable=unreadable,
        rate=rate,
        recipe=recipe_line,
    )


def recipe_line(recipe: Mapping[str, object] | None) -> str:
    """A recipe in one short line."""
    if not recipe:
        return ""
    line = ", ".join(f"{key} {value}" for key, value in recipe.items() if not isinstance(value, dict | list))
    return charts.clip(line, 80)


def _standing(now: Sequence[IndexLine]) -> Markup:
    bars = [
        charts.Bar(line.label, value, line.rate.low, line.rate.high, f"{line.rate} ({line.rate.k}/{line.rate.n})")
        for line in now
        if (value := line.rate.value) is not None and line.rate.low is not None and line.rate.high is not None
    ][:_BARS]
    told = "; ".join(f"{bar.name} {bar.note}" for bar in bars)
    return charts.intervals(bars, label=f"{WORDS['chart-versions'][0]}: {told}")
