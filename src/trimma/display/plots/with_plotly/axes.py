"""The axes of a panel, as plotly's layout has them."""

import math
from typing import Any

from trimma.display.plots.fitting_ticks import fits, fitting
from trimma.display.plots.picture import Axis, Panel
from trimma.display.plots.picture_marks import Cells
from trimma.display.plots.theme import DARK
from trimma.display.plots.with_plotly.html_text import html_text, html_tick

LETTERS = 130  # so many letters have room side by side in a figure of usual width
MOST_POWERS = 8  # powers of ten on an axis
GAP = 0.1  # the share of a panel's width that stays free at its right
EDGE_AXIS = 100  # axes from this number on are those of marks at the edge of the view


def panel_axes(panel: Panel, place: int, panels: int, columns: int) -> dict[str, Any]:
    """The two axes of panel number ``place``, and a third one, from 0 to 1, for marks at the edge of the view."""
    across = min(panels, columns)
    x, y = axis_names(place)
    letters = LETTERS / across
    first: dict[str, Any] = {"title": {"text": html_text(panel.x.label), "standoff": 8}} if panel.x.label else {}
    upright: dict[str, Any] = {"title": {"text": html_text(panel.y.label)}} if panel.y.label else {}
    if panels > 1:
        line, column = divmod(place, across)
        width, height = 1 / across, 1 / -(-panels // across)
        below = 0.22 if panels > across else 0.0
        left, top = column * width, 1 - line * height
        first |= {"domain": [left, left + width * (1 - GAP)], "anchor": y}
        upright |= {"domain": [top - height * (1 - below), top], "anchor": x}
        if place:
            upright["matches"] = "y"
        if column:
            upright |= {"showticklabels": False, "title": None}
    edge: dict[str, Any] = {"overlaying": y, "range": [0, 1], "visible": False, "fixedrange": True, "anchor": x}
    if panels > 1:
        edge["domain"] = upright["domain"]
    if any(isinstance(mark, Cells) for mark in panel.marks):
        first |= {"constrain": "domain"}
        upright |= {"constrain": "domain"}
    return {
        layout_name(x): _axis(panel.x, letters) | first,
        layout_name(y): _axis(panel.y, math.inf) | upright,
        layout_name(edge_name(place)): edge,
    }


def axis_names(place: int) -> tuple[str, str]:
    """The names of the axes of panel number ``place``, as traces have them: ``("x2", "y2")``."""
    number = str(place + 1) if place else ""
    return f"x{number}", f"y{number}"


def edge_name(place: int) -> str:
    """The name of the axis on which marks at the edge of panel number ``place`` stand."""
    return f"y{EDGE_AXIS + place}"


def layout_name(name: str) -> str:
    """The name that an axis has in the layout: ``yaxis2`` for ``y2``."""
    return f"{name[0]}axis{name[1:]}"


def _axis(axis: Axis, letters: float) -> dict[str, Any]:
    found: dict[str, Any] = {
        "type": "log" if axis.scale == "log" else "linear",
        "automargin": True,
        "showgrid": axis.grid,
        "zeroline": axis.zero,
        "visible": axis.shown,
    }
    if axis.zero:
        found |= {"zerolinewidth": 1.5, "zerolinecolor": DARK, "zerolinelayer": "below traces"}
    if axis.range is not None:
        found["range"] = [math.log10(end) if axis.scale == "log" else end for end in axis.range]
        if axis.scale == "log" and axis.ticks is None:
            decades = found["range"][1] - found["range"][0]
            found["dtick"] = math.ceil(decades / MOST_POWERS)  # at powers of ten only
    if axis.ticks is not None:
        ticks = fitting(axis, letters)
        found |= {"tickvals": [tick.value for tick in ticks], "ticktext": [html_tick(tick) for tick in ticks]}
        if axis.scale == "category":
            found |= {"ticklabelstandoff": 6, "tickangle": 0 if fits(ticks, letters) else -40}
    if axis.numbers == "percent":
        found["tickformat"] = ".0%"
    if axis.numbers == "whole":
        found["dtick"] = 1
    return found
