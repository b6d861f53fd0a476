"""The design that leaves out every component and every pair of components."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from trimma.ablation.arms import BASELINE, Arm
from trimma.ablation.designs.overlap import refuse_overlap
from trimma.ablation.protocols import Asked
from trimma.ablation.question import Component
from trimma.effects import Cell


@dataclass(frozen=True)
class Pairwise:
    """The baseline, one arm for each component, and one arm for each pair of components.

    The interaction of a pair is the change when both are left out, minus the sum of the changes when each is left out
    alone. It shows components that stand in for each other, and components that are useful only together.
    """

    analysis = "interactions"

    def arms(self, components: Sequence[Component], repeat: int, seen: Sequence[Cell], asked: Asked) -> Sequence[Arm]:
        refuse_overlap(components, repr(self))
        names = [component.name for component in components]
        return [BASELINE, *((name,) for name in names), *combinations(names, 2)]

    def trainings(self, components: Sequence[Component], repeats: int) -> int:
        count = len(components)
        return repeats * (1 + count + count * (count - 1) // 2)
