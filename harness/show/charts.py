"""Charts as static SVG, drawn when a page is built: intervals in rows, and rates over time.

Colours are written as the light scheme's; the style sheet maps each of them to the dark scheme's by its value.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from markupsafe import Markup, escape

from harness.show.figures import cells, clipped
from harness.text.visible import show

INK, MUTED, GRID = "#1c2024", "#5b6570", "#e3e6ea"
SERIES = ("#0b5cad", "#b34700", "#00795c", "#9c3587", "#7a5b00", "#1a7f9c", "#a8324a", "#4f5d75")
"""Distinct with every common colour blindness, and at least 4.5:1 against the page."""

NARROW = {"narrow": 330, "middle": 640}
WIDE = {"wide": 1080}
"""Pixels. A chart is drawn for each kind of screen, so that its letters keep their size; one of them is shown."""

_SIZE = 12.0
"""Pixels: of the letters."""
_ROW = 26
_TOP, _SIDE, _BELOW = 2, 14, 22
"""Around what is drawn: `_BELOW` holds the labels of the axis."""


Label = str | Mapping[str, str]
"""The text alternative of a chart, or that by language; the page's script puts in the one of the page."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A row of an interval chart: `value` with its bounds, and what is written at the end of the row."""

    name: str
    value: float
    low: float
    high: float
    note: str


@dataclass(frozen=True, slots=True)
class Point:
    """A rate at a moment, with its bounds; `title` is shown beside the pointer."""

    line: int
    """The number of its line: names are only shown, and two that look alike stay two lines."""
    suite: str
    """A line joins points of the same cases alone."""
    other: bool
    """On other cases than most are."""
    run: str
    t: datetime
    v: float
    low: float
    high: float
    title: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A sign above a point where something happened, and the same with the version that is new or promoted."""

    t: datetime
    v: float
    sign: str
    named: str


def intervals(bars: Sequence[Bar], *, label: Label, signed: bool = False) -> Markup:
    """A dot with its interval for each row, in the order given. `signed` is for differences around zero."""
    if not bars:
        return Markup("")
    return Markup("").join(
        _svg(*_intervals(bars, width, signed=signed), kind=kind, label=label) for kind, width in NARROW.items()
    )


def over_time(points: Sequence[Point], marks: Sequence[Mark], names: Sequence[str], *, label: Label) -> Markup:
    """A line with its band for each name, from the points that have its number, in the order of time."""
    return Markup("").join(
        _svg(*_over_time(points, marks, names, width), kind=kind, label=label)
        for kind, width in {**NARROW, **WIDE}.items()
    )


def _intervals(bars: Sequence[Bar], width: int, *, signed: bool) -> tuple[list[Markup], float, float]:
    """The marks, with the width and the height that they take."""
    lowest, highest = min(bar.low for bar in bars), max(bar.high for bar in bars)
    reach = max(abs(lowest), abs(highest), 0.05)
    low, high = (-reach, reach) if signed else (_floor(lowest), 1.0)
    names = [clip(bar.name, width // 22) for bar in bars]
    left = _SIDE + max(text_width(name) for name in names) + 8
    plot, foot = width / 2, _TOP + _ROW * len(bars)

    def x(value: float) -> float:
        return left + plot * (value - low) / (high - low)

    drawn = []
    for value in ticks(low, high, 5 if width > 400 else 3):
        said = f"{100 * value:+.0f}".replace("-", "−") if signed else f"{value:.0%}"
        drawn.append(_line(x(value), _TOP, x(value), foot + 5, GRID))
        drawn.append(_text(x(value), foot + 17, said, INK, anchor="middle"))
    if signed:
        drawn.append(_line(x(0), _TOP, x(0), foot, MUTED, dash="3 3"))
    for place, (bar, name) in enumerate(zip(bars, names, strict=True)):
        y = _TOP + _ROW * (place + 0.5)
        drawn.append(_line(x(bar.low), y, x(bar.high), y, SERIES[0], width=2))
        drawn.append(_dot(x(bar.value), y, 3.9, SERIES[0], title=f"{bar.name}: {bar.note}", hollow=False))
        drawn.append(_text(left - 8, y + 4, name, INK, anchor="end"))
        drawn.append(_text(left + plot + 10, y + 4, bar.note, MUTED))
    return drawn, left + plot + 10 + max(text_width(bar.note) for bar in bars) + _SIDE, foot + _BELOW


def _floor(lowest: float) -> float:
    """The tenth below, where an axis of rates begins."""
    return max(0.0, int(lowest * 10 - 1e-9) / 10)


_LEFT, _ABOVE = 43, 18
"""Pixels: for the labels of the rates, and for the sign of a run without a fault."""
_FEW = 40
"""Points of a line that are drawn large."""


def _over_time(
    points: Sequence[Point], marks: Sequence[Mark], names: Sequence[str], width: int
) -> tuple[list[Markup], float, float]:
    """The marks, with the width and the height that they take."""
    wide = width > NARROW["narrow"]
    plot, height = width - (195 if wide else 140), 300 if wide else 240
    floor = _floor(min(point.low for point in points))
    first, last = min(point.t for point in points), max(point.t for point in points)
    parts: dict[tuple[int, str], list[Point]] = {}
    for point in points:
        parts.setdefault((point.line, point.suite), []).append(point)

    def x(at: datetime) -> float:
        share = (at - first) / (last - first) if last > first else 0.5
        return _LEFT + 10 + (plot - 20) * share

    def y(value: float) -> float:
        return _ABOVE + height * (1 - value) / (1 - floor)

    drawn = []
    for value in ticks(floor, 1.0, 5):
        drawn.append(_line(_LEFT, y(value), _LEFT + plot, y(value), GRID))
        drawn.append(_text(_LEFT - 8, y(value) + 4, f"{value:.0%}", INK, anchor="end"))
    drawn += _days(first, last, x, y(floor), wide=wide)
    for (number, _), own in parts.items():
        if len(own) > 1:
            edge = [(x(one.t), y(one.high)) for one in own] + [(x(one.t), y(one.low)) for one in reversed(own)]
            drawn.append(_path(edge, fill=_shade(number), fill_opacity=0.16))
        else:
            drawn.append(
                _line(x(own[0].t), y(own[0].low), x(own[0].t), y(own[0].high), _shade(number), width=2, opacity=0.5)
            )
    for (number, _), own in parts.items():
        dash = {"dash": "5 4"} if own[0].other else {}
        drawn.append(_path([(x(one.t), y(one.v)) for one in own], stroke=_shade(number), width=2, **dash))
    radius = 3.6 if max(map(len, parts.values())) <= _FEW else 2.4
    drawn += [_dot(x(one.t), y(one.v), radius, _shade(one.line), title=one.title, hollow=one.other) for one in points]
    for mark in _apart(marks, last - first, 1 - floor):
        drawn.append(_text(x(mark.t), y(mark.v) - 9, mark.named if wide else mark.sign, MUTED, anchor="middle"))
    for number, place in _name_places(points, floor):
        look = {"size": "12.5px", "weight": "bold"}
        drawn.append(_text(_LEFT + plot + 9, y(place) + 4, names[number], _shade(number), **look))
    return drawn, _LEFT + plot + 9 + max(text_width(name, 13.5) for name in names) + 12, y(floor) + _BELOW


def _shade(number: int) -> str:
    return SERIES[number % len(SERIES)]


_TICKS = {True: 6, False: 3}
"""Labels on the axis of dates, where it is wide and where it is not."""


def _days(first: datetime, last: datetime, x: Callable[[datetime], float], foot: float, *, wide: bool) -> list[Markup]:
    """The axis of dates: no label twice, and none over another."""
    form = _form(first, last, wide=wide)
    drawn, end = [], -math.inf
    for day in dates(first, last, _TICKS[wide], least=_LEAST[form]):
        said = day.strftime(form)
        half = text_width(said) / 2
        drawn.append(_line(x(day), foot, x(day), foot + 5, GRID))
        if x(day) - half > end:
            drawn.append(_text(x(day), foot + 17, said, INK, anchor="middle"))
            end = x(day) + half + 10
    return drawn


def _form(first: datetime, last: datetime, *, wide: bool) -> str:
    """Clock times beside the day where a day has more than one label, years where there is room or more than one."""
    if (last.date() - first.date()).days < _TICKS[wide]:
        return "%m-%d %H:%M"
    return "%Y-%m-%d" if wide else "%m-%d" if first.year == last.year else "%Y-%m"


_LEAST = {
    form: timedelta(days=days) for form, days in (("%m-%d %H:%M", 0), ("%Y-%m-%d", 1), ("%m-%d", 1), ("%Y-%m", 31))
}
"""How near two dates come that are written in one form, so that no label is there twice."""


_NAME_HEIGHT = 0.055
"""Of the chart's height: how near two names may come."""


def _name_places(points: Sequence[Point], floor: float) -> list[tuple[int, float]]:
    """Each line with the height of its name: beside its last point, pushed apart where two would overlap."""
    last = {point.line: point.v for point in points}
    step = _NAME_HEIGHT * (1 - floor)
    placed: list[tuple[int, float]] = []
    above = 1.0 + step
    for number, value in sorted(last.items(), key=lambda one: -one[1]):
        above = min(value, above - step)
        placed.append((number, above))
    # those that were pushed below the chart go up again, each only as far as it must
    below = floor - step
    for place in reversed(range(len(placed))):
        number, value = placed[place]
        below = max(value, below + step)
        placed[place] = number, below
    return placed


_MARK_WIDTH, _MARK_HEIGHT = 0.08, 0.05
"""Of a sign with its version, as shares of the chart."""


def _apart(marks: Sequence[Mark], span: timedelta, height: float) -> list[Mark]:
    """The marks, those without their version that would be printed over another; the point's title names it too."""
    kept: list[Mark] = []
    placed = []
    for mark in sorted(marks, key=lambda one: one.t, reverse=True):
        crowded = any(
            abs(mark.t - one.t) < _MARK_WIDTH * span and abs(mark.v - one.v) < _MARK_HEIGHT * height for one in kept
        )
        kept += [] if crowded else [mark]
        placed.append(replace(mark, named=mark.sign) if crowded else mark)
    return placed[::-1]


def curves(lines: Mapping[str, Sequence[tuple[float, float]]], *, across: str, up: str) -> str:
    """A picture for a file of its own: a line for each name through points of two numbers, from zero up."""
    points = [point for line in lines.values() for point in line]
    first, last = min(x for x, _ in points), max(x for x, _ in points)
    top = max(1e-9, *(y for _, y in points))
    plot, height = 420, 240

    def at(x: float, y: float) -> tuple[float, float]:
        share = (x - first) / (last - first) if last > first else 0.5
        return _LEFT + 10 + (plot - 20) * share, _ABOVE + height * (1 - y / top)

    drawn = [
        _text(_LEFT - 30, _ABOVE - 6, up, MUTED),
        _text(_LEFT + plot / 2, height + 50, across, MUTED, anchor="middle"),
    ]
    for value in ticks(0, top, 5):
        y = at(first, value)[1]
        drawn += [_line(_LEFT, y, _LEFT + plot, y, GRID), _text(_LEFT - 8, y + 4, f"{value:g}", INK, anchor="end")]
    for value in ticks(first, last, 8) if last > first else [first]:
        if value == int(value):
            drawn.append(_text(at(value, 0)[0], _ABOVE + height + 17, f"{value:g}", INK, anchor="middle"))
    for number, (name, line) in enumerate(lines.items()):
        places = [at(*point) for point in line]
        drawn.append(_path(places, stroke=_shade(number), width=2, **({"dash": "5 4"} if number else {})))
        drawn += [
            _dot(*place, 3, _shade(number), title=f"{name}: {y:g}", hollow=False)
            for place, (_, y) in zip(places, line, strict=True)
        ]
        drawn.append(_text(places[-1][0] + 8, places[-1][1] + 4, name, _shade(number), weight="bold"))
    wide = _LEFT + plot + 9 + max(text_width(name, 13.5) for name in lines)
    whole = _svg(drawn, wide, height + 58, kind="file", label=f"{up}: {', '.join(lines)}")
    return str(whole).replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" font-family="sans-serif" ', 1)


_Look = Mapping[str, str | float]
"""Attributes."""


def _svg(marks: Iterable[Markup], width: float, height: float, *, kind: str, label: Label) -> Markup:
    """The whole chart for one kind of screen."""
    wide, high = math.ceil(width), math.ceil(height)
    said = {"aria-label": label if isinstance(label, str) else label["en"]}
    if not isinstance(label, str):
        said |= {f"data-label-{lang}": text for lang, text in label.items()}
    texts = {key: show(text, blanks=False) for key, text in said.items()}
    look: _Look = {"class": f"chart {kind}", "role": "img", **texts}
    size: _Look = {"width": wide, "height": high, "viewBox": f"0 0 {wide} {high}", "font-size": f"{_SIZE:g}px"}
    return _element("svg", Markup("").join(marks), {**look, **size})


def _line(x1: float, y1: float, x2: float, y2: float, stroke: str, **look: str | float) -> Markup:
    return _element("line", Markup(""), {"x1": x1, "y1": y1, "x2": x2, "y2": y2, "stroke": stroke, **_look(look)})


def _path(points: Sequence[tuple[float, float]], **look: str | float) -> Markup:
    way = "M" + "L".join(f"{_figure(x)},{_figure(y)}" for x, y in points)
    return _element("path", Markup(""), {"d": way, "fill": "none", **_look(look)})


def _dot(x: float, y: float, radius: float, fill: str, *, title: str, hollow: bool) -> Markup:
    """A browser shows `title` beside the pointer: all of a usual one, beginning and end of a name of a megabyte."""
    edge: _Look = {"fill-opacity": 0, "stroke": fill, "stroke-width": 2} if hollow else {}
    inside = _kept_title(title) if len(title) < 1000 else _title(title)
    return _element("circle", inside, {"cx": x, "cy": y, "r": radius - hollow, "fill": fill, **edge})


def _title(said: str) -> Markup:
    return _element("title", escape(clip(said, 400)), {})


_kept_title = lru_cache(maxsize=8192)(_title)
"""A chart is drawn for three widths of a screen."""


def _text(x: float, y: float, said: str, fill: str, **look: str | float) -> Markup:
    """Letters whose line is at `y`; `anchor` is start, middle or end."""
    label = _label(said) if len(said) < _SHORT else escape(show(said, blanks=False))
    return _element("text", label, {"x": x, "y": y, "fill": fill, **_look(look)})


_SHORT = 100


@lru_cache(maxsize=2048)
def _label(said: str) -> Markup:
    """Names and figures come again on the chart of each night."""
    return escape(show(said, blanks=False))


_NAMES = {
    **{"dash": "stroke-dasharray", "width": "stroke-width", "fill_opacity": "fill-opacity"},
    **{"anchor": "text-anchor", "size": "font-size", "weight": "font-weight"},
}


def _look(given: _Look) -> _Look:
    return {_NAMES.get(name, name): value for name, value in given.items()}


def _element(name: str, inside: Markup, attributes: _Look) -> Markup:
    written = [
        f' {key}="{_attribute(value) if isinstance(value, str) else _figure(value)}"'
        for key, value in attributes.items()
    ]
    given = "".join(written)
    end = f">{inside}</{name}>" if inside else "/>"
    return Markup(f"<{name}{given}{end}")  # noqa: S704 - each value is escaped on the lines above


def _attribute(value: str) -> str:
    return _short_attribute(value) if len(value) < _SHORT else escape(value)


@lru_cache(maxsize=512)
def _short_attribute(value: str) -> str:
    """Colours and the names of looks, most of them."""
    return str(escape(value))


def _figure(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


def ticks(low: float, high: float, most: int) -> list[float]:
    """About so many round values of an axis, as d3-array finds them (`tickIncrement`)."""
    rough = (high - low) / most
    power = 10.0 ** math.floor(math.log10(rough))
    step = power * next((size for size in (10, 5, 2) if rough / power >= (size * size / 2) ** 0.5), 1)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [number * step for number in range(first, last + 1)]


_MINUTES = (1, 5, 15, 30, 60, 180, 360, 720, 1440, 2880, 7 * 1440, 14 * 1440)
_MONTHS = (1, 3, 6, 12, 24, 60, 120, 600, 1200, 6000, 24_000)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def dates(first: datetime, last: datetime, most: int, *, least: timedelta = timedelta(0)) -> list[datetime]:
    """At most so many moments of an axis, full hours, days or months; none are nearer than `least`."""
    span = last - first
    for minutes in _MINUTES:
        step = timedelta(minutes=minutes)
        if step >= least and span / step <= most:
            place = -((_EPOCH - first) // step)
            found = [_EPOCH + step * number for number in range(place, (last - _EPOCH) // step + 1)]
            return found or [first]
    start, end = ((one.year * 12 + one.month - 1) for one in (first, last))
    step_months = next((step for step in _MONTHS if (end - start) / step <= most), _MONTHS[-1])
    months = range(start - start % -step_months, end + 1, step_months)
    every = [datetime(month // 12, month % 12 + 1, 1, tzinfo=UTC) for month in months if month >= 12]
    return [moment for moment in every if moment >= first] or [first]


_SLIM, _BROAD = frozenset(" .,:;'|!()[]-/iljtfr1I·"), frozenset("mwMW@%…")


@lru_cache(maxsize=4096)
def text_width(said: str, size: float = _SIZE) -> float:
    """Pixels that a text takes at most in a usual font. Nobody knows the reader's."""
    columns = sum(
        (0.4 if char in _SLIM else 0.95 if char in _BROAD else 0.72 if char.isupper() else 0.62)
        if char.isascii() or cells(char) < 2
        else 1.0
        for char in said
    )
    return columns * size


def clip(text: str, length: int) -> str:
    """At most `length` places, of which a Han character takes two: beginning and end, since names differ there."""
    if len(text) > 2 * length:  # what is shown of a character takes a column at least
        text = text[:length] + text[-length:]
    shown = show(text, blanks=False)
    if cells(shown) <= length:
        return shown
    end = (length - 1) // 2
    tail = clipped(shown[::-1], end + 1)[-2::-1]
    return f"{clipped(shown, length - end)[:-1]}…{tail}"
