"""Random search: each config is drawn at random."""

from collections.abc import Sequence
from dataclasses import dataclass

from numpy.random import Generator

from trimma.ports import History, Searcher, Suggestion
from trimma.search.untried import Untried
from trimma.space import Space


@dataclass(frozen=True)
class RandomSearch:
    """Draw each config at random: uniformly, or log-uniformly on a log scale (Bergstra & Bengio 2012).

    Where the configs of the space can be counted, none is tried twice before all were tried. Then the study ends, or
    goes on with another pass if its number of trials is given. With ``repeat=True`` (default False), each config is
    drawn independently of those before it.
    """

    repeat: bool = False

    def bind(self, space: Space, seed: int, trials: int | None) -> Searcher:
        return _Random(space, Untried(space, trials, repeat=self.repeat))


@dataclass(frozen=True, slots=True)
class _Random:
    space: Space
    untried: Untried

    def suggest(self, history: History, free: int, rng: Generator) -> Sequence[Suggestion]:
        visit = self.untried.visit(history)
        if visit is None:
            return ()
        branch = self.space.branches[visit.branch]
        encoding, count = branch.encoding, len(branch.variables)
        values = self.untried.draw(branch, lambda number: encoding.values(rng.random(count)), rng)
        return (Suggestion(config=branch.config(values), branch=branch.index, hidden=branch.hidden(values)),)
