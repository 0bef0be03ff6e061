"""The loss of a fine-tune over its epochs: as text for a terminal, as SVG where the chart library is installed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from harness.training.fine_tune import EpochReport

_WIDTH = 40


def text_plot(reports: Sequence[EpochReport]) -> str:
    """One bar an epoch and a curve, scaled to the largest loss shown."""
    curves = (("training", "training_loss"), ("validation", "validation_loss"))
    values = [getattr(report, field) for _, field in curves for report in reports]
    largest = max((value for value in values if value is not None), default=0.0)
    lines = []
    for name, field in curves:
        for report in reports:
            value = getattr(report, field)
            if value is not None:
                bar = "#" * round(_WIDTH * value / largest) if largest else ""
                lines.append(f"{name:>10} {report.number:>2}  {value:7.4f}  {bar}")
    return "\n".join(lines)


def svg_plot(reports: Sequence[EpochReport]) -> str | None:
    """An SVG line chart of both curves, or None where altair and vl-convert are not installed."""
    try:
        import altair
        import vl_convert
    except ImportError:
        return None
    charts: Any = altair  # half of its functions carry no types
    rows: list[dict[str, Any]] = [
        {"epoch": report.number, "loss": value, "curve": curve}
        for report in reports
        for curve, value in (("training", report.training_loss), ("validation", report.validation_loss))
        if value is not None
    ]
    chart = (
        charts.Chart(charts.Data(values=rows), width=420, height=240)
        .mark_line(point=True)
        .encode(
            x=charts.X("epoch:Q", axis=charts.Axis(tickMinStep=1, title="epoch")),
            y=charts.Y("loss:Q", title="loss, nats per answer token"),
            color=charts.Color("curve:N", title=None),
            strokeDash=charts.StrokeDash("curve:N", title=None),
        )
    )
    svg: str = vl_convert.vegalite_to_svg(chart.to_dict())
    return svg
