"""Tukey's and Kramer's comparisons of all pairs of effects."""

import math

import numpy as np

from trimma.effects.arrays import Numbers
from trimma.effects.distributions.studentized_range import studentized_range_critical
from trimma.effects.intervals.estimates import Estimates


def tukey_kramer_distances(estimates: Estimates, confidence: float) -> Numbers:
    """For each pair of effects, the distance beyond which the simultaneous interval of their difference excludes 0.

    The result is of shape (effects, effects), in units of the metric, and infinite where there are no intervals. All
    pairs have the fewest degrees of freedom of any effect. Sources: those of
    `trimma.effects.distributions.studentized_range`.
    """
    count = len(estimates.difference)
    known = estimates.known
    if estimates.covariance is None or estimates.freedom is None or known.sum() < 2:
        return np.full((count, count), np.inf)
    own = np.diag(estimates.covariance)
    error = np.sqrt(np.maximum(own[:, None] + own - 2 * estimates.covariance, 0.0) / 2.0)
    freedom = float(estimates.freedom[known].min())
    freedom = float(math.floor(freedom)) if 1 < freedom < math.inf else freedom
    apart: Numbers = error * studentized_range_critical(int(known.sum()), freedom, 1.0 - confidence)
    return apart if estimates.floor is None else np.fmax(apart, tukey_kramer_distances(estimates.floor, confidence))
