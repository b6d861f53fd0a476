"""When a study has no chance, and is better ended at once."""

import math

from trimma.ports import History
from trimma.study import REPEAT, Ablation, arm_of
from trimma.trial import State


def hopeless(history: History) -> str | None:
    """Why the study had better be given up; None while there is hope."""
    return _failing_alike(history) if history.spec.ablation is None else _baseless(history, history.spec.ablation)


def _failing_alike(history: History) -> str | None:
    """The failure that all of this session's first trials share."""
    before, patience = history.ended_before, _patience(history)
    if patience < 1 or len(history.ended) < before + patience:
        return None
    first = [history.trials[trial].failure for trial in history.ended[before : before + patience]]
    shared = first[0]
    if shared is None or any(failure is None or failure.kind != shared.kind for failure in first):
        return None
    since = " since it was resumed" if len(history.sessions) > 1 else ""
    return f"the first {patience} trials{since} all failed with {shared.kind}"


def _baseless(history: History, asked: Ablation) -> str | None:
    """Why there is nothing to compare an ablation's arms with: the session began with the baseline, which failed."""
    if asked.tries > 1:
        return _failing_alike(history)
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


def _patience(history: History) -> int:
    spec = history.spec
    return min(spec.failures_to_give_up, spec.trials or spec.failures_to_give_up)
