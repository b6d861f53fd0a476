"""Axes for hyperparameters, and the ticks on them."""

import math
from html import escape
from typing import Any

from trimma.display.short_text import shorten
from trimma.space import Dimension

LABEL = 18
MAX_TICKS = 7


def setting_axis(scale: Dimension) -> dict[str, Any]:
    """An axis for a hyperparameter. It is logarithmic where the space is; options stand in their order."""
    ticks, texts = setting_ticks(scale)
    axis: dict[str, Any] = {"title": {"text": escape(scale.name)}, "automargin": True, "zeroline": False}
    axis |= {"tickvals": ticks, "ticktext": texts}
    if scale.kind == "category":
        return axis | {"range": [-0.5, len(texts) - 0.5]}
    low, high = (math.log10(scale.low), math.log10(scale.high)) if scale.log else (scale.low, scale.high)
    margin = 0.05 * (high - low) or 1.0
    return axis | {"type": "log" if scale.log else "linear", "range": [low - margin, high + margin]}


def setting_ticks(scale: Dimension) -> tuple[list[float], list[str]]:
    """Round values of a hyperparameter and their texts. For options, the values are their places."""
    if scale.kind == "category":
        return list(map(float, range(len(scale.options)))), [escape(shorten(one, LABEL)) for one in scale.labels]
    ticks = _log_ticks(scale.low, scale.high) if scale.log else _even_ticks(scale.low, scale.high)
    return ticks, [f"{tick:.6g}" for tick in ticks]


def _log_ticks(low: float, high: float) -> list[float]:
    """Powers of ten, or of a hundred and so on. Where there are few of them, other round values stand between them."""
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    for digits in ((1,), (1, 3), (1, 2, 5)):
        every = max(1, -(-(last - first) // MAX_TICKS))
        ticks = [digit * 10.0**exponent for exponent in range(first, last + 1, every) for digit in digits]
        # some tolerance, because a computed power isn't exactly the bound that was written
        ticks = [tick for tick in ticks if low * (1 - 1e-9) <= tick <= high * (1 + 1e-9)]
        if len(ticks) >= 3:
            return ticks
    return [low, high] if high > low else [low]


def _even_ticks(low: float, high: float) -> list[float]:
    """Multiples of 1, 2 or 5 times a power of ten, about five of them."""
    if high <= low:
        return [low]
    rough = (high - low) / 5
    unit = 10.0 ** math.floor(math.log10(rough))
    step = next((digit * unit for digit in (1, 2, 5) if digit * unit >= rough * (1 - 1e-9)), 10 * unit)
    if step < 1 and high - low >= 2 and low == int(low) and high == int(high):
        # between whole bounds, as for a number of layers, halves would mislead
        step = 1.0
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [place * step for place in range(first, last + 1)]
