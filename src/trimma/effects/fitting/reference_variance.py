"""The variance of the reference, which is part of every difference from it.

Where the reference is trained several times in a repeat, the mean of these trainings is taken as one value. It varies
less than a single training. How much less depends on where the noise comes from. The part that comes from the training
(its seed) averages out; the part that belongs to this arm in this repeat (how a data split suits it) doesn't, however
many trainings there are. So the variance of the mean is estimated from how it differs between repeats, not from how
trainings differ within a repeat.
"""

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from trimma.effects.arrays import Numbers
from trimma.effects.fitting.additive_model import AdditiveFit
from trimma.effects.fitting.moderated_variances import moderated_variances
from trimma.effects.observations import Observations


class SumsOfSquares(Struct, frozen=True, kw_only=True):
    """The sum of squares that a fit left, in two independent parts, each with its degrees of freedom.

    ``explained`` is what a parameter for each value of the first arm would explain, with ``above`` degrees of freedom.
    Its expectation is ``share`` times the first arm's variance plus ``above - share`` times that of the others. The
    rest is what a fit without the first arm leaves: ``left`` is the part of each arm, and ``freedom`` the degrees of
    freedom that each arm has in it, both of shape (arms,) and 0 for the first arm. Sums of squares are in squared
    units of the metric.
    """

    explained: float
    above: int
    share: float
    left: Numbers
    freedom: Numbers

    @property
    def below(self) -> float:
        """The degrees of freedom of the rest."""
        return float(self.freedom.sum())

    @property
    def others(self) -> float:
        """The variance of the arms but the first, in squared units of the metric."""
        return float(self.left.sum()) / self.below


def sums_of_squares(fit: AdditiveFit) -> SumsOfSquares | None:
    """What the fit left, divided in two; None where the two variances can't be told apart."""
    arm = fit.observations.arm
    own = arm == 0
    hat = fit.hat_columns(own)
    maker = np.eye(int(own.sum())) - hat[own]  # the first arm's block of the residual maker matrix
    inverse = np.linalg.pinv(maker, rcond=1e-9, hermitian=True)
    above = round(float(np.trace(maker @ inverse)))
    if above < 1 or fit.freedom - above < 1:
        return None
    others = ~own
    elsewhere = -hat[others]
    residual = fit.residual[others] - elsewhere @ inverse @ fit.residual[own]
    free = 1.0 - fit.leverage()[others] - np.einsum("vo,op,vp->v", elsewhere, inverse, elsewhere)
    left, freedom = np.zeros((2, len(fit.mean)))
    np.add.at(left, arm[others], residual**2)
    np.add.at(freedom, arm[others], np.maximum(0.0, free))
    explained = float(fit.residual[own] @ inverse @ fit.residual[own])
    return SumsOfSquares(explained=explained, above=above, share=float(np.trace(maker)), left=left, freedom=freedom)


def with_reference_averaged(observations: Observations) -> Observations:
    """The observations with the first arm's values in each repeat replaced by their mean.

    They are returned as they are where the first arm has no more than one value in any repeat, and where another arm
    has several in one, too.
    """
    own = observations.arm == 0
    size = np.bincount(observations.repeat[own], minlength=len(observations.repeats))
    others = observations.arm[~own] * len(size) + observations.repeat[~own]
    if not (size > 1).any() or len(np.unique(others)) < len(others):
        return observations
    total = np.bincount(observations.repeat[own], observations.value[own], minlength=len(size))
    there = np.flatnonzero(size)
    return replace(
        observations,
        arm=np.concatenate([np.zeros(len(there), dtype=np.intp), observations.arm[~own]]),
        repeat=np.concatenate([there, observations.repeat[~own]]),
        value=np.concatenate([total[there] / size[there], observations.value[~own]]),
    )


def covariance_with_reference_variance(
    fit: AdditiveFit, rows: Numbers, found: SumsOfSquares, *, pooled: bool
) -> tuple[Numbers, Numbers]:
    """The covariance of the contrasts ``rows`` where the first arm has a variance of its own, and their freedom.

    ``rows`` is of shape (contrasts, arms). The covariance is of shape (contrasts, contrasts), in squared units of the
    metric, and the degrees of freedom are of shape (contrasts,). The variances of the other arms are moderated, or
    ``pooled`` to one. Degrees of freedom are Satterthwaite's (Biometrics Bulletin 1946).
    """
    loads = rows @ fit.weights
    arm = fit.observations.arm
    own = arm == 0
    variance, freedom = np.full((2, len(fit.mean) - 1), [[found.others], [found.below]])
    if not pooled:
        variance, freedom = moderated_variances(found.left[1:], found.freedom[1:])
    mean = float(variance.mean())
    first = max(0.0, (found.explained - (found.above - found.share) * mean) / found.share)
    every = np.where(own, first, variance[arm - 1])
    covariance: Numbers = (loads * every) @ loads.T
    # the first arm's squares tell of the others' noise, too, which is not to be counted twice
    weight = (loads[:, own] ** 2).sum(axis=1) / found.share
    by_first = weight * found.explained
    by_arm = np.zeros((len(variance), len(rows)))
    np.add.at(by_arm, arm[~own] - 1, (loads[:, ~own] ** 2 * every[~own]).T)
    by_others = by_arm.sum(axis=0)
    # one variance for all is one estimate, and each arm's own another
    spread = by_others**2 / found.below if np.allclose(freedom, found.below) else (1.0 / freedom) @ by_arm**2
    net = np.maximum(0.0, by_others - weight * (found.above - found.share) * mean)
    kept = np.divide(net, by_others, out=np.zeros(len(rows)), where=by_others > 0)
    below = by_first**2 / found.above + kept**2 * spread
    total = (by_first + net) ** 2
    degrees = np.divide(total, below, out=np.full(len(rows), float(found.above)), where=below > 0)
    return covariance, degrees.round(6)  # so that those are equal which differ by rounding
