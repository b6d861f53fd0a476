"""Cells for the tests, from tables of values."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np

from trimma.effects import Cell


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
