"""Estimated differences, with their covariance."""

import numpy as np
from msgspec import Struct

from trimma.effects.arrays import Flags, Numbers


class Estimates(Struct, frozen=True, kw_only=True):
    """Differences with their estimated ``covariance``, and the degrees of ``freedom`` of each one's variance.

    ``difference``, of shape (effects,) and in units of the metric, is NaN where unknown. ``covariance`` is of shape
    (effects, effects), in squared units of the metric; where it is None there are no intervals, and where a variance
    is zero its difference is exact. ``freedom`` is of shape (effects,), and None where the covariance is.

    ``shared`` says that one estimate of the noise serves all effects, and ``correlated`` that correlations follow from
    the design and may be relied on. Where there is a ``floor``, no interval may be narrower than by that other estimate
    of the noise.
    """

    difference: Numbers
    covariance: Numbers | None = None
    freedom: Numbers | None = None
    shared: bool = True
    correlated: bool = True
    floor: "Estimates | None" = None

    @property
    def known(self) -> Flags:
        """Which effects have both a difference and a variance, of shape (effects,)."""
        known = np.isfinite(self.difference)
        return known if self.covariance is None else known & np.isfinite(np.diag(self.covariance))
