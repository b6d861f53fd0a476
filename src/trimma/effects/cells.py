"""What was measured: one cell for each arm in each repeat, and the numbers among them as arrays."""

import math
from collections.abc import Collection, Iterable, Sequence

import numpy as np
from msgspec import Struct

from trimma.effects.arrays import Indices, Numbers

Arm = frozenset[str]


class Cell(Struct, frozen=True, kw_only=True):
    """One arm in one repeat; an arm may have several cells in one repeat, which count alike.

    ``arm`` names what is left out, in any order, and is empty for the whole; ``again`` counts its cells in the repeat,
    from 0. ``value`` is None where the training
    failed, and NaN or infinite counts as failed too. A ``censored`` cell was stopped early: its value is its last,
    and isn't compared.
    """

    arm: tuple[str, ...]
    repeat: int
    value: float | None
    censored: bool = False
    again: int = 0


class Observations(Struct, frozen=True, kw_only=True):
    """The finite values, with the place of their arm and of their repeat; and what isn't among them, by arm."""

    arms: tuple[Arm, ...]
    repeats: tuple[int, ...]
    arm: Indices
    repeat: Indices
    value: Numbers
    failed: tuple[int, ...]
    censored: tuple[int, ...]

    def place(self, arm: Collection[str]) -> int | None:
        """Where ``arm`` stands in `arms`; None where it has no cell."""
        try:
            return self.arms.index(frozenset(arm))
        except ValueError:
            return None


def observe(cells: Iterable[Cell], first: Sequence[Arm] = ()) -> Observations:
    """The cells as arrays; the arms of ``first`` stand first, the others in the order of their cells."""
    arms: dict[Arm, int] = {arm: place for place, arm in enumerate(dict.fromkeys(first))}
    known: dict[tuple[str, ...], int] = {}
    repeats: dict[int, int] = {}
    rows: list[tuple[int, int, float]] = []
    failed, censored = [0] * len(arms), [0] * len(arms)
    for cell in cells:
        place = known.get(cell.arm)
        if place is None:
            place = known[cell.arm] = arms.setdefault(frozenset(cell.arm), len(arms))
            if place == len(failed):
                failed.append(0)
                censored.append(0)
        if cell.censored:
            censored[place] += 1
        elif cell.value is None or not math.isfinite(cell.value):
            failed[place] += 1
        else:
            rows.append((place, repeats.setdefault(cell.repeat, len(repeats)), cell.value))
    places, blocks, values = zip(*rows, strict=True) if rows else ((), (), ())
    return Observations(
        arms=tuple(arms),
        repeats=tuple(repeats),
        arm=np.array(places, dtype=np.intp),
        repeat=np.array(blocks, dtype=np.intp),
        value=np.array(values, dtype=np.float64),
        failed=tuple(failed),
        censored=tuple(censored),
    )
