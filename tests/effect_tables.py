"""Cells for the tests, from tables of values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product
from typing import Any

import numpy as np

from trimma.effects import Analysis, Cell

ABC = ["a", "b", "c"]
"""The components of `value_without`."""


def names_of(count: int) -> list[str]:
    return [f"c{index}" for index in range(count)]


def cells_of(table: Any, arms: Sequence[tuple[str, ...]] | None = None) -> list[Cell]:
    """Cells of a table of repeats by arms; without ``arms`` the whole comes first, then each component's arm."""
    table = np.asarray(table, dtype=float)
    arms = arms or [(), *((name,) for name in names_of(table.shape[1] - 1))]
    return [
        Cell(arm=arm, repeat=repeat, value=float(value))
        for repeat, row in enumerate(table)
        for arm, value in zip(arms, row, strict=True)
    ]


def drawn(seed: int, repeats: int, arms: int, *, rho: float = 0.7, sd: Any = 1.0, shift: Any = 0.0) -> Any:
    """A table of repeats by arms: what a repeat does to all arms, noise, and each arm's ``shift``."""
    rng = np.random.default_rng(seed)
    split = rng.standard_normal((repeats, 1)) * rho**0.5
    return split + rng.standard_normal((repeats, arms)) * (1 - rho) ** 0.5 * sd + np.asarray(shift)


def subsets(names: Sequence[str]) -> list[tuple[str, ...]]:
    """All arms of a full factorial design."""
    return [
        tuple(name for name, out in zip(names, row, strict=True) if out)
        for row in product((False, True), repeat=len(names))
    ]


def value_without(arm: frozenset[str]) -> float:
    """The whole is worth 10; without a it loses 3, without b 1, without both 2 more; c does nothing."""
    return 10 - 3 * ("a" in arm) - 1 * ("b" in arm) - 2 * ({"a", "b"} <= arm)


def measured(
    arms: list[tuple[str, ...]], repeats: int, sd: float = 0.01, of: Callable[[frozenset[str]], float] = value_without
) -> list[Cell]:
    """Cells of the ``arms`` in so many repeats: what ``of`` gives for each arm, what the repeat does, and noise."""
    rng = np.random.default_rng(5)
    truth = np.array([of(frozenset(arm)) for arm in arms])
    split = rng.standard_normal((repeats, 1))
    return cells_of(split + truth + sd * rng.standard_normal((repeats, len(arms))), arms)


def column(analysis: Analysis, field: str) -> list[Any]:
    return [getattr(effect, field) for effect in analysis.effects]


def differences(analysis: Analysis) -> list[Any]:
    return column(analysis, "difference")


def conclusions(analysis: Analysis) -> list[str]:
    return column(analysis, "conclusion")
