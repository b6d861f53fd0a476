"""Tells components that change nothing, to the last digit. Most likely the objective doesn't use them."""

from collections.abc import Sequence

from trimma.ablation.question import Ablation
from trimma.effects import Cell

_LARGEST = 20
"""The largest arm that is looked at. Components of larger ones are in smaller ones, too, or in too many to be told."""


def unused_notes(asked: Ablation, cells: Sequence[Cell]) -> list[str]:
    """A sentence that names the components with and without which each of three or more repeats has the same values."""
    values: dict[tuple[frozenset[str], int], set[float]] = {}
    for cell in cells:
        if cell.value is not None and len(cell.arm) <= _LARGEST:
            values.setdefault((frozenset(cell.arm), cell.repeat), set()).add(cell.value)
    alike: dict[str, list[bool]] = {}
    for (arm, repeat), found in values.items():
        for name in arm:
            if (beside := values.get((arm - {name}, repeat))) is not None:
                alike.setdefault(name, []).append(found == beside)
    # where nothing varies at all, another note says so
    if len({value for found in values.values() for value in found}) < 2:
        return []
    same = [name for name in asked.names if len(alike.get(name, ())) > 2 and all(alike[name])]
    if not same:
        return []
    shown = ", ".join(same[:5]) + (f" and {len(same) - 5} more" if len(same) > 5 else "")
    they = "are they" if len(same) > 1 else "is it"
    return [f"Leaving out {shown} changes nothing, to the last digit of each training: {they} used?"]
