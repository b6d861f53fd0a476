"""The marks of a panel, as traces, shapes and annotations of plotly."""

import math
from collections.abc import Sequence
from itertools import chain
from typing import Any

from trimma.display.plots.picture import (
    Axis,
    Band,
    Bars,
    Intervals,
    Lines,
    Mark,
    Panel,
    Points,
    RowTexts,
    Texts,
    Upright,
)
from trimma.display.plots.theme import DARK, GREY
from trimma.display.plots.with_plotly.axes import axis_names, edge_name
from trimma.display.plots.with_plotly.cells import heat_map
from trimma.display.plots.with_plotly.html_text import html_hover, html_text
from trimma.display.plots.with_plotly.plotly_module import Figure, graph_objects

MOST_POINTS = 4000  # more points than these are drawn by WebGL
MOST_BARS = 3000  # more bars than these are drawn as lines by WebGL
PALE = "rgba(127,127,127,0.25)"
SYMBOLS = {"cross": "x-thin"}
BAND = 0.12  # how opaque a band is


def add_marks(figure: Figure, panel: Panel, place: int) -> None:
    """Add the marks of panel number ``place`` to the figure."""
    x, y = axis_names(place)
    many = sum(map(_size, panel.marks)) > MOST_POINTS
    bars = sum(len(mark.places) for mark in panel.marks if isinstance(mark, Bars))
    listed = {trace.name for trace in figure.data if trace.showlegend}
    for mark in panel.marks:
        axes = {"xaxis": x, "yaxis": edge_name(place) if isinstance(mark, Points) and mark.at_edge else y}
        match mark:
            case Points():
                trace = _points(mark, many)
            case Lines():
                trace = _lines(mark, many)
            case Bars():
                trace = _bars(mark) if bars <= MOST_BARS else _bars_as_lines(mark, figure.layout.height)
            case Intervals():
                trace = _intervals(mark)
            case Band():
                figure.add_vrect(
                    x0=mark.low, x1=mark.high, fillcolor=mark.colour, opacity=BAND, line_width=0, layer="below"
                )
                continue
            case Texts() | RowTexts():
                for annotation in _texts(mark, panel):
                    figure.add_annotation(**{"xref": x, "yref": y, "showarrow": False} | annotation)
                continue
            case Upright():
                _upright(figure, mark, axes)
                continue
            case _:
                trace = heat_map(mark)
        trace.update(axes)
        if isinstance(mark, Points | Lines | Bars) and mark.name:
            trace.update(legendgroup=mark.name, showlegend=mark.listed and mark.name not in listed)
            listed |= {mark.name} if mark.listed else set()
        figure.add_trace(trace)
    for text, along, anchor in zip(panel.sides or (), (0.0, 1.0), ("left", "right"), strict=False):
        above = {"x": along, "xref": "paper", "y": 1.0, "yref": "paper", "xanchor": anchor, "yanchor": "bottom"}
        figure.add_annotation(text=html_text(text), showarrow=False, font={"size": 12, "color": GREY}, **above)


def _size(mark: Mark) -> int:
    match mark:
        case Points():
            return len(mark.x)
        case Lines():
            return sum(len(line.x) for line in mark.lines)
        case _:
            return 0


def _scatter(many: bool) -> Any:
    return graph_objects().Scattergl if many else graph_objects().Scatter


def _points(mark: Points, many: bool) -> Any:
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
        **_hover(bool(mark.hover)),
    )


def _hover(shown: bool, before: str = "") -> dict[str, Any]:
    return {"hovertemplate": f"{before}%{{text}}<extra></extra>"} if shown else {"hoverinfo": "skip"}


def _lines(mark: Lines, many: bool) -> Any:
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
        **_hover(any(line.hover for line in mark.lines), before),
    )


def _bars(mark: Bars) -> Any:
    along = mark.direction == "x"
    lengths = [end - start for start, end in zip(mark.starts, mark.ends, strict=True)]
    pale = mark.pale or (False,) * len(lengths)
    return graph_objects().Bar(
        orientation="h" if along else "v",
        base=mark.starts,
        x=lengths if along else mark.places,
        y=mark.places if along else lengths,
        width=mark.thickness,
        text=[html_text(label) for label in mark.labels] or None,
        textposition="outside" if mark.labels else "none",
        hovertext=[html_hover(text) for text in mark.hover],
        name=mark.name or None,
        marker={
            "color": [PALE if one else colour for colour, one in zip(mark.colours, pale, strict=True)],
            "opacity": mark.opacity,
            "line": {"width": 1.5, "color": mark.colours} if mark.pale else {"width": 0.7, "color": "white"},
            "pattern": {"shape": mark.hatch, "size": 6, "solidity": 0.3, "fgcolor": "white"} if mark.hatch else {},
        },
        showlegend=False,
        hovertemplate="%{hovertext}<extra></extra>",
    )


def _bars_as_lines(mark: Bars, height: float) -> Any:
    ends: Sequence[Any] = list(zip(mark.starts, mark.ends, strict=True))
    rows = len(set(mark.places))
    return graph_objects().Scattergl(
        x=[*chain.from_iterable((start, end, None) for start, end in ends)],
        y=[*chain.from_iterable((place, place, None) for place in mark.places)],
        text=[*chain.from_iterable((html_hover(text), html_hover(text), "") for text in mark.hover)],
        mode="lines",
        line={"color": mark.colours[0], "width": max(1, min(18, 0.8 * (height - 150) / rows))},
        name=mark.name or None,
        showlegend=False,
        **_hover(bool(mark.hover)),
    )


def _intervals(mark: Intervals) -> Any:
    reach = [high - low for low, high in zip(mark.lows, mark.highs, strict=True)]
    bars = {
        "type": "data",
        "symmetric": False,
        "array": reach,
        "arrayminus": [0.0] * len(reach),
        "color": mark.colour,
        "thickness": mark.width,
        "width": 4,
    }
    along = mark.direction == "x"
    return graph_objects().Scatter(
        x=mark.lows if along else mark.places,
        y=mark.places if along else mark.lows,
        **{"error_x" if along else "error_y": bars},
        mode="markers",
        marker={"size": 1, "opacity": 0.0},
        showlegend=False,
        hoverinfo="skip",
    )


def _texts(mark: Texts | RowTexts, panel: Panel) -> list[dict[str, Any]]:
    if isinstance(mark, RowTexts):
        beside = {"x": 1.0, "xref": "paper", "xanchor": "left", "xshift": 14, "font": {"size": 12}}
        return [{"y": y, "text": html_text(text)} | beside for y, text in zip(mark.places, mark.texts, strict=True)]
    where: dict[str, Any] = {"xanchor": "left", "xshift": 8} if mark.side == "right" else {"yshift": 14}
    shown = [f"<b>{html_text(text)}</b>" if mark.bold else html_text(text) for text in mark.texts]
    return [
        {"x": _place(x, panel.x), "y": _place(y, panel.y), "text": text, "align": "left"} | where
        for x, y, text in zip(mark.x, mark.y, shown, strict=True)
    ]


def _place(value: float, axis: Axis) -> float:
    """Where an annotation stands; unlike traces, annotations have powers of ten on an axis that is logarithmic."""
    return math.log10(value) if axis.scale == "log" else value


def _upright(figure: Figure, mark: Upright, axes: dict[str, str]) -> None:
    refs = {"xref": axes["xaxis"], "yref": axes["yaxis"]}
    ends = {"x0": mark.place, "x1": mark.place, "y0": 0.0, "y1": 1.0}
    figure.add_shape(type="line", line={"color": DARK, "width": 1.2}, layer="above", **ends, **refs)
    for tick in mark.ticks:
        look = {"showarrow": False, "xanchor": "left", "xshift": 3, "bgcolor": "rgba(255,255,255,0.75)"}
        figure.add_annotation(x=mark.place, y=tick.value, text=html_text(tick.text), font_size=11, **look, **refs)
