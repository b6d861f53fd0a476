"""How far the best trial was trained, in words."""

from trimma.display.numbers_and_durations import count
from trimma.ports import History
from trimma.trial import State, Trial
from trimma.views import best_step, steps_of


def how_far(history: History, best: Trial) -> str:
    """Words that follow the number of the best trial, such as `` after 12 steps``. Empty without steps.

    They say when the value is the best of several steps, and when the trial was stopped, because no trial is done.
    """
    steps, step = steps_of(best), best_step(history, best)
    words = f" after {count(steps, 'step')}" if steps else ""
    if history.spec.metric.value == "best" and step is not None and steps > 1:
        words = f" at step {step} of {steps}"
    return words + (", which was stopped (none is done)" if best.state is State.STOPPED else "")
