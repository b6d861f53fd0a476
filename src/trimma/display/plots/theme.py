"""What all plots share: one palette, one layout, scales that fit the data."""

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from html import escape
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trimma.display.text import config_text, count, number, one_line, shorten, varying
from trimma.errors import MissingExtra
from trimma.history import History
from trimma.space import Dimension
from trimma.views import hyperparameters

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
HOVER_WIDTH = 60
FULL_HOVERS = 2000  # configs of more trials than these would make a page heavy

TITLE = {"x": 0, "xref": "paper", "xanchor": "left", "y": 1, "yref": "container", "yanchor": "top", "pad": {"t": 22}}

Figure = Any
"""A `plotly.graph_objects.Figure`; plotly ships no types."""


def graph_objects() -> Any:
    """The module `plotly.graph_objects`; `MissingExtra` where it isn't installed."""
    try:
        import plotly.graph_objects as go
    except ImportError as error:
        raise MissingExtra("plotly", "plot", "a plot") from error
    return go


def figure(title: str, note: str = "", **layout: Any) -> Figure:
    """An empty figure with a title and, below it and smaller, a note."""
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


def empty(title: str, why: str) -> Figure:
    """A figure that says why there is nothing to see."""
    shown = figure(title, xaxis={"visible": False}, yaxis={"visible": False})
    shown.add_annotation(text=escape(why), x=0.5, y=0.5, xref="paper", yref="paper", showarrow=False, font_size=15)
    return shown


def scatter(points: int) -> Any:
    """The class of traces for so many points."""
    go = graph_objects()
    return go.Scattergl if points > POINTS_AS_SVG else go.Scatter


def subject(history: History) -> str:
    """The metric with its direction, for titles."""
    metric = history.spec.metric
    return f"{metric.name} ({'higher' if metric.maximize else 'lower'} is better)"


def hovers(history: History, trials: Collection[int]) -> dict[int, str]:
    """What each trial says of itself when it is pointed at; of very many, without their configs."""
    if len(trials) > FULL_HOVERS:
        return {number_: _brief(history, number_) for number_ in trials}
    scales = hyperparameters(history)
    return {number_: "<br>".join([_brief(history, number_), *_rest(history, number_, scales)]) for number_ in trials}


def _brief(history: History, number_: int) -> str:
    trial, metric = history.trials[number_], escape(history.spec.metric.name, quote=False)
    return f"<b>trial {number_}</b>, {trial.state}<br>{metric} {number(trial.value)}"


def _rest(history: History, number_: int, scales: Sequence[Dimension]) -> list[str]:
    trial = history.trials[number_]
    why = one_line(str(trial.failure) if trial.failure else trial.reason)
    lines = [shorten(why, HOVER_WIDTH)] if why else []
    return [escape(line, quote=False) for line in lines + _settings(varying(history, trial, scales))]


def _settings(values: Mapping[str, Any]) -> list[str]:
    lines = [shorten(config_text({name: value}), HOVER_WIDTH) for name, value in list(values.items())[:10]]
    return lines + ([f"+{len(values) - 10} more"] if len(values) > 10 else [])


def value_axis(history: History, values: Iterable[float]) -> tuple[dict[str, Any], str]:
    """An axis for the study's metric, and a note of what it leaves out.

    It is a log scale where the values span a thousandfold. Only the bad end is cut, where a few values are far out
    (Tukey's outer fence), and only in the view: zooming out shows all.
    """
    found = np.array([value for value in values if math.isfinite(value)])
    axis: dict[str, Any] = {"title": {"text": escape(history.spec.metric.name)}, "automargin": True}
    if len(found) < 2:
        return axis, ""
    low, high = bulk(found, maximize=history.maximize)
    outside = int(((found < low) | (found > high)).sum())
    if low > 0 and high >= 1000 * low:
        axis["type"] = "log"
        low, high = math.log10(low), math.log10(high)
    margin = 0.05 * (high - low) or 0.05 * abs(high) or 1.0
    note = f", {count(outside, 'value')} outside of the view" if outside else ""
    return axis | {"range": [low - margin, high + margin]}, note


def bulk(values: NDArray[np.float64], *, maximize: bool) -> tuple[float, float]:
    """The least and the greatest value, without those at the bad end that are far out."""
    quarter, three_quarters = np.percentile(values, [25, 75])
    fence = 3 * (three_quarters - quarter)
    if maximize:
        return float(values[values >= quarter - fence].min()), float(values.max())
    return float(values.min()), float(values[values <= three_quarters + fence].max())


def thinned(items: Sequence[int], cap: int, kept: Iterable[int] = ()) -> list[int]:
    """At most ``cap`` of the items, evenly spread, with those that must be kept; in their order."""
    if len(items) <= cap:
        return list(items)
    must = set(kept)
    places = np.unique(np.linspace(0, len(items) - 1, max(2, cap - len(must))).round().astype(int))
    chosen = must | {items[place] for place in places}
    return [item for item in items if item in chosen]
