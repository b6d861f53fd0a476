"""The digamma and trigamma functions: mean and variance of the logarithm of a gamma variable.

An estimated variance is such a variable, so that they tell how the logarithms of estimated variances scatter.
"""

import math

_FAR = 8.0
_HALVINGS = 45


def digamma(x: float) -> float:
    """The mean of the logarithm of a gamma variable of shape ``x``: Stirling's series (DLMF 5.11.2) beyond 8."""
    below = 0.0
    while x < _FAR:
        below += 1.0 / x
        x += 1.0
    square = 1.0 / (x * x)
    series = square * (1 / 12 - square * (1 / 120 - square * (1 / 252 - square / 240)))
    return math.log(x) - 0.5 / x - series - below


def trigamma(x: float) -> float:
    """The variance of the logarithm of a gamma variable of shape ``x``, likewise (DLMF 5.15.8)."""
    below = 0.0
    while x < _FAR:
        below += 1.0 / (x * x)
        x += 1.0
    square = 1.0 / (x * x)
    series = square * (1 / 6 - square * (1 / 30 - square * (1 / 42 - square / 30)))
    return (1.0 + 0.5 / x + series) / x + below


def trigamma_inverse(y: float) -> float:
    """The x of which ``y``, above 0, is the trigamma: between 1 / x and 1 / x + 1 / x^2."""
    low, high = 1.0 / y, (1.0 + math.sqrt(1.0 + 4.0 * y)) / (2.0 * y)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if trigamma(middle) > y else (low, middle)
    return (low + high) / 2
