"""The value of each trial in the order in which trials ended, and the best so far."""

import math
from collections.abc import Mapping, Sequence
from typing import Literal

from trimma.display.plots.picture import Axis, Panel, Picture
from trimma.display.plots.picture_marks import Line, Lines, Mark, Points
from trimma.display.plots.theme import BEST, COLOURS, FAILED_OR_NOT_FINITE, metric_title
from trimma.display.plots.trial_hover import trial_hovers
from trimma.display.plots.value_axis import value_axis, with_room_below
from trimma.errors import UnknownName
from trimma.ports import History
from trimma.views import Step, progress

SIZES = {"stopped": 6, "done": 8}
MANY = 100  # more points than these are smaller


def history(history: History, by: Literal["trial", "time"] = "trial") -> Picture:
    """The value of each ended trial and the best value so far.

    ``by`` "trial" counts ended trials along the axis, and "time" has seconds. Failed trials and values that are not
    finite are crosses at the lower edge. Raises `UnknownName` for another ``by``.
    """
    if by not in ("trial", "time"):
        raise UnknownName("order", by, ("trial", "time"))
    title = f"best {metric_title(history)} so far"
    rows = progress(history)
    if not rows:
        return Picture(title=title, message="no trial has ended yet")
    values = [row.value for row in rows if row.value is not None and row.state != "failed"]
    axis, outliers = value_axis(history.spec.metric.name, values, maximize=history.maximize)
    texts = trial_hovers(history, [row.trial for row in rows])
    marks: list[Mark] = []
    for state in ("stopped", "done"):
        group = [row for row in rows if row.state == state and _finite(row)]
        shown = [row.value for row in group if row.value is not None]
        marks += _points(group, shown, state, by, texts)
    failed = [row for row in rows if row.state == "failed" or not _finite(row)]
    marks += _points(failed, [0.03] * len(failed), FAILED_OR_NOT_FINITE, by, texts)
    marks += _best_so_far(rows, by)
    along = Axis(label="trials ended" if by == "trial" else "seconds")
    axis = with_room_below(axis) if failed else axis
    note = ", ".join([_note(rows), *outliers.words()])
    return Picture(title=title, note=note, panels=(Panel(x=along, y=axis, marks=tuple(marks)),))


def _note(rows: Sequence[Step]) -> str:
    last = rows[-1]
    best = "no finite value" if last.best is None else f"best {last.best:.5g}"
    return f"{len(rows):,} trials ended, {best}"


def _finite(row: Step) -> bool:
    return row.value is not None and math.isfinite(row.value)


def _x(row: Step, by: str) -> float:
    return row.count if by == "trial" else row.elapsed


def _points(
    rows: Sequence[Step], heights: Sequence[float], name: str, by: str, texts: Mapping[int, str]
) -> list[Points]:
    """The points of one kind of trials, or none where there are no such trials."""
    if not rows:
        return []
    crosses = name == FAILED_OR_NOT_FINITE
    points = Points(
        name=name,
        x=tuple(_x(row, by) for row in rows),
        y=tuple(heights),
        colour=COLOURS["failed" if crosses else name],
        symbol="cross" if crosses else "circle",
        size=SIZES.get(name, 7) - (2 if len(rows) > MANY else 0),
        hover=tuple(texts[row.trial] for row in rows),
        at_edge=crosses,
    )
    return [points]


def _best_so_far(rows: Sequence[Step], by: str) -> list[Lines]:
    """The best value so far as steps, with a point at each change and one at the end."""
    known = [row for row in rows if row.best is not None]
    kept = [row for place, row in enumerate(known) if place == 0 or row.best != known[place - 1].best]
    if not kept:
        return []
    ends = [*kept, known[-1]]
    line = Line(x=tuple(_x(row, by) for row in ends), y=tuple(row.best for row in ends if row.best is not None))
    return [Lines(name="best so far", lines=(line,), colour=BEST, width=2.5, steps=True, front=True)]
