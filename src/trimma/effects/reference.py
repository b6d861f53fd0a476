"""The noise of the reference, which is part of every difference from it.

Where the reference is trained several times in a repeat, the mean of these is one value, steadier than that of a single
training: by how much depends on what of the noise is the training's (its seed) and what is the pair's of this arm and
this repeat (how a data split suits it), which no number of trainings averages out. So the variance of that mean is
estimated from how it differs between repeats, not from how trainings differ within one.
"""

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from trimma.effects.arrays import Numbers
from trimma.effects.blocks import Additive
from trimma.effects.cells import Observations
from trimma.effects.moderated import moderated


class Squares(Struct, frozen=True, kw_only=True):
    """The squares that a fit left, in two independent parts, each with its degrees of freedom.

    ``explained`` is the part that a parameter for each of the first arm's values would explain, ``above`` its degrees.
    On average it is ``share`` times the first arm's variance and ``above - share`` times that of the others. The rest
    is what a fit without the first arm leaves: ``left`` of each of the others (0 of the first), and what ``freedom``
    each has in it.
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
        """The variance of the arms but the first."""
        return float(self.left.sum()) / self.below


def squares(fit: Additive) -> Squares | None:
    """None where the two variances can't be told apart."""
    arm = fit.observations.arm
    own = arm == 0
    moves = _moves(fit, own)
    maker = np.eye(int(own.sum())) - moves[own]
    inverse = np.linalg.pinv(maker, rcond=1e-9, hermitian=True)
    above = round(float(np.trace(maker @ inverse)))
    if above < 1 or fit.freedom - above < 1:
        return None
    others = ~own
    elsewhere = -moves[others]
    residual = fit.residual[others] - elsewhere @ inverse @ fit.residual[own]
    free = 1.0 - fit.leverage()[others] - np.einsum("vo,op,vp->v", elsewhere, inverse, elsewhere)
    left, freedom = np.zeros((2, len(fit.mean)))
    np.add.at(left, arm[others], residual**2)
    np.add.at(freedom, arm[others], np.maximum(0.0, free))
    explained = float(fit.residual[own] @ inverse @ fit.residual[own])
    return Squares(explained=explained, above=above, share=float(np.trace(maker)), left=left, freedom=freedom)


def averaged(observations: Observations) -> Observations:
    """With the mean of the first arm's values in a repeat in place of several, where only that arm has several."""
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


def two_variances(fit: Additive, rows: Numbers, found: Squares, *, pooled: bool) -> tuple[Numbers, Numbers]:
    """The covariance of the contrasts ``rows`` where the first arm has a variance of its own, and their freedom.

    Those of the others are moderated, or ``pooled`` to one. Degrees of freedom are Satterthwaite's (Biometrics Bulletin
    1946).
    """
    loads = rows @ fit.weights
    arm = fit.observations.arm
    own = arm == 0
    variance, freedom = np.full((2, len(fit.mean) - 1), [[found.others], [found.below]])
    if not pooled:
        variance, freedom = moderated(found.left[1:], found.freedom[1:])
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


def _moves(fit: Additive, own: NDArray[np.bool_]) -> Numbers:
    """How much each of the first arm's values (columns) moves the fit of each value (rows)."""
    observations = fit.observations
    share = np.zeros((int(observations.repeat.max()) + 1, len(fit.mean)))
    np.add.at(share, (observations.repeat, observations.arm), 1.0)
    size = np.maximum(share.sum(axis=1, keepdims=True), 1.0)
    repeat, weights = observations.repeat, fit.weights[:, own]
    same = (repeat[:, None] == repeat[own]) / size[repeat]
    moved: Numbers = same + weights[observations.arm] - (share / size)[repeat] @ weights
    return moved
