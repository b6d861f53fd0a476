"""What a picture shows, as plain values: panels with two axes each, and the marks in them.

A picture knows nothing of how it is drawn. `with_plotly` and `with_matplotlib` draw it. All texts are plain texts, and
all numbers are in the units of their axes, also where an axis is logarithmic. Sizes are in pixels of a screen on which
text has 13 pixels.
"""

from dataclasses import dataclass
from typing import Literal

from trimma.display.plots.picture_marks import Mark, Tick

Scale = Literal["linear", "log", "category"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """One axis of a panel.

    ``range`` is the values at its beginning and its end, of which the first may be the greater one; None leaves it to
    what draws. So do ``ticks`` of None. On the scale "category" each tick is an option, and none may be left out.
    ``zero`` asks for a line at zero. Without ``line`` there are only the texts of its ticks.
    """

    label: str = ""
    scale: Scale = "linear"
    range: tuple[float, float] | None = None
    ticks: tuple[Tick, ...] | None = None
    numbers: Literal["plain", "percent", "whole"] = "plain"
    grid: bool = True
    zero: bool = False
    shown: bool = True
    line: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """Two axes and the marks between them, of which the later are drawn over the earlier.

    ``sides`` are what is said above the panel at its left and at its right.
    """

    x: Axis
    y: Axis
    marks: tuple[Mark, ...]
    sides: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A picture: its title, a note below the title, and its panels, which share the values of their upright axis.

    Where there is nothing to see there are no panels, and ``message`` says why. Where things stand in ``rows`` one
    below the other, each is ``row_height`` lines of text high, and the picture's height follows.
    """

    title: str
    note: str = ""
    panels: tuple[Panel, ...] = ()
    message: str = ""
    rows: int = 0
    row_height: float = 2.0

    @property
    def marks(self) -> tuple[Mark, ...]:
        """The marks of all panels."""
        return tuple(mark for panel in self.panels for mark in panel.marks)
