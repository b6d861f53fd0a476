"""Asynchronous successive halving by stopping. It needs no checkpoint, and no trial waits for another."""

import heapq
import math
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
from numpy.random import Generator

from trimma.errors import UsageError
from trimma.ports import CONTINUE, Decision, History, Scheduler, Searcher, Suggestion, Verdict
from trimma.trial import Trial


@dataclass(frozen=True, kw_only=True)
class Asha:
    """Stop a trial at a rung unless it is among the best 1/``reduction_factor`` that have reached that rung.

    The rungs are the steps ``grace_steps * reduction_factor ** k`` below ``max_steps`` for k = 0, 1, ..., rounded to
    whole steps. A trial's score at a rung is its first value at or after that step, or its best value up to then in a
    study in which the best value of a trial counts. When ``n`` trials have a score at
    the rung, the trial goes on if fewer than ``max(1, floor(n / reduction_factor))`` of these scores are better. While
    ``n`` is below ``reduction_factor``, every trial goes on. From then on, a trial whose score is NaN or infinity is
    always stopped. A trial that reaches ``max_steps`` is done. By default ``reduction_factor`` is 3 and ``grace_steps``
    is 1.

    This is the "stopping" variant of ASHA (Li et al., "A System for Massively Parallel Hyperparameter Tuning", MLSys
    2020; stopping as in Syne Tune and Ray Tune).

    Raises `UsageError` for steps below 1, for ``max_steps`` below ``grace_steps``, or for a factor of 1 or less.
    """

    max_steps: int
    reduction_factor: float = 3
    grace_steps: int = 1

    def __post_init__(self) -> None:
        if self.grace_steps < 1 or self.max_steps < self.grace_steps:
            raise UsageError(
                f"Asha(max_steps={self.max_steps}, grace_steps={self.grace_steps}): "
                "both are whole steps, 1 <= grace_steps <= max_steps"
            )
        if not 1 < self.reduction_factor < math.inf:
            raise UsageError(f"Asha(reduction_factor={self.reduction_factor}) must be above 1; 2, 3 and 4 are usual")

    @property
    def rungs(self) -> tuple[int, ...]:
        """The steps at which trials are judged."""
        rungs: list[int] = []
        power = 0
        while (rung := round(self.grace_steps * self.reduction_factor**power)) < self.max_steps:
            if not rungs or rung > rungs[-1]:
                rungs.append(rung)
            power += 1
        return tuple(rungs)

    def bind(self, searcher: Searcher) -> Scheduler:
        return _Asha(searcher, self)


class _Asha:
    def __init__(self, searcher: Searcher, settings: Asha) -> None:
        self._searcher, self._settings = searcher, settings
        self._rungs = settings.rungs
        self._forget(None)

    def plan(self, history: History, free: int, rng: Generator) -> Sequence[Suggestion]:
        return [
            msgspec.structs.replace(suggestion, rungs=self._rungs, budget=self._settings.max_steps)
            for suggestion in self._searcher.suggest(history, free, rng)
        ]

    def verdict(self, history: History, trial: Trial) -> Verdict:
        self._catch_up(history)
        return self._failed.get(trial.id, CONTINUE)

    def _forget(self, history: History | None) -> None:
        self._history = history
        self._seen = 0
        self._boards = [_Board(self._settings.reduction_factor) for _ in self._rungs]
        self._next: dict[int, int] = {}
        self._failed: dict[int, Verdict] = {}
        self._best: dict[int, float] = {}

    def _catch_up(self, history: History) -> None:
        """Take in the scores that are new. The outcome is the same as when all of them are taken in at once."""
        if history is not self._history:
            self._forget(history)
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
                rank = self._boards[rung].enter(score)
                if rank is not None:
                    self._failed.setdefault(trial, self._stop(rung, value, rank))
                rung += 1
            self._next[trial] = rung
        self._seen = len(scores)

    def _stop(self, rung: int, value: float, bar: tuple[int, int]) -> Verdict:
        best, entered = bar
        why = f"among the best {best} of {entered}" if math.isfinite(value) else "a finite number"
        return Verdict(Decision.STOP, f"{value:.6g} at step {self._rungs[rung]} is not {why}")


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
