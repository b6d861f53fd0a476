"""Turns the facts that an engine tells into events and commands."""

from bisect import bisect_right

from trimma.commands import Signal
from trimma.core.draft import Draft
from trimma.core.renewal import has_company, note_end, note_spoiled, why_spoiled
from trimma.core.retries import tried_too_often
from trimma.events import (
    Failure,
    Logged,
    Reported,
    StopRequested,
    TrialFailed,
    TrialFinished,
    TrialLost,
    TrialPaused,
    TrialStopped,
    WorkerGrown,
    WorkerJoined,
    WorkerLost,
)
from trimma.facts import FromAgent, Grown, Halted, Joined, Left, Measured, Paused, Printed, Raised, Returned
from trimma.ports import Decision, Scheduler
from trimma.trial import ON_WORKER, State, Trial

_OfTrial = Measured | Printed | Grown | Returned | Raised | Halted | Paused


def take(draft: Draft, fact: FromAgent, scheduler: Scheduler) -> None:
    """Record what follows from a fact."""
    if isinstance(fact, Joined):
        draft.record(WorkerJoined(at=draft.now, worker=fact.worker, host=fact.host, stay=fact.stay))
    elif isinstance(fact, Left):
        _left(draft, fact)
    else:
        # what an earlier attempt still sends, or a trial that was ended meanwhile, counts for nothing
        trial = _current(draft, fact)
        if trial is not None:
            workers = trial.workers
            _from_trial(draft, fact, trial, scheduler)
            if draft.renew is not None and not trial.workers:
                for worker in workers:
                    note_end(draft, worker)


def _current(draft: Draft, fact: _OfTrial) -> Trial | None:
    trials = draft.history.trials
    if not 0 <= fact.trial < len(trials):
        return None
    trial = trials[fact.trial]
    return trial if trial.state in ON_WORKER and trial.attempt == fact.attempt else None


def _left(draft: Draft, fact: Left) -> None:
    history = draft.history
    if fact.worker not in history.workers and fact.worker not in history.renewing:
        return
    stay = history.workers.get(fact.worker)
    if stay is not None and fact.stay not in (None, stay.number):
        return
    trial = history.trial_on(fact.worker)
    draft.record(WorkerLost(at=draft.now, worker=fact.worker, cause=fact.cause))
    if trial is not None:
        failure = tried_too_often(trial, fact, history.spec.max_attempts)
        blamed = fact.crashed and fact.ran
        draft.abandon(trial, fact.cause, crashed=blamed, ran=fact.ran, excused=not blamed, failure=failure)


def _from_trial(draft: Draft, fact: _OfTrial, trial: Trial, scheduler: Scheduler) -> None:
    match fact:
        case Measured():
            _measured(draft, fact, trial, scheduler)
        case Printed(text=text):
            draft.record(Logged(text=text, rank=fact.rank, **draft.key(trial)))
        case Grown(more=more, trials=trials, exceeded=exceeded):
            worker = trial.workers[fact.rank]
            if worker in draft.history.workers:
                draft.record(WorkerGrown(at=draft.now, worker=worker, more=more, trials=trials, exceeded=exceeded))
        case Returned():
            _returned(draft, fact, trial)
        case Raised():
            _raised(draft, fact, trial)
        case Halted():
            _halted(draft, fact, trial)
        case Paused():
            if trial.state is State.PAUSING:
                draft.record(TrialPaused(checkpoint=fact.checkpoint, seconds=fact.seconds, **draft.key(trial)))
            elif trial.state is State.STOPPING:
                # it was asked to stop when it was making room already
                draft.record(TrialStopped(seconds=fact.seconds, **draft.key(trial)))


def _measured(draft: Draft, fact: Measured, trial: Trial, scheduler: Scheduler) -> None:
    begun = trial.checkpoint.step if trial.checkpoint else 0
    before = trial.curve.steps[-1] if len(trial.curve) else begun
    draft.record(Reported(step=fact.step, metrics=fact.metrics, rank=fact.rank, **draft.key(trial)))
    if trial.state is not State.RUNNING or fact.rank:
        # what was reported before the end counts, and nothing is decided any more
        return
    if draft.history.spec.metric.name in fact.metrics:
        verdict = scheduler.verdict(draft.history, trial)
        if verdict.decision is Decision.STOP:
            draft.stop(trial, verdict.reason)
            return
        if verdict.decision is Decision.PAUSE:
            draft.pause(trial, verdict.reason)
            return
    if bisect_right(trial.rungs, fact.step) > bisect_right(trial.rungs, before):
        draft.send(trial, Signal.CONTINUE)


def _returned(draft: Draft, fact: Returned, trial: Trial) -> None:
    metric, metrics = draft.history.spec.metric.name, fact.metrics
    key = draft.key(trial) | {"metrics": metrics, "seconds": fact.seconds}
    if metric in metrics or trial.value is not None:
        draft.record(TrialFinished(notes=fact.notes, folder=fact.folder, **key))
        return
    reported = ", ".join(sorted({*metrics, *trial.curve.metrics}))
    message = f"the metric {metric!r} was never reported; " + (
        f"what was: {reported}" if reported else "nothing was: report it, return it, or yield it"
    )
    draft.record(TrialFailed(failure=Failure(kind="MetricMissing", message=message), **key))


def _raised(draft: Draft, fact: Raised, trial: Trial) -> None:
    key, failure = draft.key(trial), fact.failure
    if trial.state is State.STOPPING:
        draft.record(Logged(text=f"raised while stopping: {failure}\n{failure.traceback}", **key))
        draft.record(TrialStopped(seconds=fact.seconds, **key))
        return
    if cause := why_spoiled(draft, fact, trial):
        note_spoiled(draft, trial.workers[0], cause)
        if has_company(draft, trial):
            said = f"raised, and is tried again in a fresh process: {failure}\n{failure.traceback}"
            draft.record(Logged(text=said, **key))
            draft.record(TrialLost(cause=str(failure), spoiled=True, **key))
            return
    if fact.again and _may_try_again(draft, trial):
        draft.record(Logged(text=f"raised, and is tried again: {failure}\n{failure.traceback}", **key))
        draft.record(TrialLost(cause=str(failure), raised=True, **key))
    else:
        draft.record(TrialFailed(failure=failure, seconds=fact.seconds, **key))


def _halted(draft: Draft, fact: Halted, trial: Trial) -> None:
    if trial.state is State.PAUSING:
        draft.record(TrialPaused(seconds=fact.seconds, **draft.key(trial)))
        return
    if trial.state is State.RUNNING:
        # an objective may raise StopTrial of its own accord
        reason = f"it stopped itself: {fact.reason}" if fact.reason else "it stopped itself"
        draft.record(StopRequested(reason=reason, **draft.key(trial)))
    draft.record(TrialStopped(seconds=fact.seconds, folder=fact.folder, **draft.key(trial)))


def _may_try_again(draft: Draft, trial: Trial) -> bool:
    return trial.state is State.RUNNING and trial.ranks == 1 and trial.retries < draft.history.spec.retry
