"""The axes of parallel coordinates. Heights are shares of an axis, and may lie beyond its ends."""

import math
from collections.abc import Sequence

from trimma.display.numbers_and_durations import number
from trimma.display.plots.hyperparameter_axes import setting_ticks, share_of_axis
from trimma.display.plots.picture import Axis
from trimma.display.plots.picture_marks import Mark, Texts, Tick, Upright
from trimma.display.plots.value_axis import Outliers, widened
from trimma.space import Dimension
from trimma.views import TrialLine

APART = 0.05  # ticks that are nearer to each other overlap
LABELLED = 0.13  # ticks that are nearer to the best trial's label overlap it
BEYOND = 0.09  # how far beyond an axis that stands which has no place on it


def value_scale(axis: Axis, finite: Sequence[float]) -> Dimension:
    """The metric as a dimension, which is what the other axes are made from."""
    value = finite[0] if finite else 0.0
    low, high = axis.range or widened(value, value, logarithmic=False)
    return Dimension(name=axis.label, kind="float", low=low, high=high, log=axis.scale == "log")


def setting_height(line: TrialLine, scale: Dimension) -> float:
    """How high the line of a trial crosses the axis of a hyperparameter, as a share of it."""
    place = scale.position(line.settings[scale.name]) if scale.name in line.settings else math.nan
    if math.isnan(place) or (scale.log and place <= 0):
        return -BEYOND
    return share_of_axis(scale, place)


def failed_height(*, maximize: bool) -> float:
    """How high on the axis of values the lines of failed trials end: beyond its bad end."""
    return -BEYOND if maximize else 1.0 + BEYOND


def setting_uprights(drawn: Sequence[TrialLine], scales: Sequence[Dimension]) -> list[Mark]:
    """The axes of the hyperparameters. Where a trial lacks one, "none" stands below its axis."""
    found: list[Mark] = []
    for place, scale in enumerate(scales):
        ticks = _apart([Tick(value=share_of_axis(scale, tick.value), text=tick.text) for tick in setting_ticks(scale)])
        if any(setting_height(line, scale) == -BEYOND for line in drawn):
            ticks.insert(0, Tick(value=-BEYOND, text="none"))
        found.append(Upright(place=place, ticks=tuple(ticks)))
    return found


def value_marks(
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
        ticks.append(Tick(value=failed_height(maximize=maximize), text="failed"))
    if best is None or best.value is None:
        return [Upright(place=place, ticks=tuple(ticks))]
    height = share_of_axis(values, best.value)
    ticks = [tick for tick in ticks if abs(tick.value - height) > LABELLED]
    label = f"{number(best.value, 4)}\ntrial {best.trial}"
    return [
        Upright(place=place, ticks=tuple(ticks)),
        Texts(x=(float(place),), y=(height,), texts=(label,), side="right", bold=True),
    ]


def _apart(ticks: Sequence[Tick]) -> list[Tick]:
    """The ticks without those that would overlap the one before."""
    kept: list[Tick] = []
    for tick in ticks:
        if not kept or tick.value - kept[-1].value > APART:
            kept.append(tick)
    return kept
