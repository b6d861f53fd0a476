"""Keeps searchers from trying a config of a finite space again before all were tried."""

import math
from collections import Counter
from collections.abc import Callable, Hashable, Mapping
from typing import Any

from numpy.random import Generator

from trimma.errors import SpaceError
from trimma.ports import History
from trimma.search.cells import EveryValue, values_at
from trimma.search.visits import Visit, Visits
from trimma.space import Branch, Space
from trimma.space.plain import identity
from trimma.trial import Trial

_DRAWS = 64


class Untried:
    """Which branch is next, and which of its configs are left to try.

    Where the configs of a branch can be counted, each is tried once in a pass over the space. A pass is over when the
    last config of all branches with variables was tried, so there is only one over a space with a continuous variable.
    After the first pass the search is over if ``trials`` is None. Otherwise another pass begins. With ``repeat``, all
    this doesn't hold: configs are drawn independently of each other.

    What is left follows from the history alone.
    """

    def __init__(self, space: Space, trials: int | None, *, repeat: bool = False) -> None:
        self._space, self._visits, self._again = space, Visits(space, trials), trials is not None
        self._spans: list[tuple[int, int | None]] = []
        in_pass: list[int | None] = []
        for start, stop in space.branches.spans():
            first = space.branches[start]
            size = None if repeat else _size(first)
            self._spans.append((stop, size))
            if not first.is_fixed:
                in_pass.append(None if size is None else size * (stop - start))
        self._counts = any(in_pass)
        self._size = None if None in in_pass else sum(size for size in in_pass if size)
        self._forget(None)

    def visit(self, history: History) -> Visit | None:
        """The visit of the next trial. None when there is nothing left to try."""
        if not self._counts:
            return self._visits[history.trial_count]
        self._look(history)
        number, branches = history.trial_count, len(self._space.branches)
        visit = self._visits[number]
        if visit is None or number < branches:
            return visit
        if self._passes and not self._again:
            return None
        for ahead in range(branches):
            visit = self._visits[number + ahead]
            if visit is not None and self._is_open(visit.branch):
                # when branches are left out, the others have more turns than their place in the order says
                return Visit(visit.branch, self._turns[visit.branch])
        return None

    def draw(self, branch: Branch, draws: Callable[[int], Mapping[str, Any]], rng: Generator) -> Mapping[str, Any]:
        """Values for the branch that haven't been tried in this pass, as long as there are such.

        They are the first such ones of ``draws(0)``, ``draws(1)`` and so on, or, after many that have been tried, those
        that follow a random place in the grid of all values.
        """
        values = draws(0)
        if not self._counts:
            return values
        size = self._size_of(branch.index)
        if size is None or not self._is_open(branch.index):
            return values
        for number in range(1, _DRAWS):
            if self._is_new(branch, values):
                return values
            values = draws(number)
        start = int(rng.integers(size))
        grid = (_at(branch, (start + step) % size) for step in range(size))
        return next((found for found in grid if self._is_new(branch, found)), values)

    def _forget(self, history: History | None) -> None:
        self._history, self._seen, self._passes = history, 0, 0
        self._times: Counter[tuple[int, Hashable]] = Counter()
        self._tried: Counter[int] = Counter()
        self._turns: Counter[int] = Counter()

    def _look(self, history: History) -> None:
        if history is not self._history:
            self._forget(history)
        for number in history.ids[self._seen :]:
            self._take(history.trials[number])
        self._seen = history.trial_count

    def _take(self, trial: Trial) -> None:
        branch = self._space.branches[trial.branch]
        self._turns[branch.index] += 1
        if branch.is_fixed or self._size_of(branch.index) is None:
            return
        try:
            key = branch.index, _key(branch.values(trial.config, trial.hidden))
        except SpaceError:
            # somebody else chose this config, and it is none of the branch
            return
        self._times[key] += 1
        if self._times[key] != self._passes + 1:
            return
        self._tried[branch.index] += 1
        if self._tried.total() == self._size:
            self._passes += 1
            self._tried = Counter(index for (index, _), times in self._times.items() if times > self._passes)

    def _is_open(self, branch: int) -> bool:
        size = self._size_of(branch)
        return size is None or self._tried[branch] < size

    def _is_new(self, branch: Branch, values: Mapping[str, Any]) -> bool:
        return self._times[branch.index, _key(values)] <= self._passes

    def _size_of(self, branch: int) -> int | None:
        # all branches of a span have the same variables
        return next(size for stop, size in self._spans if branch < stop)


def _size(branch: Branch) -> int | None:
    """How many configs the branch has, or None when one of its variables is continuous."""
    sizes = [dimension.size for dimension in branch.encoding.dimensions]
    return None if None in sizes else math.prod(size for size in sizes if size)


def _key(values: Mapping[str, Any]) -> Hashable:
    return tuple(map(identity, values.values()))


def _at(branch: Branch, cell: int) -> dict[str, Any]:
    """The values of one cell in the grid of all values of the branch."""
    dimensions = branch.encoding.dimensions
    columns = [EveryValue(dimension, dimension.size or 1) for dimension in dimensions]
    return values_at((dimension.name for dimension in dimensions), columns, cell)
