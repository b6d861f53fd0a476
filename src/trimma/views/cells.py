"""What each arm of an ablation came to in each repeat."""

import math
from collections.abc import Sequence
from itertools import islice

from trimma.effects import Cell
from trimma.ports import History
from trimma.study import BASELINE, Place, arm_of, place_of
from trimma.trial import ENDED, State, Trial


class Cells:
    """The cells of a history, as one session sees them; `update` takes in what has happened since.

    ``ended`` are those that have ended, in that order; ``trials`` holds the numbers of the trials that were chosen for
    each, and ``seconds`` how long each ended one took.
    """

    def __init__(self, history: History) -> None:
        self.ended: list[Cell] = []
        self.trials: dict[Place, list[int]] = {}
        self.seconds: dict[Place, float] = {}
        self._history, self._session = history, len(history.sessions)
        self._tries = history.spec.ablation.tries if history.spec.ablation else 1
        self._void = _void(history)
        self._open: dict[Place, list[Trial]] = {}
        self._chosen = self._seen = 0

    def fits(self, history: History) -> bool:
        """Whether this is the same history, in the same session."""
        return history is self._history and len(history.sessions) == self._session

    def update(self) -> None:
        history = self._history
        for trial in islice(history.trials, self._chosen, None):
            if trial.id not in self._void:
                self.trials.setdefault(place_of(trial.place), []).append(trial.id)
        for number in history.ended[self._seen :]:
            if number not in self._void:
                self._take(history.trials[number])
        self._chosen, self._seen = history.trial_count, len(history.ended)

    def _take(self, trial: Trial) -> None:
        place = place_of(trial.place)
        tried = self._open.setdefault(place, [])
        tried.append(trial)
        if len(tried) == self._tries:
            self.ended.append(_cell(self._history, place, self._open.pop(place)))
            self.seconds[place] = sum(span.end - span.start for each in tried for span in each.spans if span.end)


class CellReader:
    """Reads the cells of a history again and again, each time only what is new."""

    def __init__(self) -> None:
        self._cells: Cells | None = None

    def read(self, history: History) -> Cells:
        found = self._cells
        if found is None or not found.fits(history):
            found = self._cells = Cells(history)
        found.update()
        return found


def cells(history: History) -> Sequence[Cell]:
    """All cells that have ended, in that order."""
    return CellReader().read(history).ended


def _cell(history: History, place: Place, tried: Sequence[Trial]) -> Cell:
    """Where several configs were tried, the best of them counts."""
    ended = [trial for trial in tried if trial.state is not State.STOPPED] or tried
    values = [trial.value for trial in ended if trial.state is not State.FAILED and trial.value is not None]
    finite = [value for value in values if math.isfinite(value)]
    best = (max if history.maximize else min)(finite) if finite else None
    censored = all(trial.state is State.STOPPED for trial in tried)
    return Cell(arm=place.arm, repeat=place.repeat, again=place.again, value=best, censored=censored)


def _void(history: History) -> frozenset[int]:
    """The trials of earlier sessions that say nothing of their cells.

    Such are those that were stopped because their session ended, and all failures where no baseline had succeeded
    yet, for then it was the objective that failed.
    """
    before = history.trials_before
    reasons = {session.reason for session in history.sessions[:-1]}
    earlier = [trial for trial in islice(history.trials, before) if trial.state in ENDED]
    void = {trial.id for trial in earlier if trial.state is State.STOPPED and trial.reason in reasons}
    reference = history.spec.ablation.reference if history.spec.ablation else BASELINE
    failed = {trial.id for trial in earlier if trial.state is not State.STOPPED and not _succeeded(trial)}
    if not any(_succeeded(trial) and arm_of(trial.place) == reference for trial in earlier):
        void |= failed
    return frozenset(void)


def _succeeded(trial: Trial) -> bool:
    return trial.state is State.DONE and trial.value is not None and math.isfinite(trial.value)
