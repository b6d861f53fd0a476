"""What the arms of an ablation came to, and which came out best and worst."""

import math
from collections.abc import Sequence
from statistics import fmean, stdev

from msgspec import Struct

from trimma.ablation.arms import Arm
from trimma.ablation.question import Ablation
from trimma.effects import Cell


class ArmMean(Struct, frozen=True, kw_only=True):
    """The values of an arm that can be compared: their ``mean`` (None without any), spread and number.

    ``deviation`` is their standard deviation, None of fewer than two; ``failures`` and ``censored`` count the others.
    """

    arm: Arm
    mean: float | None
    deviation: float | None
    values: int
    failures: int
    censored: int


class Extremes(Struct, frozen=True, kw_only=True):
    """The best and the worst arm by their means, the average of all means, and what the reference came to.

    Means are over the repeats that all arms have values in, ``shared`` of them, so that all had the same luck with
    these; where there is no such repeat, or no other, ``shared`` is None. An arm of which a training failed is never
    the best. None of them is there without a value.
    """

    best: ArmMean | None
    worst: ArmMean | None
    average: float | None
    arms: int
    reference: ArmMean | None
    shared: int | None


def arm_means(cells: Sequence[Cell]) -> list[ArmMean]:
    """Each arm that has a cell, in the order in which they first came in."""
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
    """Which arms came out best and worst."""
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
    )


def _repeats(cells: Sequence[Cell]) -> dict[frozenset[str], frozenset[int]]:
    """In which repeats each arm has a value."""
    found: dict[frozenset[str], set[int]] = {}
    for cell in cells:
        if compared(cell) is not None:
            found.setdefault(frozenset(cell.arm), set()).add(cell.repeat)
    return {arm: frozenset(repeats) for arm, repeats in found.items()}


def compared(cell: Cell) -> float | None:
    """The cell's value; None where it failed, was stopped early or isn't finite."""
    usable = cell.value is not None and not cell.censored and math.isfinite(cell.value)
    return cell.value if usable else None


def _value(pair: tuple[float, ArmMean]) -> float:
    return pair[0]
