"""Run every trial to its end."""

from collections.abc import Sequence
from dataclasses import dataclass

from numpy.random import Generator

from trimma.ports import CONTINUE, History, Scheduler, Searcher, Suggestion, Verdict
from trimma.trial import Trial


@dataclass(frozen=True)
class RunAll:
    """Stop no trial early."""

    def bind(self, searcher: Searcher) -> Scheduler:
        return _RunAll(searcher)


@dataclass(frozen=True, slots=True)
class _RunAll:
    searcher: Searcher

    def plan(self, history: History, free: int, rng: Generator) -> Sequence[Suggestion]:
        return self.searcher.suggest(history, free, rng)

    def verdict(self, history: History, trial: Trial) -> Verdict:
        return CONTINUE
