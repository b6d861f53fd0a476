"""Tiers of effects: a new tier begins where an effect is told apart from the first of the tier."""

import math

from trimma.effects.arrays import Numbers


def tiers(worth: Numbers, apart: Numbers) -> list[int]:
    """The tier of each effect, from 1, by falling worth.

    ``worth``, of shape (effects,) and in units of the metric, is greater for what helps more: infinite where nothing
    worked without the component, and NaN where nothing is known, which comes last. An effect begins a new tier where
    its worth is further from that of the tier's first than their entry in ``apart``, of shape (effects, effects) and in
    units of the metric.
    """
    places = [0] * len(worth)
    order = sorted(range(len(worth)), key=lambda index: (math.isnan(worth[index]), -worth[index], index))
    first, tier = None, 0
    for index in order:
        if first is None or _falls(worth[first], worth[index], apart[first, index]):
            first, tier = index, tier + 1
        places[index] = tier
    return places


def _falls(top: float, value: float, apart: float) -> bool:
    if math.isnan(top) or math.isnan(value):
        return math.isnan(top) != math.isnan(value)
    return top != value if math.isinf(top) else top - value > apart
