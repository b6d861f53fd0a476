"""Decides in which order the cells of an ablation are run."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from statistics import fmean

from numpy.random import Generator

from trimma.ablation.arms import Arm
from trimma.ablation.coding_failures import reason_to_give_up
from trimma.ablation.failing_baseline import baseless
from trimma.ablation.measured import CellReader, Cells
from trimma.ablation.places import CellKey, keys_of, place_of
from trimma.ablation.protocols import Asked, Design
from trimma.ablation.question import Ablation, question
from trimma.ablation.repeats import repeats_of
from trimma.ablation.retune import CellSearch, Retune
from trimma.ports import History, Searcher, Suggestion
from trimma.spec import StudySpec


@dataclass(frozen=True)
class Blocks:
    """A searcher that runs one repeat after another, so that the effects of all components become precise evenly.

    Each repeat begins with the reference arm, with which the others are compared. The arms that took longest in earlier
    repeats come next, so that nobody waits for them at the end. A worker that finds nothing to do in one repeat begins
    the next. A cell that has been run, in this session or an earlier one, is not run again.

    The components, the repeats and the rest of the question are read from the history's spec each time, because they
    may grow.
    """

    design: Design
    retune: Retune | None = None

    @property
    def slow(self) -> bool:
        """Whether the searcher of the cells says that it takes its time."""
        return self.retune is not None and getattr(self.retune.searcher, "slow", False)

    def planned(self, asked: Ablation) -> int:
        """How many trials there will be at most."""
        return self.design.trainings(asked.components, asked.repeats) * asked.tries

    def bind(self, space: object, seed: int, trials: int | None) -> Searcher:
        return _Blocks(self)


class _Blocks:
    def __init__(self, settings: Blocks) -> None:
        self._settings = settings
        self._reader = CellReader()
        self._cells: Cells | None = None
        self._queues: dict[int, CellQueue] = {}
        self._search: CellSearch | None = None
        self._known: tuple[StudySpec, Ablation] | None = None

    def suggest(self, history: History, free: int, rng: Generator) -> Sequence[Suggestion]:
        asked = self._asked(history)
        missing = self._missing(history, asked)
        if self._settings.retune is None:
            return [Suggestion(place=place_of(key)) for key in islice(missing, free)]
        if self._search is None:
            self._search = CellSearch(self._settings.retune, asked.tries)
        void = self._reader.read(history).void
        for key in missing:
            if (suggestion := self._search.suggestion(history, key, void)) is not None:
                # one at a time, because the next suggestion may depend on this one
                return [suggestion]
        return []

    def hopeless(self, history: History) -> str | None:
        asked = self._asked(history)
        failed = self._reader.read(history).coding_failure
        return baseless(history, asked) if failed is None else reason_to_give_up(failed, asked)

    def _asked(self, history: History) -> Ablation:
        """What the study asks at present."""
        spec = history.spec
        if self._known is None or self._known[0] is not spec:
            self._known = spec, question(spec)
        return self._known[1]

    def _missing(self, history: History, asked: Ablation) -> Iterator[CellKey]:
        """The cells that still need a trial, in the order in which they are to be run."""
        repeats, design = repeats_of(asked), self._settings.design
        told = Asked(seed=history.spec.seed, repeats=repeats.most, maximize=history.maximize)
        cells = self._reader.read(history)
        if self._cells is not cells:
            self._cells, self._queues = cells, {}
        for repeat in range(repeats.most):
            arms = design.arms(asked.components, repeat, cells.ended, told)
            queue = self._queues.get(repeat)
            if queue is None or queue.arms != arms:
                queue = self._queues[repeat] = CellQueue(arms, repeat)
            missing = queue.missing(cells, asked.tries)
            if (first := next(missing, None)) is None:
                continue
            worth = repeats.pending(arms, repeat, cells.ended, maximize=history.maximize)
            left = frozenset(keys_of(worth, repeat)) if len(worth) < len(arms) else None
            yield from (key for key in chain([first], missing) if left is None or key in left)


class CellQueue:
    """The cells of the arms of one repeat, in the order in which they are to be run.

    It goes on from where it was, so that a repeat of many arms takes no longer for each cell than one of few.
    """

    def __init__(self, arms: Sequence[Arm], repeat: int) -> None:
        self.arms, self._repeat = arms, repeat
        self._keys = list(keys_of(arms, repeat))
        self._order, self._known, self._start = self._keys, 0, 0

    def missing(self, cells: Cells, tries: int) -> Iterator[CellKey]:
        """The cells that have fewer trials than ``tries``."""
        self._sort(cells)
        while self._start < len(self._order) and len(cells.trials.get(self._order[self._start], ())) >= tries:
            self._start += 1
        for place in range(self._start, len(self._order)):
            if len(cells.trials.get(key := self._order[place], ())) < tries:
                yield key

    def _sort(self, cells: Cells) -> None:
        """The first arm comes first, then those that took longest in earlier repeats."""
        known = sum(cells.ended_in[repeat] for repeat in range(self._repeat))
        if known == self._known:
            return
        times: dict[Arm, list[float]] = {}
        for key, each in cells.seconds.items():
            if key.repeat < self._repeat:
                times.setdefault(key.arm, []).append(each)
        mean, first = {arm: fmean(each) for arm, each in times.items()}, self.arms[0]
        self._order = sorted(self._keys, key=lambda key: (key.arm != first, -mean.get(key.arm, 0.0)))
        self._known, self._start = known, 0
