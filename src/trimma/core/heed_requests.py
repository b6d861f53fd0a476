"""Turns what people ask of a running study into events and commands."""

from trimma.commands import Grow
from trimma.core.draft import Draft
from trimma.events import LimitsChanged, TrialResumed, TrialStopped
from trimma.requests import ChangeTrials, ChangeWorkers, ContinueTrial, EndTrial, PauseTrial, Request
from trimma.trial import State, Trial


def heed(draft: Draft, request: Request) -> None:
    """Record what follows from a request. A request that no longer applies changes nothing.

    `EndStudy` isn't heeded here: it ends the step.
    """
    match request:
        case EndTrial(trial=number) if (trial := _trial(draft, number)) is not None:
            _stop(draft, trial)
        case PauseTrial(trial=number) if (trial := _trial(draft, number)) is not None:
            if trial.state is State.RUNNING:
                draft.pause(trial, "it was asked to pause")
        case ContinueTrial(trial=number) if (trial := _trial(draft, number)) is not None:
            if trial.state is State.PAUSED:
                draft.record(
                    TrialResumed(rungs=tuple(trial.rungs), budget=trial.budget, asked=True, **draft.key(trial))
                )
        case ChangeTrials(trials=trials) if trials > 0:
            draft.record(LimitsChanged(at=draft.now, trials=trials))
            _grow(draft)
        case ChangeWorkers(workers=workers) if workers > 0:
            history = draft.history
            waiting = [*history.queued.values(), *history.paused.values(), *history.on_workers()]
            # a trial of several ranks could never start again with fewer
            workers = max([workers, *(trial.ranks for trial in waiting)])
            draft.record(LimitsChanged(at=draft.now, workers=workers))
            _grow(draft)


def _grow(draft: Draft) -> None:
    """Have as many workers as were asked for, but no more than there is work for."""
    history = draft.history
    limit, room = history.worker_limit, history.room
    if limit is not None:
        useful = limit if room is None else min(limit, history.wanted + len(history.paused) + room)
        draft.commands.append(Grow(workers=useful))


def _trial(draft: Draft, number: int) -> Trial | None:
    history = draft.history
    return history.trials[number] if 0 <= number < history.trial_count else None


def _stop(draft: Draft, trial: Trial) -> None:
    reason = "somebody asked it to stop"
    if trial.state in (State.RUNNING, State.PAUSING):
        draft.stop(trial, reason)
    elif trial.state in (State.QUEUED, State.PAUSED):
        draft.record(TrialStopped(reason=reason, **draft.key(trial)))
