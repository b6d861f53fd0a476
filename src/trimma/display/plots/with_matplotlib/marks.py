"""The marks of a panel."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from trimma.display.plots.picture_marks import (
    Band,
    Bars,
    Cells,
    Intervals,
    Line,
    Lines,
    Mark,
    Points,
    RowTexts,
    Texts,
    Upright,
)
from trimma.display.plots.with_matplotlib.cells import draw_cells
from trimma.display.plots.with_matplotlib.sizes import PIXEL
from trimma.display.plots.with_matplotlib.texts import draw_row_texts, draw_texts, draw_upright

SHAPES = {"circle": "o", "circle-open": "o", "diamond": "D", "square": "s", "cross": "x", "star": "*"}
HATCHES = {"": None, "/": "////", ".": "....", "x": "xxxx"}
MOST_POINTS = 20_000  # more points than these are drawn as pixels, which keeps PDF and SVG small
MOST_BARS = 500  # more bars than these are one collection
PALE = (0.5, 0.5, 0.5, 0.25)
FRONT, LINES, POINTS_AND_INTERVALS = 5, 2, 4  # what is greater is drawn over what is less


def draw_marks(axes: Any, marks: Sequence[Mark]) -> None:
    """Draw the marks, one after another."""
    for mark in marks:
        match mark:
            case Points():
                _points(axes, mark)
            case Lines():
                _lines(axes, mark)
            case Bars():
                _bars(axes, mark)
            case Intervals():
                _intervals(axes, mark)
            case Cells():
                draw_cells(axes, mark)
            case Texts():
                draw_texts(axes, mark)
            case RowTexts():
                draw_row_texts(axes, mark)
            case Band():
                axes.axvspan(mark.low, mark.high, color=mark.colour, alpha=0.12, linewidth=0, zorder=0)
            case Upright():
                draw_upright(axes, mark)


def _label(mark: Points | Lines | Bars) -> str | None:
    """The name for the legend."""
    return mark.name if mark.name and mark.listed else None


def _points(axes: Any, mark: Points) -> None:
    if mark.symbol == "cross":
        look: dict[str, Any] = {"color": mark.colour, "linewidths": 0.9}
    elif mark.symbol == "circle-open":
        look = {"facecolors": "none", "edgecolors": mark.colour, "linewidths": 1.0}
    else:
        look = {"facecolors": mark.colour, "edgecolors": "none", "linewidths": 0.0}
    if mark.at_edge:
        look["transform"] = axes.get_xaxis_transform()
    axes.scatter(
        mark.x,
        mark.y,
        s=(PIXEL * mark.size) ** 2,
        marker=SHAPES[mark.symbol],
        alpha=mark.opacity,
        label=_label(mark),
        rasterized=len(mark.x) > MOST_POINTS,
        zorder=POINTS_AND_INTERVALS,
        **look,
    )


def _lines(axes: Any, mark: Lines) -> None:
    """Draw the lines as one collection, which is fast and in which lines shine through one another."""
    from matplotlib.collections import LineCollection

    look = {"alpha": mark.opacity, "zorder": FRONT if mark.front else LINES}
    if mark.steps:
        for line in mark.lines:
            width = PIXEL * mark.width
            axes.step(line.x, line.y, where="post", color=mark.colour, linewidth=width, label=_label(mark), **look)
        return
    alone = [line for line in mark.lines if len(line.x) == 1]
    long = [_finite(line) for line in mark.lines if len(line.x) > 1]
    many = sum(map(len, long)) > MOST_POINTS
    drawn = LineCollection(
        long,
        colors=mark.colour,
        linewidths=PIXEL * mark.width,
        linestyles=":" if mark.dotted else "-",
        capstyle="round",
        label=_label(mark),
        rasterized=many,
        **look,
    )
    axes.add_collection(drawn)
    axes.autoscale_view()
    if alone:
        axes.scatter([line.x[0] for line in alone], [line.y[0] for line in alone], s=3, color=mark.colour, **look)


def _finite(line: Line) -> Any:
    """The points of a line, an array of shape (n, 2), with gaps where a value isn't finite."""
    points = np.array([line.x, line.y], dtype=float).T
    points[~np.isfinite(points).all(axis=1)] = np.nan
    return points


def _bars(axes: Any, mark: Bars) -> None:
    starts, ends = np.array(mark.starts), np.array(mark.ends)
    pale = mark.pale or (False,) * len(ends)
    look = {
        "color": [PALE if one else colour for colour, one in zip(mark.colours, pale, strict=True)],
        "edgecolor": list(mark.colours) if mark.pale else "white",
        "linewidth": 0.8 if mark.pale else 0.3,
        "alpha": None if mark.pale else mark.opacity,
        "hatch": HATCHES[mark.hatch],
        "label": _label(mark),
        "zorder": LINES,
    }
    if len(ends) > MOST_BARS and mark.direction == "x":
        _many_bars(axes, mark, look)
    elif mark.direction == "x":
        axes.barh(mark.places, ends - starts, height=mark.thickness, left=starts, **look)
    else:
        axes.bar(mark.places, ends - starts, width=mark.thickness, bottom=starts, **look)
    for place, end, label in zip(mark.places, mark.ends, mark.labels, strict=False):
        where = (end, place) if mark.direction == "x" else (place, end)
        axes.annotate(label, where, (3, 0), textcoords="offset points", va="center")


def _many_bars(axes: Any, mark: Bars, look: dict[str, Any]) -> None:
    """Draw bars from left to right as one collection, for each by itself would take long."""
    from matplotlib.collections import PolyCollection

    half = mark.thickness / 2
    corners = [
        ((start, place - half), (end, place - half), (end, place + half), (start, place + half))
        for place, start, end in zip(mark.places, mark.starts, mark.ends, strict=True)
    ]
    axes.add_collection(PolyCollection(corners, facecolor=look.pop("color"), **look))


def _intervals(axes: Any, mark: Intervals) -> None:
    lows = np.array(mark.lows)
    reach = np.array([np.zeros_like(lows), np.array(mark.highs) - lows])
    look = {"ecolor": mark.colour, "elinewidth": PIXEL * mark.width, "capsize": 2, "capthick": PIXEL * mark.width}
    if mark.direction == "x":
        axes.errorbar(lows, mark.places, xerr=reach, fmt="none", zorder=3, **look)
    else:
        axes.errorbar(mark.places, lows, yerr=reach, fmt="none", zorder=3, **look)
