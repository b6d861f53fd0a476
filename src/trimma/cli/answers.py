"""What came of a request to a running study, as its log shows."""

import time
from collections.abc import Callable

from trimma.api.advice import command, how_to_resume
from trimma.api.study import Study
from trimma.display.numbers_and_durations import count
from trimma.events import Outcome
from trimma.ports import History
from trimma.trial import ENDED, State
from trimma.views import LOST, RUNNING, summary

WAIT_SECONDS = 5.0
"""How long an answer is waited for."""
_LOOK_SECONDS = 0.1

Answer = Callable[[History], str | None]
"""What a history says of a request, in words; None as long as it shows no effect."""


def answer_of(study: Study, seen: Answer) -> str:
    """What came of a request, in one line: the effect that ``seen`` tells, or how the study has ended."""
    deadline = time.monotonic() + WAIT_SECONDS
    while study.status == RUNNING:
        if answer := seen(study.history):
            return answer
        if time.monotonic() >= deadline:
            look = command("show", study.name, store=study.store)
            return f"asked; {study.name} has not answered within {WAIT_SECONDS:g} s, and may still do so: see {look}"
        # the study runs in another process, and a store can be read but not waited for
        time.sleep(_LOOK_SECONDS)
    state = summary(study.history, lost=study.status == LOST)
    more = "" if state.status == Outcome.FINISHED else f"; to go on: {how_to_resume(study.name, study.store)}"
    return f"{study.name} is {state.status}{f': {state.reason}' if state.reason else ''}{more}"


def never(history: History) -> str | None:
    """Of a request that shows in the end of the study only."""
    return None


def stopped(trial: int) -> Answer:
    """Whether the trial was asked to stop, or has ended."""
    return _moved(
        trial, lambda state: state is State.STOPPING or state in ENDED, {State.STOPPING: "it ends at its next report"}
    )


def paused(trial: int) -> Answer:
    """Whether the trial was asked to pause, or doesn't run any more, so that there is nothing to wait for."""
    return _moved(trial, lambda state: state is not State.RUNNING, {State.PAUSING: "it makes room at its next report"})


def continued(trial: int) -> Answer:
    """Whether the trial isn't paused any more."""
    return _moved(
        trial, lambda state: state is not State.PAUSED, {State.QUEUED: "it goes on as soon as a worker is idle"}
    )


def changed(trials: int | None, workers: int | None) -> Answer:
    """Whether the study has these limits."""

    def seen(history: History) -> str | None:
        if trials not in (None, history.spec.trials) or workers not in (None, history.worker_limit):
            return None
        limits = [f"{count(trials, 'trial')} in all"] if trials else []
        limits += [f"{count(workers, 'worker')} from now on"] if workers else []
        return f"{history.spec.name} has {' and '.join(limits)}"

    return seen


def _moved(trial: int, met: Callable[[State], bool], meanings: dict[State, str]) -> Answer:
    def seen(history: History) -> str | None:
        state = history.trials[trial].state
        if not met(state):
            return None
        meaning = f": {meanings[state]}" if state in meanings else ""
        return f"trial {trial} of {history.spec.name} is {state}{meaning}"

    return seen
