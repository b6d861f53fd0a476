"""How many steps were saved by stopping trials early."""

from collections.abc import Iterable
from statistics import median

from msgspec import Struct

from trimma.ports import History
from trimma.trial import State, Trial
from trimma.views.steps import steps_of


class Savings(Struct, frozen=True, kw_only=True):
    """The steps that were ``run``, and the steps of a ``full`` study, in which no trial is stopped early.

    Both include the ``lost`` steps of attempts that were lost. ``share`` is ``saved / full``, from 0 to 1, or None when
    no step was run. ``done``, ``stopped`` and ``failed`` are numbers of trials.
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

    A trial that was stopped would have ended at its budget if it has one, else at the median of the steps of the trials
    that are done (or at its own last step if none is done). Failed trials and trials that never started saved nothing.
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
