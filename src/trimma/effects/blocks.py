"""The additive model of arm and repeat, by least squares.

value = arm + repeat + noise. A repeat is a block: what it does to all its arms alike (its data split) cancels in
their differences. Cells may be missing, or several to an arm and repeat. Source: Searle, "Linear Models" (1971),
chapter 7, where the repeats are absorbed before the arms are solved for.
"""

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from trimma.effects.arrays import Indices, Numbers
from trimma.effects.cells import Observations

NOTHING = 1e-12  # of the greatest value: what is left of a sum of equal numbers by rounding


class Additive(Struct, frozen=True, kw_only=True):
    """The fit.

    ``mean`` holds each arm less the first, NaN for an arm that no chain of shared repeats links to the first;
    ``weights`` (arms by values) gives it from the values, and ``residual`` is what it leaves of them. ``variance``
    is that of the noise, None without degrees of ``freedom``, and exactly 0 where rounding is all there is.
    """

    observations: Observations
    mean: Numbers
    weights: Numbers
    residual: Numbers
    variance: float | None
    freedom: int

    def covariance(self, rows: Numbers) -> Numbers:
        """Of the contrasts ``rows`` (contrasts by arms), for noise of variance 1."""
        loads = rows @ self.weights
        return loads @ loads.T

    def leverage(self) -> Numbers:
        """How much each value moves its own fit."""
        arm, repeat = self.observations.arm, self.observations.repeat
        share = np.zeros((int(repeat.max(initial=-1)) + 1, len(self.mean)))
        np.add.at(share, (repeat, arm), 1.0)
        size = np.maximum(share.sum(axis=1), 1.0)
        each = np.arange(len(arm))
        elsewhere = np.einsum("va,av->v", share[repeat], self.weights) / size[repeat]
        found: Numbers = self.weights[arm, each] + 1.0 / size[repeat] - elsewhere
        return found


def additive(observations: Observations) -> Additive:
    """Fit the model to the arms that are linked to the first; the other values are left aside."""
    arms = len(observations.arms)
    counts = _counts(observations, arms)
    linked = _linked(counts)
    kept = linked[observations.arm]
    used = observations if kept.all() else _only(observations, kept)
    counts = counts * linked[:, None]
    size = counts.sum(axis=0)
    blocks = size > 0
    share = np.divide(counts, size, out=np.zeros_like(counts), where=blocks)
    centred = used.value - (used.value.mean() if len(used.value) else 0.0)
    within = -share[:, used.repeat]
    within[used.arm, np.arange(len(centred))] += 1.0
    normal = np.diag(counts.sum(axis=1)) - share @ counts.T
    free = linked.copy()
    free[0] = False
    weights = np.zeros((arms, len(centred)))
    weights[free] = np.linalg.solve(normal[np.ix_(free, free)], within[free])
    mean = weights @ centred
    left = centred - mean[used.arm]
    totals = np.bincount(used.repeat, left, minlength=len(size)).astype(np.float64)
    residual = left - np.divide(totals, size, out=np.zeros_like(totals), where=blocks)[used.repeat]
    freedom = max(0, len(centred) - int(linked.sum()) - int(blocks.sum()) + 1) if len(centred) else 0
    mean[~linked] = np.nan
    return Additive(
        observations=used,
        mean=mean,
        weights=weights,
        residual=residual,
        variance=_variance(residual, used.value, freedom),
        freedom=freedom,
    )


def _counts(observations: Observations, arms: int) -> Numbers:
    """How many values each arm has in each repeat."""
    repeats = len(observations.repeats)
    places = observations.arm * repeats + observations.repeat
    return np.bincount(places, minlength=arms * repeats).reshape(arms, repeats).astype(np.float64)


def _linked(counts: Numbers) -> NDArray[np.bool_]:
    """The arms that a chain of shared repeats links to the first."""
    present = counts > 0
    linked: NDArray[np.bool_] = np.zeros(len(counts), dtype=bool)
    linked[0] = present[0].any()
    while True:
        reached: NDArray[np.bool_] = np.any(present[:, np.any(present[linked], axis=0)], axis=1)
        if (reached == linked).all():
            return linked
        linked = reached


def _only(observations: Observations, kept: NDArray[np.bool_]) -> Observations:
    rows: tuple[Indices, ...] = (observations.arm[kept], observations.repeat[kept])
    return Observations(
        arms=observations.arms,
        repeats=observations.repeats,
        arm=rows[0],
        repeat=rows[1],
        value=observations.value[kept],
        failed=observations.failed,
        censored=observations.censored,
    )


def _variance(residual: Numbers, value: Numbers, freedom: int) -> float | None:
    if not freedom:
        return None
    variance = float(residual @ residual) / freedom
    return 0.0 if variance <= (NOTHING * float(np.abs(value).max())) ** 2 else variance
