"""Estimated differences, with their covariance."""

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from trimma.effects.arrays import Flags, Numbers

_TRAINING = 0.04
"""What training rows in common add to the overlap. By simulation of least squares on tables of 120 and 400 rows."""


class Estimates(Struct, frozen=True, kw_only=True):
    """Differences with their estimated ``covariance``, and the degrees of ``freedom`` of each one's variance.

    ``difference``, of shape (effects,) and in units of the metric, is NaN where unknown. ``covariance`` is of shape
    (effects, effects), in squared units of the metric; where it is None there are no intervals, and where a variance
    is zero its difference is exact. ``freedom`` is of shape (effects,), and None where the covariance is.

    ``shared`` says that one estimate of the noise serves all effects, and ``correlated`` that correlations follow from
    the design and may be relied on. Where there is a ``floor``, no interval may be narrower than by that other estimate
    of the noise. ``overlap`` is that of `trimma.effects.contrasts`; the covariance allows for it.
    """

    difference: Numbers
    covariance: Numbers | None = None
    freedom: Numbers | None = None
    shared: bool = True
    correlated: bool = True
    floor: "Estimates | None" = None
    overlap: float = 0.0

    @property
    def known(self) -> Flags:
        """Which effects have both a difference and a variance, of shape (effects,)."""
        known = np.isfinite(self.difference)
        return known if self.covariance is None else known & np.isfinite(np.diag(self.covariance))


def overlapping(estimates: Estimates, repeats: Numbers, overlap: float) -> Estimates:
    """The estimates with the variance that ``repeats``, of shape (effects,), have in common by their ``overlap``.

    Of n independent repeats the mean has the variance 1 / n, in that of one repeat, and of these 1 / n + overlap
    (Nadeau and Bengio, Machine Learning 2003), and a little more, since their training rows are the same for the most
    part, too.
    """
    if estimates.covariance is None or not overlap:
        return estimates
    overlap += _TRAINING
    wider = np.sqrt(1.0 + repeats * overlap)
    return replace(estimates, covariance=estimates.covariance * np.outer(wider, wider), overlap=overlap)
