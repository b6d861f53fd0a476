"""What stands in a picture's panels, as plain values. Numbers and texts are as in `picture`."""

from dataclasses import dataclass
from typing import Literal

Symbol = Literal["circle", "circle-open", "diamond", "square", "star", "cross"]
Hatch = Literal["", "/", ".", "x"]
Direction = Literal["x", "y"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """A text at a place of an axis, and what follows it in smaller type."""

    value: float
    text: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Points:
    """Points, one for each of ``x``, ``y`` and ``hover``.

    Where ``at_edge`` is true, ``y`` are shares of the panel's height, so that the points stand at an edge of the view
    whatever its range.
    """

    name: str = ""
    x: tuple[float, ...]
    y: tuple[float, ...]
    colour: str
    symbol: Symbol = "circle"
    size: float = 8
    opacity: float = 1.0
    hover: tuple[str, ...] = ()
    listed: bool = True
    at_edge: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line through points. One through a single point is drawn as a dot."""

    x: tuple[float, ...]
    y: tuple[float, ...]
    hover: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """Lines that look alike. ``steps`` has them go across, then up or down. ``front`` are drawn over all others.

    ``along`` is what stands before the number along the axis in the text at the mouse, such as "step"; where it is
    empty, that text is the line's ``hover`` alone.
    """

    name: str = ""
    lines: tuple[Line, ...]
    colour: str
    width: float = 1.3
    opacity: float = 1.0
    steps: bool = False
    dotted: bool = False
    front: bool = False
    listed: bool = True
    along: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bars:
    """Bars from ``starts`` to ``ends`` in the direction of an axis, at ``places`` of the other one.

    ``colours`` has one colour for each bar. Bars that are ``pale`` keep only their edge in it. ``thickness`` is a share
    of the distance between two places. ``labels`` stand at the ends.
    """

    name: str = ""
    direction: Direction
    places: tuple[float, ...]
    starts: tuple[float, ...]
    ends: tuple[float, ...]
    colours: tuple[str, ...]
    pale: tuple[bool, ...] = ()
    thickness: float = 0.7
    opacity: float = 1.0
    hatch: Hatch = ""
    labels: tuple[str, ...] = ()
    hover: tuple[str, ...] = ()
    listed: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Intervals:
    """Lines from ``lows`` to ``highs`` in the direction of an axis, with short strokes at their ends."""

    direction: Direction
    places: tuple[float, ...]
    lows: tuple[float, ...]
    highs: tuple[float, ...]
    colour: str
    width: float = 1.8


@dataclass(frozen=True, slots=True, kw_only=True)
class Cells:
    """A grid of coloured cells, row by row from the top. A cell without a value is empty.

    The colours go from that at ``-greatest`` over white to that at ``greatest``. ``strong`` cells are those to look at.
    ``ticks`` explain the colours.
    """

    values: tuple[tuple[float | None, ...], ...]
    texts: tuple[tuple[str, ...], ...]
    strong: tuple[tuple[bool, ...], ...]
    hover: tuple[tuple[str, ...], ...]
    greatest: float
    colours: tuple[str, ...]
    ticks: tuple[Tick, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Texts:
    """A text at each point: above it, or to its right."""

    x: tuple[float, ...]
    y: tuple[float, ...]
    texts: tuple[str, ...]
    side: Literal["above", "right"] = "above"
    bold: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RowTexts:
    """Texts to the right of the panel, one for each place on the axis of rows."""

    places: tuple[float, ...]
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """A shaded band from ``low`` to ``high`` on the axis along the panel, behind all else."""

    low: float
    high: float
    colour: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Upright:
    """An axis of its own that stands upright in a panel at ``place``. Its ticks are shares of the panel's height."""

    place: float
    ticks: tuple[Tick, ...]


Mark = Points | Lines | Bars | Intervals | Cells | Texts | RowTexts | Band | Upright
