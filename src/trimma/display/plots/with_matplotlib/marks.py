"""The marks of a panel."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from trimma.display.plots.picture_marks import (
    Band,
    Bars,
    Cells,
    Intervals,
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
    many = sum(len(line.x) for line in mark.lines) > MOST_POINTS
    look = {
        "color": mark.colour,
        "linewidth": PIXEL * mark.width,
        "alpha": mark.opacity,
        "linestyle": ":" if mark.dotted else "-",
        "drawstyle": "steps-post" if mark.steps else "default",
        "solid_joinstyle": "round",
        "rasterized": many,
        "zorder": FRONT if mark.front else LINES,
    }
    for place, line in enumerate(mark.lines):
        label = _label(mark) if place == 0 else None
        axes.plot(line.x, line.y, label=label, marker="." if len(line.x) == 1 else "", markersize=3, **look)


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
    if mark.direction == "x":
        axes.barh(mark.places, ends - starts, height=mark.thickness, left=starts, **look)
    else:
        axes.bar(mark.places, ends - starts, width=mark.thickness, bottom=starts, **look)
    for place, end, label in zip(mark.places, mark.ends, mark.labels, strict=False):
        where = (end, place) if mark.direction == "x" else (place, end)
        axes.annotate(label, where, (3, 0), textcoords="offset points", va="center")


def _intervals(axes: Any, mark: Intervals) -> None:
    lows = np.array(mark.lows)
    reach = np.array([np.zeros_like(lows), np.array(mark.highs) - lows])
    look = {"ecolor": mark.colour, "elinewidth": PIXEL * mark.width, "capsize": 2, "capthick": PIXEL * mark.width}
    if mark.direction == "x":
        axes.errorbar(lows, mark.places, xerr=reach, fmt="none", zorder=3, **look)
    else:
        axes.errorbar(mark.places, lows, yerr=reach, fmt="none", zorder=3, **look)
