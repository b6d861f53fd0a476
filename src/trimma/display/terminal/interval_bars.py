"""Intervals as bars of text, all bars of a table on one scale."""

from collections.abc import Iterable
from typing import NamedTuple

from trimma.ablation.findings import EffectRow
from trimma.display.ablation_findings_words import VERDICT_MARKS


class Scale(NamedTuple):
    """The scale of the bars: ``low`` stands at the first character, ``high`` at the last, and zero between them."""

    low: float
    high: float

    def place(self, value: float, width: int) -> int:
        """Which of ``width`` characters stands for the value."""
        span = self.high - self.low
        return round((value - self.low) / span * (width - 1)) if span > 0 else (width - 1) // 2


def scale_of(rows: Iterable[EffectRow]) -> Scale:
    """The scale that holds zero and the differences and intervals of all rows."""
    found = [value for row in rows for value in (row.low, row.difference, row.high) if value is not None]
    return Scale(min([0.0, *found]), max([0.0, *found]))


def interval_bar(row: EffectRow, scale: Scale, width: int) -> str:
    """The row's interval as a bar of ``width`` characters, such as ``──●──  │``.

    The mark stands at the difference and shows the verdict; the upright stands at zero.
    """
    signs = [" "] * width
    zero = scale.place(0.0, width)
    if row.low is not None and row.high is not None:
        start, end = (_beside(value, row, scale, width) for value in (row.low, row.high))
        signs[start : end + 1] = "─" * (end - start + 1)
    signs[zero] = "┼" if signs[zero] == "─" else "│"
    if row.difference is not None:
        signs[_beside(row.difference, row, scale, width)] = VERDICT_MARKS[row.conclusion]
    return "".join(signs)


def _beside(value: float, row: EffectRow, scale: Scale, width: int) -> int:
    """The value's place. Where the interval excludes zero, a value never shares the place of zero."""
    place, zero = scale.place(value, width), scale.place(0.0, width)
    if place != zero or row.low is None or row.high is None:
        return place
    aside = zero + 1 if row.low > 0 else zero - 1 if row.high < 0 else zero
    return min(max(aside, 0), width - 1)


def bar_legend(width: int, scale: Scale, left: str, right: str) -> str:
    """The heading of a column of bars. It says what lies on each side of zero, as far as there is room."""
    zero = scale.place(0.0, width)
    before = _fitting(left, zero - 1)
    after = _fitting(right, width - zero - 2)
    return f"{before:>{max(0, zero - 1)}}{' ' * (zero > 0)}│ {after}".rstrip()


def _fitting(text: str, room: int) -> str:
    """The text, or its first word, or nothing, whichever fits."""
    return next((part for part in (text, text.split(maxsplit=1)[0]) if len(part) <= room), "")
