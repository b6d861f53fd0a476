"""The scaled chi distribution: that of an estimated standard deviation whose true value is 1."""

import math
from functools import lru_cache

import numpy as np

from trimma.effects.arrays import Numbers

_TINY = 1e-10  # of the greatest weight


@lru_cache(maxsize=4096)
def scaled_chi_nodes(freedom: float) -> tuple[Numbers, Numbers]:
    """Nodes and weights for integrals over sqrt(chi-square / freedom), evenly spaced in its logarithm.

    ``freedom`` is above 0; where it is infinite there is one node, at 1. Both arrays are of shape (nodes,), and the
    weights add up to 1.
    """
    if math.isinf(freedom):
        return np.ones(1), np.ones(1)
    step = min(0.25, 0.6 / math.sqrt(2.0 * freedom))
    reach = 25.0 / freedom + 8.0 / math.sqrt(freedom)
    logs = np.arange(-reach, min(reach, 4.0), step)
    heights = freedom * (logs - 0.5 * np.expm1(2.0 * logs))
    weights = np.exp(heights - heights.max())
    kept = weights > _TINY
    return np.exp(logs[kept]), weights[kept] / weights[kept].sum()
