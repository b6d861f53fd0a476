"""Which branch of a space the next trial belongs to: every branch once, then those with something left to vary."""

from dataclasses import dataclass
from math import gcd

from trimma.space import Space


@dataclass(frozen=True, slots=True)
class Visit:
    """The ``turn``-th visit (from 0) of branch ``branch``."""

    branch: int
    turn: int


class Visits:
    """The order of visits to a space's branches; visit ``n`` is a function of ``n`` alone.

    Branches come in their own order, or, where there are more of them than ``trials``, in an order that spreads
    over all of them: the multiples of a step that shares no factor with their number.
    """

    def __init__(self, space: Space, trials: int | None) -> None:
        self._count = len(space.branches)
        self._step = 1
        if trials is not None and self._count > trials:
            self._step = _coprime(self._count, round(self._count * 0.618))
        self._varying = [(start, stop) for start, stop in space.branches.spans() if not space.branches[start].is_fixed]

    def __getitem__(self, number: int) -> Visit | None:
        """The visit of the ``number``-th trial; None when all branches are fixed and done."""
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
