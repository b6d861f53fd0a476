"""Smyth's moderated variances: each arm's estimate is drawn towards what all arms have in common.

An arm's own variance comes from too few values to be relied on, and one variance for all arms is wrong where they
differ. Where the true variances of the arms are spread as an inverse chi-square, the best guess of each lies between
the two. How near to which of them follows from how far the estimates are spread beyond chance. Source: Smyth, "Linear
models and empirical Bayes methods for assessing differential expression", Statistical Applications in Genetics and
Molecular Biology 2004.
"""

import math
from statistics import fmean

import numpy as np

from trimma.effects.arrays import Numbers
from trimma.effects.distributions.polygamma import digamma, trigamma, trigamma_inverse

_LEAST = 1e-5  # of the mean variance: an arm whose few values happen to agree isn't without noise
_TELLING = 0.5


def moderated_variances(squares: Numbers, freedom: Numbers) -> tuple[Numbers, Numbers]:
    """The moderated variance of each arm, and its degrees of freedom afterwards, both of shape (arms,).

    ``squares`` are the sums of squares of the arms, in squared units of the metric, and ``freedom`` their degrees of
    freedom before, both of shape (arms,). Variances are in squared units of the metric. Degrees of freedom never grow
    beyond those of all arms together. An arm of next to no degrees of freedom tells nothing of its own variance, and
    gets what is common to the others.
    """
    telling = freedom >= _TELLING
    total = float(freedom.sum())
    pooled = float(squares.sum()) / total
    if pooled == 0 or telling.sum() < 2:
        return np.full(len(squares), pooled), np.full(len(squares), total)
    size = freedom[telling]
    own = np.maximum(squares[telling] / size, _LEAST * pooled)
    level = np.log(own) - [_bias(each) for each in size.tolist()]
    chance = fmean(trigamma(each / 2) for each in size.tolist())
    excess = float(level.var(ddof=1)) - chance
    if excess <= 0:
        return np.full(len(squares), pooled), np.full(len(squares), total)
    prior = 2.0 * trigamma_inverse(excess)
    common = math.exp(float(level.mean()) + _bias(prior))
    prior = min(prior, total)
    found, by_now = np.full(len(squares), common), np.full(len(squares), prior)
    found[telling] = (prior * common + size * own) / (prior + size)
    by_now[telling] = np.minimum(prior + size, total)
    return found, by_now


def _bias(freedom: float) -> float:
    """The mean of the logarithm of an estimated variance whose expectation is 1."""
    return digamma(freedom / 2) - math.log(freedom / 2)
