"""Leave one component out at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Integral

from trimma.ablation.arms import BASELINE, Arm
from trimma.ablation.protocols import Asked
from trimma.ablation.question import Component
from trimma.effects import Cell
from trimma.errors import UsageError


@dataclass(frozen=True)
class LeaveOneOut:
    """The baseline, and one arm for each component, which leaves it out.

    Each repeat takes one training more than there are components. If two components can stand in for each other, both
    look worthless here; `Pairwise` shows such pairs.

    ``baselines`` is how often each repeat trains the baseline (default 1), each time with another seed. Every
    difference is from the baseline, and so all differences share its error. It is most efficient to train the baseline
    as often as the square root of the number of components (Dunnett, JASA 1955): with ten components, 5 repeats with
    three baselines each tell as much as 7 or 8 repeats with one, for 65 trainings in place of 77 or 88. It doesn't help
    where only the data split makes one training differ from the next. With adaptive repeats there are fewer baselines
    after the first look.

    Raises `UsageError` if ``baselines`` isn't a whole number from 1 on.
    """

    baselines: int = 1

    analysis = "contrasts"

    def __post_init__(self) -> None:
        _check(self, self.baselines)

    def arms(self, components: Sequence[Component], repeat: int, seen: Sequence[Cell], asked: Asked) -> Sequence[Arm]:
        return _arms(self.baselines, components)

    def trainings(self, components: Sequence[Component], repeats: int) -> int:
        return repeats * len(_arms(self.baselines, components))


@dataclass(frozen=True)
class LeaveOneGroupOut:
    """The baseline, and one arm for each component that is a group, which leaves it out.

    Components with a single member are never left out. ``baselines`` is as for `LeaveOneOut` (default 1). Raises
    `UsageError` if there is no group.
    """

    baselines: int = 1

    analysis = "contrasts"

    def __post_init__(self) -> None:
        _check(self, self.baselines)

    def arms(self, components: Sequence[Component], repeat: int, seen: Sequence[Cell], asked: Asked) -> Sequence[Arm]:
        return _arms(self.baselines, _groups(components))

    def trainings(self, components: Sequence[Component], repeats: int) -> int:
        return repeats * len(_arms(self.baselines, _groups(components)))


def _arms(baselines: int, components: Sequence[Component]) -> Sequence[Arm]:
    return [BASELINE] * baselines + [(component.name,) for component in components]


def _check(design: object, baselines: object) -> None:
    if isinstance(baselines, bool) or not isinstance(baselines, Integral) or int(baselines) < 1:
        raise UsageError(f"{design!r}: baselines must be a whole number from 1 on")


def _groups(components: Sequence[Component]) -> Sequence[Component]:
    groups = [component for component in components if len(component.members) > 1]
    if not groups:
        raise UsageError(
            "there is no group to leave out: make one with group=[...], groups=[...] or prefix=..., "
            "or take design='leave-one-out' for single components"
        )
    return groups
