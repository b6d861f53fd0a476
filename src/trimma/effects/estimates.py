"""Differences with their covariance, and the simultaneous intervals that follow from them."""

import math

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from trimma.effects.arrays import Numbers
from trimma.effects.distributions.dunnett import DunnettFamily, dunnett_critical_z, dunnett_family, dunnett_survival
from trimma.effects.distributions.student_t import t_of_z, z_of_t
from trimma.effects.distributions.studentized_range import studentized_range_critical

_FIT = 0.25  # how far from one factor correlations may be before a bound takes its place
_STEEPEST = 0.999
_ROUNDS = 20


class Estimates(Struct, frozen=True, kw_only=True):
    """Differences (NaN where unknown), with their estimated ``covariance`` and each one's degrees of ``freedom``.

    ``shared`` where one estimate of the noise serves all, and ``correlated`` where correlations follow from the
    design and may be relied on. Without a variance there is no interval; where it is zero the difference is exact.
    Where there is a ``floor``, no interval is narrower than by that other estimate of the noise.
    """

    difference: Numbers
    covariance: Numbers | None = None
    freedom: Numbers | None = None
    shared: bool = True
    correlated: bool = True
    floor: "Estimates | None" = None


class Bounds(Struct, frozen=True, kw_only=True):
    """Simultaneous intervals and adjusted p, NaN where there are none.

    ``half`` an interval is `to_t` of ``reach``, at its ``freedom``, times its standard ``error``.
    """

    low: Numbers
    high: Numbers
    p: Numbers
    half: Numbers
    reach: Numbers
    freedom: Numbers
    error: Numbers


def bounds(estimates: Estimates, confidence: float) -> Bounds:
    """Intervals that all hold at once with probability ``confidence``."""
    own = _bounds(estimates, confidence)
    if estimates.floor is None:
        return own
    floor = _bounds(estimates.floor, confidence)
    wider = floor.half > own.half
    widest = {name: np.where(wider, getattr(floor, name), getattr(own, name)) for name in Bounds.__struct_fields__}
    return replace(Bounds(**widest), p=np.maximum(own.p, floor.p))


def _bounds(estimates: Estimates, confidence: float) -> Bounds:
    difference = estimates.difference
    low, high, p, half, reach, freedom, error = (np.full(len(difference), np.nan) for _ in range(7))
    found = Bounds(low=low, high=high, p=p, half=half, reach=reach, freedom=freedom, error=error)
    if estimates.covariance is None or estimates.freedom is None:
        return found
    known = _known(estimates)
    error[known] = np.sqrt(np.diag(estimates.covariance)[known])
    exact = known & (error == 0)
    p[exact], half[exact] = difference[exact] == 0, 0.0
    noisy = known & ~exact
    if noisy.any():
        freedom[noisy] = estimates.freedom[noisy]
        covariance, alike = estimates.covariance[np.ix_(noisy, noisy)], freedom[noisy]
        groups = (
            related(covariance, alike) if estimates.correlated else dunnett_family([0.0] * len(alike), alike.tolist())
        )
        reach[noisy] = dunnett_critical_z(groups, 1.0 - confidence, shared=estimates.shared)
        half[noisy] = t_of_z(reach[noisy], alike) * error[noisy]
        distance = z_of_t(np.abs(difference[noisy]) / error[noisy], alike)
        p[noisy] = dunnett_survival(distance, groups, shared=estimates.shared)
    low[known], high[known] = difference[known] - half[known], difference[known] + half[known]
    return found


def related(covariance: Numbers, freedom: Numbers) -> DunnettFamily:
    """The family of t with these covariances.

    One factor explains the correlations of differences from one reference, exactly where they are balanced and
    nearly where cells are missing (Hsu, Journal of Computational and Graphical Statistics 1992), and those of pairwise
    interactions well enough: intervals of 10 hold in 95.2 % of studies. Where it doesn't, the least of the correlations
    takes the place of all, or none when any is negative: a larger family than the true one (Sidak, JASA 1967).
    """
    count = len(covariance)
    scale = np.sqrt(np.diag(covariance))
    correlation = covariance / np.outer(scale, scale)
    off = ~np.eye(count, dtype=bool)
    least, most = (float(correlation[off].min()), float(correlation[off].max())) if count > 1 else (0.0, 0.0)
    common = math.sqrt(max(least, 0.0))
    if most - least < 1e-6 or least <= 0:
        return dunnett_family([min(common, _STEEPEST)] * count, freedom.tolist())
    loading = np.full(count, common)
    for _ in range(_ROUNDS):
        total = float(loading @ loading)
        # half way, since the full step goes there and back
        loading = (loading + (correlation @ loading - loading) / (total - loading**2)) / 2
    loading = np.clip(loading, 0.0, _STEEPEST)
    misfit = np.abs(correlation - np.outer(loading, loading))[off].max()
    return dunnett_family((loading if misfit < _FIT else np.full(count, common)).tolist(), freedom.tolist())


def separation(estimates: Estimates, confidence: float) -> Numbers:
    """For each pair of effects, the distance beyond which the simultaneous interval of their difference excludes 0.

    Tukey's and Kramer's, with the fewest degrees of freedom of any; infinite where there are no intervals.
    """
    count = len(estimates.difference)
    known = _known(estimates)
    if estimates.covariance is None or estimates.freedom is None or known.sum() < 2:
        return np.full((count, count), np.inf)
    own = np.diag(estimates.covariance)
    error = np.sqrt(np.maximum(own[:, None] + own - 2 * estimates.covariance, 0.0) / 2.0)
    freedom = float(estimates.freedom[known].min())
    freedom = float(math.floor(freedom)) if 1 < freedom < math.inf else freedom
    apart: Numbers = error * studentized_range_critical(int(known.sum()), freedom, 1.0 - confidence)
    return apart if estimates.floor is None else np.fmax(apart, separation(estimates.floor, confidence))


def _known(estimates: Estimates) -> NDArray[np.bool_]:
    """Which effects have both a difference and a variance."""
    known = np.isfinite(estimates.difference)
    return known if estimates.covariance is None else known & np.isfinite(np.diag(estimates.covariance))
