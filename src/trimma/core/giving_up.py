"""The general rule for giving up a study that has no chance."""

from trimma.ports import History


def failing_alike(history: History) -> str | None:
    """A reason to give up when the first trials of this session all failed with the same kind of error.

    It is None as long as that isn't so. ``failures_to_give_up`` in the spec says how many trials it takes.
    """
    before, ended = history.ended_before, history.ended
    # asked in each turn, of studies whose first trial has hardly ever failed
    if len(ended) == before or (shared := history.trials[ended[before]].failure) is None:
        return None
    patience = _patience(history)
    if patience < 1 or len(ended) < before + patience:
        return None
    first = [history.trials[trial].failure for trial in ended[before : before + patience]]
    if any(failure is None or failure.kind != shared.kind for failure in first):
        return None
    since = " since it was resumed" if len(history.sessions) > 1 else ""
    return f"the first {patience} trials{since} all failed with {shared.kind}"


def _patience(history: History) -> int:
    spec = history.spec
    # a limit that was lowered later says nothing of the first trials
    most = None if spec.trials is None else max(spec.trials, history.trial_count)
    return min(spec.failures_to_give_up, most or spec.failures_to_give_up)
