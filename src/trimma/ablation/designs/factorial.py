"""Leave out many components at a time, in a balanced way: the cheapest way to see many main effects."""

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
"""More arms than this are hardly meant."""


@dataclass(frozen=True)
class Factorial:
    """All 2^n combinations of n components, or, with ``resolution`` (3, 4 or 5), a fraction of them.

    With resolution IV main effects are clear of pairwise interactions, with V these are clear of each other too (Box,
    Hunter & Hunter, *Statistics for Experimenters*, 2005, chapter 6). A fraction needs the package pydoe.
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

    Each component is left out in half of the arms, so that each of its main effects rests on all trainings: at 10
    components they are known as well as from several times as many trainings that leave out one at a time. They are
    averages over half-ablated wholes, clear of pairwise interactions. Needs the package pydoe.
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
        # a fraction of so few would be no fraction
        return _factorial(names, None)
    return _with_baseline(names, (_pydoe().fracfact_by_res(len(names), resolution) > 0).tolist())


@lru_cache
def _screening(names: tuple[str, ...]) -> Sequence[Arm]:
    pydoe = _pydoe()
    return _with_baseline(names, (pydoe.fold(pydoe.pbdesign(len(names))) > 0).tolist())


def _with_baseline(names: tuple[str, ...], rows: list[list[bool]]) -> Sequence[Arm]:
    """The rows as arms, each once; the baseline is the first of them, also where the design goes without it."""
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
