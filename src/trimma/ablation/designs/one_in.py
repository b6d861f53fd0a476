"""The design that puts one component at a time into the bare baseline."""

from collections.abc import Sequence
from dataclasses import dataclass

from trimma.ablation.arms import BASELINE, Arm
from trimma.ablation.designs.overlap import refuse_overlap
from trimma.ablation.protocols import Asked
from trimma.ablation.question import Component
from trimma.effects import Cell


@dataclass(frozen=True)
class OneIn:
    """The bare baseline without any component, one arm for each component alone, and the whole.

    It shows what a component is worth by itself. `LeaveOneOut` shows what it is worth beside all the others.
    """

    analysis = "one-in"

    def arms(self, components: Sequence[Component], repeat: int, seen: Sequence[Cell], asked: Asked) -> Sequence[Arm]:
        refuse_overlap(components, repr(self))
        bare = tuple(component.name for component in components)
        return [bare, *(tuple(other for other in bare if other != name) for name in bare), BASELINE]

    def trainings(self, components: Sequence[Component], repeats: int) -> int:
        return repeats * (2 + len(components))
