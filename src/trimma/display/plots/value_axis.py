"""The axis of the study's metric."""

import math
from collections.abc import Iterable
from html import escape
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trimma.display.numbers_and_durations import count
from trimma.history import History


def value_axis(history: History, values: Iterable[float]) -> tuple[dict[str, Any], str]:
    """An axis for the study's metric, and a note of what it leaves out.

    It is a log scale where the values span a thousandfold. Only the bad end is cut, where a few values are far out
    (Tukey's outer fence), and only in the view: zooming out shows all.
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
    """The least and the greatest value, without those at the bad end that are far out."""
    quarter, three_quarters = np.percentile(values, [25, 75])
    fence = 3 * (three_quarters - quarter)
    if maximize:
        return float(values[values >= quarter - fence].min()), float(values.max())
    return float(values.min()), float(values[values <= three_quarters + fence].max())
