"""The mean value of each arm of an ablation, and the best and the worst arm."""

import math
from collections.abc import Sequence
from statistics import fmean, stdev

from msgspec import Struct

from trimma.ablation.arms import Arm
from trimma.ablation.question import Ablation
from trimma.effects import Cell


class ArmMean(Struct, frozen=True, kw_only=True):
    """The results of an arm, in units of the metric.

    ``mean`` is the mean of the values that can be compared, and None if there are none. ``deviation`` is their standard
    deviation, and None for fewer than two values. ``values`` is their number. ``failures`` counts the cells that failed
    or have no finite value, and ``censored`` those that were stopped early.
    """

    arm: Arm
    mean: float | None
    deviation: float | None
    values: int
    failures: int
    censored: int


class Extremes(Struct, frozen=True, kw_only=True):
    """The best and the worst arm by their means, the average of all means, and the mean of the reference.

    If some repeats lack values of some arms, the means are over the repeats in which every arm has a value, so that
    luck with the repeats doesn't favour an arm. ``shared`` is the number of these repeats. It is None if the means are
    over all repeats: because every arm has a value in each of them, or because no repeat has a value of every arm.

    An arm with a failed training is the best only if every arm has one; ``sound_only`` says that an arm was left aside
    for that. ``best``, ``worst`` and ``average`` are None if no arm has a value. ``arms`` counts the arms that have
    one.
    """

    best: ArmMean | None
    worst: ArmMean | None
    average: float | None
    arms: int
    reference: ArmMean | None
    shared: int | None
    sound_only: bool = False


def arm_means(cells: Sequence[Cell]) -> list[ArmMean]:
    """The results of each arm that has a cell, in the order of the arms' first cells."""
    groups: dict[frozenset[str], list[Cell]] = {}
    for cell in cells:
        groups.setdefault(frozenset(cell.arm), []).append(cell)
    means = []
    for group in groups.values():
        values = [value for cell in group if (value := compared(cell)) is not None]
        censored = sum(cell.censored for cell in group)
        means.append(
            ArmMean(
                arm=group[0].arm,
                mean=fmean(values) if values else None,
                deviation=stdev(values) if len(values) > 1 else None,
                values=len(values),
                failures=len(group) - len(values) - censored,
                censored=censored,
            )
        )
    return means


def extremes(asked: Ablation, cells: Sequence[Cell], *, maximize: bool) -> Extremes:
    """The best and the worst arm of an ablation, by its cells."""
    repeats = _repeats(cells)
    shared = frozenset.intersection(*repeats.values()) if repeats else frozenset()
    fewer = bool(shared) and any(each != shared for each in repeats.values())
    every = arm_means([cell for cell in cells if cell.repeat in shared or compared(cell) is None] if fewer else cells)
    known = [(each.mean if maximize else -each.mean, each) for each in every if each.mean is not None]
    sound = [pair for pair in known if not pair[1].failures] or known
    reference = next((each for each in every if set(each.arm) == set(asked.reference)), None)
    return Extremes(
        best=max(sound, key=_value)[1] if sound else None,
        worst=min(known, key=_value)[1] if known else None,
        average=fmean(each.mean for _, each in known if each.mean is not None) if known else None,
        arms=len(known),
        reference=reference,
        shared=len(shared) if fewer else None,
        sound_only=len(sound) < len(known),
    )


def _repeats(cells: Sequence[Cell]) -> dict[frozenset[str], frozenset[int]]:
    """For each arm the repeats in which it has a value."""
    found: dict[frozenset[str], set[int]] = {}
    for cell in cells:
        if compared(cell) is not None:
            found.setdefault(frozenset(cell.arm), set()).add(cell.repeat)
    return {arm: frozenset(repeats) for arm, repeats in found.items()}


def compared(cell: Cell) -> float | None:
    """The cell's value if it can be compared; None if the cell failed, was stopped early or has no finite value."""
    usable = cell.value is not None and not cell.censored and math.isfinite(cell.value)
    return cell.value if usable else None


def _value(pair: tuple[float, ArmMean]) -> float:
    return pair[0]
