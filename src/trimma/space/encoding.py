"""The encoding of configs as points of the unit cube, which has one dimension for each variable."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from trimma.errors import SpaceError
from trimma.space.dimension import Dimension
from trimma.space.plain import NOTHING

Place = Mapping[str, Any]
"""What a space's description says of one place."""


class Form(Protocol):
    """How configs are made from values by name, and how the values are read from configs."""

    def config(self, values: Mapping[str, Any]) -> dict[str, Any]: ...
    def values(self, config: Mapping[str, Any], hidden: Mapping[str, Any] = NOTHING) -> dict[str, Any]: ...


class Encoding:
    """The encoding of one branch, or of one part of a space's description.

    ``dimensions`` are those of the branch's variables, in the same order. A point is an array of shape (dimensions,)
    with a place from 0 to 1 for each. If the values of a variable can be counted, each has a cell of the unit interval,
    and its place is the middle of the cell. The point of a config leads back to the same config. Only a continuous
    value to which no point leads exactly may differ in its last bit.

    Configs are those of the branch. A description doesn't know their form, so its configs are flat: values by name.
    """

    __slots__ = ("_form", "dimensions")

    def __init__(self, dimensions: Iterable[Dimension], form: Form) -> None:
        self.dimensions: tuple[Dimension, ...] = tuple(dimensions)
        self._form = form

    def values(self, point: ArrayLike) -> dict[str, Any]:
        """The variables' values by name at a point of shape (dimensions,) in the unit cube."""
        units = point.tolist() if isinstance(point, np.ndarray) and point.ndim == 1 else None
        # numpy takes long for a few numbers
        if units is None or len(units) != len(self.dimensions) or not all(0.0 <= u <= 1.0 for u in units):
            units = self._checked(point, 1).tolist()
        return {each.name: each.from_unit(u) for each, u in zip(self.dimensions, units, strict=True)}

    def config(self, point: ArrayLike) -> dict[str, Any]:
        """The config at a point of shape (dimensions,). ``values`` also gives the hidden values."""
        return self._form.config(self.values(point))

    def configs(self, points: ArrayLike) -> list[dict[str, Any]]:
        """The configs at points of shape (configs, dimensions)."""
        return [self.config(point) for point in self._checked(points, 2)]

    def point(self, config: Mapping[str, Any], hidden: Mapping[str, Any] = NOTHING) -> NDArray[np.float64]:
        """The point of a config and its hidden values, of shape (dimensions,).

        A number that isn't a value of its variable is replaced by the nearest value. Raises SpaceError for what is not
        a number or not an option, and for a config of another branch.
        """
        values = self._form.values(config, hidden)
        return np.array([_unit(each, values) for each in self.dimensions])

    def points(
        self, configs: Sequence[Mapping[str, Any]], hidden: Sequence[Mapping[str, Any]] | None = None
    ) -> NDArray[np.float64]:
        """The points of configs, of shape (configs, dimensions). ``hidden`` is as long as ``configs``, or None."""
        hidden = [NOTHING] * len(configs) if hidden is None else hidden
        rows = [self.point(*one) for one in zip(configs, hidden, strict=True)]
        return np.array(rows).reshape(len(rows), len(self.dimensions))

    def rounded(self, points: ArrayLike) -> NDArray[np.float64]:
        """Each point moved to the point of the config that it leads to.

        ``points`` and the result have shape (dimensions,) or (points, dimensions). Points outside of the cube are first
        moved to its surface.
        """
        given = np.asarray(points, dtype=np.float64)
        inside = self._checked(np.clip(given, 0.0, 1.0), given.ndim)
        columns = [each.rounded(np.atleast_1d(inside[..., n])) for n, each in enumerate(self.dimensions)]
        return np.stack(columns, axis=-1).reshape(inside.shape) if columns else inside

    def _checked(self, points: ArrayLike, axes: int) -> NDArray[np.float64]:
        array = np.asarray(points, dtype=np.float64)
        if array.ndim != axes or array.shape[-1:] != (len(self.dimensions),):
            names = ", ".join(each.name for each in self.dimensions) or "none"
            raise SpaceError(f"points of shape {array.shape} don't fit {len(self.dimensions)} dimensions ({names}).")
        if not ((array >= 0) & (array <= 1)).all():
            raise SpaceError("a point lies outside of the unit cube, or has NaN; give numbers from 0 to 1.")
        return array


class _Flat:
    """Configs that are flat: values by name."""

    def config(self, values: Mapping[str, Any]) -> dict[str, Any]:
        return dict(values)

    def values(self, config: Mapping[str, Any], hidden: Mapping[str, Any] = NOTHING) -> dict[str, Any]:
        return {**config, **hidden}


def encoding_from(part: Mapping[str, Place]) -> Encoding:
    """The encoding of one part of ``Space.describe()``, of the variables that are searched in its branches."""
    found = (dimension_from(name, part[name]) for name in _in_order(part))
    return Encoding((dimension for dimension in found if dimension), _Flat())


def dimension_from(name: str, place: Place) -> Dimension | None:
    """The dimension of one place of a space's description, or None when the place isn't searched."""
    match place:
        case {"kind": "float" | "int" as kind, "low": low, "high": high, "log": log, "step": step}:
            return Dimension(name=name, kind=kind, low=low, high=high, log=log, step=step)
        case {"kind": "choice", "options": options, "ordered": ordered}:
            return Dimension(name=name, kind="category", options=tuple(options), ordered=ordered)
        case _:
            return None


def _in_order(part: Mapping[str, Place]) -> Iterator[str]:
    """The names in the order of a branch's variables, where what only a Derived uses comes after the Derived.

    A description has these names last.
    """
    hidden = {name: [own for own in _arguments(name, place) if own in part] for name, place in part.items()}
    inside = {own for names in hidden.values() for own in names}

    def visit(name: str) -> Iterator[str]:
        yield name
        for own in hidden[name]:
            yield from visit(own)

    for name in part:
        if name not in inside:
            yield from visit(name)


def _arguments(name: str, place: Place) -> list[str]:
    """The arguments of a Derived that are named after it, because they stand nowhere else."""
    return [own for position, own in enumerate(place.get("of", ())) if own == f"{name}~{position}"]


def _unit(dimension: Dimension, values: Mapping[str, Any]) -> float:
    if dimension.name not in values:
        raise SpaceError(f"the config has no {dimension.name}; is it from another space or branch?")
    value = values[dimension.name]
    unit = dimension.to_nearest(value)
    return dimension.to_unit(value) if math.isnan(unit) else unit  # for NaN, to_unit raises the error that says why
