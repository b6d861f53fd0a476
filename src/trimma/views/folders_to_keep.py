"""Which trials keep their folders."""

import heapq
from collections.abc import Collection

from trimma.ports import History
from trimma.trial import State, Trial
from trimma.views.comparable import comparable


def folders_to_keep(history: History, ended: Collection[int], keep: int | None) -> set[int]:
    """Those of the ``ended`` trials that keep their folders. The others' folders can be removed.

    The ``keep`` best ones keep theirs, by the rule of `History.best`, or with None all that are done or stopped.
    Nothing is kept of trials that failed or were killed. A trial that isn't kept now won't be later, as long as no new
    rule is given.
    """
    places = {trial: place for place, trial in enumerate(ended)}
    sound = [history.trials[trial] for trial in ended if _is_sound(history.trials[trial])]
    if keep is None:
        return {trial.id for trial in sound}
    sign = -1.0 if history.maximize else 1.0

    def key(trial: Trial) -> tuple[float, int]:
        return sign * (trial.value or 0.0), places[trial.id]

    return {trial.id for trial in heapq.nsmallest(keep, (each for each in sound if comparable(history, each)), key=key)}


def _is_sound(trial: Trial) -> bool:
    return trial.state in (State.DONE, State.STOPPED) and not trial.killed
