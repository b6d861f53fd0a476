"""Which branch of a space each trial belongs to: first every branch once, then those with variables in turn."""

from dataclasses import dataclass
from math import gcd

from trimma.space import Space


@dataclass(frozen=True, slots=True)
class Visit:
    """The visit number ``turn`` (from 0) of the branch number ``branch``."""

    branch: int
    turn: int


class Visits:
    """The order of visits to a space's branches. Visit ``n`` is a function of ``n`` alone.

    Branches are visited in their own order. If there are more branches than ``trials``, the order is spread over all of
    them by a fixed step that has no common factor with their number.
    """

    def __init__(self, space: Space, trials: int | None) -> None:
        self._count = len(space.branches)
        self._step = 1
        if trials is not None and self._count > trials:
            self._step = _coprime(self._count, round(self._count * 0.618))
        self._varying = [(start, stop) for start, stop in space.branches.spans() if not space.branches[start].is_fixed]

    def __getitem__(self, number: int) -> Visit | None:
        """The visit of trial ``number`` (from 0). None when each branch has been visited and none has variables."""
        if number < self._count:
            return Visit(number * self._step % self._count, 0)
        lengths = [stop - start for start, stop in self._varying]
        if not lengths:
            return None
        turn, place = divmod(number - self._count, sum(lengths))
        for (start, _), length in zip(self._varying, lengths, strict=True):
            if place < length:
                return Visit(start + place, turn + 1)
            place -= length
        raise AssertionError("unreachable: place is below the sum of the lengths")


def _coprime(count: int, near: int) -> int:
    step = max(1, near)
    while gcd(step, count) != 1:
        step += 1
    return step
