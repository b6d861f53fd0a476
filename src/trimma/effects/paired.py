"""Effects with a variance of their own, from one value of each in each repeat."""

import numpy as np

from trimma.effects.arrays import Numbers
from trimma.effects.cells import Observations
from trimma.effects.estimates import Estimates

_NOTHING = 1e-12  # of the greatest value: what rounding leaves of equal ones


def by_repeat(observations: Observations, rows: Numbers) -> Numbers:
    """The contrasts ``rows`` (contrasts by arms) in each repeat (rows), NaN where it lacks one of their arms."""
    shape = (len(observations.arms), len(observations.repeats))
    places = observations.arm * shape[1] + observations.repeat
    size = np.bincount(places, minlength=shape[0] * shape[1])
    total = np.bincount(places, observations.value, minlength=shape[0] * shape[1])
    table = np.where(size > 0, total / np.maximum(size, 1), np.nan).reshape(shape)
    return np.stack([row[row != 0] @ table[row != 0] for row in rows], axis=1)


def paired(samples: Numbers) -> Estimates:
    """The mean of each column of ``samples`` (repeats by effects, NaN where unknown).

    Each has its own variance, and intervals that hold together without regard to how effects correlate (Sidak, JASA
    1967); below two values there is none.
    """
    present = np.isfinite(samples)
    size = present.sum(axis=0)
    many = np.maximum(size, 1)
    mean = np.where(size > 0, np.where(present, samples, 0.0).sum(axis=0) / many, np.nan)
    if not (size > 1).any():
        return Estimates(difference=mean)
    left = np.where(present, samples - mean, 0.0)
    both = present.T.astype(np.float64) @ present
    covariance = left.T @ left / np.maximum(both - 1, 1) * both / np.outer(many, many)
    covariance[np.abs(covariance) <= (_NOTHING * float(np.nanmax(np.abs(samples)))) ** 2] = 0.0
    covariance[size < 2] = covariance[:, size < 2] = np.nan
    return Estimates(
        difference=mean, covariance=covariance, freedom=np.maximum(size - 1.0, 1.0), shared=False, correlated=False
    )
