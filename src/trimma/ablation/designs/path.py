"""The design that goes from the bare baseline to the whole, one component at a time."""

from collections.abc import Sequence
from dataclasses import dataclass

from trimma.ablation.arms import Arm
from trimma.ablation.best_arm import best_arm, gives_values
from trimma.ablation.designs.overlap import refuse_overlap
from trimma.ablation.protocols import Asked
from trimma.ablation.question import Component
from trimma.ablation.repeats import settled
from trimma.effects import LOOKS, Cell


@dataclass(frozen=True)
class AblationPath:
    """A path from the bare baseline to the whole, one component at a time (Fawcett & Hoos 2016).

    Each step tries every component that is still out, each by itself, and puts in the one that helps most. With
    ``race`` (default True), a candidate that is known to be worse than the best one after 3, 6, 12... repeats isn't
    repeated further in that step. A candidate that fails in half of the repeats or more is never put in. A failure does
    not count otherwise.

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
        """The candidate with the best mean over all repeats. None while cells are missing, or if all fail mostly."""
        repeats = self._asked.repeats
        left = self.running(repeats)
        ended = self._ended(left, repeats) if left else None
        return None if ended is None else best_arm(left, ended, repeats, maximize=self._asked.maximize)

    def _ended(self, arms: Sequence[Arm], repeats: int) -> list[Cell] | None:
        """The cells of the arms in the first ``repeats``; None until all of these cells have ended."""
        cells = [cell for cell in self._cells if cell.arm in arms and cell.repeat < repeats]
        return cells if len(cells) == len(arms) * repeats else None

    def _survivors(self, arms: Sequence[Arm], cells: list[Cell], look: int) -> Sequence[Arm]:
        """The arms that may still be the best: those neither settled against the leader nor failing mostly."""
        leader = best_arm(arms, cells, look, maximize=self._asked.maximize)
        if leader is None:
            return arms
        others = [arm for arm in self._candidates if arm != leader]
        looks = (*self._looks, self._asked.repeats)
        gone = settled(tuple(cells), (leader, *others), look, looks, maximize=self._asked.maximize)
        able = [arm for arm in arms if gives_values(arm, cells, self._asked.repeats, ahead=self._asked.repeats - look)]
        return [arm for arm in able or arms if arm not in gone]
