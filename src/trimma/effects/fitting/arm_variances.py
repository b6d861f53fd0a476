"""How noisy each arm is: one variance for arms that look alike, and more and more its own for one that looks noisier.

An arm's own variance comes from too few values to be relied on, and one variance for all arms is too small for a noisy
one and too large for the others beside it. So each arm's variance lies between the two (Smyth, Statistical Applications
in Genetics and Molecular Biology 2004). How near to which of them follows from how improbable the arm's own noise were
if it were as noisy as the others, so that one wild arm widens no interval but its own (Phipson et al., Annals of
Applied Statistics 2016). An arm that looks quiet may be so by chance, and keeps the common variance. Repeat effects are
estimated again with the weights that follow from the variances.
"""

import math

import numpy as np
from msgspec import Struct

from trimma.effects.arrays import Flags, Numbers
from trimma.effects.distributions.normal import normal_cumulative
from trimma.effects.fitting.additive_model import AdditiveFit, fit_additive

# By simulation with 11 arms, 5 repeats and noises that differ by factors of 2 to 100. With equal noise the share of
# effects that are found is .44 where one variance for all would find .46.
_SUSPECT = 0.10, 0.80
"""The p of its noise below which an arm leaves the others: where arms seem alike, and where they clearly aren't."""
_SUSPECT_REFERENCE = 0.33, 0.90
"""The same for an arm that is part of all effects: too small a variance of it spoils all intervals at once."""
PRETEST_LEVELS = _SUSPECT[0], _SUSPECT_REFERENCE[0]
"""Both levels where arms seem alike."""
_STEEPNESS, _REFERENCE_STEEPNESS = 2.0, 3.0
_TOLD = 5.0
"""The power of one less the p of the test that all are alike, by which it moves from the first of them to the second"""
_EXPELLED = 0.01
"""The p, corrected for the number of arms, from which on an arm counts less and less in what is common."""
_ENOUGH = 4.0
"""How many degrees of freedom the others may lend an arm that has two, which three repeats give; 32 times as many for
twice as many repeats. An arm of few values may look quiet although it is wild."""
_MANY = 8.0
"""Arms beyond two from which on they lend all that they have: of few, a noisy one isn't told from the others."""
_PLENTY = 100.0
"""Degrees of freedom from which on more of them hardly narrow an interval."""
_COARSE = 1.1
_EFFICIENCY = 0.6  # of a median
_ROUNDS = 4
_LEAST_PULL = 1e-8
FEWEST_ARMS = 4
"""Arms from which on they can be told apart: a wild one of three makes the others look wild, too."""
_TELLING = 0.5
"""Degrees of freedom below which an arm tells nothing of its own noise."""


class ArmVariances(Struct, frozen=True, kw_only=True):
    """The variance of each arm, in squared units of the metric, with its degrees of ``freedom``; both (arms,).

    Arms that are ``alike``, of shape (arms,), have the ``common`` variance, which is one estimate with ``total``
    degrees of freedom. ``noisier``, of shape (arms,), is the p, corrected for the number of arms, that the arm is as
    noisy as the others; ``unequal`` is the least of them. ``few`` says that repeats are too few to tell.
    """

    fit: AdditiveFit
    variance: Numbers
    freedom: Numbers
    alike: Flags
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
        shared = by_arm[self.alike].sum(axis=0)
        spread = shared**2 / self.total + (1.0 / self.freedom[~self.alike]) @ by_arm[~self.alike] ** 2
        total = by_arm.sum(axis=0)
        degrees = np.divide(total**2, spread, out=np.full(len(rows), self.total), where=spread > 0)
        # of few arms the variances are hardly independent; few different degrees of freedom are faster
        fewer = np.ceil(np.log(self.total / np.minimum(degrees, self.total)) / math.log(_COARSE) - 1e-6)
        return covariance, self.total / _COARSE**fewer


def enough_repeats(arms: int) -> int:
    """How many repeats tell whether so many ``arms`` are equally noisy, if none of them failed."""
    repeats = np.arange(3, 100)
    freedom = (repeats - 1) * (arms - 1) / arms
    return int(repeats[_lent(freedom, arms) >= np.minimum(freedom * arms, _PLENTY)][0])


def _lent(freedom: np.ndarray, arms: int) -> np.ndarray:
    """How many degrees of freedom ``arms`` in all lend one that has ``freedom`` of its own. Shape: as ``freedom``."""
    return _ENOUGH * (freedom * arms / (arms - 1) / 2.0) ** 5 * min(1.0, (arms - 2) / _MANY) ** 2


def arm_variances(fit: AdditiveFit, *, reference: bool, averaged: float = 1.0) -> ArmVariances:
    """The variances of the arms of a ``fit`` that has degrees of freedom and noise.

    ``reference`` says that the first arm is part of all effects. Each of its values is the mean of ``averaged``
    trainings: where these are several, its variance is one of its own, whatever the others' is.
    """
    first = np.arange(len(fit.mean)) == 0
    alone = first & (averaged > 1)
    part_of_all = first & reference
    start, end = (np.where(part_of_all, *levels) for levels in zip(_SUSPECT_REFERENCE, _SUSPECT, strict=True))
    steepness = np.where(part_of_all, _REFERENCE_STEEPNESS, _STEEPNESS)
    found = _all_alike(fit)
    for _ in range(_ROUNDS):
        own, freedom = _own_variances(fit)
        told = (freedom >= _TELLING) & ~alone
        count = int(told.sum())
        if count + alone.any() < FEWEST_ARMS or not own[told].any():
            return found
        common, total, p, differ = _what_is_common(own, freedom, told)
        many = count + int(alone.any())
        enough = np.minimum(total, _lent(freedom, many))
        weight = np.minimum(1.0, p / (start + (end - start) * differ)) ** steepness
        prior = np.where(alone, 0.0, enough * weight)
        mixed = (prior * common + freedom * own) / np.maximum(prior + freedom, 1e-9)
        alike = (told & (prior >= total)) | (~told & ~alone)
        variance = np.where(alike, common, np.where(alone, np.maximum(own, common / averaged), mixed))
        found = ArmVariances(
            fit=fit,
            variance=variance,
            freedom=np.where(alike, total, np.minimum(prior + freedom, total)),
            alike=alike,
            common=common,
            total=total,
            noisier=np.where(told, np.minimum(1.0, p * count), 1.0),
            few=bool((enough[told] < min(total, _PLENTY)).any()),
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
        freedom=np.full(arms, float(fit.freedom)),
        alike=np.ones(arms, dtype=bool),
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
