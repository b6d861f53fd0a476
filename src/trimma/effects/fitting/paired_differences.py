"""Paired differences: effects that have each a variance of their own, from one value of each effect in each repeat."""

import numpy as np

from trimma.effects.arrays import Numbers
from trimma.effects.fitting.additive_model import ROUNDING
from trimma.effects.intervals.estimates import Estimates
from trimma.effects.observations import Observations


def contrasts_by_repeat(observations: Observations, rows: Numbers) -> Numbers:
    """The value of each of the contrasts ``rows`` in each repeat, NaN where the repeat lacks one of its arms.

    ``rows`` is of shape (contrasts, arms), and the result, in units of the metric, of shape (repeats, contrasts).
    """
    shape = (len(observations.arms), len(observations.repeats))
    places = observations.arm * shape[1] + observations.repeat
    size = np.bincount(places, minlength=shape[0] * shape[1])
    total = np.bincount(places, observations.value, minlength=shape[0] * shape[1])
    table = np.where(size > 0, total / np.maximum(size, 1), np.nan).reshape(shape)
    return np.stack([row[row != 0] @ table[row != 0] for row in rows], axis=1)


def paired_estimates(samples: Numbers) -> Estimates:
    """The mean of each effect over the repeats that have it.

    ``samples``, of shape (repeats, effects) and in units of the metric, is NaN where unknown. Each effect has its own
    variance, which is NaN below two values, and intervals that hold together however the effects correlate (Sidak,
    JASA 1967).
    """
    present = np.isfinite(samples)
    size = present.sum(axis=0)
    many = np.maximum(size, 1)
    mean = np.where(size > 0, np.where(present, samples, 0.0).sum(axis=0) / many, np.nan)
    mean[np.abs(mean) <= ROUNDING * float(np.nanmax(np.abs(samples), initial=0.0))] = 0.0
    if not (size > 1).any():
        return Estimates(difference=mean)
    left = np.where(present, samples - mean, 0.0)
    both = present.T.astype(np.float64) @ present
    covariance = left.T @ left / np.maximum(both - 1, 1) * both / np.outer(many, many)
    covariance[np.abs(covariance) <= (ROUNDING * float(np.nanmax(np.abs(samples)))) ** 2] = 0.0
    covariance[size < 2] = covariance[:, size < 2] = np.nan
    return Estimates(
        difference=mean, covariance=covariance, freedom=np.maximum(size - 1.0, 1.0), shared=False, correlated=False
    )
