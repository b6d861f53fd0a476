"""What was measured: one cell for each training of an arm in a repeat, and the values of all cells as arrays."""

import math
from collections.abc import Iterable, Sequence

import numpy as np
from msgspec import Struct

from trimma.effects.arrays import Indices, Numbers

Removed = frozenset[str]
"""An arm as the set of the components that it leaves out, whose order doesn't matter; empty for the whole."""


class Cell(Struct, frozen=True, kw_only=True):
    """One arm in one repeat; an arm may have several cells in one repeat, which count alike.

    ``arm`` names what is left out, in any order, and is empty for the whole. ``again`` counts the arm's cells in the
    repeat, from 0. ``value`` is in units of the metric; it is None where the training failed, and NaN or infinite
    counts as failed too. A ``censored`` cell was stopped early: its value is its last one, and isn't compared.
    """

    arm: tuple[str, ...]
    repeat: int
    value: float | None
    censored: bool = False
    again: int = 0


class Observations(Struct, frozen=True, kw_only=True):
    """The finite values of the cells, and by arm how many cells have none.

    ``value``, in units of the metric, is of shape (values,), and so are ``arm`` and ``repeat``, which hold the place
    of each value's arm in ``arms`` and of its repeat in ``repeats``. ``failed`` and ``censored`` count, for each of
    ``arms``, the cells that failed and those that were stopped early; ``failed_in`` holds the repeats of those that
    failed, as the cells number them.
    """

    arms: tuple[Removed, ...]
    repeats: tuple[int, ...]
    arm: Indices
    repeat: Indices
    value: Numbers
    failed: tuple[int, ...]
    failed_in: tuple[tuple[int, ...], ...]
    censored: tuple[int, ...]


def observe(cells: Iterable[Cell], first: Sequence[Removed] = ()) -> Observations:
    """The cells as arrays; the arms of ``first`` stand first, the others in the order of their cells."""
    arms: dict[Removed, int] = {arm: place for place, arm in enumerate(dict.fromkeys(first))}
    known: dict[tuple[str, ...], int] = {}
    repeats: dict[int, int] = {}
    rows: list[tuple[int, int, float]] = []
    failed, censored = [list[int]() for _ in arms], [0] * len(arms)
    for cell in cells:
        place = known.get(cell.arm)
        if place is None:
            place = known[cell.arm] = arms.setdefault(frozenset(cell.arm), len(arms))
            if place == len(failed):
                failed.append([])
                censored.append(0)
        if cell.censored:
            censored[place] += 1
        elif cell.value is None or not math.isfinite(cell.value):
            failed[place].append(cell.repeat)
        else:
            rows.append((place, repeats.setdefault(cell.repeat, len(repeats)), cell.value))
    in_arm, in_repeat, values = zip(*rows, strict=True) if rows else ((), (), ())
    return Observations(
        arms=tuple(arms),
        repeats=tuple(repeats),
        arm=np.array(in_arm, dtype=np.intp),
        repeat=np.array(in_repeat, dtype=np.intp),
        value=np.array(values, dtype=np.float64),
        failed=tuple(map(len, failed)),
        failed_in=tuple(map(tuple, failed)),
        censored=tuple(censored),
    )
