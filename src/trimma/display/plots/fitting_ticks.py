"""Which ticks of an axis there is room for."""

from trimma.display.plots.picture import Axis
from trimma.display.plots.picture_marks import Tick

BETWEEN = 2  # letters between two texts


def fits(ticks: tuple[Tick, ...], letters: float) -> bool:
    """Whether the texts of all ticks fit side by side on an axis that has room for so many letters."""
    longest = max((len(tick.text) for tick in ticks), default=0)
    return len(ticks) * (longest + BETWEEN) <= letters


def fitting(axis: Axis, letters: float) -> tuple[Tick, ...]:
    """The ticks of an axis on which so many letters have room: all, or each second, third and so on.

    Options are never left out; they stand at an angle instead.
    """
    ticks = axis.ticks or ()
    if axis.scale == "category":
        return ticks
    every = next((every for every in range(1, len(ticks)) if fits(ticks[::every], letters)), max(1, len(ticks) - 1))
    return ticks[::every]
