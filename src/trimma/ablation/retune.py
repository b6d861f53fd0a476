"""A small search of its own for every cell.

A component may look useful only because the other settings were found with it in place. With the same search for the
baseline and for each variant, all are compared at settings that suit them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from msgspec.structs import replace

from trimma.ablation.variants import marked
from trimma.events import (
    Event,
    Failure,
    StudyCreated,
    StudyOpened,
    TrialFailed,
    TrialFinished,
    TrialQueued,
    TrialStarted,
    WorkerJoined,
)
from trimma.ledger import Ledger
from trimma.ports import BindsSpace, History, Searcher, Suggestion
from trimma.program import derived
from trimma.space import Space
from trimma.study import Place, StudySpec
from trimma.trial import ENDED, State, Trial


@dataclass(frozen=True)
class Retune:
    """Try ``trials`` configs of ``space`` (default 8) for each arm in each repeat; the best counts.

    ``searcher``: "random" (default), "quasi-random", "grid" or an object. In one repeat all arms draw on the same
    random numbers: a searcher that doesn't look at results proposes the same configs to each of them.
    """

    space: Space
    trials: int = 8
    searcher: str | BindsSpace | Searcher = "random"


class CellSearch:
    """The searches of all cells of one study."""

    def __init__(self, retune: Retune, spec: StudySpec) -> None:
        self._retune = retune
        self._spec = replace(spec, trials=retune.trials, ablation=None, until=None)
        self._searcher = cache(self._bound)

    def suggestion(self, place: Place, tried: Sequence[Trial]) -> Suggestion | None:
        """What to try in a cell after ``tried``; None when its search has nothing more to try."""
        seed = derived(self._spec.seed, place.repeat)
        history = self._history(seed, tried)
        found = self._searcher(seed).suggest(history, 1, np.random.default_rng((seed, len(tried))))
        return replace(found[0], place=marked(place)) if found else None

    def _bound(self, seed: int) -> Searcher:
        searcher: Any = self._retune.searcher
        bind = getattr(searcher, "bind", None)
        bound: Searcher = searcher if bind is None else bind(self._retune.space, seed, self._retune.trials)
        return bound

    def _history(self, seed: int, tried: Sequence[Trial]) -> History:
        """The cell as if it were a study of its own."""
        ledger = Ledger()
        for event in self._events(seed, tried):
            ledger.fold(event)
        return ledger.history

    def _events(self, seed: int, tried: Sequence[Trial]) -> Iterator[Event]:
        yield StudyCreated(at=0.0, spec=replace(self._spec, seed=seed))
        yield StudyOpened(at=0.0, trials=self._retune.trials)
        for number, trial in enumerate(tried):
            key: dict[str, Any] = {"at": 0.0, "trial": number}
            yield TrialQueued(config=dict(trial.config), branch=trial.branch, hidden=dict(trial.hidden), **key)
            yield WorkerJoined(at=0.0, worker=f"{number}")
            yield TrialStarted(attempt=1, workers=(f"{number}",), **key)
            if trial.state not in ENDED:
                continue
            if trial.value is None or trial.state is State.FAILED:
                failure = trial.failure or Failure(kind="Stopped", message=trial.reason)
                yield TrialFailed(attempt=1, failure=failure, **key)
            else:
                yield TrialFinished(attempt=1, metrics={self._spec.metric.name: trial.value}, **key)
