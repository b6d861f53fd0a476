"""Folds a study's events: each one changes the study's `History` in place, or is refused."""

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from trimma import events as ev
from trimma.checkpoint import Checkpoint
from trimma.errors import IllegalMove
from trimma.ledger.records import Likeness, Records, TrialRecord
from trimma.ledger.view import View
from trimma.sessions import Growth, Session, Stay
from trimma.trial import ON_WORKER, Span, State, move

CHECKPOINTS = 2
"""So many of a trial's latest checkpoints are kept: the last one, and the one before, if the last is damaged."""


class Ledger:
    """Takes in the events of a study. ``ledger.fold(event)`` changes what ``ledger.history`` shows."""

    def __init__(self) -> None:
        self._records: Records | None = None
        self._history: View | None = None

    def __len__(self) -> int:
        """How many events have been folded in."""
        return 0 if self._records is None else self._records.length

    @property
    def history(self) -> View:
        """What is known of the study. Raises `IllegalMove` before its first event."""
        if self._history is None:
            raise IllegalMove("a study's first event must be StudyCreated: nothing is known before it")
        return self._history

    def fold(self, event: ev.Event) -> None:
        """Take in one event. Raises `IllegalMove` when it can't follow the events before it."""
        records = self._records
        if records is None:
            if type(event) is not ev.StudyCreated:
                raise IllegalMove(f"a study's first event must be StudyCreated, not {type(event).__name__}")
            records = self._records = Records(event.spec, event.program, event.at)
            self._history = View(records, records.whole, {})
        else:
            _FOLDS[type(event)](records, event)
        records.length += 1
        # a study is extended before it is opened again: that is no time of the session before
        if records.sessions and type(event) is not ev.StudyExtended:
            records.sessions[-1].end = event.at


def _created_again(records: Records, event: ev.StudyCreated) -> None:
    raise IllegalMove("a study is created once")


def _opened(records: Records, event: ev.StudyOpened) -> None:
    records.changes += 1
    records.spec = msgspec.structs.replace(records.spec, trials=event.trials, until=event.until)
    died = records.sessions[-1].end if records.sessions else event.at
    _dismiss_workers(records, died)
    whole = records.whole
    for state in ON_WORKER:
        for trial in whole.by_state[state].values():
            trial.spans[-1].end = died
    # not all trials: there may be many sessions
    for number in records.lost:
        whole.trials[number].losses = 0
    records.lost.clear()
    records.sessions.append(Session(start=event.at, end=event.at))
    records.before = len(whole.trials), len(whole.ended)
    records.worker_limit = None
    records.planning, records.fruitless = None, None
    records.closed = None
    # they are asked anew, because their functions may be others
    records.own_rules.clear()
    records.failed_rule = None


def _rule_answered(records: Records, event: ev.RuleAnswered) -> None:
    if event.failure is not None:
        records.failed_rule = event
    elif event.reason:
        records.own_rules[event.rule] = event.reason
    else:
        records.own_rules.pop(event.rule, None)


def _extended(records: Records, event: ev.StudyExtended) -> None:
    records.spec = msgspec.structs.replace(records.spec, asked=event.asked, planned=event.planned)
    records.original = msgspec.structs.replace(records.original, asked=event.asked, planned=event.planned)
    records.program = event.program


def _limits_changed(records: Records, event: ev.LimitsChanged) -> None:
    records.changes += 1
    if event.trials is not None:
        records.spec = msgspec.structs.replace(records.spec, trials=event.trials)
    if event.workers is not None:
        records.worker_limit = event.workers


def _closed(records: Records, event: ev.StudyClosed) -> None:
    records.closed = event
    if records.sessions:
        records.sessions[-1].reason = event.reason
    _dismiss_workers(records, event.at)


def _dismiss_workers(records: Records, at: float) -> None:
    for stay in records.workers.values():
        stay.end = at
    records.workers.clear()
    records.idle.clear()
    records.renewing.clear()


def _joined(records: Records, event: ev.WorkerJoined) -> None:
    if event.worker in records.workers:
        raise IllegalMove(f"worker {event.worker} joined twice")
    records.changes += 1
    stay = Stay(worker=event.worker, start=event.at, host=event.host, number=event.stay)
    records.workers[event.worker] = stay
    records.stays.append(stay)
    records.idle[event.worker] = None
    records.renewing.pop(event.worker, None)


def _left(records: Records, event: ev.WorkerLost) -> None:
    stay = records.workers.pop(event.worker, None)
    if stay is None and event.worker in records.renewing:
        # it won't join again with a fresh process, but as any other
        del records.renewing[event.worker]
        return
    if stay is None:
        raise IllegalMove(f"worker {event.worker} was lost, but had not joined")
    records.changes += 1
    stay.end, stay.cause = event.at, event.cause
    records.idle.pop(event.worker, None)


def _renewed(records: Records, event: ev.WorkerRenewed) -> None:
    if event.worker not in records.idle:
        raise IllegalMove(f"worker {event.worker} was renewed, but isn't idle")
    records.changes += 1
    stay = records.workers.pop(event.worker)
    stay.end, stay.cause, stay.renewed, stay.asked = event.at, event.cause, True, event.asked
    del records.idle[event.worker]
    records.renewing[event.worker] = None


def _grown(records: Records, event: ev.WorkerGrown) -> None:
    stay = records.workers.get(event.worker)
    if stay is None:
        raise IllegalMove(f"worker {event.worker} holds more memory, but had not joined")
    stay.growth = Growth(event.more, event.trials, event.exceeded)


def _plan_requested(records: Records, event: ev.PlanRequested) -> None:
    if records.planning is not None:
        raise IllegalMove("a plan was requested while another is being made")
    records.planning, records.released = records.length + 1, 0
    records.fruitless = records.changes


def _plan_received(records: Records, event: ev.PlanReceived) -> None:
    if records.planning is None:
        raise IllegalMove("a plan was received that nobody had requested")
    records.planning = None
    # as many workers as came free while this plan was made will come free while the next one is made
    records.ahead = min(max(1, records.released), max(1, len(records.workers)))


def _queued(records: Records, event: ev.TrialQueued) -> None:
    if event.trial != len(records.whole.trials):
        raise IllegalMove(f"trial {event.trial} was queued where trial {len(records.whole.trials)} was due")
    if event.ranks < 1:
        raise IllegalMove(f"trial {event.trial} has {event.ranks} ranks, where it needs one at least")
    parent = None if event.parent is None else records.trial(event.parent, ev.TrialQueued)
    records.changes += 1
    trial = TrialRecord(
        id=event.trial,
        config=event.config,
        place=event.place,
        parent=event.parent,
        branch=event.branch,
        hidden=event.hidden,
        rungs=event.rungs,
        budget=event.budget,
        ranks=event.ranks,
        since=event.at,
        # the checkpoints as they are now: what the parent saves later is another one
        checkpoints=() if parent is None else parent.checkpoints,
    )
    records.add(trial)
    if trial.ranks > records.most_ranks:
        records.most_ranks = trial.ranks


def _move(records: Records, trial: TrialRecord, event: Any) -> None:
    """Move the event's trial to the state that the table names, and keep the indexes by state up to date."""
    before = trial.state
    after = move(trial.id, before, type(event))
    if before is not after:
        trial.state, trial.since = after, event.at
        records.changes += 1
        for part in records.only_whole or records.parts_of(trial.id):
            part.move(trial, before, after)


def _trial_of(records: Records, event: Any) -> TrialRecord:
    """The trial that the event names. Raises `IllegalMove` when there is none, or when it names another attempt."""
    trials, number = records.whole.trials, event.trial
    trial: TrialRecord = trials[number] if 0 <= number < len(trials) else records.trial(number, type(event))
    if event.attempt != trial.attempt and type(event) is not ev.TrialStarted:
        raise IllegalMove(
            f"{type(event).__name__} names attempt {event.attempt} of trial {trial.id}, now at {trial.attempt}"
        )
    return trial


def _started(records: Records, event: ev.TrialStarted) -> None:
    trial = _trial_of(records, event)
    if event.attempt != trial.attempt + 1:
        raise IllegalMove(f"attempt {event.attempt} of trial {trial.id} follows attempt {trial.attempt}")
    workers, idle = event.workers, records.idle
    if len(workers) != trial.ranks or (trial.ranks > 1 and len(set(workers)) < trial.ranks):
        named = ", ".join(workers) or "no worker"
        raise IllegalMove(f"trial {trial.id} has {trial.ranks} ranks, and was started on {named}")
    for worker in workers:
        if worker not in idle:
            raise IllegalMove(f"trial {trial.id} was started on worker {worker}, which isn't idle")
    _move(records, trial, event)
    for worker in workers:
        del idle[worker]
        records.workers[worker].trials += 1
    if records.awaiting_fresh:
        records.awaiting_fresh.pop(trial.id, None)
    trial.attempt, trial.workers = event.attempt, workers
    trial.reason, trial.killed, trial.saving = "", False, False
    if event.attempt > 1 and _go_back(records, trial):
        trial.spans[-1].lost = True
    trial.spans = (*trial.spans, Span(attempt=event.attempt, workers=workers, start=event.at))


def _reported(records: Records, event: ev.Reported) -> None:
    trial = _trial_of(records, event)
    move(trial.id, trial.state, ev.Reported)
    if event.rank:
        # the report stays in the store: only those of rank 0 count for the trial
        return
    records.changes += 1
    trial.curve.append(event.step, event.at, event.metrics)
    value = event.metrics.get(records.metric)
    if value is None:
        return
    trial.value = _better_of(records, trial.value, value) if records.best_counts else value
    for part in records.only_whole or records.parts_of(trial.id):
        part.score(trial.id, event.step, value)


def _logged(records: Records, event: ev.Logged) -> None:
    # the text stays in the store: it may be long, and no policy or view asks for it
    trial = _trial_of(records, event)
    move(trial.id, trial.state, ev.Logged)


def _stop_requested(records: Records, event: ev.StopRequested) -> None:
    trial = _trial_of(records, event)
    _move(records, trial, event)
    trial.reason = event.reason


def _kill_requested(records: Records, event: ev.KillRequested) -> None:
    trial = _trial_of(records, event)
    if trial.state is State.RUNNING:
        trial.overdue, trial.reason = True, event.reason
    _move(records, trial, event)
    trial.killed = True


def _pause_requested(records: Records, event: ev.PauseRequested) -> None:
    trial = _trial_of(records, event)
    _move(records, trial, event)
    trial.reason = event.reason


def _paused(records: Records, event: ev.TrialPaused) -> None:
    trial = _trial_of(records, event)
    _move(records, trial, event)
    trial.spans[-1].seconds = event.seconds
    _did_well(records, trial)
    _release(records, trial, event.at)


def _save_begun(records: Records, event: ev.SaveBegun) -> None:
    trial = _trial_of(records, event)
    move(trial.id, trial.state, ev.SaveBegun)
    trial.saving = True


def _checkpoint_saved(records: Records, event: ev.CheckpointSaved) -> None:
    trial = _trial_of(records, event)
    move(trial.id, trial.state, ev.CheckpointSaved)
    trial.saving = False
    saved = Checkpoint(trial=trial.id, attempt=event.attempt, step=event.step)
    trial.checkpoints = (*trial.checkpoints, saved)[-CHECKPOINTS:]


def _save_failed(records: Records, event: ev.SaveFailed | ev.PauseFailed) -> None:
    trial = _trial_of(records, event)
    _move(records, trial, event)
    trial.saving = False


def _went_back_further(records: Records, event: ev.WentBackFurther) -> None:
    trial = _trial_of(records, event)
    move(trial.id, trial.state, ev.WentBackFurther)
    kept = () if event.step is None else tuple(each for each in trial.checkpoints if each.step <= event.step)
    trial.checkpoints = kept
    _go_back(records, trial)


def _resumed(records: Records, event: ev.TrialResumed) -> None:
    trial = _trial_of(records, event)
    _move(records, trial, event)
    trial.rungs, trial.budget = event.rungs, event.budget
    if trial.spoiled:
        records.awaiting_fresh[trial.id] = None
    if not event.asked:
        trial.resumed += 1
        for part in records.only_whole or records.parts_of(trial.id):
            part.chosen += 1


def _finished(records: Records, event: ev.TrialFinished) -> None:
    trial = _trial_of(records, event)
    _move(records, trial, event)
    trial.result, trial.notes, trial.reason = event.metrics, event.notes, ""
    trial.folder = Path(event.folder) if event.folder else None
    value = event.metrics.get(records.metric)
    if value is not None:
        trial.value = _better_of(records, trial.value, value) if records.best_counts else value
    _did_well(records, trial)
    _end(records, trial, event)


def _stopped(records: Records, event: ev.TrialStopped) -> None:
    trial = _trial_of(records, event)
    _move(records, trial, event)
    trial.reason = event.reason or trial.reason
    trial.folder = Path(event.folder) if event.folder else None
    if records.awaiting_fresh:
        records.awaiting_fresh.pop(trial.id, None)
    _did_well(records, trial)
    _end(records, trial, event)


def _failed(records: Records, event: ev.TrialFailed) -> None:
    trial = _trial_of(records, event)
    _move(records, trial, event)
    trial.failure, trial.result = event.failure, event.metrics
    _did_badly(records, trial, event.failure.likeness)
    _end(records, trial, event)


def _lost(records: Records, event: ev.TrialLost) -> None:
    trial = _trial_of(records, event)
    _move(records, trial, event)
    trial.crashes += event.crashed
    trial.retries += event.raised
    trial.spoiled += event.spoiled
    if event.ran and not (event.crashed or event.raised or event.spoiled):
        trial.losses += 1
        records.lost[trial.id] = None
    trial.overdue = False
    if trial.spoiled:
        records.awaiting_fresh[trial.id] = None
    trial.spans[-1].lost = True
    _go_back(records, trial)
    _release(records, trial, event.at)


def _did_well(records: Records, trial: TrialRecord) -> None:
    """Note with its workers that the trial's attempt has ended without a failure."""
    for worker in trial.workers:
        if (stay := records.workers.get(worker)) is not None:
            stay.failing, stay.alike, stay.done_at = None, 0, records.length


def _did_badly(records: Records, trial: TrialRecord, likeness: Likeness) -> None:
    """Note with its workers that the trial has failed in this way."""
    for worker in trial.workers:
        if (stay := records.workers.get(worker)) is None:
            continue
        if stay.failing == likeness:
            stay.alike += 1
        else:
            stay.failing, stay.failing_since, stay.alike = likeness, records.length, 1
        if trial.spoiled and stay.trials == 1:
            records.exonerated[likeness] = records.exonerated.get(likeness, 0) + 1


def _better_of(records: Records, known: float | None, value: float) -> float:
    """The better one of two values of the metric that decides. ``known`` is None before the first one."""
    if known is None or not math.isfinite(known) or records.whole.better(value, known):
        return value
    return known


def _go_back(records: Records, trial: TrialRecord) -> bool:
    """Drop the reports after the checkpoint, which the next attempt makes again. Returns whether there were any."""
    if not len(trial.curve):
        return False
    kept = trial.curve.upto(trial.checkpoint.step if trial.checkpoint else None)
    if len(kept) == len(trial.curve):
        return False
    trial.lost_steps += len(trial.curve) - len(kept)
    trial.curve = kept
    values = kept.series(records.metric).values
    trial.value = values[-1] if values else None
    if records.best_counts:
        for value in values:
            trial.value = _better_of(records, trial.value, value)
    return True


def _end(records: Records, trial: TrialRecord, event: ev.TrialFinished | ev.TrialStopped | ev.TrialFailed) -> None:
    if trial.workers:
        trial.spans[-1].seconds = event.seconds
    _release(records, trial, event.at)
    place = len(records.whole.ended)
    for part in records.only_whole or records.parts_of(trial.id):
        part.end(trial, place)


def _release(records: Records, trial: TrialRecord, at: float) -> None:
    """End the trial's span. Its workers are idle again, unless one of them is gone.

    In that case the others are being killed. They leave, too, and join again when they have new runners.
    """
    if not trial.workers:
        return
    span = trial.spans[-1]
    if span.end is None:
        span.end = at
    workers, trial.workers = trial.workers, ()
    for worker in workers:
        if worker not in records.workers:
            return
    for worker in workers:
        records.idle[worker] = None
    records.released += len(workers)


_FOLDS: Mapping[type, Callable[[Records, Any], None]] = {
    ev.StudyCreated: _created_again,
    ev.StudyOpened: _opened,
    ev.StudyExtended: _extended,
    ev.LimitsChanged: _limits_changed,
    ev.RuleAnswered: _rule_answered,
    ev.StudyClosed: _closed,
    ev.WorkerJoined: _joined,
    ev.WorkerLost: _left,
    ev.WorkerRenewed: _renewed,
    ev.WorkerGrown: _grown,
    ev.PlanRequested: _plan_requested,
    ev.PlanReceived: _plan_received,
    ev.TrialQueued: _queued,
    ev.TrialStarted: _started,
    ev.Reported: _reported,
    ev.Logged: _logged,
    ev.PauseRequested: _pause_requested,
    ev.TrialPaused: _paused,
    ev.SaveBegun: _save_begun,
    ev.CheckpointSaved: _checkpoint_saved,
    ev.SaveFailed: _save_failed,
    ev.PauseFailed: _save_failed,
    ev.WentBackFurther: _went_back_further,
    ev.TrialResumed: _resumed,
    ev.StopRequested: _stop_requested,
    ev.KillRequested: _kill_requested,
    ev.TrialStopped: _stopped,
    ev.TrialFinished: _finished,
    ev.TrialFailed: _failed,
    ev.TrialLost: _lost,
}
