"""The F distribution: that of a ratio of two estimates of one variance."""

import math

_DEPTH = 100


def f_survival(ratio: float, above: float, below: float) -> float:
    """The probability that F with ``above`` and ``below`` degrees of freedom is greater than ``ratio``.

    ``above`` are those of the numerator, and ``below`` those of the denominator.
    """
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
