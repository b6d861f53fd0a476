"""The general rule for giving up a study that has no chance."""

from collections.abc import Sequence

from trimma.ports import History
from trimma.space.flatten import flatten, names_in
from trimma.space.parts import dimensions_over
from trimma.space.plain import identity
from trimma.trial import State, Trial

_OF_THE_CODE = ("NameError", "UnboundLocalError", "ImportError", "ModuleNotFoundError", "SyntaxError")


def failing_alike(history: History) -> str | None:
    """A reason to give up when the first trials of this session all failed alike. None as long as that isn't so.

    Failures are alike if they have the same type, the same message but for numbers, and come from the same line.
    ``failures_to_give_up`` in the spec says how many trials it takes. It takes more as long as all of them share a
    value of some hyperparameter that has other values, too: these may do better. That doesn't hold for errors of the
    code, such as a name that isn't defined.

    With ``stop_at_failure``, any failure of the session is a reason.
    """
    before, ended = history.ended_before, history.ended
    if history.spec.stop_at_failure:
        return _any_failure(history)
    # asked in each turn, of studies whose first trial has hardly ever failed
    if len(ended) == before or (shared := history.trials[ended[before]].failure) is None:
        return None
    patience = _patience(history)
    if patience < 1 or len(ended) < before + patience:
        return None
    trials = [history.trials[number] for number in ended[before:]]
    if any(trial.failure is None or trial.failure.likeness != shared.likeness for trial in trials):
        return None
    count = patience
    if shared.kind not in _OF_THE_CODE and history.room != 0 and _share_a_value(history, trials[:patience]):
        if _share_a_value(history, trials):
            return None
        count = len(trials)
    since = " since it was resumed" if len(history.sessions) > 1 else ""
    return f"the first {count} trials{since} all failed with {shared.kind}"


def _any_failure(history: History) -> str | None:
    if not history.counts[State.FAILED]:
        return None
    for number in history.ended[history.ended_before :]:
        if (failure := history.trials[number].failure) is not None:
            return f"trial {number} failed with {failure.kind}"
    return None


def _share_a_value(history: History, trials: Sequence[Trial]) -> bool:
    """Whether all trials have the same value of a hyperparameter that has several values."""
    space = history.spec.space
    names = names_in(space)
    settings = [{**flatten(trial.config, names), **trial.hidden} for trial in trials]
    for dimension in dimensions_over(space):
        if dimension.size is not None and dimension.size > 1:
            values = {identity(each[dimension.name]) if dimension.name in each else None for each in settings}
            if len(values) == 1:
                return True
    return False


def _patience(history: History) -> int:
    spec = history.spec
    # a limit that was lowered later says nothing of the first trials
    most = None if spec.trials is None else max(spec.trials, history.trial_count)
    return min(spec.failures_to_give_up, most or spec.failures_to_give_up)
