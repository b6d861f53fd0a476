"""A scheduler that pauses: asynchronous successive halving by promotion, in its shortest form."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import msgspec
from numpy.random import Generator

from trimma.ports import CONTINUE, Decision, History, Scheduler, Searcher, Suggestion, Verdict
from trimma.trial import Trial

RUNGS = (2, 4, 8)
BUDGET = 10


@dataclass(frozen=True)
class Promotion:
    def bind(self, searcher: Searcher) -> Scheduler:
        return _Promotion(searcher)


@dataclass(frozen=True)
class _Promotion:
    searcher: Searcher

    def plan(self, history: History, free: int, rng: Generator) -> Sequence[Suggestion]:
        promoted = list(_promotable(history))[:free]
        going_on = [
            Suggestion(resume=trial.id, rungs=RUNGS[RUNGS.index(_step(trial)) + 1 :], budget=BUDGET)
            for trial in promoted
        ]
        left = free - len(going_on) if history.room is None else min(free - len(going_on), history.room)
        new = self.searcher.suggest(history, left, rng) if left else ()
        return [
            *going_on,
            *(msgspec.structs.replace(suggestion, rungs=RUNGS, budget=BUDGET) for suggestion in new),
        ]

    def verdict(self, history: History, trial: Trial) -> Verdict:
        if _step(trial) in trial.rungs:
            return Verdict(Decision.PAUSE, f"a rung at step {_step(trial)}")
        return CONTINUE


def _step(trial: Trial) -> int:
    return trial.curve.steps[-1] if len(trial.curve) else 0


def _promotable(history: History) -> Iterator[Trial]:
    for rung in reversed(RUNGS):
        here = [trial for trial in history.trials if _step(trial) >= rung]
        scores = {trial.id: _score(history, trial, rung) for trial in here}
        best = sorted(here, key=lambda trial: scores[trial.id])[: len(here) // 2]
        yield from (trial for trial in best if trial.id in history.paused and _step(trial) == rung)


def _score(history: History, trial: Trial, rung: int) -> float:
    series = trial.curve.series(history.spec.metric.name)
    value = series.values[series.steps.index(rung)]
    return value if math.isfinite(value) else math.inf
