"""The trials of a study or of one part of it, with what is often asked of them, kept up to date."""

import math
from array import array
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from typing import Any, Protocol

import msgspec

from trimma.reports import Scores
from trimma.spec import Metric
from trimma.trial import ENDED, State, Trial, fidelity

_encode = msgspec.json.Encoder(order="deterministic").encode


class TrialsById(Protocol):
    """Trials by their id; iterating goes through them in the order in which they were queued."""

    def __getitem__(self, trial: int, /) -> Any: ...
    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[Any]: ...
    def append(self, trial: Any, /) -> None: ...


class TrialsOfPart:
    """The trials of one part of a study, by their id."""

    __slots__ = ("_by_id",)

    def __init__(self) -> None:
        self._by_id: dict[int, Any] = {}

    def __getitem__(self, trial: int) -> Any:
        return self._by_id[trial]

    def __len__(self) -> int:
        return len(self._by_id)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._by_id.values())

    def append(self, trial: Any) -> None:
        self._by_id[trial.id] = trial


class Part:
    """The trials of one part, and what is known of them together.

    ``ids`` holds the ids of all its trials, and ``ended`` those of the trials that have ended, in the order in which
    they ended. ``ended_at`` says for each of the latter how many trials of the whole study had ended before it.
    ``chosen`` counts the suggestions that were taken: new trials, and paused trials that went on.
    """

    __slots__ = (
        "_best_counts",
        "best",
        "best_by_end",
        "best_reached",
        "by_state",
        "chosen",
        "counts",
        "ended",
        "ended_at",
        "fidelity",
        "ids",
        "maximize",
        "metric",
        "scores",
        "trials",
    )

    def __init__(self, trials: TrialsById, metric: Metric) -> None:
        self.trials, self.metric, self.maximize = trials, metric, metric.maximize
        self._best_counts = metric.value == "best"
        self.ids = array("q")
        self.scores = Scores()
        self.ended: list[int] = []
        self.ended_at = array("q")
        self.best_by_end = array("d")
        self.best: Trial | None = None
        self.fidelity = -math.inf
        self.best_reached: float | None = None
        self.chosen = 0
        self.counts = dict.fromkeys(State, 0)
        self.by_state: dict[State, dict[int, Any]] = {state: {} for state in State if state not in ENDED}

    def better(self, left: float, right: float | None) -> bool:
        """Whether ``left`` is finite and strictly better than ``right``."""
        if right is None:
            return math.isfinite(left)
        # infinity may be greater or less, NaN is neither
        return (left > right if self.maximize else left < right) and math.isfinite(left)

    def add(self, trial: Trial) -> None:
        """Take in a trial in whatever state it is."""
        self.trials.append(trial)
        self.ids.append(trial.id)
        self.chosen += 1
        self.counts[trial.state] += 1
        if trial.state in self.by_state:
            self.by_state[trial.state][trial.id] = trial

    def move(self, trial: Trial, before: State, after: State) -> None:
        """Note that the trial has come from the state ``before`` into ``after``."""
        self.counts[before] -= 1
        self.counts[after] += 1
        by_state = self.by_state
        del by_state[before][trial.id]
        if after in by_state:
            by_state[after][trial.id] = trial

    def score(self, trial: int, step: int, value: float) -> None:
        """Note that a trial has reported the study's metric."""
        scores = self.scores
        scores.trials.append(trial)
        scores.steps.append(step)
        scores.values.append(value)
        if self._best_counts:
            self._reach(value)

    def _reach(self, value: float) -> None:
        if self.better(value, self.best_reached):
            self.best_reached = value

    def end(self, trial: Trial, place: int) -> None:
        """Note that a trial has ended, after ``place`` other trials of the whole study."""
        self.ended.append(trial.id)
        self.ended_at.append(place)
        value = trial.value
        if value is not None and trial.state is not State.FAILED and math.isfinite(value):
            self._compare(trial, value)
        best = self.best.value if self.best is not None and self.fidelity == math.inf else None
        self.best_by_end.append(math.nan if best is None else best)

    def _compare(self, trial: Trial, value: float) -> None:
        reached = fidelity(trial)
        if reached > self.fidelity:
            self.best, self.fidelity = trial, reached
        elif reached == self.fidelity and self.better(value, self.best.value if self.best else None):
            self.best = trial
        if trial.state is State.DONE:
            self._reach(value)

    def among(self, trials: int, ended: int) -> tuple[int, int]:
        """How many of the study's first ``trials`` trials, and of the first ``ended`` to end, are in this part."""
        return bisect_left(self.ids, trials), bisect_left(self.ended_at, ended)


class Index:
    """The parts of a study by the values that the places of its trials have for ``names``.

    ``of_trial`` holds the part of each trial by the trial's id, or None when its place lacks one of the names.
    """

    def __init__(self, names: tuple[str, ...], whole: Part) -> None:
        self._names, self._metric = names, whole.metric
        self._parts: dict[bytes, Part] = {}
        self.of_trial: list[Part | None] = []
        for trial in whole.trials:
            self.add(trial)
        # in each state by when they came into it, as in a part that was there from the beginning
        for state, trials in whole.by_state.items():
            for number in trials:
                if (part := self.of_trial[number]) is not None:
                    part.by_state[state][number] = part.by_state[state].pop(number)
        scores = whole.scores
        for trial, step, value in zip(scores.trials, scores.steps, scores.values, strict=True):
            if (part := self.of_trial[trial]) is not None:
                part.score(trial, step, value)
        for place, number in enumerate(whole.ended):
            if (part := self.of_trial[number]) is not None:
                part.end(whole.trials[number], place)

    def add(self, trial: Any) -> None:
        """Take in a trial that is new to the study, or to this index."""
        place = trial.place
        part = self.part(place) if all(name in place for name in self._names) else None
        self.of_trial.append(part)
        if part is not None:
            part.add(trial)
            part.chosen += trial.resumed

    def part(self, place: Mapping[str, Any]) -> Part:
        """The part with these values of ``names``. It is empty when no trial has them."""
        key = _encode([place[name] for name in self._names])
        part = self._parts.get(key)
        if part is None:
            part = self._parts[key] = Part(TrialsOfPart(), self._metric)
        return part
