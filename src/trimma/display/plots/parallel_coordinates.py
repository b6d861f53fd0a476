"""Parallel coordinates: a line for each trial, through its hyperparameters to its value."""

from collections.abc import Mapping, Sequence

from trimma.display.plots.hyperparameter_axes import LABEL, share_of_axis
from trimma.display.plots.parallel_axes import (
    failed_height,
    setting_height,
    setting_uprights,
    value_marks,
    value_scale,
)
from trimma.display.plots.picture import Axis, Panel, Picture
from trimma.display.plots.picture_marks import Line, Lines, Tick
from trimma.display.plots.theme import BEST, COLOURS, FAILED_OR_NOT_FINITE, metric_title, thinned
from trimma.display.plots.trial_hover import trial_hovers
from trimma.display.plots.value_axis import value_axis
from trimma.display.short_text import shorten
from trimma.errors import StudyError
from trimma.ports import History
from trimma.space import Dimension
from trimma.views import TrialLine, hyperparameters, importance
from trimma.views import parallel as lines_of

MAX_AXES = 10
MAX_LINES = 1000
KEPT = 50
FEW = 40  # more lines than these are drawn the more transparent, the more they are
TOP = 0.1  # the share of the trials that stands out as the best ones
REST, FAILED = "#6FA8D0", "#8C8C8C"


def parallel(history: History, max_axes: int = MAX_AXES) -> Picture:
    """A line for each ended trial, through its hyperparameters to its value.

    The best tenth of the trials is dark, and the best is gold and labelled. The lines of trials that failed or have no
    finite value are grey and end beyond the bad end of the values. Where there are more than ``max_axes``
    hyperparameters, the most important ones are shown. Where there are more than 1,000 trials, an even choice of them
    is shown, which includes the best 50. The line of a trial that lacks a hyperparameter passes below that axis.
    """
    title = f"hyperparameters and {metric_title(history)}"
    lines, scales = lines_of(history), hyperparameters(history)
    if not lines or not scales:
        return Picture(title=title, message="no trial has ended yet" if scales else "no hyperparameter varies")
    shown = _most_important(history, scales, max_axes)
    winner = history.best.id if history.best is not None else None
    # the best come last
    ranked = sorted(lines, key=lambda line: (*_rank(line, maximize=history.maximize), line.trial == winner))
    places = thinned(range(len(ranked)), MAX_LINES, range(max(0, len(ranked) - KEPT), len(ranked)))
    drawn = [ranked[place] for place in places]
    finite = [line.value for line in drawn if line.value is not None]
    axis, outliers = value_axis(history.spec.metric.name, finite, maximize=history.maximize)
    values = value_scale(axis, finite)
    best = next((line for line in drawn if line.trial == winner), None)
    texts = trial_hovers(history, [line.trial for line in drawn])
    paths = {line.trial: _path(line, shown, values, texts, maximize=history.maximize) for line in drawn}
    marks = [*setting_uprights(drawn, shown), *_lines(drawn, paths, best)]
    marks += value_marks(values, drawn, outliers, best, len(shown), maximize=history.maximize)
    names = [shorten(name, LABEL) for name in (*(scale.name for scale in shown), history.spec.metric.name)]
    ticks = tuple(Tick(value=place, text=name) for place, name in enumerate(names))
    across = Axis(scale="category", ticks=ticks, range=(-0.05, len(shown) + 0.05), grid=False, line=False)
    reached = [height for line in paths.values() for height in line.y]
    upright = Axis(range=(min(0.0, *reached) - 0.03, max(1.0, *reached) + 0.03), shown=False)
    notes = [f"{len(lines):,} trials" if len(drawn) == len(lines) else f"{len(drawn):,} of {len(lines):,} trials"]
    if failed := sum(line.value is None for line in lines):
        notes.append(f"{failed:,} of them {FAILED_OR_NOT_FINITE}")
    if len(shown) < len(scales):
        notes.append(f"the {len(shown)} most important of {len(scales)} hyperparameters")
    note = ", ".join([*notes, *outliers.words("at the end of the axis")])
    return Picture(title=title, note=note, panels=(Panel(x=across, y=upright, marks=tuple(marks)),))


def _rank(line: TrialLine, *, maximize: bool) -> tuple[bool, bool, float]:
    """By what lines are ordered: failed ones first, then what can't be compared with the best, then by value."""
    if line.value is None:
        return False, False, 0.0
    return True, line.comparable, line.value if maximize else -line.value


def _most_important(history: History, scales: Sequence[Dimension], limit: int) -> list[Dimension]:
    if len(scales) <= limit:
        return list(scales)
    try:
        names = [row.name for row in importance(history)][:limit]
    except StudyError:
        names = [scale.name for scale in scales][:limit]
    return [scale for scale in scales if scale.name in names]


def _path(
    line: TrialLine, scales: Sequence[Dimension], values: Dimension, texts: Mapping[int, str], *, maximize: bool
) -> Line:
    """The line from axis to axis; heights are shares of an axis."""
    heights = [setting_height(line, scale) for scale in scales]
    if line.value is None:
        heights.append(failed_height(maximize=maximize))
    else:
        heights.append(share_of_axis(values, min(max(line.value, values.low), values.high)))
    return Line(x=tuple(map(float, range(len(heights)))), y=tuple(heights), hover=texts[line.trial])


def _lines(drawn: Sequence[TrialLine], paths: Mapping[int, Line], best: TrialLine | None) -> list[Lines]:
    """The lines in groups that look alike, the better ones over the others."""
    finite = [line for line in drawn if line.value is not None and line is not best]
    top = finite[len(finite) - int(TOP * (len(finite) + 1)) :]
    few = min(1.0, FEW / len(drawn))
    looks = (
        (FAILED_OR_NOT_FINITE, [line for line in drawn if line.value is None], FAILED, 1.1, max(0.5, 0.8 * few)),
        ("other trials" if top else "trials", finite[: len(finite) - len(top)], REST, 0.9, max(0.15, 0.8 * few)),
        (f"best {TOP:.0%}".replace("%", " %"), top, COLOURS["done"], 1.3, max(0.5, 0.9 * few)),
        ("best", [best] if best is not None else [], BEST, 3.0, 1.0),
    )
    return [
        Lines(
            name=name,
            lines=tuple(paths[line.trial] for line in group),
            colour=colour,
            width=width,
            opacity=opacity,
            front=name == "best",
        )
        for name, group, colour, width, opacity in looks
        if group
    ]
