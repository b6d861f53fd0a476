"""What has been reported: by trial, with all metrics, and of a whole study in the order of arrival.

A long study holds millions of these numbers. They stand in arrays, and the objects around them can't be part of a
cycle: with gc=False Python's garbage collector need not visit each of them again and again. (Before Python 3.12 an
array can be subscripted in quotes only.)
"""

from array import array
from bisect import bisect_right
from collections.abc import Mapping

from msgspec import Struct, field


class Series(Struct, eq=False, gc=False):
    """One metric of a trial: the steps at which it was reported, and its values there."""

    steps: "array[int]" = field(default_factory=lambda: array("q"))
    values: "array[float]" = field(default_factory=lambda: array("d"))

    def __len__(self) -> int:
        return len(self.steps)


class Curve(Struct, eq=False, gc=False):
    """What one attempt reported: the step and the time of each report, and each metric's series."""

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
        """The part up to a step, inclusive; an empty one for None."""
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
        """The series of ``metric``; an empty one when it was never reported."""
        return self.metrics.get(metric) or Series()


class Scores:
    """Every report of the study's metric in order of arrival: three columns of equal length."""

    __slots__ = ("steps", "trials", "values")

    def __init__(self) -> None:
        self.trials = array("q")
        self.steps = array("q")
        self.values = array("d")

    def __len__(self) -> int:
        return len(self.trials)
