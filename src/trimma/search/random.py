"""Random search: each config is drawn independently."""

from collections.abc import Sequence
from dataclasses import dataclass

from numpy.random import Generator

from trimma.ports import History, Searcher, Suggestion
from trimma.search.visits import Visits
from trimma.space import Space


@dataclass(frozen=True)
class RandomSearch:
    """Draw each config independently: uniformly, or log-uniformly on a log scale (Bergstra & Bengio 2012)."""

    def bind(self, space: Space, seed: int, trials: int | None) -> Searcher:
        return _Random(space, Visits(space, trials))


@dataclass(frozen=True, slots=True)
class _Random:
    space: Space
    visits: Visits

    def suggest(self, history: History, free: int, rng: Generator) -> Sequence[Suggestion]:
        visit = self.visits[history.trial_count]
        if visit is None:
            return ()
        branch = self.space.branches[visit.branch]
        values = branch.encoding.values(rng.random(len(branch.variables)))
        return (Suggestion(config=branch.config(values), branch=branch.index, hidden=branch.hidden(values)),)
