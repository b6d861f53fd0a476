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

from trimma.effects.blocks import Additive
from trimma.effects.cells import Numbers, Observations


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

    @property
    def first(self) -> float:
        """The variance of the first arm."""
        return max(0.0, (self.explained - (self.above - self.share) * self.others) / self.share)


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

    Degrees of freedom are Satterthwaite's (Biometrics Bulletin 1946).
    """
    loads = rows @ fit.weights
    own = fit.observations.arm == 0
    first, others = loads[:, own], loads[:, ~own]
    covariance: Numbers = found.first * (first @ first.T) + found.others * (others @ others.T)
    weight = (first**2).sum(axis=1) / found.share
    by_first = weight * found.explained
    by_others = np.maximum(0.0, (others**2).sum(axis=1) - weight * (found.above - found.share)) * found.others
    below = by_first**2 / found.above + by_others**2 / found.below
    freedom = np.divide((by_first + by_others) ** 2, below, out=np.full(len(rows), float(found.above)), where=below > 0)
    return covariance, freedom.round(6)  # so that those are equal which differ by rounding


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
