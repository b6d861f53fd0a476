"""The metric against each hyperparameter, in a panel for each."""

from collections.abc import Mapping, Sequence

from trimma.display.numbers_and_durations import count
from trimma.display.plots.hyperparameter_axes import setting_axis
from trimma.display.plots.picture import Axis, Panel, Picture
from trimma.display.plots.picture_marks import Mark, Points, Symbol
from trimma.display.plots.theme import BEST, COLOURS, FAILED_OR_NOT_FINITE, metric_title
from trimma.display.plots.trial_hover import trial_hovers
from trimma.display.plots.value_axis import value_axis, with_room_below
from trimma.ports import History
from trimma.space import Dimension
from trimma.views import Point, Slice, hyperparameters
from trimma.views import slices as slice_rows

MAX_PANELS = 12
SPREAD = 0.25  # how far the points of one option are spread to the sides, so that they don't hide one another
MANY = 100  # more points than these are smaller


def slices(history: History, *names: str) -> Picture:
    """A panel for each hyperparameter, or for each of ``names``, and at most 12.

    The best trial is a gold star. Failed trials and those without a finite value are crosses at the lower edge. Raises
    `UnknownName` for a name that is none of the study's hyperparameters.
    """
    title = f"{metric_title(history)} by hyperparameter"
    rows = slice_rows(history, *names)
    if not any(row.points for row in rows):
        varies = bool(hyperparameters(history))
        return Picture(title=title, message="no trial has ended yet" if varies else "no hyperparameter varies")
    shown = rows[:MAX_PANELS]
    values = {point.trial: point.value for row in shown for point in row.points}
    finite = [value for value in values.values() if value is not None]
    notes = [count(len(values), "trial")]
    if len(finite) < len(values):
        notes.append(f"{len(values) - len(finite):,} of them {FAILED_OR_NOT_FINITE}")
    if len(shown) < len(rows):
        notes.append(f"the first {len(shown)} of {len(rows)} hyperparameters; name others to see them")
    axis, outliers = value_axis(history.spec.metric.name, finite, maximize=history.maximize)
    axis = with_room_below(axis) if len(finite) < len(values) else axis
    texts = trial_hovers(history, sorted(values))
    best = history.best.id if history.best is not None else None
    return Picture(
        title=title,
        note=", ".join([*notes, *outliers.words()]),
        panels=tuple(_panel(row, axis, texts, best) for row in shown),
    )


def _panel(row: Slice, axis: Axis, texts: Mapping[int, str], best: int | None) -> Panel:
    marks: list[Mark] = []
    small = 2 if len(row.points) > MANY else 0
    finite = [point for point in row.points if point.value is not None and point.trial != best]
    for state, size in (("stopped", 6), ("done", 8)):
        group = [point for point in finite if point.state == state]
        marks += _points(row.hyperparameter, group, state, texts, COLOURS[state], "circle", size - small)
    failed = [point for point in row.points if point.value is None]
    marks += _points(row.hyperparameter, failed, FAILED_OR_NOT_FINITE, texts, COLOURS["failed"], "cross", 7)
    star = [point for point in row.points if point.trial == best]
    marks += _points(row.hyperparameter, star, "best", texts, BEST, "star", 15)
    return Panel(x=setting_axis(row.hyperparameter), y=axis, marks=tuple(marks))


def _points(
    scale: Dimension,
    points: Sequence[Point],
    name: str,
    texts: Mapping[int, str],
    colour: str,
    symbol: Symbol,
    size: float,
) -> list[Points]:
    """The points of one kind of trials, or none where there are no such trials."""
    if not points:
        return []
    made = Points(
        name=name,
        x=tuple(scale.position(point.setting) + _aside(scale, point) for point in points),
        y=tuple(0.03 if point.value is None else point.value for point in points),
        colour=colour,
        symbol=symbol,
        size=size,
        opacity=0.85 if symbol == "circle" else 1.0,
        hover=tuple(texts[point.trial] for point in points),
        at_edge=symbol == "cross",
    )
    return [made]


def _aside(scale: Dimension, point: Point) -> float:
    """A shift to the side that spreads the points of an option evenly. It takes multiples of the golden ratio."""
    return SPREAD * (2 * (point.trial * 0.6180339887 % 1) - 1) if scale.kind == "category" else 0.0
