"""Leave one component out at a time."""

from collections.abc import Sequence
from dataclasses import dataclass

from trimma.ablation.ports import Asked
from trimma.effects import Cell
from trimma.errors import UsageError
from trimma.study import BASELINE, Arm, Component


@dataclass(frozen=True)
class LeaveOneOut:
    """The baseline, and each component left out of it: one training more than there are components, each repeat.

    Of two components that can stand in for each other both come out as worth nothing: `Pairwise` shows that.
    """

    analysis = "contrasts"

    def arms(self, components: Sequence[Component], repeat: int, seen: Sequence[Cell], asked: Asked) -> Sequence[Arm]:
        return [BASELINE, *((component.name,) for component in components)]

    def trainings(self, components: Sequence[Component], repeats: int) -> int:
        return repeats * (1 + len(components))


@dataclass(frozen=True)
class LeaveOneGroupOut:
    """The baseline, and each group of components left out of it; what stands alone is left in."""

    analysis = "contrasts"

    def arms(self, components: Sequence[Component], repeat: int, seen: Sequence[Cell], asked: Asked) -> Sequence[Arm]:
        return [BASELINE, *((group.name,) for group in _groups(components))]

    def trainings(self, components: Sequence[Component], repeats: int) -> int:
        return repeats * (1 + len(_groups(components)))


def _groups(components: Sequence[Component]) -> Sequence[Component]:
    groups = [component for component in components if len(component.members) > 1]
    if not groups:
        raise UsageError(
            "there is no group to leave out: make one with group=[...], groups=[...] or prefix=..., "
            "or take design='leave-one-out' for single components"
        )
    return groups
