"""How noisy each arm is: as noisy as the others or, with some probability, as its own residuals say.

An arm's own variance comes from too few values to be relied on, and one variance for all arms is too small for a noisy
one and too large for the others beside it. So each arm's variance is the mean of the two, by how probable it is that
the arm is as noisy as the others. That probability follows from the p of the arm's noise by the bound of Sellke,
Bayarri and Berger (American Statistician 2001): a p below 1 / e makes it at most -e p log(p) times as probable. The
variance of this variance has a part for not knowing which of the two is right (the law of total variance), so that the
degrees of freedom are fewest where that is least known. One wild arm widens no interval but its own. An arm that looks
quiet may be so by chance, and keeps the common variance. Repeat effects are estimated again with the weights that
follow from the variances.
"""

import math

import numpy as np
from msgspec import Struct

from trimma.effects.arrays import Flags, Numbers
from trimma.effects.distributions.normal import normal_cumulative
from trimma.effects.fitting.additive_model import AdditiveFit, fit_additive

ODDS_ALIKE = 25.0
"""The odds that an arm is as noisy as the others, before its noise is looked at and where arms seem alike."""
_TWICE = 2.0
"""How often the evidence counts that an arm is noisy which is part of all effects: its variance may spoil them all."""
_TOLD = 5.0
"""The power of one less the p of the test that all are alike, from which follows how far arms seem to differ."""
_EXPELLED = 0.01
"""The p, corrected for the number of arms, from which on an arm counts less and less in what is common."""
_ENOUGH = 0.9
"""The part that arms of so many values may owe to the others, from which on they are told apart well enough."""
_EFFICIENCY = 0.6  # of a median
_ROUNDS = 4
_LEAST_PULL = 1e-8
FEWEST_ARMS = 4
"""Arms from which on they can be told apart: a wild one of three makes the others look wild, too."""
_TELLING = 0.5
"""Degrees of freedom below which an arm tells nothing of its own noise."""


class ArmVariances(Struct, frozen=True, kw_only=True):
    """The variance of each arm, in squared units of the metric, of shape (arms,).

    The part ``shared`` of it, from 0 to 1, is owed to the ``common`` variance, which is one estimate with ``total``
    degrees of freedom. ``scatter`` is the variance of the rest as an estimate, in squares of the arm's variance.
    ``noisier`` is the p, corrected for the number of arms, that the arm is as noisy as the others; ``unequal`` is the
    least of them. All four are of shape (arms,). ``few`` says that repeats are too few to tell.
    """

    fit: AdditiveFit
    variance: Numbers
    shared: Numbers
    scatter: Numbers
    common: float
    total: float
    noisier: Numbers
    few: bool

    @property
    def unequal(self) -> float:
        """The p, corrected for the number of arms, that the noisiest arm is as noisy as the others."""
        return float(self.noisier.min())

    def covariance(self, rows: Numbers) -> tuple[Numbers, Numbers]:
        """The covariance of the contrasts ``rows``, of shape (contrasts, arms), and their degrees of freedom.

        The covariance is of shape (contrasts, contrasts), in squared units of the metric. The degrees of freedom, of
        shape (contrasts,), are Satterthwaite's (Biometrics Bulletin 1946).
        """
        arm = self.fit.observations.arm
        loads = rows @ self.fit.weights
        covariance: Numbers = (loads * self.variance[arm]) @ loads.T
        by_arm = np.zeros((len(self.variance), len(rows)))
        np.add.at(by_arm, arm, (loads**2 * self.variance[arm]).T)
        spread = 2.0 / self.total * (self.shared @ by_arm) ** 2 + self.scatter @ by_arm**2
        total = by_arm.sum(axis=0)
        return covariance, np.divide(2.0 * total**2, spread, out=np.full(len(rows), self.total), where=spread > 0)

    @property
    def freedom(self) -> Numbers:
        """The degrees of freedom of each arm's variance, of shape (arms,)."""
        return 2.0 / (2.0 / self.total * self.shared**2 + self.scatter)


def enough_repeats(arms: int) -> int:
    """How many repeats tell whether so many ``arms`` are equally noisy, if none of them failed."""
    repeats = np.arange(2, 100)
    return int(repeats[lent((repeats - 1) * (arms - 1) / arms) >= _ENOUGH][0])


def lent(freedom: Numbers) -> Numbers:
    """The part of its variance that an arm of so many degrees of ``freedom`` may owe to the others. Shape: the same.

    An arm of few values may look quiet although it is wild. The part is small at one degree of freedom, where that is
    frequent, and nearly all from three on.
    """
    return -np.expm1(-(freedom**2) / 2.0)


def probably_alike(p: Numbers, odds: Numbers, differ: float, times: Numbers | float = 1.0) -> Numbers:
    """How probable it is that arms with these ``p`` of their noise are as noisy as the others, of shape (arms,).

    Before the noise is looked at they are so with the ``odds``, also (arms,), where nothing says that arms ``differ``
    (0), and with even odds where that is certain (1). In the former case a p beyond 1 / e is no evidence at all. The
    evidence counts so many ``times``, also (arms,) or a number.
    """
    least = np.clip(p, 1e-300, 1.0 / math.e)
    bound = (-math.e * least * np.log(least)) ** times
    return (1.0 - differ) * (1.0 + odds) * bound / (1.0 + odds * bound) + differ * bound / (1.0 + bound)


def arm_variances(fit: AdditiveFit, *, reference: bool, averaged: float = 1.0) -> ArmVariances:
    """The variances of the arms of a ``fit`` that has degrees of freedom and noise.

    ``reference`` says that the first arm is part of all effects. Each of its values is the mean of ``averaged``
    trainings: where these are several, its variance is one of its own, whatever the others' is.
    """
    first = np.arange(len(fit.mean)) == 0
    alone = first & (averaged > 1)
    odds, times = np.where(first & reference, 0.0, ODDS_ALIKE), np.where(first & reference, _TWICE, 1.0)
    found = _all_alike(fit)
    for _ in range(_ROUNDS):
        own, freedom = _own_variances(fit)
        told = (freedom >= _TELLING) & ~alone
        count = int(told.sum())
        if count + alone.any() < FEWEST_ARMS or not own[told].any():
            return found
        common, total, p, differ = _what_is_common(own, freedom, told)
        owed = np.where(told, lent(freedom), 1.0)
        alike = np.where(told, owed * probably_alike(p, odds, differ, times), ~alone)
        variance = np.where(alone, np.maximum(own, common / averaged), alike * common + (1.0 - alike) * own)
        scatter = (1.0 - alike) * (2.0 * own**2 / np.maximum(freedom, 1e-9) + alike * (own - common) ** 2)
        square = np.maximum(variance, 1e-300) ** 2
        found = ArmVariances(
            fit=fit,
            variance=variance,
            shared=alike * common / np.sqrt(square),
            scatter=np.where(alone, 2.0 / np.maximum(freedom, 1e-9), scatter / square),
            common=common,
            total=total,
            noisier=np.where(told, np.minimum(1.0, p * count), 1.0),
            few=bool((owed[told] < _ENOUGH).any()),
        )
        pull = np.where(alone, common / variance, np.clip(common / np.maximum(variance, 1e-300), _LEAST_PULL, 1.0))
        if (np.abs(np.log2(pull[fit.observations.arm] / fit.weight)) < 1).all():
            return found  # weights that are right within a factor of two are good enough
        fit = fit_additive(fit.observations, pull)
    return found


def _all_alike(fit: AdditiveFit) -> ArmVariances:
    """One variance for all arms, for want of anything that tells them apart."""
    arms, variance = len(fit.mean), fit.variance or 0.0
    return ArmVariances(
        fit=fit,
        variance=np.full(arms, variance),
        shared=np.ones(arms),
        scatter=np.zeros(arms),
        common=variance,
        total=float(fit.freedom),
        noisier=np.ones(arms),
        few=False,
    )


def _own_variances(fit: AdditiveFit) -> tuple[Numbers, Numbers]:
    """The variance of each arm by its own residuals, with its degrees of freedom; both of shape (arms,)."""
    arm, arms = fit.observations.arm, len(fit.mean)
    freedom = np.maximum(np.bincount(arm, 1.0 - fit.leverage(), minlength=arms), 0.0)
    squares = np.bincount(arm, fit.residual**2, minlength=arms)
    return squares / np.maximum(freedom, 1e-9), freedom


def _what_is_common(own: Numbers, freedom: Numbers, told: Flags) -> tuple[float, float, Numbers, float]:
    """The variance that the ``told`` arms have in common, its degrees of freedom, and how the arms differ from it.

    The latter are the p of each arm's noise, of shape (arms,), and a number from 0, where nothing says that arms
    differ, to 1. The arms' ``own`` variances and their degrees of ``freedom`` are of shape (arms,), and so is ``told``.
    Some of the told arms have noise.
    """
    size, squares, count = freedom[told], own[told], int(told.sum())
    # a median can't be drawn away by some wild arms; it is zero where most arms have no noise at all
    common = float(np.median(squares / (1.0 - 2.0 / (9.0 * size)) ** 3)) or float(size @ squares / size.sum())
    total = _EFFICIENCY * float(size.sum())
    for _ in range(2):
        root = np.cbrt(squares / common)
        # Wilson and Hilferty's approximation of the F distribution
        spread = 2.0 / (9.0 * size) + root**2 * (2.0 / (9.0 * total))
        score = (root * (1.0 - 2.0 / (9.0 * total)) - (1.0 - 2.0 / (9.0 * size))) / np.sqrt(spread)
        p = normal_cumulative(-score)
        share = np.minimum(1.0, p * count / _EXPELLED) ** 2
        total = float(share @ size)
        common = float(share @ (size * squares)) / total
    root = np.cbrt(squares / common)
    gap = root - float(share @ root) / float(share.sum())
    chances = max(0.5, float(share.sum()) - 1.0)
    spread_out = float(share @ (gap**2 * size)) * 4.5 / chances
    alike = (np.cbrt(spread_out) - (1.0 - 2.0 / (9.0 * chances))) / np.sqrt(2.0 / (9.0 * chances))
    every = np.ones(len(own))
    every[told] = p
    return common, total, every, float(normal_cumulative(np.array([alike]))[0] ** _TOLD)
