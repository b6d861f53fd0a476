"""Texts and upright axes, as annotations and shapes of plotly."""

import math
from typing import Any

from trimma.display.plots.picture import Axis, Panel
from trimma.display.plots.picture_marks import RowTexts, Texts, Upright
from trimma.display.plots.theme import DARK, GREY
from trimma.display.plots.with_plotly.html_text import html_text
from trimma.display.plots.with_plotly.plotly_module import Figure


def annotations(mark: Texts | RowTexts, panel: Panel) -> list[dict[str, Any]]:
    """An annotation for each text."""
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


def add_upright(figure: Figure, mark: Upright, axes: dict[str, str]) -> None:
    """Add an upright axis with its ticks."""
    refs = {"xref": axes["xaxis"], "yref": axes["yaxis"]}
    ends = {"x0": mark.place, "x1": mark.place, "y0": 0.0, "y1": 1.0}
    figure.add_shape(type="line", line={"color": DARK, "width": 1.2}, layer="above", **ends, **refs)
    for tick in mark.ticks:
        look = {"showarrow": False, "xanchor": "left", "xshift": 3, "bgcolor": "rgba(255,255,255,0.75)"}
        figure.add_annotation(x=mark.place, y=tick.value, text=html_text(tick.text), font_size=11, **look, **refs)


def say_sides(figure: Figure, panel: Panel) -> None:
    """Say above the panel what lies to its left and right."""
    for text, along, anchor in zip(panel.sides or (), (0.0, 1.0), ("left", "right"), strict=False):
        above = {"x": along, "xref": "paper", "y": 1.0, "yref": "paper", "xanchor": anchor, "yanchor": "bottom"}
        figure.add_annotation(text=html_text(text), showarrow=False, font={"size": 12, "color": GREY}, **above)
