"""The axis of a metric: its scale, and a range that outliers don't stretch."""

import math
from collections.abc import Iterable
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from trimma.display.plots.picture import Axis

DECADES = 1.5
"""A scale is logarithmic where the middle 90 % of the values span more than so many powers of ten."""

ROOM = 0.08
"""The share of an axis that crosses get below the values."""

Values = NDArray[np.float64]


class Outliers(NamedTuple):
    """How many of all values an axis leaves out, and beyond which value."""

    left_out: int
    total: int
    bound: str

    def words(self, what: str = "not shown") -> list[str]:
        """A note such as ``2 of 40 above 3.1 are not shown``; none where no value is left out."""
        is_or_are = "is" if self.left_out == 1 else "are"
        return [f"{self.left_out:,} of {self.total:,} {self.bound} {is_or_are} {what}"] if self.left_out else []


def value_axis(name: str, values: Iterable[float], *, maximize: bool | None) -> tuple[Axis, Outliers]:
    """An axis for values of a metric, and the outliers that it leaves out.

    The axis is logarithmic where all values are positive and the middle 90 % span more than 1.5 powers of ten. Values
    that are far out (beyond Tukey's outer fence) are left out of the view, but only at the bad end. Where it isn't
    known which end is bad, for ``maximize`` is None, none are.
    """
    found = np.array([value for value in values if math.isfinite(value)])
    if len(found) < 2:
        return Axis(label=name), Outliers(0, len(found), "")
    logarithmic = bool((found > 0).all()) and _spans_decades(10.0 ** _without_outliers(np.log10(found), maximize))
    kept = 10.0 ** _without_outliers(np.log10(found), maximize) if logarithmic else _without_outliers(found, maximize)
    low, high = float(kept.min()), float(kept.max())
    bound = f"below {_outwards(low, -1):.3g}" if maximize else f"above {_outwards(high, 1):.3g}"
    outliers = Outliers(len(found) - len(kept), len(found), bound)
    return Axis(label=name, scale="log" if logarithmic else "linear", range=widened(low, high, logarithmic)), outliers


def widened(low: float, high: float, logarithmic: bool) -> tuple[float, float]:
    """The range with some room at both ends."""
    if logarithmic:
        room = (high / low) ** 0.05 if high > low else 2.0
        return low / room, high * room
    margin = 0.05 * (high - low) or 0.05 * abs(high) or 1.0
    return low - margin, high + margin


def with_room_below(axis: Axis) -> Axis:
    """The axis with room at its lower end for the crosses of trials that have no value."""
    if axis.range is None:
        return axis
    low, high = axis.range
    lower = low / (high / low) ** ROOM if axis.scale == "log" else low - ROOM * (high - low)
    return replace(axis, range=(lower, high))


def _spans_decades(values: Values) -> bool:
    """Whether positive values span many powers of ten. A few at either end, which may be far out, don't count."""
    low, high = np.percentile(values, 5, method="higher"), np.percentile(values, 95, method="lower")
    return bool(high > 10**DECADES * low)


def _outwards(value: float, sign: int) -> float:
    """The value with three digits, rounded down for the sign -1 and up for 1."""
    if not value:
        return value
    unit = 10.0 ** (math.floor(math.log10(abs(value))) - 2)
    return sign * math.ceil(sign * value / unit - 1e-6) * unit


def _without_outliers(values: Values, maximize: bool | None) -> Values:
    """The values, an array of shape (n,), without those that are far out at the bad end; shape (m,)."""
    quarter, three_quarters = np.percentile(values, [25, 75])
    fence = 3 * (three_quarters - quarter)
    if maximize is None or fence == 0:  # where most values are equal, those that differ are what is to be seen
        return values
    near: Values = values[values >= quarter - fence] if maximize else values[values <= three_quarters + fence]
    return near
