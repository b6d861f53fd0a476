"""Intervals as short pictures of signs, all of a table on one scale."""

from collections.abc import Iterable
from typing import NamedTuple

from trimma.effects import Conclusion
from trimma.views import EffectRow

MARKS = {Conclusion.HELPS: "●", Conclusion.HURTS: "◆", Conclusion.EQUIVALENT: "■", Conclusion.UNDECIDED: "○"}


class Scale(NamedTuple):
    """From ``low`` at the first sign to ``high`` at the last; zero lies between them."""

    low: float
    high: float

    def place(self, value: float, width: int) -> int:
        """Which of ``width`` signs stands for the value."""
        span = self.high - self.low
        return round((value - self.low) / span * (width - 1)) if span > 0 else (width - 1) // 2


def scale_of(rows: Iterable[EffectRow]) -> Scale:
    """The scale that holds zero and all of the rows' differences and intervals."""
    found = [value for row in rows for value in (row.low, row.difference, row.high) if value is not None]
    return Scale(min([0.0, *found]), max([0.0, *found]))


def bar(row: EffectRow, scale: Scale, width: int) -> str:
    """The row's interval as a line, with a mark by its verdict at its difference, and zero as an upright.

    It looks like ``──●──  │``.
    """
    signs = [" "] * width
    zero = scale.place(0.0, width)
    if row.low is not None and row.high is not None:
        start, end = (_beside(value, row, scale, width) for value in (row.low, row.high))
        signs[start : end + 1] = "─" * (end - start + 1)
    signs[zero] = "┼" if signs[zero] == "─" else "│"
    if row.difference is not None:
        signs[_beside(row.difference, row, scale, width)] = MARKS[row.conclusion]
    return "".join(signs)


def _beside(value: float, row: EffectRow, scale: Scale, width: int) -> int:
    """The value's place, but not zero's where the interval excludes zero."""
    place, zero = scale.place(value, width), scale.place(0.0, width)
    if place != zero or row.low is None or row.high is None:
        return place
    aside = zero + 1 if row.low > 0 else zero - 1 if row.high < 0 else zero
    return min(max(aside, 0), width - 1)


def legend(width: int, scale: Scale, left: str, right: str) -> str:
    """A heading for a column of bars: what lies left and right of zero, as far as there is room for it."""
    zero = scale.place(0.0, width)
    before = _fitting(left, zero - 1)
    after = _fitting(right, width - zero - 2)
    return f"{before:>{max(0, zero - 1)}}{' ' * (zero > 0)}│ {after}".rstrip()


def _fitting(text: str, room: int) -> str:
    """The text, or its first word, or nothing."""
    return next((part for part in (text, text.split(maxsplit=1)[0]) if len(part) <= room), "")
