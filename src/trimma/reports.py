"""Reported metrics: the curve of each trial, and the scores of a whole study in the order of arrival.

A long study holds millions of these numbers. They are kept in arrays, and the objects that hold the arrays are never
part of a reference cycle. So gc=False can spare Python's garbage collector from visiting them again and again. (Before
Python 3.12 the type of an array's items can be given in quotes only.)
"""

from array import array
from bisect import bisect_right
from collections.abc import Mapping

from msgspec import Struct, field


class Series(Struct, eq=False, gc=False):
    """One metric of a trial. ``steps`` and ``values`` are arrays of shape (reports,)."""

    steps: "array[int]" = field(default_factory=lambda: array("q"))
    values: "array[float]" = field(default_factory=lambda: array("d"))

    def __len__(self) -> int:
        return len(self.steps)


class Curve(Struct, eq=False, gc=False):
    """The reports of a trial: ``steps`` and ``times`` (seconds since the epoch), both of shape (reports,).

    ``metrics`` holds the series of each metric by its name. A series is shorter where a report lacks its metric.
    """

    steps: "array[int]" = field(default_factory=lambda: array("q"))
    times: "array[float]" = field(default_factory=lambda: array("d"))
    metrics: dict[str, Series] = {}

    def __len__(self) -> int:
        return len(self.steps)

    def append(self, step: int, at: float, metrics: Mapping[str, float]) -> None:
        self.steps.append(step)
        self.times.append(at)
        for name, value in metrics.items():
            series = self.metrics.get(name)
            if series is None:
                series = self.metrics[name] = Series()
            series.steps.append(step)
            series.values.append(value)

    def upto(self, step: int | None) -> "Curve":
        """The reports up to ``step``, which is included. For None the curve is empty."""
        kept = Curve()
        if step is None:
            return kept
        count = bisect_right(self.steps, step)
        kept.steps, kept.times = self.steps[:count], self.times[:count]
        for name, series in self.metrics.items():
            if count := bisect_right(series.steps, step):
                kept.metrics[name] = Series(series.steps[:count], series.values[:count])
        return kept

    def series(self, metric: str) -> Series:
        """The series of ``metric``. It is empty when the metric was never reported."""
        return self.metrics.get(metric) or Series()


class Scores:
    """Every report of the study's metric, in the order of arrival.

    ``trials`` (ids), ``steps`` and ``values`` are arrays of shape (reports,).
    """

    __slots__ = ("steps", "trials", "values")

    def __init__(self) -> None:
        self.trials = array("q")
        self.steps = array("q")
        self.values = array("d")

    def __len__(self) -> int:
        return len(self.trials)
