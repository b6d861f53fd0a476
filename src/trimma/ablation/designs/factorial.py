"""Designs that leave out many components at a time, in balance. They are the cheapest way to see main effects."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import Any

from trimma.ablation.arms import BASELINE, Arm
from trimma.ablation.designs.overlap import refuse_overlap
from trimma.ablation.protocols import Asked
from trimma.ablation.question import Component
from trimma.effects import Cell
from trimma.errors import MissingExtra, UsageError

_MOST = 2**16
"""The greatest number of arms of a full factorial design; more are refused."""


@dataclass(frozen=True)
class Factorial:
    """All 2^n combinations of n components, or, with ``resolution`` (3, 4 or 5), a fraction of them.

    With resolution 4 (written IV) main effects are not confounded with interactions of pairs. With resolution 5 (V),
    interactions of pairs are not confounded with each other either (Box, Hunter & Hunter, *Statistics for
    Experimenters*, 2005, chapter 6). The default is all combinations. A fraction needs the package pydoe.
    """

    resolution: int | None = None

    analysis = "main-effects"

    def __post_init__(self) -> None:
        if self.resolution not in (None, 3, 4, 5):
            raise UsageError(f"Factorial(resolution={self.resolution!r}): take 3, 4 or 5, or None for all combinations")

    def arms(self, components: Sequence[Component], repeat: int, seen: Sequence[Cell], asked: Asked) -> Sequence[Arm]:
        return _factorial(_names(components, repr(self)), self.resolution)

    def trainings(self, components: Sequence[Component], repeats: int) -> int:
        return repeats * len(_factorial(_names(components, repr(self)), self.resolution))


@dataclass(frozen=True)
class Screening:
    """The design of Plackett & Burman (1946) with its mirror image: about two arms for each component.

    Each component is left out in half of the arms, so that every main effect is estimated from all trainings. With 10
    components, to leave out one component at a time would take several times as many trainings for the same precision.
    The effects are averages over wholes of which half is left out, and are not confounded with interactions of pairs.
    Needs the package pydoe.
    """

    analysis = "main-effects"

    def arms(self, components: Sequence[Component], repeat: int, seen: Sequence[Cell], asked: Asked) -> Sequence[Arm]:
        return _screening(_names(components, repr(self)))

    def trainings(self, components: Sequence[Component], repeats: int) -> int:
        return repeats * len(_screening(_names(components, repr(self))))


def _names(components: Sequence[Component], design: str) -> tuple[str, ...]:
    refuse_overlap(components, design)
    return tuple(component.name for component in components)


@lru_cache
def _factorial(names: tuple[str, ...], resolution: int | None) -> Sequence[Arm]:
    if resolution is None:
        if 2 ** len(names) > _MOST:
            raise UsageError(
                f"{len(names)} components have {2 ** len(names):,} combinations: take Factorial(resolution=4) or "
                "Screening()"
            )
        return [_arm(names, row) for row in product((False, True), repeat=len(names))]
    if len(names) <= resolution:
        # with so few components a fraction would have all combinations
        return _factorial(names, None)
    return _with_baseline(names, (_pydoe().fracfact_by_res(len(names), resolution) > 0).tolist())


@lru_cache
def _screening(names: tuple[str, ...]) -> Sequence[Arm]:
    pydoe = _pydoe()
    return _with_baseline(names, (pydoe.fold(pydoe.pbdesign(len(names))) > 0).tolist())


def _with_baseline(names: tuple[str, ...], rows: list[list[bool]]) -> Sequence[Arm]:
    """The rows as arms, each once, after the baseline, which is added if the design lacks it."""
    arms = [_arm(names, row) for row in rows]
    return list(dict.fromkeys([BASELINE, *arms]))


def _arm(names: tuple[str, ...], row: Sequence[bool]) -> Arm:
    return tuple(name for name, out in zip(names, row, strict=True) if out)


def _pydoe() -> Any:
    try:
        import pydoe
    except ImportError as error:
        raise MissingExtra("pydoe", "ablation", "a fractional design") from error
    return pydoe
