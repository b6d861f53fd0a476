"""Which of several arms is the best, where some of their trainings have failed."""

import math
from collections.abc import Sequence

from trimma.ablation.arms import Arm
from trimma.effects import Cell, arm_levels


def best_arm(arms: Sequence[Arm], cells: Sequence[Cell], repeats: int, *, maximize: bool) -> Arm | None:
    """The arm with the best mean, of those that give values in most of so many repeats. None if there is none.

    Where values are missing, the means are those of the additive model of arm and repeat, so that an arm isn't favoured
    by having failed on an unlucky split.
    """
    able = [arm for arm in arms if gives_values(arm, cells, repeats)]
    levels = arm_levels([cell for cell in cells if cell.arm in able], able)
    worth = [level if maximize else -level for level in levels]
    known = [(each, arm) for each, arm in zip(worth, able, strict=True) if not math.isnan(each)]
    return max(known, key=lambda pair: pair[0])[1] if known else None


def gives_values(arm: Arm, cells: Sequence[Cell], repeats: int, *, ahead: int = 0) -> bool:
    """Whether the arm has values in most of so many repeats, or may yet have, with so many of them still ``ahead``."""
    values = sum(
        cell.arm == arm and not cell.censored and cell.value is not None and math.isfinite(cell.value) for cell in cells
    )
    return 2 * (values + ahead) > repeats
