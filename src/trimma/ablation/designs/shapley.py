"""The design for Shapley values: a component's worth, on average over all orders of putting components in."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from trimma.ablation.arms import BASELINE, Arm
from trimma.ablation.designs.overlap import refuse_overlap
from trimma.ablation.protocols import Asked
from trimma.ablation.question import Component
from trimma.effects import Cell
from trimma.program import derived


@dataclass(frozen=True)
class Shapley:
    """Shapley values, estimated from one random order of the components in each repeat.

    In each repeat the components are left out one after the other, from the whole to the bare baseline, and each
    component is credited with the change at its step (Castro, Gómez & Tejada 2009). Every second repeat takes the
    reverse of the order of the repeat before it, which makes the estimate more precise (Mitchell et al. 2022). The
    values add up to the difference between the whole and the bare baseline.
    """

    analysis = "shapley"

    def arms(self, components: Sequence[Component], repeat: int, seen: Sequence[Cell], asked: Asked) -> Sequence[Arm]:
        refuse_overlap(components, repr(self))
        names = [component.name for component in components]
        order = np.random.default_rng(derived(asked.seed, "order", repeat // 2)).permutation(len(names)).tolist()
        if repeat % 2:
            order.reverse()
        out: list[Arm] = [BASELINE]
        for count in range(1, len(names) + 1):
            gone = set(order[:count])
            out.append(tuple(name for place, name in enumerate(names) if place in gone))
        return out

    def trainings(self, components: Sequence[Component], repeats: int) -> int:
        return repeats * (1 + len(components))
