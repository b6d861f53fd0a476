"""Extreme values: single trainings that are farther from the others than the noise that intervals allow for.

An interval takes noise for normal, with a variance for each arm. A training far beyond that may be the first of a kind,
as a run that diverged, and then others may come. So nothing is called equivalent where an arm has such a value.
"""

import numpy as np

from trimma.effects.arrays import Indices, Numbers
from trimma.effects.distributions.normal import normal_cumulative
from trimma.effects.distributions.student_t import z_of_t
from trimma.effects.fitting.arm_variances import ODDS_ALIKE, lent, probably_alike
from trimma.effects.fitting.contrast_model import ContrastModel

_LEVEL = 0.01
"""The chance that a study of normal noise has an extreme value."""
_LEAST = 0.5  # degrees of freedom that tell anything


def extreme_values(model: ContrastModel) -> Indices:
    """The arms that have an extreme value, each as often as it has one: places in the observations' ``arms``, rising.

    Each value is compared with the noise without it (an externally studentized residual: Cook and Weisberg, "Residuals
    and Influence in Regression", 1982): that of its arm and, by how probable it is that the arm is as noisy, that of
    the others. The chance is corrected for the number of values (Bonferroni). Where effects have the variances of their
    paired differences, and where the metric moves in steps, no value is called extreme.
    """
    fit = model.arms.fit if model.arms else model.additive
    if not fit.variance or model.step or model.paired:
        return np.zeros(0, dtype=np.intp)
    arm, free = fit.observations.arm, np.maximum(1.0 - fit.leverage(), 1e-9)
    square = fit.residual**2 / free
    if model.arms is None:
        p = _two_sided(square, (fit.freedom * fit.variance - square) / max(fit.freedom - 1, _LEAST), fit.freedom - 1.0)
        known = np.full(len(arm), fit.freedom - 1 >= _LEAST)
    else:
        arms = len(fit.mean)
        freedom = np.bincount(arm, free, minlength=arms)[arm] - 1.0
        known = freedom >= _LEAST
        rest = np.maximum(freedom, _LEAST)
        own = (np.bincount(arm, fit.residual**2, minlength=arms)[arm] - square) / rest
        common, total = model.arms.common, model.arms.total
        alike = lent(rest) * probably_alike(_noisier(own / common, rest, total), np.full(len(arm), ODDS_ALIKE), 0.0)
        p = alike * _two_sided(square, common, total) + (1.0 - alike) * _two_sided(square, own, rest)
    return np.sort(arm[known & (p * len(arm) < _LEVEL)])


def _two_sided(square: Numbers, variance: Numbers | float, freedom: Numbers | float) -> Numbers:
    """The p of residuals with this ``square``, of shape (values,), by Student's t; the others are alike or numbers."""
    t = np.sqrt(square / np.maximum(variance, 1e-300))
    return 2.0 * normal_cumulative(-z_of_t(t, np.maximum(freedom, _LEAST)))


def _noisier(ratio: Numbers, freedom: Numbers, total: float) -> Numbers:
    """The p of ratios of variances, of shape (values,): Wilson and Hilferty's approximation of the F distribution."""
    root = np.cbrt(np.maximum(ratio, 0.0))
    spread = 2.0 / (9.0 * freedom) + root**2 * (2.0 / (9.0 * total))
    return normal_cumulative((1.0 - 2.0 / (9.0 * freedom) - root * (1.0 - 2.0 / (9.0 * total))) / np.sqrt(spread))
