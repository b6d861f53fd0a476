"""What all plots share: a palette, a layout, titles, and how plots of many points stay light."""

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

import numpy as np

from trimma.errors import MissingExtra
from trimma.ports import History

# Okabe and Ito's palette, which people with colour blindness can tell apart
COLOURS = {
    "done": "#0072B2",
    "stopped": "#9CC5E0",
    "failed": "#D55E00",
    "lost": "#CC79A7",
    "running": "#009E73",
    "stopping": "#9AD7C3",
    "pausing": "#F7F0A3",
    "paused": "#F0E442",
    "queued": "#BBBBBB",
}
BEST = "#E69F00"
GREY = "#666666"
POINTS_AS_SVG = 4000  # beyond so many points plots are drawn by WebGL

TITLE = {"x": 0, "xref": "paper", "xanchor": "left", "y": 1, "yref": "container", "yanchor": "top", "pad": {"t": 22}}

Figure = Any
"""A `plotly.graph_objects.Figure`; plotly ships no types."""


def graph_objects() -> Any:
    """The module `plotly.graph_objects`. Raises `MissingExtra` where plotly isn't installed."""
    try:
        import plotly.graph_objects as go
    except ImportError as error:
        raise MissingExtra("plotly", "plot", "a plot") from error
    return go


def figure(title: str, note: str = "", **layout: Any) -> Figure:
    """An empty figure with a title and, in smaller type below it, a note."""
    text = escape(title, quote=False)
    if note:
        text += f"<br><span style='font-size:12px;color:{GREY}'>{escape(note, quote=False)}</span>"
    settings: dict[str, Any] = {
        "template": "plotly_white",
        "title": {"text": text, **TITLE},
        "font": {"family": "system-ui, -apple-system, Segoe UI, Helvetica, Arial, sans-serif", "size": 13},
        "margin": {"l": 70, "r": 30, "t": 90, "b": 60},
        "legend": {"orientation": "h", "x": 1.0, "xanchor": "right", "y": 1.0, "yanchor": "bottom"},
        "hoverlabel": {"align": "left"},
    }
    return graph_objects().Figure(layout=settings | layout)


def empty_figure(title: str, why: str) -> Figure:
    """A figure that says why there is nothing to see."""
    shown = figure(title, xaxis={"visible": False}, yaxis={"visible": False})
    shown.add_annotation(text=escape(why), x=0.5, y=0.5, xref="paper", yref="paper", showarrow=False, font_size=15)
    return shown


def scatter_class(points: int) -> Any:
    """The class of scatter traces for so many points: WebGL for many, SVG for few."""
    go = graph_objects()
    return go.Scattergl if points > POINTS_AS_SVG else go.Scatter


def metric_title(history: History) -> str:
    """The metric and its direction, for titles: ``loss (lower is better)``."""
    metric = history.spec.metric
    return f"{metric.name} ({'higher' if metric.maximize else 'lower'} is better)"


def thinned(items: Sequence[int], cap: int, kept: Iterable[int] = ()) -> list[int]:
    """At most ``cap`` of the items, evenly spread and in their order. Those in ``kept`` are always included."""
    if len(items) <= cap:
        return list(items)
    must = set(kept)
    places = np.unique(np.linspace(0, len(items) - 1, max(2, cap - len(must))).round().astype(int))
    chosen = must | {items[place] for place in places}
    return [item for item in items if item in chosen]
