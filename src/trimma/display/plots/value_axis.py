"""The axis of the study's metric, with a range that outliers don't stretch."""

import math
from collections.abc import Iterable
from html import escape
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trimma.display.numbers_and_durations import count
from trimma.ports import History


def value_axis(history: History, values: Iterable[float]) -> tuple[dict[str, Any], str]:
    """An axis for the study's metric, and a note that says how many values it leaves out.

    The axis is logarithmic where the values span a thousandfold. Values that are far out (beyond Tukey's outer fence)
    are left out of the view, but only at the bad end; zooming out shows them.
    """
    found = np.array([value for value in values if math.isfinite(value)])
    axis: dict[str, Any] = {"title": {"text": escape(history.spec.metric.name)}, "automargin": True}
    if len(found) < 2:
        return axis, ""
    low, high = range_without_outliers(found, maximize=history.maximize)
    outside = int(((found < low) | (found > high)).sum())
    if low > 0 and high >= 1000 * low:
        axis["type"] = "log"
        low, high = math.log10(low), math.log10(high)
    margin = 0.05 * (high - low) or 0.05 * abs(high) or 1.0
    note = f", {count(outside, 'value')} outside of the view" if outside else ""
    return axis | {"range": [low - margin, high + margin]}, note


def range_without_outliers(values: NDArray[np.float64], *, maximize: bool) -> tuple[float, float]:
    """The least and the greatest of the values, an array of shape (n,), without outliers at the bad end."""
    quarter, three_quarters = np.percentile(values, [25, 75])
    fence = 3 * (three_quarters - quarter)
    if maximize:
        return float(values[values >= quarter - fence].min()), float(values.max())
    return float(values.min()), float(values[values <= three_quarters + fence].max())
