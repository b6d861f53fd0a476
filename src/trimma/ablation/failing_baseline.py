"""When an ablation has nothing to compare with, and is better ended at once."""

import math

from trimma.ablation.places import REPEAT, arm_of
from trimma.ablation.question import Ablation
from trimma.core import failing_alike
from trimma.ports import History
from trimma.trial import State


def baseless(history: History, asked: Ablation) -> str | None:
    """Why the study had better be given up: the session began with the baseline, which failed.

    Where several configs are tried for each cell, one that fails says little, and it goes by the general rule.
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
