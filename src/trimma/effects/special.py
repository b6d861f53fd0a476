"""The distribution of a ratio of variances, and of the logarithm of one, without SciPy."""

import math

_DEPTH = 100
_FAR = 8.0
_HALVINGS = 45


def variance_ratio_exceedance(ratio: float, above: float, below: float) -> float:
    """The probability that F with ``above`` and ``below`` degrees of freedom exceeds ``ratio``."""
    if ratio <= 0:
        return 1.0
    return incomplete_beta(below / (below + above * ratio), below / 2, above / 2)


def incomplete_beta(x: float, a: float, b: float) -> float:
    """The regularized incomplete beta function: its continued fraction (DLMF 8.17.22), from the far end."""
    if not 0 < x < 1:
        return float(x >= 1)
    if x > (a + 1) / (a + b + 2):  # where the fraction of the complement converges faster
        return 1.0 - incomplete_beta(1.0 - x, b, a)
    tail = 1.0
    for m in range(_DEPTH, -1, -1):
        even = (m + 1) * (b - m - 1) * x / ((a + 2 * m + 1) * (a + 2 * m + 2))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        tail = 1.0 + odd / (1.0 + even / tail)
    scale = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    return math.exp(scale) / (a * tail)


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
