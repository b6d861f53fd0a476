"""Parallel coordinates: a line for each trial, through its hyperparameters to its value."""

import math
from collections.abc import Mapping, Sequence

from trimma.display.numbers_and_durations import number
from trimma.display.plots.hyperparameter_axes import LABEL, setting_ticks, share_of_axis
from trimma.display.plots.picture import Axis, Line, Lines, Mark, Panel, Picture, Texts, Tick, Upright
from trimma.display.plots.theme import BEST, COLOURS, FAILED_OR_NOT_FINITE, metric_title, thinned
from trimma.display.plots.trial_hover import trial_hovers
from trimma.display.plots.value_axis import Outliers, value_axis, widened
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
APART = 0.05  # ticks that are nearer to each other overlap
LABELLED = 0.13  # ticks that are nearer to the best trial's label overlap it
BEYOND = 0.09  # how far beyond an axis that stands which has no place on it
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
    value_scale = _value_scale(axis, finite)
    best = next((line for line in drawn if line.trial == winner), None)
    texts = trial_hovers(history, [line.trial for line in drawn])
    paths = {line.trial: _path(line, shown, value_scale, texts, maximize=history.maximize) for line in drawn}
    marks = [*_uprights(drawn, shown), *_lines(drawn, paths, best)]
    marks += _values(value_scale, drawn, outliers, best, len(shown), maximize=history.maximize)
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


def _value_scale(axis: Axis, finite: Sequence[float]) -> Dimension:
    """The metric as a dimension, which is what the other axes are made from."""
    value = finite[0] if finite else 0.0
    low, high = axis.range or widened(value, value, logarithmic=False)
    return Dimension(name=axis.label, kind="float", low=low, high=high, log=axis.scale == "log")


def _path(
    line: TrialLine, scales: Sequence[Dimension], values: Dimension, texts: Mapping[int, str], *, maximize: bool
) -> Line:
    """The line from axis to axis; heights are shares of an axis."""
    heights = [_height(line, scale) for scale in scales]
    if line.value is None:
        heights.append(_failed_height(maximize=maximize))
    else:
        heights.append(share_of_axis(values, min(max(line.value, values.low), values.high)))
    return Line(x=tuple(map(float, range(len(heights)))), y=tuple(heights), hover=texts[line.trial])


def _height(line: TrialLine, scale: Dimension) -> float:
    place = scale.position(line.settings[scale.name]) if scale.name in line.settings else math.nan
    if math.isnan(place) or (scale.log and place <= 0):
        return -BEYOND
    return share_of_axis(scale, place)


def _failed_height(*, maximize: bool) -> float:
    return -BEYOND if maximize else 1.0 + BEYOND


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


def _uprights(drawn: Sequence[TrialLine], scales: Sequence[Dimension]) -> list[Mark]:
    """The axes of the hyperparameters. Where a trial lacks one, "none" stands below its axis."""
    found: list[Mark] = []
    for place, scale in enumerate(scales):
        ticks = _apart([Tick(value=share_of_axis(scale, tick.value), text=tick.text) for tick in setting_ticks(scale)])
        if any(_height(line, scale) == -BEYOND for line in drawn):
            ticks.insert(0, Tick(value=-BEYOND, text="none"))
        found.append(Upright(place=place, ticks=tuple(ticks)))
    return found


def _apart(ticks: Sequence[Tick]) -> list[Tick]:
    """The ticks without those that would overlap the one before."""
    kept: list[Tick] = []
    for tick in ticks:
        if not kept or tick.value - kept[-1].value > APART:
            kept.append(tick)
    return kept


def _values(
    values: Dimension,
    drawn: Sequence[TrialLine],
    outliers: Outliers,
    best: TrialLine | None,
    place: int,
    *,
    maximize: bool,
) -> list[Mark]:
    """The axis of the metric, and the label of the best trial, in whose way no ticks stand."""
    ticks = _apart([Tick(value=share_of_axis(values, tick.value), text=tick.text) for tick in setting_ticks(values)])
    worst = 0.0 if maximize else 1.0
    if outliers.left_out:
        ticks = [tick for tick in ticks if abs(tick.value - worst) > 0.07] + [Tick(value=worst, text="worse")]
    if any(line.value is None for line in drawn):
        ticks.append(Tick(value=_failed_height(maximize=maximize), text="failed"))
    if best is None or best.value is None:
        return [Upright(place=place, ticks=tuple(ticks))]
    height = share_of_axis(values, best.value)
    ticks = [tick for tick in ticks if abs(tick.value - height) > LABELLED]
    label = f"{number(best.value, 4)}\ntrial {best.trial}"
    return [
        Upright(place=place, ticks=tuple(ticks)),
        Texts(x=(float(place),), y=(height,), texts=(label,), side="right", bold=True),
    ]
