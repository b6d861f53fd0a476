"""Collapsed runs: trainings that come to far worse than the others of their arm, as where some seeds diverge.

Their metric has two humps. A mean of both kinds of runs is what neither does, and an interval that was estimated from a
few runs without a collapse says nothing of those with one. So they are noticed and said.

A long tail has gaps, too, but they are the rarer the more runs lie beyond them. Where a tail falls with the power a of
the distance, the k farthest values all lie beyond the next one by the factor x or more with the probability x to the
power -ak (Renyi, Acta Mathematica Hungarica 1953). So a gap is judged against the heaviest tail that has a variance,
whose power is two, and skew alone isn't called a collapse.
"""

import math

import numpy as np
from msgspec import Struct

from trimma.effects.arrays import Flags, Indices, Numbers
from trimma.effects.observations import Observations

_FAR = 5.0  # robust standard deviations, from which on values are in the tail
_NORMAL = 1.4826  # of a normal variable: its standard deviation in median distances from the median
_FEWEST = 2  # a single one is an outlier
_HEAVIEST = 2.0  # the power of the tail of a distribution that just has no variance
_LEVEL = 0.001
_NO_NOISE = 1e-9
_LOPSIDED = 3  # how many times as many runs are far worse as are far better


class CollapsedRuns(Struct, frozen=True, kw_only=True):
    """Which values are ``collapsed``, of shape (values,), and between which values of the metric the gap lies.

    ``best`` is the best of the collapsed, and ``worst`` the worst of the others, in units of the metric.
    """

    collapsed: Flags
    best: float
    worst: float

    @property
    def threshold(self) -> float | None:
        """A value of the metric between the two kinds of runs, to three digits; None where they overlap."""
        middle = (self.best + self.worst) / 2
        rounded = float(f"{middle:.3g}")
        between = min(self.best, self.worst) < rounded < max(self.best, self.worst)
        return (rounded if between else middle) if self.apart else None

    @property
    def apart(self) -> bool:
        """Whether every collapsed run is worse than every other."""
        return self.best != self.worst


def collapsed_runs(observations: Observations, *, maximize: bool) -> CollapsedRuns | None:
    """The runs that have collapsed; None where there are none, or fewer than two.

    What an arm and a repeat do to a value is taken out by medians. What is left of all arms together is worse beyond
    a gap that no smooth tail would have. Where about as many runs are as far better, arms are noisy and don't collapse.
    """
    arm, repeat = observations.arm, observations.repeat
    if len(arm) < 2 * _FEWEST:
        return None
    value = observations.value if maximize else -observations.value
    left = value.copy()
    for groups in (arm, repeat, arm):
        left -= _medians(left, groups)[groups]
    scale = _NORMAL * float(np.median(np.abs(left)))
    worse = np.sort(-left)[::-1]
    size = np.arange(_FEWEST, max(_FEWEST, int((worse > _FAR * scale).sum())) + 1)
    if worse[_FEWEST - 1] <= _FAR * scale:
        return None
    # the logarithm of the chance of each gap, by how many runs lie beyond it; noise may be none but for the collapse
    nearer = np.maximum(worse[size], max(scale, _NO_NOISE * worse[0]))
    chance = _HEAVIEST * size * np.log(nearer / worse[size - 1])
    chance[worse[size - 1] - nearer <= _FAR * scale] = 0.0
    place = int(chance.argmin())
    found = -left >= worse[size[place] - 1]
    as_far = left >= math.sqrt(worse[size[place] - 1] * nearer[place])
    if chance[place] > math.log(_LEVEL) or found.sum() < _LOPSIDED * as_far.sum():
        return None
    bad, good = value[found], value[~found & np.isin(arm, arm[found])]
    sign = 1.0 if maximize else -1.0
    best, worst = float(bad.max()), float(good.min())
    return CollapsedRuns(collapsed=found, best=sign * best, worst=sign * (max(best, worst)))


def _medians(values: Numbers, groups: Indices) -> Numbers:
    """The median of the ``values`` of each group, of shape (groups,)."""
    order = np.lexsort((values, groups))
    size = np.bincount(groups)
    first = np.cumsum(size) - size
    ordered = np.append(values[order], 0.0)
    found: Numbers = (ordered[first + np.maximum(size - 1, 0) // 2] + ordered[first + size // 2]) / 2
    return found
