"""Axes for hyperparameters, and the ticks on them."""

import math

from trimma.display.plots.picture import Axis
from trimma.display.plots.picture_marks import Tick
from trimma.display.plots.value_axis import widened
from trimma.display.short_text import shorten
from trimma.space import Dimension

LABEL = 18
MAX_TICKS = 7


def setting_axis(scale: Dimension) -> Axis:
    """An axis for a hyperparameter. It is logarithmic where the space is; options stand in their order."""
    ticks = setting_ticks(scale)
    if scale.kind == "category":
        return Axis(label=scale.name, scale="category", ticks=ticks, range=(-0.5, len(ticks) - 0.5))
    return Axis(
        label=scale.name,
        scale="log" if scale.log else "linear",
        ticks=ticks,
        range=widened(scale.low, scale.high, scale.log),
    )


def setting_ticks(scale: Dimension) -> tuple[Tick, ...]:
    """Round values of a hyperparameter and their texts. For options, the values are their places."""
    if scale.kind == "category":
        return tuple(Tick(value=place, text=shorten(one, LABEL)) for place, one in enumerate(scale.labels))
    ticks = _log_ticks(scale.low, scale.high) if scale.log else _even_ticks(scale.low, scale.high)
    return tuple(Tick(value=tick, text=plain_number(tick)) for tick in ticks)


def share_of_axis(scale: Dimension, place: float) -> float:
    """How far along its axis a place of a hyperparameter stands, from 0 to 1."""
    low, high = (0.0, len(scale.options) - 1.0) if scale.kind == "category" else (scale.low, scale.high)
    if scale.log:
        low, high, place = math.log10(low), math.log10(high), math.log10(place)
    return (place - low) / (high - low) if high > low else 0.5


def plain_number(value: float) -> str:
    """A number as short text.

    >>> plain_number(0.001), plain_number(1e-05)
    ('0.001', '1e-5')
    """
    return f"{value:.6g}".replace("e-0", "e-").replace("e+0", "e")


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
