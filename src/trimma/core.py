"""What happens next. `step` is the heart: facts in, events and commands out, with no clock, thread or I/O.

The only thing that it changes is the ledger, in which it folds each event as it decides it, so that the second
report of a batch is judged in the light of the first.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any

import numpy as np
from msgspec import Struct

from trimma.commands import Close, Command, Job, Send, Signal, Start
from trimma.events import (
    Event,
    Failure,
    KillRequested,
    Logged,
    Outcome,
    Reported,
    StopRequested,
    StudyClosed,
    StudyOpened,
    TrialFailed,
    TrialFinished,
    TrialLost,
    TrialQueued,
    TrialStarted,
    TrialStopped,
    WorkerJoined,
    WorkerLost,
)
from trimma.facts import Fact, Halted, Interrupted, Joined, Left, Measured, Printed, Raised, Returned
from trimma.history import History, Ledger
from trimma.ports import Decision, Scheduler
from trimma.stopping import Halt, Rule, TrialCount
from trimma.trial import State, Trial


class Turn(Struct, frozen=True):
    """What one step decided: store the events, then carry out the commands."""

    events: list[Event]
    commands: list[Command]


def reopen(ledger: Ledger, trials: int | None, until: Rule | None, now: float) -> list[Event]:
    """Take a study up under a new driver: what an earlier one left running is queued again."""
    turn = _Turn(ledger, now)
    turn.record(StudyOpened(at=now, trials=trials, until=until))
    for trial in [*ledger.history.running.values(), *ledger.history.stopping.values()]:
        turn.abandon(trial, "its driver ended", crashed=False)
    return turn.events


def step(ledger: Ledger, scheduler: Scheduler, facts: Iterable[Fact], now: float) -> Turn:
    """Take in ``facts``, which arrived by ``now``, and decide what follows from them."""
    turn = _Turn(ledger, now)
    history = ledger.history
    for fact in facts:
        if isinstance(fact, Interrupted):
            turn.give_up(Outcome.INTERRUPTED, "interrupted")
            return Turn(turn.events, turn.commands)
        turn.take(fact, scheduler)
    if failure := _hopeless(history):
        turn.give_up(Outcome.FAILED, f"the first {_patience(history)} trials all failed with {failure.kind}")
        return Turn(turn.events, turn.commands)
    turn.enforce_time()
    halt = _halt(history, now)
    if halt:
        turn.wind_down(halt)
    exhausted = turn.fill(scheduler, may_plan=halt is None)
    if not history.live() and (halt or exhausted) and history.closed is None:
        turn.close(halt)
    return Turn(turn.events, turn.commands)


def next_deadline(history: History, now: float) -> float | None:
    """The next moment at which `step` may decide something by time alone; None when there is none."""
    spec = history.spec
    moments = []
    moment = spec.until.deadline(history, now) if spec.until else None
    # a rule that is met already has had its effect, and is nothing to wake up for
    if moment is not None and moment > now:
        moments.append(moment)
    if spec.trial_timeout is not None:
        moments += [trial.since + spec.trial_timeout for trial in islice(history.running.values(), 1)]
    unheeding = (trial for trial in history.stopping.values() if not trial.killed)
    moments += [trial.since + spec.stop_grace for trial in islice(unheeding, 1)]
    return min(moments, default=None)


def _halt(history: History, now: float) -> Halt | None:
    spec = history.spec
    rules = [rule for rule in (spec.until, TrialCount(spec.trials) if spec.trials else None) if rule]
    halts = [halt for rule in rules if (halt := rule.met(history, now))]
    return next((halt for halt in halts if halt.at_once), halts[0]) if halts else None


def _patience(history: History) -> int:
    spec = history.spec
    return min(spec.failures_to_give_up, spec.trials or spec.failures_to_give_up)


def _hopeless(history: History) -> Failure | None:
    """The failure that all of this session's first trials share; None while there is hope."""
    before, patience = history.sessions[-1].ended_before, _patience(history)
    if len(history.ended) < before + patience:
        return None
    first = [history.trials[trial].failure for trial in history.ended[before : before + patience]]
    shared = first[0]
    return shared if shared and all(failure and failure.kind == shared.kind for failure in first) else None


class _Turn:
    """The events and commands of one step while they are being decided."""

    __slots__ = ("commands", "events", "history", "ledger", "now")

    def __init__(self, ledger: Ledger, now: float) -> None:
        self.ledger = ledger
        self.history = ledger.history
        self.now = now
        self.events: list[Event] = []
        self.commands: list[Command] = []

    def record(self, event: Event) -> None:
        self.ledger.fold(event)
        self.events.append(event)

    def take(self, fact: Fact, scheduler: Scheduler) -> None:
        match fact:
            case Measured():
                self._measured(fact, scheduler)
            case Joined(worker=worker):
                self.record(WorkerJoined(at=self.now, worker=worker))
            case Left():
                self._left(fact)
            case Printed() | Returned() | Raised() | Halted():
                # what an earlier attempt still sends, or a trial that was ended meanwhile, counts for nothing
                trial = self._live(fact)
                if trial is not None:
                    self._from_trial(fact, trial)

    def _live(self, fact: Measured | Printed | Returned | Raised | Halted) -> Trial | None:
        trials = self.history.trials
        if not 0 <= fact.trial < len(trials):
            return None
        trial = trials[fact.trial]
        live = trial.state is State.RUNNING or trial.state is State.STOPPING
        return trial if live and trial.attempt == fact.attempt else None

    def _measured(self, fact: Measured, scheduler: Scheduler) -> None:
        trial = self._live(fact)
        if trial is None or trial.state is State.STOPPING:
            return
        before = trial.curve.steps[-1] if len(trial.curve) else 0
        self.record(Reported(at=self.now, trial=fact.trial, attempt=fact.attempt, step=fact.step, metrics=fact.metrics))
        if self.history.spec.metric.name in fact.metrics:
            verdict = scheduler.verdict(self.history, trial)
            if verdict.decision is Decision.STOP:
                self._stop(trial, verdict.reason)
                return
        if bisect_right(trial.rungs, fact.step) > bisect_right(trial.rungs, before):
            self.commands.append(Send(trial=trial.id, attempt=trial.attempt, signal=Signal.CONTINUE))

    def _stop(self, trial: Trial, reason: str) -> None:
        self.record(StopRequested(at=self.now, trial=trial.id, attempt=trial.attempt, reason=reason))
        self.commands.append(Send(trial=trial.id, attempt=trial.attempt, signal=Signal.STOP))

    def _left(self, fact: Left) -> None:
        if fact.worker not in self.history.workers:
            return
        trial = self.history.trial_on(fact.worker)
        self.record(WorkerLost(at=self.now, worker=fact.worker, cause=fact.cause))
        if trial is not None:
            self.abandon(trial, fact.cause, crashed=True)

    def _from_trial(self, fact: Fact, trial: Trial) -> None:
        key: dict[str, Any] = {"at": self.now, "trial": trial.id, "attempt": trial.attempt}
        match fact:
            case Printed(text=text):
                self.record(Logged(text=text, **key))
            case Returned(metrics=metrics):
                self._returned(trial, metrics, key)
            case Raised(failure=failure) if trial.state is State.STOPPING:
                self.record(Logged(text=f"raised while stopping: {failure}\n{failure.traceback}", **key))
                self.record(TrialStopped(**key))
            case Raised(failure=failure):
                self.record(TrialFailed(failure=failure, **key))
            case Halted():
                if trial.state is State.RUNNING:
                    # an objective may raise StopTrial of its own accord
                    self.record(StopRequested(reason="it stopped itself", **key))
                self.record(TrialStopped(**key))

    def _returned(self, trial: Trial, metrics: Mapping[str, float], key: Mapping[str, Any]) -> None:
        metric = self.history.spec.metric.name
        if metric in metrics or trial.value is not None:
            self.record(TrialFinished(metrics=dict(metrics), **key))
            return
        reported = ", ".join(sorted({*metrics, *trial.curve.metrics}))
        message = f"the metric {metric!r} was never reported; " + (
            f"what was: {reported}" if reported else "nothing was: report it, return it, or yield it"
        )
        failure = Failure(kind="MetricMissing", message=message)
        self.record(TrialFailed(failure=failure, metrics=dict(metrics), **key))

    def abandon(self, trial: Trial, cause: str, *, crashed: bool) -> None:
        """End an attempt whose runner is gone: queue its trial again, if it may and should be run again."""
        key: dict[str, Any] = {"at": self.now, "trial": trial.id, "attempt": trial.attempt}
        if trial.overdue:
            self.record(TrialFailed(failure=Failure(kind="Timeout", message=trial.reason), **key))
        elif trial.state is State.STOPPING:
            self.record(TrialStopped(**key))
        elif crashed and trial.crashes + 1 >= self.history.spec.max_attempts:
            attempts = f"{trial.crashes + 1} of {self.history.spec.max_attempts} attempts crashed"
            self.record(TrialFailed(failure=Failure(kind="Crash", message=f"{cause} ({attempts})"), **key))
        else:
            self.record(TrialLost(cause=cause, crashed=crashed, **key))

    def enforce_time(self) -> None:
        """Kill what runs longer than a trial may, and what has not heeded a stop."""
        spec = self.history.spec
        if spec.trial_timeout is not None:
            for trial in list(self.history.running.values()):
                if self.now < trial.since + spec.trial_timeout:
                    break
                self._kill(trial, f"it ran longer than trial_timeout={spec.trial_timeout:g} s")
        for trial in [trial for trial in self.history.stopping.values() if not trial.killed]:
            if self.now < trial.since + spec.stop_grace:
                break
            self._kill(trial, f"it did not report within {spec.stop_grace:g} s of being asked to stop")

    def _kill(self, trial: Trial, reason: str) -> None:
        self.record(KillRequested(at=self.now, trial=trial.id, attempt=trial.attempt, reason=reason))
        self.commands.append(Send(trial=trial.id, attempt=trial.attempt, signal=Signal.KILL))

    def wind_down(self, halt: Halt) -> None:
        if not halt.at_once:
            return
        for trial in list(self.history.running.values()):
            self._stop(trial, halt.reason)
        for trial in list(self.history.queued.values()):
            self.record(TrialStopped(at=self.now, trial=trial.id, attempt=trial.attempt, reason=halt.reason))

    def fill(self, scheduler: Scheduler, *, may_plan: bool) -> bool:
        """Give each idle worker a trial; True when one stays idle because there is nothing to try."""
        history = self.history
        for trial in list(islice(history.queued.values(), len(history.idle))):
            self._start(trial)
        limit = history.spec.trials
        while may_plan and history.idle and (limit is None or history.trial_count < limit):
            free = len(history.idle)
            room = free if limit is None else min(free, limit - history.trial_count)
            rng = np.random.default_rng((history.spec.seed, history.trial_count))
            suggestions = scheduler.plan(history, room, rng)
            for suggestion in suggestions[:room]:
                number = history.trial_count
                self.record(
                    TrialQueued(
                        at=self.now,
                        trial=number,
                        config=suggestion.config,
                        branch=suggestion.branch,
                        hidden=suggestion.hidden,
                        rungs=suggestion.rungs,
                        budget=suggestion.budget,
                    )
                )
                self._start(history.trials[number])
                if _halt(history, self.now):
                    return False
            if not suggestions:
                return True
        return False

    def _start(self, trial: Trial) -> None:
        attempt, worker = trial.attempt + 1, next(iter(self.history.idle))
        self.record(TrialStarted(at=self.now, trial=trial.id, attempt=attempt, worker=worker))
        job = Job(
            trial=trial.id,
            attempt=attempt,
            worker=worker,
            config=dict(trial.config),
            rungs=tuple(trial.rungs),
            budget=trial.budget,
        )
        self.commands.append(Start(job=job))

    def close(self, halt: Halt | None) -> None:
        history = self.history
        failed = bool(history.ended) and history.counts[State.FAILED] == len(history.ended)
        reason = halt.reason if halt else "there was nothing more to try"
        if failed:
            self._close(Outcome.FAILED, f"{reason}, and every trial failed")
        else:
            self._close(Outcome.FINISHED, reason)

    def give_up(self, outcome: Outcome, reason: str) -> None:
        for trial in [*self.history.running.values(), *self.history.stopping.values()]:
            self.abandon(trial, reason, crashed=False)
        self._close(outcome, reason)

    def _close(self, outcome: Outcome, reason: str) -> None:
        self.record(StudyClosed(at=self.now, outcome=outcome, reason=reason))
        self.commands.append(Close())
