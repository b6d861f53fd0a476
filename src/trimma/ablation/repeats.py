"""How often each arm is repeated: as often as asked, or until it is settled."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import isqrt
from typing import Protocol

from trimma.ablation.arms import Arm
from trimma.ablation.places import CellKey, keys_of
from trimma.ablation.question import Ablation
from trimma.effects import LOOKS, Cell, race_standing


class Repeats(Protocol):
    """``most`` is how many repeats there are at most."""

    @property
    def most(self) -> int: ...

    def pending(self, arms: Sequence[Arm], repeat: int, seen: Sequence[Cell], *, maximize: bool) -> Sequence[Arm]:
        """Those of a repeat's arms that are still worth running in it; the first is the reference."""
        ...


@dataclass(frozen=True)
class FixedRepeats:
    """Every arm as often as the others."""

    most: int

    def pending(self, arms: Sequence[Arm], repeat: int, seen: Sequence[Cell], *, maximize: bool) -> Sequence[Arm]:
        return arms


@dataclass(frozen=True)
class AdaptiveRepeats:
    """Racing: at each of ``looks`` the components drop out that are settled, or won't be by the last look.

    A look at the first n repeats is taken when all of their cells that were worth running have ended; until then, the
    next repeat is worth beginning for all that are in the race. A reference that is trained several times in a repeat
    is trained no more often than the square root of how many are in the race. See `trimma.effects.race_standing` for
    what settles a component without more than the error asked for over all looks.
    """

    looks: tuple[int, ...] = LOOKS
    confidence: float = 0.95
    smallest: float | None = None

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
            # and nothing else, that may have been begun early: a look's answer must not change afterwards
            looked_at += [ended[key] for key in wanted]
            still = racing(
                tuple(looked_at),
                tuple(arms),
                look,
                self.looks,
                maximize=maximize,
                confidence=self.confidence,
                smallest=self.smallest,
            )
            others = [arm for arm in left if arm in still and arm != arms[0]]
            # with fewer to compare with it, the reference needs to be known less well than any of them
            left = [arms[0]] * min(left.count(arms[0]), max(1, isqrt(len(others)))) + others
            before = look
        return left if len(set(left)) > 1 else []


def repeats_of(asked: Ablation) -> Repeats:
    """The repeats that an ablation asks for."""
    if asked.looks:
        return AdaptiveRepeats(asked.looks, asked.confidence, asked.smallest)
    return FixedRepeats(asked.repeats)


@lru_cache(maxsize=64)  # it is asked again with each training that ends, and looks at the same cells each time
def racing(
    cells: tuple[Cell, ...],
    arms: tuple[Arm, ...],
    look: int,
    looks: tuple[int, ...],
    *,
    maximize: bool,
    confidence: float = 0.95,
    smallest: float | None = None,
) -> frozenset[Arm]:
    """The first of the arms, and those whose difference from it is worth more repeats after ``look`` of them."""
    named = {str(place): arm for place, arm in enumerate(arms) if arm != arms[0]}
    standing = race_standing(
        cells,
        list(named),
        look=look,
        looks=looks,
        maximize=maximize,
        confidence=confidence,
        smallest=smallest,
        reference=arms[0],
        arms=named,
    )
    return frozenset({arms[0], *(named[name] for name in standing.racing)})
