"""Leave out every component and every pair of components."""

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
    """The baseline, each component left out, and each pair.

    The interaction of a pair is what leaving out both changes beyond the sum of what each changes by itself: it
    shows components that stand in for each other, and those that are of use only together.
    """

    analysis = "interactions"

    def arms(self, components: Sequence[Component], repeat: int, seen: Sequence[Cell], asked: Asked) -> Sequence[Arm]:
        refuse_overlap(components, repr(self))
        names = [component.name for component in components]
        return [BASELINE, *((name,) for name in names), *combinations(names, 2)]

    def trainings(self, components: Sequence[Component], repeats: int) -> int:
        count = len(components)
        return repeats * (1 + count + count * (count - 1) // 2)
