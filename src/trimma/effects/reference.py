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

from trimma.effects.blocks import Additive, additive
from trimma.effects.cells import Numbers, Observations
from trimma.effects.moderated import moderated


class Squares(Struct, frozen=True, kw_only=True):
    """The squares that a fit left, in two independent parts, each with its degrees of freedom.

    ``explained`` is the part that a parameter for each of the first arm's values would explain, ``above`` its degrees;
    ``rest`` is the fit's without the first arm, ``below`` its degrees. On average ``explained`` is ``share`` times the
    first arm's variance and ``above - share`` times that of the others.
    """

    explained: float
    above: int
    rest: float
    below: int
    share: float

    @property
    def others(self) -> float:
        """The variance of the arms but the first."""
        return self.rest / self.below


def squares(fit: Additive) -> Squares | None:
    """None where the two variances can't be told apart."""
    own = fit.observations.arm == 0
    maker = np.eye(int(own.sum())) - _hat(fit, own)
    inverse = np.linalg.pinv(maker, rcond=1e-9, hermitian=True)
    above = round(float(np.trace(maker @ inverse)))
    below = fit.freedom - above
    if above < 1 or below < 1:
        return None
    explained = float(fit.residual[own] @ inverse @ fit.residual[own])
    rest = max(0.0, float(fit.residual @ fit.residual) - explained)
    return Squares(explained=explained, above=above, rest=rest, below=below, share=float(np.trace(maker)))


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


def two_variances(fit: Additive, rows: Numbers, found: Squares) -> tuple[Numbers, Numbers]:
    """The covariance of the contrasts ``rows`` where the first arm has a variance of its own, and their freedom.

    Those of the others are moderated. Degrees of freedom are Satterthwaite's (Biometrics Bulletin 1946).
    """
    loads = rows @ fit.weights
    arm = fit.observations.arm
    own = arm == 0
    variance, freedom = moderated(*_single(fit.observations))
    mean = float(variance.mean())
    first = max(0.0, (found.explained - (found.above - found.share) * mean) / found.share)
    every = np.where(own, first, variance[arm - 1])
    covariance: Numbers = (loads * every) @ loads.T
    # the first arm's squares tell of the others' noise, too, which is not to be counted twice
    weight = (loads[:, own] ** 2).sum(axis=1) / found.share
    by_first = weight * found.explained
    by_arm = (loads[:, ~own] ** 2 * every[~own]) @ np.eye(len(variance))[arm[~own] - 1]
    by_others = by_arm.sum(axis=1)
    net = np.maximum(0.0, by_others - weight * (found.above - found.share) * mean)
    kept = np.divide(net, by_others, out=np.zeros(len(rows)), where=by_others > 0)
    below = by_first**2 / found.above + kept**2 * (by_arm**2 @ (1.0 / freedom))
    total = (by_first + net) ** 2
    degrees = np.divide(total, below, out=np.full(len(rows), float(found.above)), where=below > 0)
    return covariance, degrees.round(6)  # so that those are equal which differ by rounding


def _single(observations: Observations) -> tuple[Numbers, Numbers]:
    """The variance of each arm but the first, by a fit without that, and its degrees of freedom."""
    kept = observations.arm > 0
    alone = additive(
        replace(
            observations,
            arms=observations.arms[1:],
            arm=observations.arm[kept] - 1,
            repeat=observations.repeat[kept],
            value=observations.value[kept],
        )
    )
    arms, used = len(observations.arms) - 1, alone.observations.arm
    freedom, left = np.zeros(arms), np.zeros(arms)
    np.add.at(freedom, used, 1.0 - alone.leverage())
    np.add.at(left, used, alone.residual**2)
    return np.divide(left, freedom, out=np.zeros(arms), where=freedom > 0), freedom


def _hat(fit: Additive, own: NDArray[np.bool_]) -> Numbers:
    """How much each of the first arm's values (columns) moves the fit of each of them (rows)."""
    observations = fit.observations
    share = np.zeros((int(observations.repeat.max()) + 1, len(fit.mean)))
    np.add.at(share, (observations.repeat, observations.arm), 1.0)
    size = np.maximum(share.sum(axis=1, keepdims=True), 1.0)
    repeat = observations.repeat[own]
    same = (repeat[:, None] == repeat) / size[repeat]
    moved: Numbers = same - (share / size)[repeat] @ fit.weights[:, own]
    return moved
