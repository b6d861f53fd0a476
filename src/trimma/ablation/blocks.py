"""In which order the cells of an ablation are run."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from statistics import fmean

from numpy.random import Generator

from trimma.ablation.baseless import baseless
from trimma.ablation.ports import Asked, Design
from trimma.ablation.repeats import Repeats
from trimma.ablation.retune import CellSearch, Retune
from trimma.ablation.variants import marked
from trimma.ports import History, Searcher, Suggestion
from trimma.study import Arm, Component, Place, places
from trimma.views.cells import CellReader


@dataclass(frozen=True)
class Blocks:
    """A searcher that runs one repeat after another, so that what is known of the components sharpens evenly.

    In a repeat the arm that the others are compared with comes first, and then those that took longest in earlier
    repeats, so that nobody waits for them at the end. A worker that finds nothing to do in one repeat begins the next.
    Cells that are there already, from whatever session, are not run again.
    """

    design: Design
    components: tuple[Component, ...]
    repeats: Repeats
    retune: Retune | None = None

    def bind(self, space: object, seed: int, trials: int | None) -> Searcher:
        return _Blocks(self)


class _Blocks:
    def __init__(self, settings: Blocks) -> None:
        self._settings = settings
        self._reader = CellReader()
        self._search: CellSearch | None = None

    def suggest(self, history: History, free: int, rng: Generator) -> Sequence[Suggestion]:
        retune = self._settings.retune
        if retune is None:
            found = (Suggestion(place=marked(place)) for place in self._missing(history, 1))
            return list(islice(found, free))
        if self._search is None:
            self._search = CellSearch(retune, history.spec)
        for place in self._missing(history, retune.trials):
            tried = [history.trials[number] for number in self._reader.read(history).trials.get(place, ())]
            if (suggestion := self._search.suggestion(place, tried)) is not None:
                # one at a time: what is tried next may depend on it
                return [suggestion]
        return []

    def hopeless(self, history: History) -> str | None:
        asked = history.spec.ablation
        return None if asked is None else baseless(history, asked)

    def _missing(self, history: History, tries: int) -> Iterator[Place]:
        """The cells that want a trial, in order."""
        design, components, repeats = self._settings.design, self._settings.components, self._settings.repeats
        asked = Asked(seed=history.spec.seed, repeats=repeats.most, maximize=history.maximize)
        cells = self._reader.read(history)
        for repeat in range(repeats.most):
            arms = design.arms(components, repeat, cells.ended, asked)
            lacking = (place for place in places(arms, repeat) if len(cells.trials.get(place, ())) < tries)
            if (first := next(lacking, None)) is None:
                continue
            worth = repeats.pending(arms, repeat, cells.ended, maximize=history.maximize)
            left = frozenset(places(worth, repeat)) if len(worth) < len(arms) else None
            found = (place for place in chain([first], lacking) if left is None or place in left)
            yield from _ordered(found, arms[0], repeat, cells.seconds)


def _ordered(found: Iterable[Place], first: Arm, repeat: int, seconds: Mapping[Place, float]) -> Iterable[Place]:
    """Those of ``first``, and then the others by how long they took in the repeats before, if there were any."""
    if repeat == 0:
        return found
    times: dict[Arm, list[float]] = {}
    for place, each in seconds.items():
        if place.repeat < repeat:
            times.setdefault(place.arm, []).append(each)
    mean = {arm: fmean(each) for arm, each in times.items()}
    return sorted(found, key=lambda place: (place.arm != first, -mean.get(place.arm, 0.0)))
