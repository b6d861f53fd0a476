"""The arms of an ablation: what each came to, and how it compares repeat by repeat."""

import math
from collections.abc import Mapping, Sequence
from statistics import fmean, stdev

from msgspec import Struct

from trimma.effects import Cell
from trimma.study import Ablation, Arm


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


def paired(asked: Ablation, cells: Sequence[Cell], names: Sequence[str]) -> Mapping[str, list[tuple[int, float]]]:
    """The differences of each of ``names`` within single repeats, as (repeat, difference), in the order of repeats.

    They are those whose mean an effect estimates: one arm less another in most designs; what both halves of the
    arms differ by on average in a design of main effects; the change at a component's place in the order of its
    repeat for Shapley values; for a path, whose order ``names`` is, the change that its step undoes.
    """
    blocks: dict[int, dict[frozenset[str], list[float]]] = {}
    for cell in cells:
        value = compared(cell)
        if value is not None:
            blocks.setdefault(cell.repeat, {}).setdefault(frozenset(cell.arm), []).append(value)
    found: dict[str, list[tuple[int, float]]] = {name: [] for name in names}
    for repeat in sorted(blocks):
        values = {arm: fmean(each) for arm, each in blocks[repeat].items()}
        for place, name in enumerate(names):
            difference = _difference(asked, values, names, place)
            if difference is not None:
                found[name].append((repeat, difference))
    return found


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


def _difference(
    asked: Ablation, values: Mapping[frozenset[str], float], names: Sequence[str], place: int
) -> float | None:
    name = names[place]
    match asked.analysis:
        case "main-effects":
            without = [value for arm, value in values.items() if name in arm]
            whole = [value for arm, value in values.items() if name not in arm]
            return fmean(without) - fmean(whole) if without and whole else None
        case "shapley":
            # one order in each repeat: no more than one of its steps is this component's
            return next(
                (_less(values, arm, arm - {name}) for arm in values if name in arm and arm - {name} in values), None
            )
        case "path":
            chain = _chain(asked, names)
            return _less(values, chain[place], chain[place + 1])
        case "one-in":
            bare = frozenset(asked.reference)
            return _less(values, bare - {name}, bare)
        case _:
            return _less(values, frozenset({name}), frozenset(asked.reference))


def _chain(asked: Ablation, names: Sequence[str]) -> list[frozenset[str]]:
    """The arms of a path that puts ``names`` in, from the bare baseline on."""
    out = [frozenset(component.name for component in asked.components)]
    for name in names:
        out.append(out[-1] - {name})
    return out


def _less(values: Mapping[frozenset[str], float], arm: frozenset[str], other: frozenset[str]) -> float | None:
    return values[arm] - values[other] if arm in values and other in values else None


def _value(pair: tuple[float, ArmMean]) -> float:
    return pair[0]
