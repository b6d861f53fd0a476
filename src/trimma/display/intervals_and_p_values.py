"""Differences, their intervals and their p values as text."""

import math
from collections.abc import Iterable
from statistics import median
from typing import NamedTuple

from trimma.ablation.findings import EffectRow
from trimma.display.numbers_and_durations import NOTHING

MINUS = "\N{MINUS SIGN}"
MOST_DECIMALS = 7


class Precision(NamedTuple):
    """How many decimals the numbers of one table have. None stands for three significant digits in each number."""

    decimals: int | None

    def signed(self, value: float | None) -> str:
        """A difference with its sign. Zero has no sign."""
        return self._text(value, "+")

    def plain(self, value: float | None) -> str:
        """A value without a plus sign."""
        return self._text(value, "")

    def interval(self, low: float | None, high: float | None) -> str:
        """Both bounds in brackets, or a dash where there is no interval."""
        return NOTHING if low is None or high is None else f"[{self.signed(low)}, {self.signed(high)}]"

    def _text(self, value: float | None, sign: str) -> str:
        if value is None or not math.isfinite(value):
            return NOTHING if value is None else f"{value}"
        text = f"{value:{sign}.{self.decimals}f}" if self.decimals is not None else f"{value:{sign}.3g}"
        return text.lstrip("+-") if not text.strip("+-0.e") else text


def precision(rows: Iterable[EffectRow]) -> Precision:
    """Choose how many decimals the differences in a table get.

    There are as many decimals as the intervals justify: two digits of a typical half width. At most two further
    decimals are added, so that the narrowest interval gets at least one digit. Without intervals, the greatest
    difference gets three digits.
    """
    rows = list(rows)
    halves = [(row.high - row.low) / 2 for row in rows if row.high is not None and row.low is not None]
    halves = [half for half in halves if math.isfinite(half) and half > 0]
    sizes = [abs(row.difference) for row in rows if row.difference]
    if halves:
        typical = 1 - _magnitude(median(halves))
        decimals = max(typical, min(-_magnitude(min(halves)), typical + 2))
    elif sizes:
        decimals = 2 - _magnitude(max(sizes))
    else:
        decimals = 3
    decimals = max(0, decimals)
    return Precision(None if decimals > MOST_DECIMALS or max(sizes, default=0.0) >= 1e7 else decimals)


def p_text(p: float | None) -> str:
    """A p value with three decimals.

    >>> p_text(0.0123), p_text(1e-9), p_text(None)
    ('0.012', '<0.001', '-')
    """
    if p is None:
        return NOTHING
    return "<0.001" if p < 0.001 else ">0.999" if p > 0.999 else f"{p:.3f}"


def confidence_text(confidence: float) -> str:
    """A confidence in percent: ``95 %``."""
    return f"{100 * confidence:.4g} %"


def value_precision(mean: float, spread: float | None) -> Precision:
    """The precision of a mean: two digits of its spread, or five digits of the mean where there is no spread."""
    decimals = 1 - _magnitude(spread) if spread else 4 - _magnitude(mean) if mean else 3
    return Precision(None if decimals > MOST_DECIMALS or abs(mean) >= 1e7 else max(0, decimals))


def _magnitude(value: float) -> int:
    return math.floor(math.log10(abs(value)))
