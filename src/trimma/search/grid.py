"""Grid search: every config of a space, in order."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from numpy.random import Generator

from trimma.errors import UsageError
from trimma.ports import History, Searcher, Suggestion
from trimma.search.cells import EveryValue, values_at
from trimma.space import Branch, Dimension, Space
from trimma.space.plain import identity


@dataclass(frozen=True)
class GridSearch:
    """Try every config of the space once, in order. The last key changes fastest.

    A variable whose values can be counted takes each of them. With ``points`` (default: None), a variable that has more
    values than that, or is continuous, takes ``points`` of them. These are evenly spaced on the variable's own scale,
    which may be logarithmic, and include both ends.

    Raises `UsageError` for ``points`` below 2, and for a continuous variable when ``points`` isn't given.
    """

    points: int | None = None

    def __post_init__(self) -> None:
        if self.points is not None and self.points < 2:
            raise UsageError(f"GridSearch(points={self.points}): take two or more, for both ends")

    def bind(self, space: Space, seed: int, trials: int | None) -> Searcher:
        return _EveryConfig(space, self.points)


class _EveryConfig:
    def __init__(self, space: Space, points: int | None) -> None:
        self._space = space
        # all branches between start and stop come from one template, so they have the same variables and values
        self._blocks: list[tuple[int, int, list[Sequence[Any]], int]] = []
        for start, stop in space.branches.spans():
            values = [_values(dimension, points) for dimension in space.branches[start].encoding.dimensions]
            cells = 1
            for column in values:
                cells *= len(column)
            self._blocks.append((start, stop, values, cells))

    def suggest(self, history: History, free: int, rng: Generator) -> Sequence[Suggestion]:
        number = history.trial_count
        for start, stop, values, cells in self._blocks:
            size = (stop - start) * cells
            if number < size:
                place, cell = divmod(number, cells)
                return (_suggestion(self._space.branches[start + place], values, cell),)
            number -= size
        return ()


def _suggestion(branch: Branch, values: list[Sequence[Any]], cell: int) -> Suggestion:
    chosen = values_at(branch.variables, values, cell)
    return Suggestion(config=branch.config(chosen), branch=branch.index, hidden=branch.hidden(chosen))


def _values(dimension: Dimension, points: int | None) -> Sequence[Any]:
    size = dimension.size
    if size is not None and (points is None or size <= points):
        return EveryValue(dimension, size)
    if points is None:
        raise UsageError(
            f"a grid over {dimension.name}={dimension} has no end: give it a step, make it a Grid, "
            "or say how many of its values to take with GridSearch(points=...)"
        )
    spread = [dimension.from_unit(place / (points - 1)) for place in range(points)]
    return list({identity(value): value for value in spread}.values())
