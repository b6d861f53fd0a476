"""The additive model of arm and repeat, by least squares.

value = arm + repeat + noise. A repeat is a block: what it does to all its arms alike (its data split) cancels in
their differences. Cells may be missing, or several to an arm and repeat. Source: Searle, "Linear Models" (1971),
chapter 7, where the repeats are absorbed before the arms are solved for.
"""

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from trimma.effects.arrays import Flags, Numbers
from trimma.effects.observations import Observations

ROUNDING = 1e-12  # of the greatest value: what is left of a sum of equal numbers by rounding


class AdditiveFit(Struct, frozen=True, kw_only=True):
    """The additive model, fitted to ``observations``.

    ``mean``, of shape (arms,) and in units of the metric, holds each arm less the first. It is NaN for an arm that no
    chain of shared repeats links to the first. ``weights``, of shape (arms, values), gives the means from the values.
    ``residual``, of shape (values,) and in units of the metric, is what the model leaves of the values. ``variance``
    is that of the noise, in squared units of the metric: None where there are no degrees of ``freedom``, and exactly
    0 where rounding is all there is. ``weight``, of shape (values,), is how much each value counts for what its repeat
    does to all arms.
    """

    observations: Observations
    mean: Numbers
    weights: Numbers
    residual: Numbers
    variance: float | None
    freedom: int
    weight: Numbers

    def covariance(self, rows: Numbers) -> Numbers:
        """The covariance of the contrasts ``rows``, for noise of variance 1.

        ``rows`` is of shape (contrasts, arms), and the result of shape (contrasts, contrasts).
        """
        loads = rows @ self.weights
        return loads @ loads.T

    def leverage(self) -> Numbers:
        """How much each value moves its own fit: the diagonal of the hat matrix, of shape (values,)."""
        arm, repeat = self.observations.arm, self.observations.repeat
        share = np.zeros((int(repeat.max(initial=-1)) + 1, len(self.mean)))
        np.add.at(share, (repeat, arm), self.weight)
        size = np.maximum(share.sum(axis=1), 1e-300)
        each = np.arange(len(arm))
        elsewhere = np.einsum("va,av->v", share[repeat], self.weights) / size[repeat]
        found: Numbers = self.weights[arm, each] + self.weight / size[repeat] - elsewhere
        return found


def fit_additive(observations: Observations, pull: Numbers | None = None) -> AdditiveFit:
    """Fit the model to the arms that are linked to the first; the values of other arms are left aside.

    ``pull``, of shape (arms,), is how much a value of each arm counts where not all count alike.
    """
    arms = len(observations.arms)
    counts = _counts(observations, arms)
    linked = _linked(counts)
    kept = linked[observations.arm]
    used = observations if kept.all() else _only(observations, kept)
    weight = np.ones(len(used.value)) if pull is None else pull[used.arm]
    counts = counts * linked[:, None] * (1.0 if pull is None else pull[:, None])
    size = counts.sum(axis=0)
    blocks = size > 0
    share = np.divide(counts, size, out=np.zeros_like(counts), where=blocks)
    centred = used.value - (used.value.mean() if len(used.value) else 0.0)
    within = -share[:, used.repeat] * weight
    within[used.arm, np.arange(len(centred))] += weight
    normal = np.diag(counts.sum(axis=1)) - share @ counts.T
    free = linked.copy()
    free[0] = False
    weights = np.zeros((arms, len(centred)))
    weights[free] = np.linalg.solve(normal[np.ix_(free, free)], within[free])
    mean = weights @ centred
    left = centred - mean[used.arm]
    totals = np.bincount(used.repeat, left * weight, minlength=len(size)).astype(np.float64)
    residual = left - np.divide(totals, size, out=np.zeros_like(totals), where=blocks)[used.repeat]
    freedom = max(0, len(centred) - int(linked.sum()) - int(blocks.sum()) + 1) if len(centred) else 0
    mean[~linked] = np.nan
    return AdditiveFit(
        observations=used,
        mean=mean,
        weights=weights,
        residual=residual,
        variance=_variance(residual, used.value, freedom),
        freedom=freedom,
        weight=weight,
    )


def _counts(observations: Observations, arms: int) -> Numbers:
    """How many values each arm has in each repeat, of shape (arms, repeats)."""
    repeats = len(observations.repeats)
    places = observations.arm * repeats + observations.repeat
    return np.bincount(places, minlength=arms * repeats).reshape(arms, repeats).astype(np.float64)


def _linked(counts: Numbers) -> Flags:
    """The arms that a chain of shared repeats links to the first, of shape (arms,).

    ``counts``, of shape (arms, repeats), is how many values each arm has in each repeat.
    """
    present = counts > 0
    linked: Flags = np.zeros(len(counts), dtype=bool)
    linked[0] = present[0].any()
    while True:
        reached: Flags = np.any(present[:, np.any(present[linked], axis=0)], axis=1)
        if (reached == linked).all():
            return linked
        linked = reached


def _only(observations: Observations, kept: Flags) -> Observations:
    """The observations without the values that aren't ``kept``, which is of shape (values,)."""
    arm, repeat, value = observations.arm[kept], observations.repeat[kept], observations.value[kept]
    return replace(observations, arm=arm, repeat=repeat, value=value)


def _variance(residual: Numbers, value: Numbers, freedom: int) -> float | None:
    """The variance of the noise, from residuals and values, each of shape (values,)."""
    if not freedom:
        return None
    variance = float(residual @ residual) / freedom
    return 0.0 if variance <= (ROUNDING * float(np.abs(value).max())) ** 2 else variance
