"""Bars and intervals, as traces of plotly."""

from collections.abc import Sequence
from itertools import chain
from typing import Any

from trimma.display.plots.picture_marks import Bars, Intervals
from trimma.display.plots.with_plotly.html_text import html_hover, html_text
from trimma.display.plots.with_plotly.plotly_module import graph_objects
from trimma.display.plots.with_plotly.points_and_lines import hover

PALE = "rgba(127,127,127,0.25)"


def bars(mark: Bars) -> Any:
    """A trace of bars."""
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


def bars_as_lines(mark: Bars, height: float) -> Any:
    """Very many bars as thick lines, which are drawn by WebGL. The figure is ``height`` pixels high."""
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
        **hover(bool(mark.hover)),
    )


def intervals(mark: Intervals) -> Any:
    """A trace of invisible points at the lower ends, whose error bars are the intervals."""
    reach = [high - low for low, high in zip(mark.lows, mark.highs, strict=True)]
    reaching = {
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
        **{"error_x" if along else "error_y": reaching},
        mode="markers",
        marker={"size": 1, "opacity": 0.0},
        showlegend=False,
        hoverinfo="skip",
    )
