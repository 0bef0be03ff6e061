"""Charts as static SVG, drawn when a page is built. Without the extra `report` there are none, and the page says so.

Colours are written as the light scheme's; the style sheet maps each of them to the dark scheme's by its value.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, lru_cache, partial
from hashlib import sha256
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from markupsafe import Markup

from harness.files import content_of, kept_at, sealed, unpacked, unsealed
from harness.show.figures import cells, clipped
from harness.text.visible import show

INK, MUTED, GRID = "#1c2024", "#5b6570", "#e3e6ea"
SERIES = ("#0b5cad", "#b34700", "#00795c", "#9c3587", "#7a5b00", "#1a7f9c", "#a8324a", "#4f5d75")
"""Distinct with every common colour blindness, and at least 4.5:1 against the page."""

INSTALL = "pip install 'pytest-verbatim[report]'"

NARROW = {"narrow": 330, "middle": 640}
WIDE = {"wide": 1080}
"""Pixels. A chart is drawn for each kind of screen, so that its letters keep their size; one of them is shown."""

_SVG = "http://www.w3.org/2000/svg"
_TAGS = {"svg", "g", "path", "line", "rect", "text", "tspan", "circle", "title"}
_ATTRIBUTES = {
    *("d", "x", "y", "x1", "x2", "y1", "y2", "r", "cx", "cy", "dx", "dy", "width", "height", "viewBox"),
    *("transform", "fill", "fill-opacity", "stroke", "stroke-width", "stroke-dasharray", "stroke-opacity"),
    *("stroke-linejoin", "stroke-linecap", "opacity", "font-size", "font-weight", "text-anchor"),
}


@dataclass(frozen=True, slots=True)
class Bar:
    """A row of an interval chart: `value` with its bounds, and what is written at the end of the row."""

    name: str
    value: float
    low: float
    high: float
    note: str


def available() -> bool:
    """Whether the libraries of the extra `report` are installed."""
    return find_spec("altair") is not None and find_spec("vl_convert") is not None


def intervals(bars: Sequence[Bar], *, label: str, signed: bool = False) -> Markup:
    """A dot with its interval for each row, in the order given. `signed` is for differences around zero."""
    if not bars or not available():
        return Markup("")
    low, high = min(bar.low for bar in bars), max(bar.high for bar in bars)
    reach = max(abs(low), abs(high), 0.05)
    domain = (-reach, reach) if signed else (max(0.0, int(low * 10 - 1e-9) / 10), 1.0)
    drawn = (_cleaned(_intervals(bars, width, domain, signed), name, label) for name, width in NARROW.items())
    return Markup("").join(drawn)


def in_widths(
    draw: Callable[..., Any],
    label: str,
    widths: Mapping[str, int],
    look: Callable[[int], tuple[Any, ...]],
    data: Mapping[str, list[dict[str, Any]]],
) -> Markup:
    """The chart of each width in pixels. `label` is the text alternative, `data` what is drawn, by name.

    `draw` makes it of a width and of its `look`, which is all that it may depend on: it is kept (`_form`).
    """
    drawn = []
    for name, width in widths.items():
        given = look(width)
        made = _form(f"{draw.__name__} {width} {given}", partial(draw, width, *given))
        rows = [one | {"values": data[one["name"]]} if one.get("name") in data else one for one in made["data"]]
        drawn.append(_cleaned(_drawn(made, rows), name, label))
    return Markup("").join(drawn)


def _intervals(bars: Sequence[Bar], width: int, domain: tuple[float, float], signed: bool) -> str:
    # the row's number is a part of its key: two names that look alike when they are shortened stay two rows
    rows = [
        {"name": f"{place:04} {clip(bar.name, width // 22)}", "v": bar.value, "lo": bar.low, "hi": bar.high}
        | {"note": bar.note}
        for place, bar in enumerate(bars)
    ]
    form = _form_of_intervals(width, domain, signed)
    data = [one | {"values": rows} if one.get("values") == _ANY_ROWS else one for one in form["data"]]
    return _drawn(form, data)


_ANY_ROWS = [{"name": "0000 any", "v": 0.5, "lo": 0.25, "hi": 0.75, "note": "any"}]


@lru_cache(maxsize=64)
def _form_of_intervals(width: int, domain: tuple[float, float], signed: bool) -> dict[str, Any]:
    return _form(f"{width} {domain} {signed}", lambda: _made_form(width, domain, signed))


def _form(look: str, draw: Callable[[], Any]) -> dict[str, Any]:
    """A chart without its rows, ready to be drawn. To make it takes longer than to draw it, and a history has
    thousands of pages with few of them: it is kept in the user's cache folder."""
    kept = kept_at("charts", sha256(f"{look} {_maker()}".encode()).hexdigest())
    with suppress(OSError, ValueError, RecursionError):
        if plain := unsealed(content_of(kept, limit=_FORM_LIMIT)):  # whole, and as it was kept
            return dict(json.loads(plain[0]))
    import vl_convert

    form: dict[str, Any] = vl_convert.vegalite_to_vega(_configured(draw()).to_dict(validate=False))
    with suppress(OSError):
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_bytes(sealed(json.dumps(form).encode()))
    return form


def _drawn(form: Mapping[str, Any], data: Sequence[Mapping[str, Any]]) -> str:
    """The SVG of a form with its rows, kept in the user's cache folder: the converter takes a second to start, and
    measures each text for three milliseconds: five sixths of a page. Nights that are alike, and pages that are built
    again with other templates, have charts that were drawn before.
    """
    chart = {**form, "data": data}
    seen = json.dumps(chart, sort_keys=True).encode()
    kept = kept_at("drawn", sha256(seen + _maker().encode()).hexdigest())
    with suppress(OSError, ValueError):  # one that was cut off, or is another file, is drawn again
        return unpacked(content_of(kept, limit=_FORM_LIMIT), limit=_DRAWN_LIMIT).decode()
    import vl_convert

    # the converter runs without a browser; an empty list forbids it every address too
    drawn: str = vl_convert.vega_to_svg(chart, allowed_base_urls=[])
    with suppress(OSError):
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_bytes(gzip.compress(drawn.encode(), 1, mtime=0))
    return drawn


_FORM_LIMIT = 1_000_000
_DRAWN_LIMIT = 20_000_000


@cache
def _maker() -> str:
    """Changes with what makes a form: this file, the one of the index, and the libraries."""
    versions = []
    for name in ("altair", "vl-convert-python"):
        with suppress(PackageNotFoundError):  # one that was put on the path without an installer
            versions.append(version(name))
    made_in = b"".join(Path(__file__).with_name(name).read_bytes() for name in ("charts.py", "index.py"))
    return f"{sha256(made_in).hexdigest()} {versions}"


def _made_form(width: int, domain: tuple[float, float], signed: bool) -> Any:
    alt: Any = import_module("altair")
    data = alt.Data(values=_ANY_ROWS)
    names = alt.Axis(ticks=False, domain=False, labelPadding=8, labelExpr="slice(datum.value, 5)")
    y = alt.Y("name:N", sort=None, title=None, axis=names)
    axis = alt.Axis(
        labelExpr="format(datum.value * 100, '+.0f')" if signed else "format(datum.value, '.0%')",
        title=None,
        tickCount=5 if width > 400 else 3,
        domain=False,
        labelFlush=False,
    )
    scale = alt.Scale(domain=list(domain), nice=False, zero=False)
    x = alt.X("v:Q", scale=scale, axis=axis)
    rule = alt.Chart(data).mark_rule(color=SERIES[0], strokeWidth=2)
    dot = alt.Chart(data).mark_circle(color=SERIES[0], size=60, opacity=1)
    note = alt.Chart(data).mark_text(align="left", color=MUTED, fontSize=12)
    layers: list[Any] = [
        rule.encode(y=y, x=alt.X("lo:Q", scale=scale, axis=axis), x2="hi:Q"),
        dot.encode(y=y, x=x),
        note.encode(y=y, x=alt.value(width * 0.5 + 10), text="note:N"),
    ]
    if signed:
        zero = alt.Chart(alt.Data(values=[{"v": 0}])).mark_rule(color=MUTED, strokeDash=[3, 3]).encode(x=x)
        layers.insert(0, zero)
    return alt.layer(*layers).properties(width=width * 0.5, height=alt.Step(26))


def _configured(chart: Any) -> Any:
    """The one look of all charts: no frame, faint grid, letters large enough to read."""
    alt: Any = import_module("altair")

    axis = alt.AxisConfig(
        labelFontSize=12,
        labelColor=INK,
        labelLimit=0,  # names are clipped before, and each that has a limit is measured once more
        gridColor=GRID,
        tickColor=GRID,
        domainColor=GRID,
    )
    return chart.configure(
        background="transparent",
        padding={"left": 14, "right": 12, "top": 2, "bottom": 2},
        view=alt.ViewConfig(stroke=None),
        axis=axis,
    )


def _cleaned(text: str, name: str, label: str) -> Markup:
    """What the converter drew, as a part of a page."""
    root = ElementTree.fromstring(text)  # noqa: S314 - written by the converter a line above
    _clean(root)
    size = root.get("viewBox", "").split()
    root.set("class", f"chart {name}")
    root.set("role", "img")
    root.set("aria-label", show(label, blanks=False))
    if len(size) == 4:
        root.set("width", size[2])
        root.set("height", size[3])
    ElementTree.register_namespace("", _SVG)
    out = ElementTree.tostring(root, encoding="unicode", short_empty_elements=True)
    return Markup(out.replace(f' xmlns="{_SVG}"', ""))  # noqa: S704 - only listed elements and attributes are left


def _clean(element: ElementTree.Element) -> None:
    """Drop what a page does not need: roles of single marks, hidden labels, anything not listed."""
    told = element.get("aria-label", "") if element.get("aria-roledescription") == "circle" else ""
    if told:
        # what a browser shows beside the pointer
        ElementTree.SubElement(element, f"{{{_SVG}}}title").text = show(told, blanks=False)
    for key in list(element.attrib):
        if key not in _ATTRIBUTES:
            del element.attrib[key]
        elif key in {"transform", "d", "x2", "y2", "width", "height"}:
            element.attrib[key] = _rounded(element.attrib[key])
    for child in list(element):
        tag = child.tag.removeprefix(f"{{{_SVG}}}")
        if tag not in _TAGS or child.get("opacity") == "0" or child.get("display") == "none":
            element.remove(child)
        else:
            _clean(child)
            if (tag == "g" and len(child) == 0) or (
                tag == "path" and child.get("fill") is None and child.get("stroke") is None
            ):
                element.remove(child)


def _rounded(coordinates: str) -> str:
    return re.sub(r"(\.\d\d)\d+", r"\1", coordinates)


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
