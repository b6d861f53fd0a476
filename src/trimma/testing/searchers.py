"""The contract suite for searchers."""

import json
import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pytest

from trimma.engines.simulated import Simulated
from trimma.events import StudyOpened
from trimma.ledger import Ledger
from trimma.ports import BindsSpace, History, Searcher, Suggestion
from trimma.space import Choice, Derived, Float, Grid, Int, Space
from trimma.testing.studies import METRIC, StudyRun, curve, cut, run_study

MIXED = Space(
    rate=Float(1e-4, 1.0, log=True),
    width=Int(1, 64, log=True),
    drop=Float(0.0, 0.5, step=0.125),
    kind=Choice("a", "b", None),
    layers=[Int(1, 3), {"bias": Choice(False, True)}],
    size=Derived(lambda exponent: 2**exponent, Int(2, 5)),
    constant=3,
)
UNION = Space(kernel="linear", c=Float(0.1, 10.0, log=True)) + Space(
    kernel="rbf", c=Float(0.1, 10.0, log=True), gamma=Choice(1, 2, 3)
)
FIXED = Space(a=Grid(1, 2, 3), b=Grid("x", "y"))
SPACES = {"mixed": MIXED, "union": UNION, "grid and free": Space(a=Grid(1, 2, 3), rate=Float(0, 1))}


def rough(params: Mapping[str, Any]) -> Iterator[dict[str, float]]:
    """Like `curve`, but some trials raise and some diverge."""
    for place, metrics in enumerate(curve(params)):
        luck = math.floor(metrics[METRIC] * 1000) % 7
        if place == 4 and luck == 0:
            raise ValueError("bad luck")
        yield {METRIC: math.nan} if place > 5 and luck == 1 else metrics


class SearcherContract:
    """The promises of every searcher. Subclass it, and say how to make a searcher's settings.

    ::

        class TestMySearch(SearcherContract):
            def make(self) -> BindsSpace:
                return MySearch(population=20)

    If the searcher doesn't take every space, override ``spaces``. If it needs more trials before it learns from
    results, override ``trials``.
    """

    spaces: Mapping[str, Space] = SPACES
    trials = 24

    def make(self) -> BindsSpace:
        """The settings of the searcher, before they are bound to a space."""
        raise NotImplementedError

    @pytest.fixture
    def studies(self) -> Iterator[tuple[Space, StudyRun]]:
        return (
            (space, self._study(space, Simulated(4, straggle=0.5, crash=0.01, seed=3)))
            for space in self.spaces.values()
        )

    def test_configs_lie_within_the_space(self, studies: Iterator[tuple[Space, StudyRun]]) -> None:
        for space, study in studies:
            assert 0 < study.history.trial_count <= self.trials
            for trial in study.history.trials:
                branch = space.branches[trial.branch]
                values = branch.values(trial.config, trial.hidden)
                for dimension in branch.encoding.dimensions:
                    assert 0 <= dimension.to_unit(values[dimension.name]) <= 1
                assert branch.config(values) == trial.config
                assert branch.hidden(values) == trial.hidden

    def test_configs_are_plain_json(self, studies: Iterator[tuple[Space, StudyRun]]) -> None:
        for _, study in studies:
            for trial in study.history.trials:
                for part in (trial.config, trial.hidden):
                    assert json.loads(json.dumps(part, allow_nan=False)) == part

    def test_asking_changes_nothing(self) -> None:
        """A searcher is a function of history and rng. What it remembers must not change what it suggests."""
        for space in self.spaces.values():
            warm = self._bind(space)
            for history in self._moments(space):
                before = len(history), history.trial_count
                first = self._ask(warm, history)
                assert self._ask(warm, history) == first, "asking twice"
                assert self._ask(self._bind(space), history) == first, "asking a searcher that has seen nothing"
                assert (len(history), history.trial_count) == before

    def test_no_more_than_there_is_room_for(self) -> None:
        for space in self.spaces.values():
            searcher = self._bind(space)
            for history in self._moments(space):
                for free in (1, 2, 7):
                    assert len(self._ask(searcher, history, free)) <= free

    def test_the_same_seed_gives_the_same_study(self) -> None:
        for space in self.spaces.values():
            engines = (Simulated(4, straggle=0.5, crash=0.02, seed=1) for _ in range(2))
            first, second = (self._study(space, engine) for engine in engines)
            assert first.records == second.records

    def test_a_fixed_space_ends(self) -> None:
        study = run_study(self.make(), space=FIXED, trials=None)
        assert sorted(json.dumps(config) for config in study.configs) == sorted(map(json.dumps, FIXED))

    def test_a_resumed_study_goes_on_as_the_uninterrupted_one(self) -> None:
        """On one worker that never dies, so that reports come in the same order too."""
        for space in self.spaces.values():
            whole = self._study(space, Simulated(1))
            for length in range(1, len(whole.events), 29):
                store = cut(whole.events, length)
                resumed = run_study(
                    self.make(), space=space, objective=rough, trials=self.trials, engine=Simulated(1), store=store
                )
                assert resumed.configs == whole.configs, f"resumed after event {length}"

    def _study(self, space: Space, engine: Simulated) -> StudyRun:
        return run_study(self.make(), space=space, objective=rough, trials=self.trials, engine=engine)

    def _bind(self, space: Space) -> Searcher:
        return self.make().bind(space, 0, self.trials)

    def _ask(self, searcher: Searcher, history: History, free: int = 2) -> list[Suggestion]:
        return list(searcher.suggest(history, free, np.random.default_rng((5, history.trial_count))))

    def _moments(self, space: Space) -> Iterator[History]:
        """A study's history at several moments. It is the same object each time, with more events folded in."""
        ledger = Ledger()
        for number, event in enumerate(self._study(space, Simulated(3, straggle=0.4, seed=2)).events):
            ledger.fold(event)
            if number % 17 == 0 and not isinstance(event, StudyOpened):
                yield ledger.history
