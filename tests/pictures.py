"""What stands in a picture, for tests: its marks by kind and by name."""

from typing import Any, TypeVar

from trimma.display.plots.picture import Axis, Picture
from trimma.display.plots.picture_marks import Line, Lines, Mark, Points

M = TypeVar("M")


def marks(picture: Picture, kind: type[M]) -> list[M]:
    """All marks of one kind, in the order in which they are drawn."""
    return [mark for mark in picture.marks if isinstance(mark, kind)]


def named(picture: Picture) -> dict[str, Any]:
    """The last mark of each name."""
    return {mark.name: mark for mark in picture.marks if getattr(mark, "name", "")}


def axes(picture: Picture, place: int = 0) -> tuple[Axis, Axis]:
    """Both axes of a panel."""
    return picture.panels[place].x, picture.panels[place].y


def ticks(axis: Axis) -> list[str]:
    """The texts of an axis's ticks."""
    return [tick.text for tick in axis.ticks or ()]


def lines(picture: Picture) -> list[Line]:
    """All lines of all groups."""
    return [line for group in marks(picture, Lines) for line in group.lines]


def points(picture: Picture) -> list[tuple[float, float]]:
    """All points but those at the edge."""
    return [pair for mark in marks(picture, Points) if not mark.at_edge for pair in zip(mark.x, mark.y, strict=True)]


def texts_of(mark: Mark) -> tuple[str, ...]:
    """The texts of a mark that has some."""
    found: tuple[str, ...] = mark.texts  # type: ignore[union-attr]
    return found
