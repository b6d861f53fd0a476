"""Student's t distribution, by way of the standard normal.

Source: Wallace, "Bounds on normal approximations to Student's and the chi-square distributions", Annals of
Mathematical Statistics 1959. The approximation gives every t the scale of a z, whatever its degrees of freedom, so
that t of different degrees of freedom can be compared.
"""

import math

import numpy as np

from trimma.effects.arrays import Numbers

_FARTHEST = 600.0  # the logarithm of what is beyond any t


def t_of_z(z: Numbers, freedom: Numbers | float) -> Numbers:
    """The t that is about as improbable as the normal ``z``.

    ``z`` is an array of any shape with numbers from 0 on. ``freedom``, the degrees of freedom, is one number or has
    the shape of ``z``; it is above 0 and may be infinite. The result has the shape of ``z``.
    """
    if np.all(np.isinf(freedom)):
        return z
    widened = z * (8 * freedom + 3) / (8 * freedom + 1)
    return np.sqrt(freedom * np.expm1(np.minimum(widened * widened / freedom, _FARTHEST)))


def single_t_of_z(z: float, freedom: float) -> float:
    """`t_of_z` for a single number, which is faster than an array of one."""
    if math.isinf(freedom):
        return z
    widened = z * (8 * freedom + 3) / (8 * freedom + 1)
    return math.sqrt(freedom * math.expm1(min(widened * widened / freedom, _FARTHEST)))


def z_of_t(t: Numbers, freedom: Numbers | float) -> Numbers:
    """The inverse of `t_of_z`, with the same shapes."""
    if np.all(np.isinf(freedom)):
        return t
    narrowed = (8 * freedom + 1) / (8 * freedom + 3)
    return narrowed * np.sqrt(freedom * np.log1p(t * t / freedom))
