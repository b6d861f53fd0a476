"""Learning curves: the metric by step, a line for each trial."""

import math
from collections.abc import Mapping, Sequence
from itertools import chain

from trimma.display.numbers_and_durations import count
from trimma.display.plots.picture import Axis, Panel, Picture
from trimma.display.plots.picture_marks import Line, Lines, Mark, Points
from trimma.display.plots.theme import BEST, COLOURS, thinned
from trimma.display.plots.trial_hover import trial_hovers
from trimma.display.plots.value_axis import value_axis, with_room_below
from trimma.ports import History
from trimma.views import TrialCurve, failures
from trimma.views import curves as curve_rows

MAX_LINES = 400
ORDER = ("stopped", "failed", "queued", "stopping", "running", "done")  # each is drawn over those before it
OPACITY = {"stopped": 0.75, "failed": 0.6, "queued": 0.5}


def curves(history: History, metric: str | None = None, max_lines: int = MAX_LINES) -> Picture:
    """The curve of ``metric`` (by default the study's own) for each trial.

    Stopped trials are lighter, the best is gold, and a cross is where a trial failed; those that failed before they had
    reported have theirs at the lower edge. Where there are more than ``max_lines`` trials, an even choice of them is
    shown, and the best trial is always in it. Raises `UnknownName` for a metric that no trial has reported.
    """
    own = history.spec.metric.name
    name = metric or own
    rows = curve_rows(history, metric)
    if not rows:
        return Picture(title=f"{name} by step", message=f"no trial has reported {name}")
    best = {history.best.id} if history.best is not None else set()
    chosen = set(thinned([row.trial for row in rows], max_lines, best))
    shown = [row for row in rows if row.trial in chosen]
    notes = [count(len(rows), "trial")]
    if len(shown) < len(rows):
        notes = [f"{len(shown):,} of {len(rows):,} trials are shown"]
    # the view is made for where curves begin and end; most of a long curve's values are near its end
    ends = chain.from_iterable({row.values[0], row.values[-1]} for row in shown)
    axis, _ = value_axis(name, ends, maximize=history.maximize if name == own else None)
    notes += _outside(shown, axis)
    reported = {row.trial for row in rows}
    silent = [trial for group in failures(history) for trial in group.trials if trial not in reported]
    if silent:
        notes.append(f"{len(silent):,} more failed before a report")
        axis = with_room_below(axis)
    texts = trial_hovers(history, chosen | set(silent))
    marks: list[Mark] = []
    for state in ORDER:
        group = [row for row in shown if row.state == state and row.trial not in best]
        marks += _lines(state, group, texts, COLOURS[state], OPACITY.get(state, 0.9))
    marks += _lines("best", [row for row in shown if row.trial in best], texts, BEST, 1.0)
    marks += _crosses(shown, silent, texts)
    return Picture(
        title=f"{name} by step", note=", ".join(notes), panels=(Panel(x=_steps(shown), y=axis, marks=tuple(marks)),)
    )


def _outside(rows: Sequence[TrialCurve], axis: Axis) -> list[str]:
    """A note that says how many of the curves leave the view at their beginning or at their end; none for none."""
    if axis.range is None:
        return []
    low, high = axis.range
    left = sum(
        any(math.isfinite(end) and not low <= end <= high for end in (row.values[0], row.values[-1])) for row in rows
    )
    return [f"{left:,} of {len(rows):,} {'leaves' if left == 1 else 'leave'} the view"] if left else []


def _steps(rows: Sequence[TrialCurve]) -> Axis:
    """The axis of steps. Where there are few steps, only whole numbers are on it."""
    few = max(row.steps[-1] for row in rows) - min(row.steps[0] for row in rows) <= 15
    return Axis(label="step", numbers="whole" if few else "plain")


def _lines(name: str, rows: Sequence[TrialCurve], texts: Mapping[int, str], colour: str, opacity: float) -> list[Lines]:
    if not rows:
        return []
    lines = tuple(Line(x=tuple(row.steps), y=tuple(row.values), hover=texts[row.trial]) for row in rows)
    best = name == "best"
    return [
        Lines(
            name=name,
            lines=lines,
            colour=colour,
            width=3.5 if best else 1.3,
            opacity=opacity,
            dotted=name == "stopping",
            front=best,
            listed=name != "failed",  # its crosses are
            along="step",
        )
    ]


def _crosses(rows: Sequence[TrialCurve], silent: Sequence[int], texts: Mapping[int, str]) -> list[Points]:
    """Crosses where trials failed: at the ends of their curves, and at the lower edge for those without a curve."""
    ended = [row for row in rows if row.state == "failed" and math.isfinite(row.values[-1])]
    first = min(row.steps[0] for row in rows)
    places = [
        (False, [(row.trial, row.steps[-1], row.values[-1]) for row in ended]),
        (True, [(trial, first, 0.03) for trial in silent]),
    ]
    crosses: list[Points] = []
    for at_edge, found in places:
        if found:
            trials, x, y = zip(*found, strict=True)
            crosses.append(
                Points(
                    name="failed",
                    x=x,
                    y=y,
                    colour=COLOURS["failed"],
                    symbol="cross",
                    size=7,
                    hover=tuple(texts[trial] for trial in trials),
                    listed=not crosses,
                    at_edge=at_edge,
                )
            )
    return crosses
