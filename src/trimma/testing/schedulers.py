"""The contract suite for schedulers."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from trimma.engines.simulated import Simulated
from trimma.events import Reported, StopRequested, TrialQueued
from trimma.ledger import Ledger
from trimma.ports import BindsSearcher, History, Scheduler, Searcher, Suggestion
from trimma.search.random import RandomSearch
from trimma.space import Space
from trimma.testing.searchers import rough
from trimma.testing.studies import METRIC, SPACE, StudyRun, run_study


def turned(params: Mapping[str, Any]) -> Iterator[dict[str, float]]:
    """`rough` with its metric negated."""
    for metrics in rough(params):
        yield {METRIC: -metrics[METRIC]}


def also_silent(params: Mapping[str, Any]) -> Iterator[dict[str, float]]:
    """`rough`, with further reports that lack the study's metric."""
    for place, metrics in enumerate(rough(params)):
        yield {"other": 0.0} if place % 3 == 1 else metrics


class _Noting:
    """A random search that notes what it has suggested."""

    def __init__(self) -> None:
        self.noted: list[dict[str, Any]] = []

    def bind(self, space: Space, seed: int, trials: int | None) -> Searcher:
        self._searcher = RandomSearch().bind(space, seed, trials)
        return self

    def suggest(self, history: History, free: int, rng: np.random.Generator) -> Sequence[Suggestion]:
        suggestions = self._searcher.suggest(history, free, rng)
        self.noted += [suggestion.config for suggestion in suggestions]
        return suggestions


class SchedulerContract:
    """The promises of every scheduler. Subclass it, and say how to make a scheduler's settings.

    The objectives on which it is tried report 10 steps.

    ::

        class TestMyScheduler(SchedulerContract):
            def make(self) -> BindsSearcher:
                return MyScheduler(max_steps=10)
    """

    trials = 60

    def make(self) -> BindsSearcher:
        """The settings of the scheduler, before they are bound to a searcher."""
        raise NotImplementedError

    def test_warm_equals_cold(self) -> None:
        """At every moment, a new scheduler decides the same as one that has been used from the beginning."""
        warm, ledger = self._bind(), Ledger()
        for event in self._study(crash=0.01).events:
            ledger.fold(event)
            history = ledger.history
            if history.sessions and history.trial_count < self.trials:
                first = self._plan(warm, history)
                assert self._plan(self._bind(), history) == first
                assert self._plan(warm, history) == first, "asking twice"
            if isinstance(event, Reported) and METRIC in event.metrics:
                trial = history.trials[event.trial]
                verdict = warm.verdict(history, trial)
                assert self._bind().verdict(history, trial) == verdict
                assert warm.verdict(history, trial) == verdict, "asking twice"

    def test_one_instance_may_serve_two_histories(self) -> None:
        """What is remembered of one history must not leak into the next."""
        events = self._study().events
        shared = self._bind()
        for _ in range(2):
            ledger, own = Ledger(), self._bind()
            for event in events:
                ledger.fold(event)
                if isinstance(event, Reported):
                    trial = ledger.history.trials[event.trial]
                    assert shared.verdict(ledger.history, trial) == own.verdict(ledger.history, trial)

    def test_both_directions_are_alike(self) -> None:
        """Maximizing the negated metric makes the same decisions at the same moments."""
        down, up = self._study(), self._study(turned, maximize=True)
        assert self._decisions(down) == self._decisions(up)

    def test_the_same_seed_gives_the_same_study(self) -> None:
        assert self._study(crash=0.02).records == self._study(crash=0.02).records

    def test_it_judges_only_who_has_just_reported_the_metric(self) -> None:
        study = self._study(also_silent)
        events = study.events
        for before, event in pairwise(events):
            if isinstance(event, StopRequested):
                assert isinstance(before, Reported)
                assert (before.trial, before.attempt) == (event.trial, event.attempt)
                assert METRIC in before.metrics
                assert event.reason, "a verdict to stop says why"
        assert study.history.trial_count == self.trials

    def test_it_asks_its_searcher_for_what_is_new(self) -> None:
        searcher = _Noting()
        engine = Simulated(5, straggle=0.5, seed=4)
        study = run_study(searcher, self.make(), objective=rough, trials=self.trials, engine=engine)
        assert study.configs == searcher.noted

    def test_every_trial_ends(self) -> None:
        study = self._study(crash=0.03)
        assert len(study.history.ended) == self.trials
        assert study.history.live_count == 0

    def _study(self, objective: Callable[..., Any] = rough, *, maximize: bool = False, crash: float = 0.0) -> StudyRun:
        engine = Simulated(5, straggle=0.5, crash=crash, seed=4)
        return run_study(
            RandomSearch(), self.make(), objective=objective, trials=self.trials, engine=engine, maximize=maximize
        )

    def _bind(self) -> Scheduler:
        return self.make().bind(RandomSearch().bind(SPACE, 0, self.trials))

    def _plan(self, scheduler: Scheduler, history: History) -> list[Suggestion]:
        return list(scheduler.plan(history, 2, np.random.default_rng((0, history.trial_count))))

    def _decisions(self, study: StudyRun) -> list[Any]:
        return [
            (event.at, event.trial, event.attempt if isinstance(event, StopRequested) else (event.rungs, event.budget))
            for event in study.events
            if isinstance(event, StopRequested | TrialQueued)
        ]
