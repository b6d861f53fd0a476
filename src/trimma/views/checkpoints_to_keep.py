"""Which checkpoints are still needed."""

from collections.abc import Collection, Sequence

from trimma.checkpoint import Checkpoint
from trimma.ports import History
from trimma.trial import ENDED, Trial
from trimma.views.folders_to_keep import folders_to_keep


def checkpoints_to_keep(history: History, ended: Collection[int], keep: int | None) -> dict[int, Sequence[Checkpoint]]:
    """The checkpoints that each trial still needs, by the trial. Those that no trial needs can be removed.

    A trial that hasn't ended needs all that it could go on from, be they its own or its parent's. Of the trials that
    have ``ended``, the ``keep`` best need their last one, or with None all that are done or stopped.
    """
    kept = folders_to_keep(history, ended, keep)
    live = {trial.id: trial.checkpoints for trial in history.trials if trial.state not in ENDED and trial.checkpoints}
    return live | {trial: last_of(history.trials[trial]) for trial in kept}


def last_of(trial: Trial) -> Sequence[Checkpoint]:
    """The checkpoint that a trial keeps after its end, if it has saved one itself."""
    return [checkpoint for checkpoint in trial.checkpoints if checkpoint.trial == trial.id][-1:]
