"""Decides how often each arm is repeated: a fixed number of times, or until it is settled."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import isqrt
from typing import Protocol

from trimma.ablation.arms import Arm
from trimma.ablation.places import CellKey, keys_of
from trimma.ablation.question import Ablation
from trimma.effects import LOOKS, Cell, RaceStanding, race_standing


class Repeats(Protocol):
    """A rule for how often arms are repeated. ``most`` is the greatest number of repeats."""

    @property
    def most(self) -> int: ...

    def pending(self, arms: Sequence[Arm], repeat: int, seen: Sequence[Cell], *, maximize: bool) -> Sequence[Arm]:
        """Those of the ``arms`` that are still worth running in this repeat. The first of the arms is the reference."""
        ...


@dataclass(frozen=True)
class FixedRepeats:
    """Every arm is repeated equally often."""

    most: int

    def pending(self, arms: Sequence[Arm], repeat: int, seen: Sequence[Cell], *, maximize: bool) -> Sequence[Arm]:
        return arms


@dataclass(frozen=True)
class AdaptiveRepeats:
    """Racing: components drop out at each look when they are settled, or when they won't be settled by the last look.

    ``looks`` are the numbers of repeats after which results are looked at. A look after n repeats is taken once all
    cells of these repeats that were worth running have ended. Until then, all arms that are still in the race may begin
    the next repeat. If the reference is trained several times in each repeat, it is trained at most as often as the
    square root of the number of arms that it is compared with. `trimma.effects.race_standing` says what settles a
    component, and how the error over all looks is kept within what was asked for.
    """

    looks: tuple[int, ...] = LOOKS
    confidence: float = 0.95
    smallest: float | None = None
    overlap: float = 0.0

    @property
    def most(self) -> int:
        return self.looks[-1]

    def pending(self, arms: Sequence[Arm], repeat: int, seen: Sequence[Cell], *, maximize: bool) -> Sequence[Arm]:
        left, before, looked_at = list(arms), 0, list[Cell]()
        ended = {CellKey(cell.arm, cell.repeat, cell.again): cell for cell in seen}
        for look in self.looks:
            if look > repeat or len(set(left)) < 2:
                break
            wanted = [key for each in range(before, look) for key in keys_of(left, each)]
            if not all(key in ended for key in wanted):
                break
            # cells of later repeats may have been begun early; without them a look's answer never changes afterwards
            looked_at += [ended[key] for key in wanted]
            still = racing(
                tuple(looked_at),
                tuple(arms),
                look,
                self.looks,
                maximize=maximize,
                confidence=self.confidence,
                smallest=self.smallest,
                overlap=self.overlap,
            )
            others = [arm for arm in left if arm in still and arm != arms[0]]
            # the fewer arms are left to compare with the reference, the fewer trainings of it are worth their cost
            left = [arms[0]] * min(left.count(arms[0]), max(1, isqrt(len(others)))) + others
            before = look
        return left if len(set(left)) > 1 else []


def repeats_of(asked: Ablation) -> Repeats:
    """The repeats that an ablation asks for."""
    if asked.looks:
        return AdaptiveRepeats(asked.looks, asked.confidence, asked.smallest, asked.overlap)
    return FixedRepeats(asked.repeats)


def racing(
    cells: tuple[Cell, ...],
    arms: tuple[Arm, ...],
    look: int,
    looks: tuple[int, ...],
    *,
    maximize: bool,
    confidence: float = 0.95,
    smallest: float | None = None,
    overlap: float = 0.0,
) -> frozenset[Arm]:
    """The first arm, and all arms whose difference from it is worth more repeats after the first ``look`` repeats."""
    standing = _standing(cells, arms, look, looks, maximize, confidence, smallest, overlap)
    return frozenset({arms[0], *(arms[int(name)] for name in standing.racing)})


def settled(
    cells: tuple[Cell, ...], arms: tuple[Arm, ...], look: int, looks: tuple[int, ...], *, maximize: bool
) -> frozenset[Arm]:
    """The arms whose difference from the first arm is known after the first ``look`` repeats."""
    return frozenset(arms[int(name)] for name in _standing(cells, arms, look, looks, maximize, 0.95, None, 0.0).settled)


@lru_cache(maxsize=64)  # asked again at each end of a training, mostly about the same cells
def _standing(
    cells: tuple[Cell, ...],
    arms: tuple[Arm, ...],
    look: int,
    looks: tuple[int, ...],
    maximize: bool,
    confidence: float,
    smallest: float | None,
    overlap: float,
) -> RaceStanding:
    """Where the race of all arms against the first stands. Arms are named by their places."""
    named = {str(place): arm for place, arm in enumerate(arms) if arm != arms[0]}
    return race_standing(
        cells,
        list(named),
        look=look,
        looks=looks,
        maximize=maximize,
        confidence=confidence,
        smallest=smallest,
        overlap=overlap,
        reference=arms[0],
        arms=named,
    )
