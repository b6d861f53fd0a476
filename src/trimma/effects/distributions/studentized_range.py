"""The studentized range distribution: how far apart the largest and the smallest of several means lie by chance.

It gives simultaneous intervals of the differences of all pairs (Tukey 1953; Kramer, Biometrics 1956, where their
standard errors differ). The probability is integrated like that of `trimma.effects.distributions.dunnett`.
"""

from functools import lru_cache

import numpy as np

from trimma.effects.distributions.chi import scaled_chi_nodes
from trimma.effects.distributions.normal import normal_cumulative, normal_density

_ROUNDS = 60


def studentized_range_survival(reach: float, count: int, freedom: float) -> float:
    """The probability that the range of ``count`` normals is beyond ``reach`` times their standard deviation.

    The normals are independent, and their standard deviation is estimated with ``freedom`` degrees of freedom.
    """
    scale, scale_weights = scaled_chi_nodes(freedom)
    largest = np.arange(-7.0, 7.0, 0.25)
    within = normal_cumulative(largest) - normal_cumulative(largest - reach * scale[:, None])
    weights = normal_density(largest) * 0.25 * count
    return float(np.clip(1.0 - scale_weights @ within ** (count - 1) @ weights, 0.0, 1.0))


@lru_cache(maxsize=1024)
def studentized_range_critical(count: int, freedom: float, error: float) -> float:
    """The range, in estimated standard deviations, that ``count`` normals exceed with probability ``error``."""
    low, high = 0.0, 4.0
    while studentized_range_survival(high, count, freedom) > error:
        low, high = high, 2 * high
    for _ in range(_ROUNDS):
        middle = (low + high) / 2
        if high - low < 1e-6 * high:
            break
        if studentized_range_survival(middle, count, freedom) > error:
            low = middle
        else:
            high = middle
    return high
