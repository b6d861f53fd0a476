"""The largest of several correlated |t|: what a simultaneous interval is wide for.

Each t is a normal over an estimate of its scale. The normals share one factor: those with loadings a and b correlate
by ab, as differences from one reference do (Dunnett, "A multiple comparison procedure for comparing several
treatments with a control", JASA 1955). The scales are one and the same estimate (``shared``), or independent ones.
The probability is integrated over the factor and the scales by the trapezoidal rule, which for such integrands
converges faster than any power of its step; nothing is drawn at random.
"""

import math
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache

import numpy as np
from msgspec import Struct

from trimma.effects.normal import Numbers, cumulative, density

_TINY = 1e-10  # of a node's weight
_FARTHEST = 600.0  # the logarithm of what is beyond any t
_ROUNDS = 60


class Group(Struct, frozen=True, kw_only=True):
    """``count`` of the t that are alike: the ``loading`` of the factor, and the degrees of ``freedom``."""

    loading: float
    freedom: float
    count: int = 1


Family = tuple[Group, ...]


def family(loadings: Iterable[float], freedoms: Iterable[float]) -> Family:
    """The t of these loadings (in [0, 1)) and degrees of freedom (above 0, or infinite), those alike in one group."""
    pairs = Counter((round(loading, 6), freedom) for loading, freedom in zip(loadings, freedoms, strict=True))
    return tuple(Group(loading=loading, freedom=freedom, count=count) for (loading, freedom), count in pairs.items())


def to_t(z: Numbers, freedom: Numbers | float) -> Numbers:
    """The t that is about as far out as the normal ``z`` (Wallace, Annals of Mathematical Statistics 1959)."""
    if np.all(np.isinf(freedom)):
        return z
    widened = z * (8 * freedom + 3) / (8 * freedom + 1)
    return np.sqrt(freedom * np.expm1(np.minimum(widened * widened / freedom, _FARTHEST)))


def one_t(z: float, freedom: float) -> float:
    """`to_t` of one number."""
    if math.isinf(freedom):
        return z
    widened = z * (8 * freedom + 3) / (8 * freedom + 1)
    return math.sqrt(freedom * math.expm1(min(widened * widened / freedom, _FARTHEST)))


def to_z(t: Numbers, freedom: Numbers | float) -> Numbers:
    """The inverse of `to_t`."""
    if np.all(np.isinf(freedom)):
        return t
    narrowed = (8 * freedom + 1) / (8 * freedom + 3)
    return narrowed * np.sqrt(freedom * np.log1p(t * t / freedom))


def exceedance(z: Numbers, groups: Family, *, shared: bool) -> Numbers:
    """The probability that any |t| of the family is beyond `to_t` of ``z`` (one dimension), for each of ``z``."""
    steepest = max(group.loading for group in groups)
    factor, weights = _factor(steepest)
    inside = np.ones(())
    for group in groups:
        scale, scale_weights = scale_nodes(group.freedom)
        narrow = math.sqrt(1.0 - group.loading**2)
        reach = to_t(z, group.freedom)[:, None, None] * (scale[:, None] / narrow)
        shift = factor * (group.loading / narrow)
        within = cumulative(reach + shift) - cumulative(shift - reach)
        if not shared:
            within = np.einsum("zsf,s->zf", within, scale_weights)
        inside = inside * within**group.count
    if shared:
        inside = np.einsum("zsf,s->zf", inside, scale_nodes(groups[0].freedom)[1])
    return np.clip(1.0 - inside @ weights, 0.0, 1.0)


@lru_cache(maxsize=4096)
def critical(groups: Family, error: float, *, shared: bool) -> float:
    """The z that any |t| of the family exceeds with probability ``error``."""
    low, high = 0.0, 1.0

    def over(z: float) -> float:
        return math.log(max(float(exceedance(np.array([z]), groups, shared=shared)[0]), 1e-12) / error)

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
def _factor(steepest: float) -> tuple[Numbers, Numbers]:
    """Nodes and weights of the shared factor; by symmetry those from zero on are enough."""
    if steepest == 0:
        return np.zeros(1), np.ones(1)
    step = 0.5 * min(1.0, math.sqrt(1.0 - steepest**2) / steepest)
    nodes = np.arange(0.0, 7.0, step)
    weights = density(nodes)
    weights[1:] *= 2
    return nodes, weights / weights.sum()


@lru_cache(maxsize=4096)
def scale_nodes(freedom: float) -> tuple[Numbers, Numbers]:
    """Nodes and weights of sqrt(chi-square / freedom), evenly spaced in its logarithm."""
    if math.isinf(freedom):
        return np.ones(1), np.ones(1)
    step = min(0.25, 0.6 / math.sqrt(2.0 * freedom))
    reach = 25.0 / freedom + 8.0 / math.sqrt(freedom)
    logs = np.arange(-reach, min(reach, 4.0), step)
    heights = freedom * (logs - 0.5 * np.expm1(2.0 * logs))
    weights = np.exp(heights - heights.max())
    kept = weights > _TINY
    return np.exp(logs[kept]), weights[kept] / weights[kept].sum()
