"""Makes the inputs of an ablation's trial from its place: the whole without some of its components."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from trimma.ablation.places import key_of
from trimma.ablation.protocols import ComponentKind
from trimma.ablation.question import Component
from trimma.ablation.repeat_kinds import RepeatKind, split_of
from trimma.program import Inputs, derived


@dataclass(frozen=True)
class Whole:
    """The whole, and its components under the kind that can take them out.

    ``params`` are the arguments of the whole. All arms of a repeat get the same ``split``, which follows from what a
    ``repeat`` is (`trimma.ablation.repeat_kinds.split_of`). Every trial has a ``seed``
    of its own, which is the same whenever and wherever the trial is run.
    """

    params: Mapping[str, Any]
    kinds: Sequence[tuple[ComponentKind, Sequence[Component]]]
    repeat: RepeatKind | None = None

    def inputs(self, place: Mapping[str, Any], whole: Inputs) -> Inputs:
        (arm, number, again), chosen = key_of(place), whole.params
        split = split_of(self.repeat, whole.split, number)
        inputs = replace(
            whole,
            params={**self.params, **chosen},
            split=split,
            seed=derived(split, arm, sorted(chosen.items()), *([again] if again else [])),
        )
        for kind, components in self.kinds:
            inputs = kind.remove(inputs, [component for component in components if component.name in arm])
        return inputs
