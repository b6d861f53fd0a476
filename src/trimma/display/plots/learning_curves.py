"""Learning curves: the metric by step, a line for each trial."""

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any

from trimma.display.plots.theme import BEST, COLOURS, Figure, empty_figure, figure, scatter_class, thinned
from trimma.display.plots.trial_hover import trial_hovers
from trimma.display.plots.value_axis import value_axis
from trimma.ports import History
from trimma.views import TrialCurve
from trimma.views import curves as curve_rows

MAX_LINES = 400
ORDER = ("stopped", "failed", "queued", "stopping", "running", "done")  # each is drawn over those before it
OPACITY = {"stopped": 0.75, "failed": 0.6, "queued": 0.5}


def curves(history: History, metric: str | None = None, max_lines: int = MAX_LINES) -> Figure:
    """The curve of ``metric`` (by default the study's own) for each trial.

    Stopped trials are lighter; the best is gold. Where there are more than ``max_lines`` trials, an even choice of
    them is shown, and the best trial is always in it. Raises `UnknownName` for a metric that no trial has reported.
    """
    name = metric or history.spec.metric.name
    rows = curve_rows(history, metric)
    if not rows:
        return empty_figure(f"{name} by step", f"no trial has reported {name}")
    best = [history.best.id] if history.best is not None else []
    chosen = set(thinned([row.trial for row in rows], max_lines, best))
    shown = [row for row in rows if row.trial in chosen]
    note = f"{len(rows):,} trials" if len(shown) == len(rows) else f"{len(shown):,} of {len(rows):,} trials are shown"
    # the view is made for where curves begin and end; most of a long curve's values are near its end
    axis, cut = value_axis(history, chain.from_iterable({row.values[0], row.values[-1]} for row in shown))
    result = figure(f"{name} by step", note + cut, hovermode="closest", xaxis=_steps(shown), yaxis=axis)
    if metric is not None and metric != history.spec.metric.name:
        result.update_layout(yaxis={"title": {"text": metric}, "range": None, "type": None})
    _draw(result, shown, trial_hovers(history, chosen), set(best))
    return result


def _steps(rows: Sequence[TrialCurve]) -> dict[str, Any]:
    """The axis of steps. Where there are few steps, each has its own tick, since steps are whole numbers."""
    few = max(row.steps[-1] for row in rows) - min(row.steps[0] for row in rows) <= 15
    return {"title": "step", "dtick": 1} if few else {"title": "step"}


def _draw(result: Figure, rows: Sequence[TrialCurve], texts: Mapping[int, str], best: set[int]) -> None:
    trace = scatter_class(sum(len(row.steps) for row in rows))
    for state in ORDER:
        group = [row for row in rows if row.state == state and row.trial not in best]
        if group:
            line = {"color": COLOURS[state], "width": 1.3}
            result.add_trace(_trace(trace, state, group, texts, line, OPACITY.get(state, 0.9)))
    winners = [row for row in rows if row.trial in best]
    if winners:
        result.add_trace(_trace(trace, "best", winners, texts, {"color": BEST, "width": 3.5}, 1.0))


def _trace(
    trace: Any, name: str, rows: Sequence[TrialCurve], texts: Mapping[int, str], line: dict[str, Any], opacity: float
) -> Any:
    """One trace for many curves, with a gap between each curve and the next. A curve of one point is a marker."""
    x: list[int | None] = []
    y: list[float | None] = []
    hover: list[str] = []
    sizes: list[int] = []
    for row in rows:
        x += [*row.steps, None]
        y += [*row.values, None]
        hover += [texts[row.trial]] * len(row.steps) + [""]
        sizes += [5 if len(row.steps) == 1 else 0] * (len(row.steps) + 1)
    return trace(
        x=x,
        y=y,
        text=hover,
        name=name,
        mode="lines+markers",
        line=line,
        marker={"size": sizes, "line": {"width": 0}, "opacity": 1.0},
        opacity=opacity,
        hovertemplate="step %{x}: %{y:.5g}<br>%{text}<extra></extra>",
    )
