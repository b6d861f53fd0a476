"""Dunnett's distribution: that of the largest of several correlated |t|, by which simultaneous intervals are wide.

Each t is a normal variable divided by an estimate of its standard deviation. The normal variables share one factor:
those with the loadings a and b correlate by ab, as differences from one reference do (Dunnett, "A multiple comparison
procedure for comparing several treatments with a control", JASA 1955). Without correlation it is the distribution of
the studentized maximum modulus. All t are divided by one estimate (``shared``), or each by an independent one.

The probability is integrated over the factor and over the estimates by the trapezoidal rule, which converges faster
than any power of its step for such integrands. Nothing is drawn at random.
"""

import math
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache

import numpy as np
from msgspec import Struct

from trimma.effects.arrays import Numbers
from trimma.effects.distributions.chi import scaled_chi_nodes
from trimma.effects.distributions.normal import normal_cumulative, normal_density
from trimma.effects.distributions.student_t import t_of_z

_ROUNDS = 60


class DunnettGroup(Struct, frozen=True, kw_only=True):
    """Some t that are alike: how many (``count``), their ``loading`` on the factor, their degrees of ``freedom``."""

    loading: float
    freedom: float
    count: int = 1


DunnettFamily = tuple[DunnettGroup, ...]
"""All t whose largest is asked for."""


def dunnett_family(loadings: Iterable[float], freedoms: Iterable[float]) -> DunnettFamily:
    """The family of the t with these loadings and degrees of freedom, of which there are equally many.

    A loading is in [0, 1); degrees of freedom are above 0, or infinite. Those t that are alike are in one group.
    """
    pairs = Counter((round(loading, 6), freedom) for loading, freedom in zip(loadings, freedoms, strict=True))
    return tuple(
        DunnettGroup(loading=loading, freedom=freedom, count=count) for (loading, freedom), count in pairs.items()
    )


def dunnett_survival(z: Numbers, family: DunnettFamily, *, shared: bool) -> Numbers:
    """For each of ``z``, the probability that any |t| of the family is beyond `t_of_z` of it.

    ``z`` is of shape (points,), with numbers from 0 on, and so is the result.
    """
    steepest = max(group.loading for group in family)
    factor, weights = _factor_nodes(steepest)
    inside = np.ones(())
    for group in family:
        scale, scale_weights = scaled_chi_nodes(group.freedom)
        narrow = math.sqrt(1.0 - group.loading**2)
        # points by scales by factors
        reach = t_of_z(z, group.freedom)[:, None, None] * (scale[:, None] / narrow)
        shift = factor * (group.loading / narrow)
        within = normal_cumulative(reach + shift) - normal_cumulative(shift - reach)
        if not shared:
            within = np.einsum("zsf,s->zf", within, scale_weights)
        inside = inside * within**group.count
    if shared:
        inside = np.einsum("zsf,s->zf", inside, scaled_chi_nodes(family[0].freedom)[1])
    return np.clip(1.0 - inside @ weights, 0.0, 1.0)


@lru_cache(maxsize=4096)
def dunnett_critical_z(family: DunnettFamily, error: float, *, shared: bool) -> float:
    """The z for which any |t| of the family is beyond `t_of_z` of it with probability ``error``."""
    low, high = 0.0, 1.0

    def over(z: float) -> float:
        return math.log(max(float(dunnett_survival(np.array([z]), family, shared=shared)[0]), 1e-12) / error)

    above, below = math.log(1.0 / error), over(high)
    while below > 0:
        low, above = high, below
        high += 1.0
        below = over(high)
    side = 0
    for _ in range(_ROUNDS):  # regula falsi; an end that stays counts half (the Illinois rule)
        middle = high - below * (high - low) / (below - above)
        found = over(middle)
        if abs(found) < 1e-7 or high - low < 1e-9:
            return middle
        if found > 0:
            low, above = middle, found
            below /= 2 if side > 0 else 1
            side = 1
        else:
            high, below = middle, found
            above /= 2 if side < 0 else 1
            side = -1
    return high


@lru_cache(maxsize=256)
def _factor_nodes(steepest: float) -> tuple[Numbers, Numbers]:
    """Nodes and weights, each of shape (nodes,), of the shared factor. By symmetry those from zero on are enough."""
    if steepest == 0:
        return np.zeros(1), np.ones(1)
    step = 0.5 * min(1.0, math.sqrt(1.0 - steepest**2) / steepest)
    nodes = np.arange(0.0, 7.0, step)
    weights = normal_density(nodes)
    weights[1:] *= 2
    return nodes, weights / weights.sum()
