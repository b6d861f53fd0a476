"""The cells of a grid: each one is a value for every variable."""

from collections.abc import Iterable, Sequence
from typing import Any

from trimma.space import Dimension


def values_at(names: Iterable[str], columns: Sequence[Sequence[Any]], cell: int) -> dict[str, Any]:
    """The values of cell number ``cell`` by name, in the order of the names. The last column changes fastest."""
    chosen: list[Any] = []
    for column in reversed(columns):
        cell, place = divmod(cell, len(column))
        chosen.append(column[place])
    return dict(zip(names, reversed(chosen), strict=True))


class EveryValue(Sequence[Any]):
    """Every value of a dimension. Each one is made when it is asked for."""

    def __init__(self, dimension: Dimension, size: int) -> None:
        self._dimension, self._size = dimension, size

    def __len__(self) -> int:
        return self._size

    def __getitem__(self, place: Any) -> Any:
        return self._dimension.value_at(place)
