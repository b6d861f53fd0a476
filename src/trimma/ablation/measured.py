"""Reads the cells, with their measured values, from an ablation's history."""

import math
from collections import Counter
from collections.abc import Sequence
from itertools import islice

from trimma.ablation.coding_failures import is_coding_failure
from trimma.ablation.places import CellKey, arm_of, key_of
from trimma.ablation.question import Ablation, question
from trimma.effects import Cell
from trimma.ports import History
from trimma.trial import ENDED, State, Trial


class Cells:
    """The cells of a history, as one session sees them. `update` takes in what has happened since the last update.

    ``ended`` holds the cells that have ended, in the order in which they ended. ``trials`` maps each cell to the ids of
    its trials. ``seconds`` maps each ended cell to the time that its trials took. ``ended_in`` counts the ended cells
    of each repeat. ``void`` holds the ids of trials that don't count for their cells (see `_void`). ``coding_failure``
    is the first trial of this session that failed because the objective names what was left out. Such a trial is no
    cell.
    """

    def __init__(self, history: History) -> None:
        self.ended: list[Cell] = []
        self.trials: dict[CellKey, list[int]] = {}
        self.seconds: dict[CellKey, float] = {}
        self.ended_in: Counter[int] = Counter()
        self.coding_failure: Trial | None = None
        self._history, self._session = history, len(history.sessions)
        asked = question(history.spec)
        self._asked, self._tries, self.void = asked, asked.tries, _void(history, asked)
        self._open: dict[CellKey, list[Trial]] = {}
        self._chosen = self._seen = 0

    def fits(self, history: History) -> bool:
        """Whether these cells were read from this history, in its present session."""
        return history is self._history and len(history.sessions) == self._session

    def update(self) -> None:
        history = self._history
        for trial in islice(history.trials, self._chosen, None):
            if trial.id not in self.void:
                self.trials.setdefault(key_of(trial.place), []).append(trial.id)
        for number in history.ended[self._seen :]:
            trial = history.trials[number]
            if number in self.void:
                continue
            if is_coding_failure(trial, self._asked):
                self.coding_failure = self.coding_failure or trial
            else:
                self._take(trial)
        self._chosen, self._seen = history.trial_count, len(history.ended)

    def _take(self, trial: Trial) -> None:
        key = key_of(trial.place)
        tried = self._open.setdefault(key, [])
        tried.append(trial)
        if len(tried) == self._tries:
            self.ended.append(_cell(self._history, key, self._open.pop(key), self._asked.collapsed))
            self.ended_in[key.repeat] += 1
            self.seconds[key] = sum(span.end - span.start for each in tried for span in each.spans if span.end)


class CellReader:
    """Reads the cells of a history repeatedly; each time it looks only at what is new."""

    def __init__(self) -> None:
        self._cells: Cells | None = None

    def read(self, history: History) -> Cells:
        found = self._cells
        if found is None or not found.fits(history):
            found = self._cells = Cells(history)
        found.update()
        return found


def cells(history: History) -> Sequence[Cell]:
    """All cells that have ended, in the order in which they ended."""
    return CellReader().read(history).ended


def _cell(history: History, key: CellKey, tried: Sequence[Trial], collapsed: float | None) -> Cell:
    """The cell that these trials make up. If several configs were tried for it, the best value counts.

    A value that is worse than ``collapsed``, in units of the metric, counts as a failure.
    """
    ended = [trial for trial in tried if trial.state is not State.STOPPED] or tried
    values = [trial.value for trial in ended if trial.state is not State.FAILED and trial.value is not None]
    finite = [value for value in values if math.isfinite(value)]
    best = (max if history.maximize else min)(finite) if finite else None
    if best is not None and collapsed is not None and (best < collapsed if history.maximize else best > collapsed):
        best = None
    censored = all(trial.state is State.STOPPED for trial in tried)
    return Cell(arm=key.arm, repeat=key.repeat, again=key.again, value=best, censored=censored)


def _void(history: History, asked: Ablation) -> frozenset[int]:
    """The ids of the trials of earlier sessions that don't count for their cells.

    These are the trials that were stopped because their session ended, and those that failed because the objective
    names what was left out, for it may have been mended. If no baseline has succeeded yet, they are also
    all trials that failed, because then the objective itself was at fault.
    """
    before = history.trials_before
    reasons = {session.reason for session in history.sessions[:-1]}
    earlier = [trial for trial in islice(history.trials, before) if trial.state in ENDED]
    void = {trial.id for trial in earlier if trial.state is State.STOPPED and trial.reason in reasons}
    failed = {trial.id for trial in earlier if trial.state is not State.STOPPED and not _succeeded(trial)}
    if not any(_succeeded(trial) and arm_of(trial.place) == asked.reference for trial in earlier):
        void |= failed
    void |= {number for number in failed if is_coding_failure(history.trials[number], asked)}
    return frozenset(void)


def _succeeded(trial: Trial) -> bool:
    return trial.state is State.DONE and trial.value is not None and math.isfinite(trial.value)
