"""Asynchronous successive halving by promotion."""

import math
from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterator, Sequence
from itertools import islice

import msgspec
from numpy.random import Generator

from trimma.ports import CONTINUE, Decision, History, Searcher, Suggestion, Verdict
from trimma.schedule.rung_scores import RungScores
from trimma.trial import ENDED, Trial


class AshaByPromotion:
    """Pauses trials at the ``rungs``, and lets the best ones go on when a worker is idle.

    What is remembered are the scores. Which trials wait at which rung is read from the history.
    """

    def __init__(self, searcher: Searcher, rungs: Sequence[int], factor: float, max_steps: int) -> None:
        self._searcher, self._rungs, self._factor, self._max_steps = searcher, tuple(rungs), factor, max_steps
        self._scores: RungScores | None = None

    def plan(self, history: History, free: int, rng: Generator) -> Sequence[Suggestion]:
        self._catch_up(history)
        promoted = [
            Suggestion(resume=trial, rungs=self._rungs[rung + 1 :], budget=self._max_steps)
            for trial, rung in islice(self._promotable(history), free)
        ]
        left = free - len(promoted)
        if history.room is not None:
            left = min(left, history.room)
        new = self._searcher.suggest(history, left, rng) if left > 0 else ()
        return [
            *promoted,
            *(msgspec.structs.replace(each, rungs=self._rungs, budget=self._max_steps) for each in new),
        ]

    def verdict(self, history: History, trial: Trial) -> Verdict:
        step = trial.curve.steps[-1]
        rung = bisect_right(self._rungs, step) - 1
        if rung == bisect_right(self._rungs, _step_before(trial)) - 1 or step >= self._max_steps:
            return CONTINUE
        self._catch_up(history)
        board, at = self._boards[rung], f"at step {self._rungs[rung]}"
        rank = board.rank(trial.id)
        if rank is None:
            return Verdict(Decision.STOP, f"{trial.value:.6g} {at} is not a finite number")
        if rank < self._places(rung):
            first = next(self._promotable(history), None)
            if first is None or first[1] < rung or (first[1] == rung and rank < (board.rank(first[0]) or 0)):
                return CONTINUE
        return Verdict(Decision.PAUSE, f"it is number {rank + 1} of {board.entered} {at}")

    def _catch_up(self, history: History) -> None:
        if self._scores is None or not self._scores.are_of(history):
            self._scores = RungScores(self._rungs, history)
            self._boards = [_Board() for _ in self._rungs]
        for new in self._scores.new():
            self._boards[new.rung].enter(new.trial, new.score)

    def _places(self, rung: int) -> int:
        """How many trials may go on from a rung."""
        return int(self._boards[rung].entered / self._factor)

    def _promotable(self, history: History) -> Iterator[tuple[int, int]]:
        """The paused trials that may go on, each with its rung: those of the highest rung first, the best first."""

        def has_left(trial: int) -> bool:
            above = rung + 1 < len(self._rungs) and self._boards[rung + 1].has(trial)
            return above or history.trials[trial].state in ENDED

        for rung in reversed(range(len(self._rungs))):
            for trial in self._boards[rung].best(self._places(rung), has_left):
                if trial in history.paused:
                    yield trial, rung


class _Board:
    """The scores at one rung, the best first. Of equal scores, the one that came first is the better one."""

    __slots__ = ("_keys", "_left_out", "_ranked", "_staying")

    def __init__(self) -> None:
        self._keys: dict[int, tuple[float, int, int]] = {}
        self._left_out: set[int] = set()
        self._ranked: list[tuple[float, int, int]] = []
        self._staying: list[tuple[float, int, int]] = []

    @property
    def entered(self) -> int:
        """How many trials have a score here."""
        return len(self._keys) + len(self._left_out)

    def has(self, trial: int) -> bool:
        """Whether the trial has a score here."""
        return trial in self._keys or trial in self._left_out

    def enter(self, trial: int, score: float) -> None:
        """Enter the score of a trial, which is minus infinity if the trial must never go on."""
        if score == -math.inf:
            self._left_out.add(trial)
            return
        key = self._keys[trial] = -score, self.entered, trial
        insort(self._ranked, key)
        insort(self._staying, key)

    def rank(self, trial: int) -> int | None:
        """How many scores are better than the trial's. None for a trial that must never go on."""
        key = self._keys.get(trial)
        return None if key is None else bisect_left(self._ranked, key)

    def best(self, places: int, has_left: Callable[[int], bool]) -> Iterator[int]:
        """Those of the best trials, on so many ``places``, that haven't left the rung for good.

        Who has left once is not asked about again, so that this costs little however many have.
        """
        place = 0
        while place < len(self._staying):
            key = self._staying[place]
            if bisect_left(self._ranked, key) >= places:
                return
            if has_left(key[2]):
                del self._staying[place]
            else:
                yield key[2]
                place += 1


def _step_before(trial: Trial) -> int:
    """The step that the trial had reached before its newest report."""
    steps = trial.curve.steps
    if len(steps) > 1:
        return steps[-2]
    return trial.checkpoint.step if trial.checkpoint else 0
