"""The protocol of all kinds of tables, and what their implementations share: shuffling, and the most frequent value."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from trimma.program import derived

Group = tuple[str, tuple[str, ...]]
"""A component's name and the names of its columns."""


@dataclass(frozen=True)
class Shuffle:
    """Draws an order of rows for each component and number of rows.

    Tables with equally many rows get the same order, so that rows which belong together stay together.
    """

    seed: int

    def order(self, component: str, rows: int) -> "np.ndarray[Any, np.dtype[np.int64]]":
        """For each row the index of the row that takes its place, in an array of shape ``(rows,)``."""
        return np.random.default_rng(derived(self.seed, "permute", component, rows)).permutation(rows)


class Table(Protocol):
    """A kind of table. Methods return new tables of the same kind. They never change the table they are given."""

    def names(self, data: Any) -> Sequence[str]:
        """The names of the columns as text, in the order of the columns."""
        ...

    def dropped(self, data: Any, members: Sequence[str]) -> Any:
        """The table without these columns."""
        ...

    def permuted(self, data: Any, groups: Sequence[Group], shuffle: Shuffle) -> Any:
        """The table with the rows of each group in another order."""
        ...

    def typical(self, data: Any, members: Sequence[str]) -> dict[str, Any]:
        """The mean of each column, or its most frequent value where it holds no numbers; None where all are missing."""
        ...

    def filled(self, data: Any, values: Mapping[str, Any]) -> Any:
        """The table in which each of these columns has one value in all rows. Whole numbers become floats."""
        ...


def most_frequent(counts: Iterable[tuple[Any, int]]) -> Any:
    """The value with the greatest count; of several, the first in the order of their texts. None for no values."""
    best: tuple[int, str, Any] | None = None
    for value, count in counts:
        if best is None or count > best[0] or (count == best[0] and str(value) < best[1]):
            best = (count, str(value), value)
    return None if best is None else best[2]
