"""How often each arm is repeated: as often as asked, or until it is settled."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

from trimma.effects import LOOKS, Cell, decided
from trimma.study import Arm


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
    next repeat is worth beginning for all that are in the race. See `trimma.effects.decided` for what settles a
    component without more than the error asked for over all looks.
    """

    looks: tuple[int, ...] = LOOKS
    confidence: float = 0.95
    smallest: float | None = None

    @property
    def most(self) -> int:
        return self.looks[-1]

    def pending(self, arms: Sequence[Arm], repeat: int, seen: Sequence[Cell], *, maximize: bool) -> Sequence[Arm]:
        left = list(arms)
        for look in self.looks:
            if look > repeat or len(left) < 2:
                break
            early = [cell for cell in seen if cell.repeat < look]
            if sum(cell.arm in left for cell in early) < look * len(left):
                break
            still = racing(
                tuple(early),
                tuple(arms),
                look,
                self.looks,
                maximize=maximize,
                confidence=self.confidence,
                smallest=self.smallest,
            )
            left = [arm for arm in left if arm in still]
        return left if len(left) > 1 else []


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
    named = {str(place): arm for place, arm in enumerate(arms) if place}
    standing = decided(
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
