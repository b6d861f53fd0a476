"""Asynchronous successive halving by stopping."""

import heapq
import math
from collections.abc import Sequence

import msgspec
from numpy.random import Generator

from trimma.ports import CONTINUE, Decision, History, Searcher, Suggestion, Verdict
from trimma.schedule.rung_scores import RungScore, RungScores
from trimma.trial import Trial


class AshaByStopping:
    """Stops trials at the ``rungs``. What it remembers is computed from the scores alone, in the order of arrival."""

    def __init__(self, searcher: Searcher, rungs: Sequence[int], factor: float, max_steps: int) -> None:
        self._searcher, self._rungs, self._factor, self._max_steps = searcher, tuple(rungs), factor, max_steps
        self._scores: RungScores | None = None

    def plan(self, history: History, free: int, rng: Generator) -> Sequence[Suggestion]:
        return [
            msgspec.structs.replace(suggestion, rungs=self._rungs, budget=self._max_steps)
            for suggestion in self._searcher.suggest(history, free, rng)
        ]

    def verdict(self, history: History, trial: Trial) -> Verdict:
        if self._scores is None or not self._scores.are_of(history):
            self._scores = RungScores(self._rungs, history)
            self._boards = [_Board(self._factor) for _ in self._rungs]
            self._failed: dict[int, Verdict] = {}
        for new in self._scores.new():
            rank = self._boards[new.rung].enter(new.score)
            if rank is not None:
                self._failed.setdefault(new.trial, self._stop(new, rank))
        return self._failed.get(trial.id, CONTINUE)

    def _stop(self, new: RungScore, bar: tuple[int, int]) -> Verdict:
        best, entered = bar
        why = f"among the best {best} of {entered}" if math.isfinite(new.value) else "a finite number"
        return Verdict(Decision.STOP, f"{new.value:.6g} at step {self._rungs[new.rung]} is not {why}")


class _Board:
    """The scores at one rung, in two heaps: the best of them, the worst on top, and the rest.

    To enter a score takes O(log n).
    """

    __slots__ = ("_best", "_factor", "_rest")

    def __init__(self, factor: float) -> None:
        self._factor = factor
        self._best: list[float] = []
        self._rest: list[float] = []

    def enter(self, score: float) -> tuple[int, int] | None:
        """Enter a score. Returns None when its trial goes on, else how many scores are best, and of how many."""
        heapq.heappush(self._rest, -heapq.heappushpop(self._best, score) if self._best else -score)
        entered = len(self._best) + len(self._rest)
        places = max(1, int(entered / self._factor))
        if len(self._best) < places:
            heapq.heappush(self._best, -heapq.heappop(self._rest))
        if entered < self._factor or (score >= self._best[0] and score > -math.inf):
            return None
        return places, entered
