"""Simultaneous intervals: those of a table all hold at once, with the confidence that was asked for."""

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from trimma.effects.arrays import Numbers
from trimma.effects.distributions.dunnett import dunnett_critical_z, dunnett_family, dunnett_survival
from trimma.effects.distributions.student_t import t_of_z, z_of_t
from trimma.effects.intervals.estimates import Estimates
from trimma.effects.intervals.one_factor import one_factor_family


class SimultaneousIntervals(Struct, frozen=True, kw_only=True):
    """Simultaneous intervals and adjusted p of effects: arrays of shape (effects,), NaN where there is none.

    ``low`` and ``high`` bound the intervals, in units of the metric. ``half_width`` is half an interval: the
    ``standard_error`` times `t_of_z` of ``critical_z`` at the degrees of ``freedom``.
    """

    low: Numbers
    high: Numbers
    p: Numbers
    half_width: Numbers
    critical_z: Numbers
    freedom: Numbers
    standard_error: Numbers


def simultaneous_intervals(estimates: Estimates, confidence: float) -> SimultaneousIntervals:
    """Intervals that all hold at once with probability ``confidence``.

    Where the estimates have a floor, each effect has the wider of its two intervals, and the greater of its two p.
    """
    own = _intervals(estimates, confidence)
    if estimates.floor is None:
        return own
    floor = _intervals(estimates.floor, confidence)
    wider = floor.half_width > own.half_width
    names = SimultaneousIntervals.__struct_fields__
    widest = {name: np.where(wider, getattr(floor, name), getattr(own, name)) for name in names}
    return replace(SimultaneousIntervals(**widest), p=np.maximum(own.p, floor.p))


def _intervals(estimates: Estimates, confidence: float) -> SimultaneousIntervals:
    """The intervals without regard to a floor."""
    difference = estimates.difference
    low, high, p, half, critical, freedom, error = (np.full(len(difference), np.nan) for _ in range(7))
    found = SimultaneousIntervals(
        low=low, high=high, p=p, half_width=half, critical_z=critical, freedom=freedom, standard_error=error
    )
    if estimates.covariance is None or estimates.freedom is None:
        return found
    known = estimates.known
    error[known] = np.sqrt(np.diag(estimates.covariance)[known])
    exact = known & (error == 0)
    p[exact], half[exact] = difference[exact] == 0, 0.0
    noisy = known & ~exact
    if noisy.any():
        freedom[noisy] = estimates.freedom[noisy]
        covariance, own = estimates.covariance[np.ix_(noisy, noisy)], freedom[noisy]
        independent = dunnett_family([0.0] * len(own), own.tolist())
        family = one_factor_family(covariance, own) if estimates.correlated else independent
        critical[noisy] = dunnett_critical_z(family, 1.0 - confidence, shared=estimates.shared)
        half[noisy] = t_of_z(critical[noisy], own) * error[noisy]
        distance = z_of_t(np.abs(difference[noisy]) / error[noisy], own)
        p[noisy] = dunnett_survival(distance, family, shared=estimates.shared)
    low[known], high[known] = difference[known] - half[known], difference[known] + half[known]
    return found
