"""Where the trials of an ablation belong: the keys of their places, and what these mean."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from trimma.ablation.arms import Arm

WITHOUT, REPEAT, AGAIN = "without", "repeat", "again"
"""The keys: what is left out, in which repeat, which of several trainings there."""


class CellKey(NamedTuple):
    """Which cell a trial belongs to: an arm in a repeat, and which of the arm's cells there it is (from 0)."""

    arm: Arm
    repeat: int
    again: int = 0


def arm_of(place: Mapping[str, Any]) -> Arm:
    """What a trial at this place leaves out."""
    return tuple(place[WITHOUT])


def key_of(place: Mapping[str, Any]) -> CellKey:
    """The cell that a trial at this place belongs to."""
    return CellKey(arm_of(place), place[REPEAT], place.get(AGAIN, 0))


def place_of(key: CellKey, *, searched: bool = False) -> dict[str, Any]:
    """The place of a cell's trials.

    The first of an arm's cells is told from the others of its repeat by the lack of a number. In a cell that is
    ``searched`` it has its number too, so that the cell's trials are a part of the study.
    """
    place: dict[str, Any] = {WITHOUT: list(key.arm), REPEAT: key.repeat}
    return {**place, AGAIN: key.again} if key.again or searched else place


def keys_of(arms: Sequence[Arm], repeat: int) -> Iterator[CellKey]:
    """The cells of the arms of a repeat; an arm that is named several times has as many."""
    if len(set(arms)) == len(arms):
        yield from (CellKey(arm, repeat) for arm in arms)
        return
    seen: Counter[Arm] = Counter()
    for arm in arms:
        yield CellKey(arm, repeat, seen[arm])
        seen[arm] += 1
