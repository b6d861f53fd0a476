"""The studentized range: how far apart the largest and the smallest of several means lie by chance.

It gives simultaneous intervals of all differences between pairs (Tukey 1953; Kramer, Biometrics 1956, where their
standard errors differ). Integrated like `trimma.effects.maximum`.
"""

from functools import lru_cache

import numpy as np

from trimma.effects.maximum import scale_nodes
from trimma.effects.normal import cumulative, density

_ROUNDS = 60


def range_exceedance(reach: float, count: int, freedom: float) -> float:
    """The probability that the range of ``count`` independent normals exceeds ``reach`` times their estimated sd."""
    scale, scale_weights = scale_nodes(freedom)
    largest = np.arange(-7.0, 7.0, 0.25)
    within = cumulative(largest) - cumulative(largest - reach * scale[:, None])
    weights = density(largest) * 0.25 * count
    return float(np.clip(1.0 - scale_weights @ within ** (count - 1) @ weights, 0.0, 1.0))


@lru_cache(maxsize=1024)
def range_critical(count: int, freedom: float, error: float) -> float:
    """What the range of ``count`` normals over their estimated sd exceeds with probability ``error``."""
    low, high = 0.0, 4.0
    while range_exceedance(high, count, freedom) > error:
        low, high = high, 2 * high
    for _ in range(_ROUNDS):
        middle = (low + high) / 2
        if high - low < 1e-6 * high:
            break
        if range_exceedance(middle, count, freedom) > error:
            low = middle
        else:
            high = middle
    return high
