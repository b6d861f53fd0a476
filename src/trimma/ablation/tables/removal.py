"""What is to be taken out of tables, and how."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np

from trimma.program import derived

How = Literal["drop", "permute", "mean"]

Group = tuple[str, tuple[str, ...]]
"""A component's name, and its columns."""


@dataclass(frozen=True, kw_only=True)
class Removal:
    """The columns of ``groups`` are left out, shuffled over the rows, or replaced by one value."""

    how: How
    groups: tuple[Group, ...]
    seed: int

    @property
    def members(self) -> tuple[str, ...]:
        """All columns, each once."""
        return tuple(dict.fromkeys(member for _, members in self.groups for member in members))


@dataclass(frozen=True)
class Shuffle:
    """Orders of rows: one for each component and number of rows, so that rows which belong together stay together."""

    seed: int

    def order(self, component: str, rows: int) -> "np.ndarray[Any, np.dtype[np.int64]]":
        """Which row comes in each one's place."""
        return np.random.default_rng(derived(self.seed, "permute", component, rows)).permutation(rows)


class Table(Protocol):
    """A kind of table. Nothing that is handed in is changed, and what comes back is of the same kind."""

    def names(self, data: Any) -> Sequence[str]:
        """Its columns, in their order, as text."""
        ...

    def dropped(self, data: Any, members: Sequence[str]) -> Any:
        """The table without these columns."""
        ...

    def permuted(self, data: Any, groups: Sequence[Group], shuffle: Shuffle) -> Any:
        """The table with the rows of each group in another order."""
        ...

    def typical(self, data: Any, members: Sequence[str]) -> dict[str, Any]:
        """The mean of each column of numbers, the most frequent value of others; None where all are missing."""
        ...

    def filled(self, data: Any, values: Mapping[str, Any]) -> Any:
        """The table with each of these columns all one value; whole numbers become floats."""
        ...


def most_frequent(counts: Iterable[tuple[Any, int]]) -> Any:
    """The value with the greatest count; of several the first in the order of their texts; None of none."""
    best: tuple[int, str, Any] | None = None
    for value, count in counts:
        if best is None or count > best[0] or (count == best[0] and str(value) < best[1]):
            best = (count, str(value), value)
    return None if best is None else best[2]
