"""Alpha spending: how much of the allowed error each look at growing data may use.

Sources: Armitage, McPherson and Rowe (JRSS A 1969) for the recursion over looks; Lan and DeMets (Biometrika 1983)
for spending, which lets looks be left out or added as long as the data don't say when.
"""

import math
from functools import lru_cache
from statistics import NormalDist

import numpy as np

from trimma.effects.arrays import Numbers
from trimma.effects.distributions.dunnett import DunnettFamily, dunnett_family, dunnett_survival
from trimma.effects.distributions.normal import normal_cumulative, normal_density

_POWER = 3.0  # of the share of looks that are over: what share of the error is spent by then
_UNLIKE = 0.3  # by simulation: effects that cross at different looks are less alike than at one
_NODES = 401
_ROUNDS = 60


@lru_cache(maxsize=256)
def nominal_levels(repeats: tuple[int, ...], planned: int, count: int, error: float) -> tuple[float, ...]:
    """The simultaneous error that the intervals of each look may have, so that all looks together have ``error``.

    The looks so far were after ``repeats``, out of ``planned`` looks; ``count`` effects are differences from one
    reference. An effect's own error is spent such that one look with that error for each effect would have the
    family's share; between looks the effect's estimates correlate as sums of growing data do.
    """
    family = known_noise_family(count)
    unlike = _UNLIKE if planned > 1 else 0.0
    spent = [
        _error_of_each(family, count, error * _share(look / planned), unlike) for look in range(1, len(repeats) + 1)
    ]
    critical = np.array(_critical_z(repeats, spent))
    return tuple(dunnett_survival(critical, family, shared=True).tolist())


def known_noise_family(count: int) -> DunnettFamily:
    """The family of ``count`` differences from one reference, of known and equal noise."""
    return dunnett_family([math.sqrt(0.5) if count > 1 else 0.0] * count, [math.inf] * count)


def _share(over: float) -> float:
    """The share of the error that is spent when this share of the looks is over."""
    return math.pow(min(1.0, over), _POWER)


def _error_of_each(family: DunnettFamily, count: int, error: float, unlike: float) -> float:
    """The error of each effect that makes ``error`` that of all.

    It lies between what it is at one look and, by the share ``unlike``, what it were for independent effects.
    """
    low, high = error / count, error
    for _ in range(_ROUNDS):
        middle = (low + high) / 2
        z = NormalDist().inv_cdf(1.0 - middle / 2)
        alike = float(dunnett_survival(np.array([z]), family, shared=True)[0])
        apart = 1.0 - math.pow(1.0 - middle, count)
        low, high = (middle, high) if (1 - unlike) * alike + unlike * apart < error else (low, middle)
    return low


def _critical_z(repeats: tuple[int, ...], spent: list[float]) -> list[float]:
    """What |z| exceeds at each look with the error that this look adds, where it hasn't at the looks before."""
    found: list[float] = []
    nodes, weights, before = np.zeros(1), np.ones(1), 0
    for size, total, used in zip(repeats, spent, [0.0, *spent], strict=False):
        step = math.sqrt(size - before)
        low, high = 0.0, 12.0 * math.sqrt(size)
        for _ in range(_ROUNDS):
            middle = (low + high) / 2
            beyond = normal_cumulative((nodes - middle) / step) + normal_cumulative((-middle - nodes) / step)
            low, high = (middle, high) if float(weights @ beyond) > total - used else (low, middle)
        found.append(high / math.sqrt(size))
        nodes, weights = _going_on(nodes, weights, step, high)
        before = size
    return found


def _going_on(nodes: Numbers, weights: Numbers, step: float, reach: float) -> tuple[Numbers, Numbers]:
    """The distribution of a sum of growing data among the sums that stay within ``reach`` of zero at this look.

    Before the look it is given by ``nodes`` and ``weights``, both of shape (nodes,); since then the sum has changed by
    a normal of standard deviation ``step``. The result is the same by Simpson's rule, of shape (401,).
    """
    grid = np.linspace(-reach, reach, _NODES)
    simpson = np.where(np.arange(_NODES) % 2 == 1, 4.0, 2.0)
    simpson[[0, -1]] = 1.0
    heights = normal_density((grid[:, None] - nodes) / step) @ weights / step
    return grid, heights * simpson * (grid[1] - grid[0]) / 3.0
