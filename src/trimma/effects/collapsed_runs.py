"""Collapsed runs: trainings that come to far worse than the others of their arm, as where some seeds diverge.

Their metric has two humps. A mean of both kinds of runs is what neither does, and an interval that was estimated from a
few runs without a collapse says nothing of those with one. So they are noticed and said.
"""

import numpy as np
from msgspec import Struct

from trimma.effects.arrays import Flags, Indices, Numbers
from trimma.effects.observations import Observations

_FAR = 10.0  # robust standard deviations between the two humps
_EMPTY = 3.0  # how many times wider the gap is than the better hump
_NORMAL = 1.4826  # of a normal variable: its standard deviation in median distances from the median
_FEWEST = 2  # a single one is an outlier
_LOPSIDED = 3  # how many times as many arms have a few far worse runs as have a few far better ones


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

    What an arm and a repeat do to a value is taken out by medians. Then an arm has collapsed runs where fewer than half
    of its runs are worse than its others by a gap that is wide beside the noise of all arms and beside what the others
    differ by. Arms that are noisy on both sides don't count as collapsing.
    """
    arm, repeat = observations.arm, observations.repeat
    if len(arm) < 2 * _FEWEST:
        return None
    value = observations.value if maximize else -observations.value
    left = value.copy()
    for groups in (arm, repeat, arm):
        left -= _medians(left, groups)[groups]
    scale = _NORMAL * float(np.median(np.abs(left)))
    if not -float(left.min()) > _FAR * scale:
        return None
    found = np.zeros(len(arm), dtype=bool)
    better = 0
    for place in np.unique(arm[np.abs(left) > _FAR * scale / 2]).tolist():
        mine = np.flatnonzero(arm == place)
        order = mine[np.argsort(left[mine])]
        gaps = np.diff(left[order])
        below = int(gaps.argmax()) + 1 if len(gaps) else 0
        if not len(gaps) or gaps[below - 1] <= _FAR * scale:
            continue
        upper = left[order[below:]]
        if 2 * below >= len(order):
            better += 1
        elif gaps[below - 1] > _EMPTY * float(np.ptp(upper)):
            found[order[:below]] = True
    arms = len(np.unique(arm[found]))
    if found.sum() < _FEWEST or arms <= _LOPSIDED * better:
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
