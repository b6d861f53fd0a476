"""The standard normal distribution, for arrays."""

import math
from functools import cache

import numpy as np

from trimma.effects.arrays import Numbers

_LIMIT = 9.0
_STEPS = 1024  # in one unit; straight lines between are within 3e-8


def normal_cumulative(x: Numbers) -> Numbers:
    """The probability of at most ``x``, an array of any shape, to within 3e-8. The result has the shape of ``x``."""
    table = _table()
    place = np.clip((x + _LIMIT) * _STEPS, 0.0, len(table) - 2.0)
    left = place.astype(np.intp)
    below = table[left]
    return below + (place - left) * (table[left + 1] - below)


def normal_density(x: Numbers) -> Numbers:
    """The density at ``x``, an array of any shape. The result has the shape of ``x``."""
    return np.exp(-0.5 * x * x) / math.sqrt(2.0 * math.pi)


@cache
def _table() -> Numbers:
    points = np.arange(int(2 * _LIMIT * _STEPS) + 2) / _STEPS - _LIMIT
    return np.array([0.5 * math.erfc(-point / math.sqrt(2.0)) for point in points.tolist()])
