"""The events and commands of one step, while they are being decided."""

from typing import Any

from msgspec import Struct

from trimma.commands import Close, Command, Renew, Send, Signal
from trimma.events import (
    Event,
    Failure,
    KillRequested,
    Outcome,
    PauseRequested,
    StopRequested,
    StudyClosed,
    TrialFailed,
    TrialLost,
    TrialPaused,
    TrialStopped,
    WorkerRenewed,
)
from trimma.ledger import Ledger
from trimma.ports import RenewSetting
from trimma.trial import State, Trial


class Turn(Struct, frozen=True):
    """What one step has decided. The events are stored first, then the commands are carried out.

    ``demand`` is how many workers the study could use from now on, None for any number.
    """

    events: list[Event]
    commands: list[Command]
    demand: int | None = None


class Draft:
    """Collects what one step decides. Each event is folded in at once, so that the next decision knows it.

    ``renew`` says when workers get fresh processes, and ``due`` holds the event for each worker that is to get one.
    """

    __slots__ = ("commands", "due", "events", "history", "ledger", "now", "renew")

    def __init__(self, ledger: Ledger, now: float, renew: RenewSetting = None) -> None:
        self.ledger = ledger
        self.history = ledger.history
        self.now = now
        self.renew = renew
        self.due: dict[str, WorkerRenewed] = {}
        self.events: list[Event] = []
        self.commands: list[Command] = []

    def record(self, event: Event) -> None:
        self.ledger.fold(event)
        self.events.append(event)

    def key(self, trial: Trial) -> dict[str, Any]:
        """The fields that all events of a trial have: the time, the trial and its attempt."""
        return {"at": self.now, "trial": trial.id, "attempt": trial.attempt}

    def send(self, trial: Trial, signal: Signal) -> None:
        self.commands.append(Send(trial=trial.id, attempt=trial.attempt, signal=signal))

    def stop(self, trial: Trial, reason: str) -> None:
        self.record(StopRequested(reason=reason, **self.key(trial)))
        self.send(trial, Signal.STOP)

    def pause(self, trial: Trial, reason: str) -> None:
        self.record(PauseRequested(reason=reason, **self.key(trial)))
        self.send(trial, Signal.PAUSE)

    def kill(self, trial: Trial, reason: str) -> None:
        self.record(KillRequested(reason=reason, **self.key(trial)))
        self.send(trial, Signal.KILL)

    def abandon(
        self,
        trial: Trial,
        cause: str,
        *,
        crashed: bool = False,
        ran: bool = True,
        excused: bool = False,
        failure: Failure | None = None,
    ) -> None:
        """End an attempt that has lost a runner. Its trial is queued again, unless a ``failure`` is given.

        A trial that ran over its time fails in any case, unless it is ``excused``, since its worker may have been lost
        before. A trial that was asked to stop or to pause is stopped or paused.
        """
        key = self.key(trial)
        if len(trial.workers) > 1:
            self.send(trial, Signal.KILL)
        if trial.overdue and excused:
            self.record(TrialLost(cause=cause, crashed=crashed, ran=ran, **key))
        elif trial.overdue:
            self.record(TrialFailed(failure=Failure(kind="Timeout", message=trial.reason), **key))
        elif trial.state is State.STOPPING:
            self.record(TrialStopped(**key))
        elif trial.state is State.PAUSING:
            self.record(TrialPaused(**key))
        elif failure is not None:
            self.record(TrialFailed(failure=failure, **key))
        else:
            self.record(TrialLost(cause=cause, crashed=crashed, ran=ran, **key))

    def stop_waiting(self, reason: str) -> None:
        """Stop the queued and the paused trials, for this ``reason``."""
        for trial in [*self.history.queued.values(), *self.history.paused.values()]:
            self.record(TrialStopped(reason=reason, **self.key(trial)))

    def renew_worker(self, event: WorkerRenewed) -> None:
        self.record(event)
        self.commands.append(Renew(worker=event.worker))

    def close(self, outcome: Outcome, reason: str) -> None:
        """Close the study. Trials that are still on workers, as when it is given up, are queued again."""
        for trial in self.history.on_workers():
            self.abandon(trial, reason)
        self.record(StudyClosed(at=self.now, outcome=outcome, reason=reason))
        self.commands.append(Close())
