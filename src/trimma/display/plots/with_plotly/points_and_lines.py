"""Points and lines, as traces of plotly."""

from itertools import chain
from typing import Any

from trimma.display.plots.picture_marks import Lines, Points
from trimma.display.plots.with_plotly.html_text import html_hover, html_text
from trimma.display.plots.with_plotly.plotly_module import graph_objects

SYMBOLS = {"cross": "x-thin"}


def points(mark: Points, many: bool) -> Any:
    """A trace of points; of ``many``, one that is drawn by WebGL."""
    edge = {"width": 2, "color": mark.colour} if mark.symbol in ("cross", "circle-open") else {"width": 0}
    if mark.symbol == "star":
        edge = {"width": 1, "color": "#7A5200"}
    return _scatter(many)(
        x=mark.x,
        y=mark.y,
        text=[html_hover(text) for text in mark.hover],
        name=mark.name or None,
        mode="markers",
        marker={
            "color": mark.colour,
            "size": mark.size,
            "symbol": SYMBOLS.get(mark.symbol, mark.symbol),
            "opacity": mark.opacity,
            "line": edge,
        },
        showlegend=False,
        **hover(bool(mark.hover)),
    )


def lines(mark: Lines, many: bool) -> Any:
    """One trace for all lines, with a gap between each and the next. A line through one point is a marker."""
    before = f"{html_text(mark.along)} %{{x}}: %{{y:.5g}}<br>" if mark.along else ""
    return _scatter(many)(
        x=[*chain.from_iterable((*line.x, None) for line in mark.lines)],
        y=[*chain.from_iterable((*line.y, None) for line in mark.lines)],
        text=[*chain.from_iterable([html_hover(line.hover)] * len(line.x) + [""] for line in mark.lines)],
        name=mark.name or None,
        mode="lines+markers",
        line={
            "color": mark.colour,
            "width": mark.width,
            "dash": "dot" if mark.dotted else "solid",
            "shape": "hv" if mark.steps else "linear",
        },
        marker={
            "size": [*chain.from_iterable([0 if len(line.x) > 1 else 5] * (len(line.x) + 1) for line in mark.lines)],
            "line": {"width": 0},
            "opacity": 1.0,
        },
        opacity=mark.opacity,
        showlegend=False,
        **hover(any(line.hover for line in mark.lines), before),
    )


def hover(shown: bool, before: str = "") -> dict[str, Any]:
    """What a trace is given so that its texts show at the mouse, or nothing does."""
    return {"hovertemplate": f"{before}%{{text}}<extra></extra>"} if shown else {"hoverinfo": "skip"}


def _scatter(many: bool) -> Any:
    return graph_objects().Scattergl if many else graph_objects().Scatter
