"""The design that goes from the bare baseline to the whole, one component at a time."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from trimma.ablation.arms import Arm
from trimma.ablation.designs.overlap import refuse_overlap
from trimma.ablation.protocols import Asked
from trimma.ablation.question import Component
from trimma.ablation.repeats import racing
from trimma.effects import LOOKS, Cell


@dataclass(frozen=True)
class AblationPath:
    """A path from the bare baseline to the whole, one component at a time (Fawcett & Hoos 2016).

    Each step tries every component that is still out, each by itself, and puts in the one that helps most. With
    ``race`` (default True), a candidate that has clearly fallen behind after 3, 6, 12... repeats isn't repeated further
    in that step.

    `trimma.explain` uses it for the settings in which two configs differ, to show which of them made the difference.
    Commonly one to four settings explain nearly all of the gain.
    """

    race: bool = True

    analysis = "path"

    def arms(self, components: Sequence[Component], repeat: int, seen: Sequence[Cell], asked: Asked) -> Sequence[Arm]:
        refuse_overlap(components, repr(self))
        bare = tuple(component.name for component in components)
        found, chosen = [bare], bare
        while chosen:
            candidates = [tuple(name for name in chosen if name != put_in) for put_in in chosen]
            step = _Step(candidates, [cell for cell in seen if cell.arm in candidates], asked, race=self.race)
            found += step.running(repeat)
            best = step.chosen()
            if best is None:
                break
            chosen = best
        return found

    def trainings(self, components: Sequence[Component], repeats: int) -> int:
        count = len(components)
        return repeats * (1 + count * (count + 1) // 2)


class _Step:
    """One step of the path, which chooses one of several candidates."""

    def __init__(self, candidates: Sequence[Arm], cells: Sequence[Cell], asked: Asked, *, race: bool) -> None:
        self._candidates, self._cells, self._asked = candidates, cells, asked
        self._looks = [look for look in LOOKS if look < asked.repeats] if race and len(candidates) > 1 else []

    def running(self, repeat: int) -> Sequence[Arm]:
        """The candidates that are run in a repeat. Empty while it isn't known yet which of them are."""
        left = self._candidates
        for look in self._looks:
            if look > repeat:
                break
            early = self._ended(left, look)
            if early is None:
                return []
            left = self._survivors(left, early, look)
        return left

    def chosen(self) -> Arm | None:
        """The candidate with the best mean over all repeats. None while cells are missing, or if all have failed."""
        repeats = self._asked.repeats
        left = self.running(repeats)
        ended = self._ended(left, repeats) if left else None
        if ended is None:
            return None
        best = self._leader(left, ended)
        return best if math.isfinite(self._worth(best, ended)) else None

    def _ended(self, arms: Sequence[Arm], repeats: int) -> list[Cell] | None:
        """The cells of the arms in the first ``repeats``; None until all of these cells have ended."""
        cells = [cell for cell in self._cells if cell.arm in arms and cell.repeat < repeats]
        return cells if len(cells) == len(arms) * repeats else None

    def _survivors(self, arms: Sequence[Arm], cells: Sequence[Cell], look: int) -> Sequence[Arm]:
        leader = self._leader(arms, cells)
        others = [arm for arm in self._candidates if arm != leader]
        looks = (*self._looks, self._asked.repeats)
        still = racing(tuple(cells), (leader, *others), look, looks, maximize=self._asked.maximize)
        return [arm for arm in arms if arm in still]

    def _leader(self, arms: Sequence[Arm], cells: Sequence[Cell]) -> Arm:
        return max(arms, key=lambda arm: self._worth(arm, cells))

    def _worth(self, arm: Arm, cells: Sequence[Cell]) -> float:
        """The arm's mean, turned so that greater is better. An arm with a failure is worse than any arm without one."""
        values = [cell.value for cell in cells if cell.arm == arm]
        if not values or any(value is None for value in values):
            return -math.inf
        mean = fmean(value for value in values if value is not None)
        return mean if self._asked.maximize else -mean
