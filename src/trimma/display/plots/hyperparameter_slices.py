"""The metric against each hyperparameter, in a panel for each."""

from collections.abc import Mapping, Sequence
from typing import Any

from trimma.display.numbers_and_durations import count
from trimma.display.plots.hyperparameter_axes import setting_axis
from trimma.display.plots.theme import BEST, COLOURS, Figure, empty_figure, figure, metric_title, scatter_class
from trimma.display.plots.trial_hover import trial_hovers
from trimma.display.plots.value_axis import value_axis
from trimma.ports import History
from trimma.space import Dimension
from trimma.trial import State
from trimma.views import Point, hyperparameters
from trimma.views import slices as slice_rows

MAX_PANELS = 12
PER_ROW = 4
PANEL = 300  # pixels
SPREAD = 0.25  # how far the points of one option are spread to the sides, so that they don't hide one another


def slices(history: History, *names: str) -> Figure:
    """A panel for each hyperparameter, or for each of ``names``, and at most 12. The best trial is a gold star.

    Raises `UnknownName` for a name that is none of the study's hyperparameters.
    """
    title = f"{metric_title(history)} by hyperparameter"
    rows = slice_rows(history, *names)
    if not any(row.points for row in rows):
        varies = bool(hyperparameters(history))
        return empty_figure(title, "no trial has ended with a finite value" if varies else "no hyperparameter varies")
    shown = rows[:MAX_PANELS]
    trials = sorted({point.trial for row in shown for point in row.points})
    note = count(len(trials), "trial")
    if len(shown) < len(rows):
        note += f", the first {len(shown)} of {len(rows)} hyperparameters; name others to see them"
    if failed := history.counts[State.FAILED]:
        note += f", {count(failed, 'failed trial')} not shown"
    texts = trial_hovers(history, trials)
    lines = -(-len(shown) // PER_ROW)
    values = {point.trial: point.value for row in shown for point in row.points}
    axis, cut = value_axis(history, values.values())
    result = figure(title, note + cut, hovermode="closest", height=150 + PANEL * lines)
    best = history.best.id if history.best is not None else None
    for place, row in enumerate(shown):
        _lay_out(result, row.hyperparameter, place, len(shown), axis)
        _panel(result, row.hyperparameter, row.points, place, texts, best)
    return result


def _lay_out(result: Figure, scale: Dimension, place: int, panels: int, axis: Mapping[str, Any]) -> None:
    """Lay out the two axes of a panel in a grid of at most four panels a row. All panels share one y axis."""
    columns, lines = min(panels, PER_ROW), -(-panels // PER_ROW)
    line, column = divmod(place, PER_ROW)
    width, height = 1 / columns, 1 / lines
    left, top = column * width, 1 - line * height
    gap = 0.22 if lines > 1 else 0.0
    suffix = "" if place == 0 else str(place + 1)
    x = {"domain": [left, left + width * 0.9], "anchor": f"y{suffix}"}
    y = dict(axis) | {"domain": [top - height * (1 - gap), top], "anchor": f"x{suffix}"}
    if place:
        y |= {"matches": "y"}
    if column:
        y |= {"showticklabels": False, "title": None}
    result.update_layout({f"xaxis{suffix}": setting_axis(scale) | x, f"yaxis{suffix}": y})


def _panel(
    result: Figure,
    scale: Dimension,
    points: Sequence[Point],
    place: int,
    texts: Mapping[int, str],
    best: int | None,
) -> None:
    suffix = "" if place == 0 else str(place + 1)
    for state in ("stopped", "done"):
        group = [point for point in points if point.state == state and point.trial != best]
        if group or place == 0:
            marker: dict[str, Any] = {"color": COLOURS[state], "size": 6 if state == "stopped" else 8, "opacity": 0.85}
            result.add_trace(_trace(scatter_class(len(points)), scale, group, state, texts, marker, suffix))
    star = [point for point in points if point.trial == best]
    marker = {"color": BEST, "size": 15, "symbol": "star", "line": {"width": 1, "color": "#7A5200"}}
    result.add_trace(_trace(scatter_class(len(points)), scale, star, "best", texts, marker, suffix))


def _trace(
    trace: Any,
    scale: Dimension,
    points: Sequence[Point],
    name: str,
    texts: Mapping[int, str],
    marker: Mapping[str, Any],
    suffix: str,
) -> Any:
    return trace(
        x=[scale.position(point.setting) + _aside(scale, point) for point in points],
        y=[point.value for point in points],
        text=[texts[point.trial] for point in points],
        name=name,
        legendgroup=name,
        showlegend=not suffix,
        mode="markers",
        marker=marker,
        xaxis=f"x{suffix}",
        yaxis=f"y{suffix}",
        hovertemplate="%{text}<extra></extra>",
    )


def _aside(scale: Dimension, point: Point) -> float:
    """A shift to the side that spreads the points of an option evenly. It takes multiples of the golden ratio."""
    return SPREAD * (2 * (point.trial * 0.6180339887 % 1) - 1) if scale.kind == "category" else 0.0
