"""The value of each trial in the order in which trials ended, and the best so far."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from trimma.display.plots.theme import BEST, COLOURS, Figure, empty_figure, figure, metric_title, scatter_class
from trimma.display.plots.trial_hover import trial_hovers
from trimma.display.plots.value_axis import value_axis
from trimma.errors import UnknownName
from trimma.ports import History
from trimma.views import Step, progress

SIZES = {"stopped": 6, "done": 8}


def history(history: History, by: Literal["trial", "time"] = "trial") -> Figure:
    """The value of each ended trial and the best value so far.

    ``by`` "trial" counts ended trials along the axis, and "time" has seconds. Failed trials and values that are not
    finite are crosses at the lower edge. Raises `UnknownName` for another ``by``.
    """
    if by not in ("trial", "time"):
        raise UnknownName("order", by, ("trial", "time"))
    title = f"best {metric_title(history)} so far"
    rows = progress(history)
    if not rows:
        return empty_figure(title, "no trial has ended yet")
    axis, cut = value_axis(history, (row.value for row in rows if row.value is not None and row.state != "failed"))
    along = "trials ended" if by == "trial" else "seconds"
    result = figure(title, _note(rows) + cut, hovermode="closest", xaxis={"title": along}, yaxis=axis)
    texts = trial_hovers(history, [row.trial for row in rows])
    for state in ("stopped", "done"):
        _values(result, [row for row in rows if row.state == state and _finite(row)], state, by, texts)
    _crosses(result, [row for row in rows if row.state == "failed" or not _finite(row)], by, texts)
    _best_line(result, [row for row in rows if row.best is not None], by, len(rows))
    return result


def _note(rows: Sequence[Step]) -> str:
    last = rows[-1]
    best = "no finite value" if last.best is None else f"best {last.best:.5g}"
    return f"{len(rows):,} trials ended, {best}"


def _finite(row: Step) -> bool:
    return row.value is not None and math.isfinite(row.value)


def _x(row: Step, by: str) -> float:
    return row.count if by == "trial" else row.elapsed


def _values(result: Figure, rows: Sequence[Step], state: str, by: str, texts: Mapping[int, str]) -> None:
    if rows:
        marker: dict[str, Any] = {"color": COLOURS[state], "size": SIZES[state], "line": {"width": 0}}
        result.add_trace(_points(rows, [row.value for row in rows], state, by, texts, marker))


def _crosses(result: Figure, rows: Sequence[Step], by: str, texts: Mapping[int, str]) -> None:
    """Draw crosses at the lower edge. They stand on an axis of their own, which is invisible."""
    if not rows:
        return
    marker = {
        "color": COLOURS["failed"],
        "size": 7,
        "symbol": "x-thin",
        "line": {"width": 1.5, "color": COLOURS["failed"]},
    }
    result.add_trace(_points(rows, [0.015] * len(rows), "failed or not finite", by, texts, marker, axis="y2"))
    result.update_layout(
        yaxis2={"overlaying": "y", "range": [0, 1], "visible": False, "fixedrange": True},
    )


def _points(
    rows: Sequence[Step],
    values: Sequence[float | None],
    name: str,
    by: str,
    texts: Mapping[int, str],
    marker: dict[str, Any],
    axis: str = "y",
) -> Any:
    return scatter_class(len(rows))(
        x=[_x(row, by) for row in rows],
        y=values,
        text=[texts[row.trial] for row in rows],
        name=name,
        mode="markers",
        marker=marker,
        yaxis=axis,
        hovertemplate="%{text}<extra></extra>",
    )


def _best_line(result: Figure, rows: Sequence[Step], by: str, total: int) -> None:
    """Draw the best value so far as steps, with a point at each change and one at the end.

    ``total`` is how many points the plot has, by which the class of its traces is chosen.
    """
    kept = [row for place, row in enumerate(rows) if place == 0 or row.best != rows[place - 1].best]
    if not kept:
        return
    x = [_x(row, by) for row in [*kept, rows[-1]]]
    y = [row.best for row in [*kept, rows[-1]]]
    line = {"color": BEST, "width": 2.5, "shape": "hv"}
    result.add_trace(scatter_class(total)(x=x, y=y, name="best so far", mode="lines", line=line, hoverinfo="skip"))
