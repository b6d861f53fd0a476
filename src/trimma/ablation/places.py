"""The places of an ablation's trials: the keys that a place has, and which cell it stands for."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from trimma.ablation.arms import Arm

WITHOUT, REPEAT, AGAIN = "without", "repeat", "again"
"""The keys of a place: what is left out, in which repeat, and which of the arm's trainings in that repeat it is."""


class CellKey(NamedTuple):
    """Names a cell: its arm, its repeat (from 0), and which of the arm's cells in that repeat it is (from 0)."""

    arm: Arm
    repeat: int
    again: int = 0


def arm_of(place: Mapping[str, Any]) -> Arm:
    """The arm of a trial at this place: the components that it leaves out."""
    return tuple(place[WITHOUT])


def key_of(place: Mapping[str, Any]) -> CellKey:
    """The cell that a trial at this place belongs to."""
    return CellKey(arm_of(place), place[REPEAT], place.get(AGAIN, 0))


def place_of(key: CellKey, *, searched: bool = False) -> dict[str, Any]:
    """The place of a cell's trials.

    If an arm has several cells in a repeat, the places of all but the first hold the cell's number under ``AGAIN``.
    With ``searched`` the first holds its number too, so that its place names the trials of this cell and no others.
    """
    place: dict[str, Any] = {WITHOUT: list(key.arm), REPEAT: key.repeat}
    return {**place, AGAIN: key.again} if key.again or searched else place


def keys_of(arms: Sequence[Arm], repeat: int) -> Iterator[CellKey]:
    """The cells of a repeat's arms: one for each time that an arm is named."""
    if len(set(arms)) == len(arms):
        yield from (CellKey(arm, repeat) for arm in arms)
        return
    seen: Counter[Arm] = Counter()
    for arm in arms:
        yield CellKey(arm, repeat, seen[arm])
        seen[arm] += 1
