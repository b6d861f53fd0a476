"""The scores of trials at rungs, taken in as they arrive."""

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from trimma.ports import History


class RungScore(NamedTuple):
    """The score of a trial at the rung number ``rung``. Greater is better, and what isn't finite is minus infinity.

    ``value`` is the metric itself.
    """

    trial: int
    rung: int
    score: float
    value: float


class RungScores:
    """The scores at the ``rungs`` (steps in ascending order) of one history.

    A trial's score at a rung is its first value at or after that step, or its best value up to then in a study in which
    the best value of a trial counts.
    """

    def __init__(self, rungs: Sequence[int], history: History) -> None:
        self._rungs, self._history = rungs, history
        self._seen = 0
        self._next: dict[int, int] = {}
        self._best: dict[int, float] = {}

    def are_of(self, history: History) -> bool:
        """Whether these are the scores of this history."""
        return history is self._history

    def new(self) -> Iterator[RungScore]:
        """The scores that have arrived since the last call, in the order of their arrival. Take all of them."""
        history = self._history
        scores, sign = history.scores, 1 if history.maximize else -1
        best_counts = history.spec.metric.value == "best"
        for place in range(self._seen, len(scores)):
            trial, step = scores.trials[place], scores.steps[place]
            rung = self._next.get(trial, 0)
            if rung == len(self._rungs):
                continue
            value = scores.values[place]
            if best_counts:
                before = self._best.get(trial)
                value = self._best[trial] = value if history.better(value, before) or before is None else before
            if step < self._rungs[rung]:
                continue
            score = sign * value if math.isfinite(value) else -math.inf
            while rung < len(self._rungs) and step >= self._rungs[rung]:
                yield RungScore(trial, rung, score, value)
                rung += 1
            self._next[trial] = rung
        self._seen = len(scores)


def geometric(grace_steps: int, factor: float, max_steps: int) -> tuple[int, ...]:
    """The steps ``grace_steps * factor ** k`` below ``max_steps`` for k = 0, 1, ..., rounded to whole steps."""
    rungs: list[int] = []
    power = 0
    while (rung := round(grace_steps * factor**power)) < max_steps:
        if not rungs or rung > rungs[-1]:
            rungs.append(rung)
        power += 1
    return tuple(rungs)
