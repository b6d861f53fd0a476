"""What stopping early saved."""

from collections.abc import Iterable
from statistics import median

from msgspec import Struct

from trimma.ports import History
from trimma.trial import State, Trial
from trimma.views.steps import steps_of


class Savings(Struct, frozen=True, kw_only=True):
    """Steps run, and what they would have been had every trial been run to its end.

    ``run`` and ``full`` both hold the ``lost`` steps, which attempts that counted for nothing had run.
    ``share`` is ``saved / full``, from 0 to 1; None where no step was run or known.
    """

    run: int
    full: int
    saved: int
    share: float | None
    lost: int
    done: int
    stopped: int
    failed: int


def savings(history: History) -> Savings:
    """The savings over the trials that have ended.

    The end of a trial that was stopped is its budget if it has one, else the median of the steps of the trials
    that are done (its own last step where none is). A failed trial saved nothing, nor did one that never started.
    """
    trials = [history.trials[number] for number in history.ended]
    usual = _usual(trial for trial in trials if trial.state is State.DONE)
    lost = sum(trial.lost_steps for trial in trials)
    run = lost + sum(map(steps_of, trials))
    full = lost + sum(_end(trial, usual) for trial in trials)
    return Savings(
        run=run,
        full=full,
        saved=full - run,
        share=(full - run) / full if full else None,
        lost=lost,
        done=history.counts[State.DONE],
        stopped=history.counts[State.STOPPED],
        failed=history.counts[State.FAILED],
    )


def _usual(done: Iterable[Trial]) -> int:
    steps = [steps_of(trial) for trial in done]
    return round(median(steps)) if steps else 0


def _end(trial: Trial, usual: int) -> int:
    steps = steps_of(trial)
    if trial.state is not State.STOPPED or not trial.attempt:
        return steps
    return max(steps, usual if trial.budget is None else trial.budget)
