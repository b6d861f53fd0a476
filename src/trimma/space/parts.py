"""The dimensions of a whole space, over all parts of a union and all branches.

They are about all values that vary, also about those that are given by grids and samples and aren't searched.
"""

from collections.abc import Hashable, Iterable, Mapping
from typing import Any

from trimma.space.dimension import Dimension, is_number
from trimma.space.encoding import Place, dimension_from
from trimma.space.plain import identity

VARYING = ("float", "int", "choice", "grid", "sampled")
MANY = 12  # this many different numbers without a description are taken for a range, fewer for options


def dimensions_over(parts: Iterable[Mapping[str, Place]]) -> list[Dimension]:
    """The dimensions of what varies between the configs of a space, from its description.

    Linked and derived values have no dimension. A constant has one only if it differs between the parts of a union. A
    name that is searched in one part and given in another, or searched on different scales, has one dimension that
    holds all its values. Options that are numbers are ordered by size. If a name has a scale of numbers in one part and
    something else than numbers in another, its dimension holds only the single values, not the scale.
    """
    names: dict[str, list[Place]] = {}
    for part in parts:
        for name, place in part.items():
            names.setdefault(name, []).append(place)
    return [found for name, places in names.items() if (found := _dimension_over(name, places))]


def dimension_of_values(name: str, values: Iterable[Any]) -> Dimension | None:
    """A dimension that holds these values, without a description. None if they are all the same."""
    found = list(values)
    return _of_values(name, found) if len(set(map(identity, found))) > 1 else None


def _dimension_over(name: str, places: list[Place]) -> Dimension | None:
    """The dimension of one name, from what stands there in each part of the space that has it."""
    searched = [found for place in places if (found := dimension_from(name, place))]
    if len(searched) == len(places) and searched[0].ordered and all(one == searched[0] for one in searched):
        return searched[0]
    values = [value for place in places for value in _given(place)]
    numbers = [one for one in searched if one.kind != "category"]
    varying = [place["kind"] for place in places if place["kind"] in VARYING]
    if not varying and len(set(map(identity, values))) < 2:
        return None
    if not numbers:
        return _of_values(name, values, few=varying[:1] != ["sampled"])
    if all(map(is_number, values)):
        return _around(name, numbers, values)
    return _category(name, values, ordered=False)


def _around(name: str, numbers: list[Dimension], values: list[Any]) -> Dimension:
    """The dimension from the least to the greatest number of several scales and single values."""
    low, high = min([*(one.low for one in numbers), *values]), max([*(one.high for one in numbers), *values])
    log = low > 0 and all(one.log for one in numbers)
    if all(one.kind == "int" for one in numbers) and all(isinstance(value, int) for value in values):
        return Dimension(name=name, kind="int", low=low, high=high, log=log, step=1)
    return Dimension(name=name, kind="float", low=float(low), high=float(high), log=log)


def _given(place: Place) -> list[Any]:
    """The single values that stand at a place."""
    match place:
        case {"kind": "choice", "options": values} | {"kind": "grid" | "sampled", "values": values}:
            return list(values)
        case {"kind": "constant", "value": value}:
            return [value]
        case _:
            return []


def _of_values(name: str, values: list[Any], *, few: bool = False) -> Dimension:
    """The dimension of single values. Numbers are ordered, and many of them become a range, unless ``few``."""
    if not all(map(is_number, values)):
        return _category(name, values, ordered=False)
    distinct = sorted(set(values))
    if few or len(distinct) < MANY:
        return _category(name, distinct, ordered=True)
    low, high = float(distinct[0]), float(distinct[-1])
    return Dimension(name=name, kind="float", low=low, high=high, log=low > 0 and high >= 1000 * low)


def _category(name: str, values: list[Any], *, ordered: bool) -> Dimension:
    options: dict[Hashable, Any] = {}
    for value in values:
        options.setdefault(identity(value), value)
    return Dimension(name=name, kind="category", options=tuple(options.values()), ordered=ordered)
