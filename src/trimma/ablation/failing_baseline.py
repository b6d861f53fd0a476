"""Says when an ablation should be given up because its baseline failed, so that there is nothing to compare with."""

import math

from trimma.ablation.places import REPEAT, arm_of
from trimma.ablation.question import Ablation
from trimma.core import failing_alike
from trimma.ports import History
from trimma.trial import State


def baseless(history: History, asked: Ablation) -> str | None:
    """Why the study should be given up, in words for the user; None while there is hope.

    It is given up when the first trial of the session is a baseline and fails. Where several configs are tried for each
    cell, one failure says little, and the general rule `trimma.core.failing_alike` decides.
    """
    if asked.tries > 1:
        return failing_alike(history)
    first = history.trials_before
    if history.trial_count <= first:
        return None
    trial = history.trials[first]
    if trial.place[REPEAT] != 0 or arm_of(trial.place) != asked.reference:
        return None
    if trial.failure is not None:
        return f"the baseline failed with {trial.failure.kind}"
    if trial.state is State.DONE and trial.value is not None and not math.isfinite(trial.value):
        return f"the baseline's {history.spec.metric.name!r} is {trial.value}"
    return None
