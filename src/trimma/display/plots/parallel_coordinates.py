"""Parallel coordinates: a line for each trial, through its hyperparameters to its value."""

import math
from collections.abc import Sequence
from html import escape
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trimma.display.numbers_and_durations import count
from trimma.display.plots.hyperparameter_axes import LABEL, setting_ticks
from trimma.display.plots.theme import BEST, Figure, empty_figure, figure, graph_objects, metric_title, thinned
from trimma.display.plots.value_axis import range_without_outliers
from trimma.display.short_text import shorten
from trimma.errors import StudyError
from trimma.ports import History
from trimma.space import Dimension
from trimma.trial import State
from trimma.views import TrialLine, hyperparameters, importance
from trimma.views import parallel as lines_of

MAX_AXES = 10
MAX_LINES = 1000
KEPT = 50
# from the worst, light, to the best, dark; the very best is gold
COLOURS = ((0.0, "#B9CEDD"), (0.5, "#86B6D6"), (0.85, "#0072B2"), (0.98, "#00304D"), (0.981, BEST), (1.0, BEST))


def parallel(history: History, max_axes: int = MAX_AXES) -> Figure:
    """A line for each trial with a finite value. The better the trial, the darker its line; the best is gold.

    Where there are more than ``max_axes`` hyperparameters, the most important ones are shown. Where there are more than
    1,000 trials, an even choice of them is shown, which includes the best 50. The line of a trial that lacks a
    hyperparameter passes below that axis.
    """
    title = f"hyperparameters and {metric_title(history)}"
    lines, scales = lines_of(history), hyperparameters(history)
    if not lines or not scales:
        return empty_figure(title, "no trial has ended with a finite value" if scales else "no hyperparameter varies")
    shown = _most_important(history, scales, max_axes)
    ranked = sorted(lines, key=lambda line: line.value, reverse=not history.maximize)  # the best come last
    places = thinned(range(len(ranked)), MAX_LINES, range(max(0, len(ranked) - KEPT), len(ranked)))
    drawn = [ranked[place] for place in places]
    notes = [f"{len(lines):,} trials" if len(drawn) == len(lines) else f"{len(drawn):,} of {len(lines):,} trials"]
    if len(shown) < len(scales):
        notes.append(f"the {len(shown)} most important of {len(scales)} hyperparameters")
    if failed := history.counts[State.FAILED]:
        notes.append(f"{count(failed, 'failed trial')} not shown")
    values = np.array([line.value for line in drawn])
    low, high = _range(values, maximize=history.maximize)
    axes = [_axis(scale, drawn) for scale in shown]
    axes.append(_value_axis(history.spec.metric.name, values, low, high, maximize=history.maximize))
    height = (np.clip(values, low, high) - low) / (high - low)
    goodness = 0.98 * (height if history.maximize else 1 - height)
    goodness[-1] = 1.0
    result = figure(title, ", ".join(notes), margin={"l": 90, "r": 60, "t": 130, "b": 50})
    result.add_trace(_trace(axes, goodness.tolist()))
    return result


def _trace(axes: list[dict[str, Any]], goodness: list[float]) -> Any:
    """The lines, coloured by ``goodness`` from 0 (the worst) to 1. Plotly draws the better ones over the others."""
    line = {"color": goodness, "colorscale": [list(stop) for stop in COLOURS], "cmin": 0.0, "cmax": 1.0}
    return graph_objects().Parcoords(dimensions=axes, line=line, labelside="top", unselected={"line": {"opacity": 0.1}})


def _most_important(history: History, scales: Sequence[Dimension], limit: int) -> list[Dimension]:
    if len(scales) <= limit:
        return list(scales)
    try:
        names = [row.name for row in importance(history)][:limit]
    except StudyError:
        names = [scale.name for scale in scales][:limit]
    return [scale for scale in scales if scale.name in names]


def _axis(scale: Dimension, lines: Sequence[TrialLine]) -> dict[str, Any]:
    places = [scale.position(line.settings[scale.name]) if scale.name in line.settings else math.nan for line in lines]
    ticks, texts = setting_ticks(scale)
    low, high = (0.0, max(1.0, len(scale.options) - 1.0)) if scale.kind == "category" else (scale.low, scale.high)
    if scale.log:
        places = [math.log10(place) if place > 0 else math.nan for place in places]
        ticks, low, high = [math.log10(tick) for tick in ticks], math.log10(low), math.log10(high)
    if any(map(math.isnan, places)):
        below = low - 0.08 * (high - low)
        places = [below if math.isnan(place) else place for place in places]
        ticks, texts, low = [below, *ticks], ["none", *texts], below
    label = escape(shorten(scale.name, LABEL))
    return {"label": label, "values": places, "range": [low, high], "tickvals": ticks, "ticktext": texts}


def _value_axis(name: str, values: NDArray[np.float64], low: float, high: float, *, maximize: bool) -> dict[str, Any]:
    """The axis of the metric. Values beyond the range stand at its bad end, whose tick says ``or worse``."""
    ticks = np.linspace(low, high, 6)
    texts = [f"{tick:.3g}" for tick in ticks]
    if values.min() < low or values.max() > high:
        texts[0 if maximize else -1] += " or worse"
    shown = {"tickvals": ticks.tolist(), "ticktext": texts, "range": [low, high]}
    return {"label": escape(shorten(name, LABEL)), "values": np.clip(values, low, high).tolist(), **shown}


def _range(values: NDArray[np.float64], *, maximize: bool) -> tuple[float, float]:
    low, high = range_without_outliers(values, maximize=maximize)
    return (low, high) if high > low else (low - 0.5, low + 0.5)
