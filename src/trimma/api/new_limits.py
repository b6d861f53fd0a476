"""Which limits hold from a resume on."""

from trimma.ports import History
from trimma.stopping import Rule, Timeout, unmet


def limits_from_here(
    history: History, trials: int | None, timeout: float | None, until: Rule | None
) -> tuple[int | None, Rule | None]:
    """The total number of trials, and the rule, that hold from here on.

    ``trials`` is a total number, and ``timeout`` is in seconds from here on. If no limit is given, the limits of before
    hold. If one is given, those of before that are reached don't hold any more, so that the study goes on. A new
    ``timeout`` or ``until`` replaces the rule of before, and new ``trials`` the number of before.
    """
    spec = history.spec
    if trials is None and timeout is None and until is None:
        return spec.trials, spec.until
    ended = history.sessions[-1].end if history.sessions else 0.0
    if timeout is not None:
        more = Timeout(history.active_seconds(ended) + timeout)
        until = more if until is None else until | more
    if until is None:
        until = unmet(spec.until, history, ended)
    if trials is None and spec.trials is not None and history.trial_count < spec.trials:
        trials = spec.trials
    return trials, until
