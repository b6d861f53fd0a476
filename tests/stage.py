"""A study on made-up facts, of which one step after the other is asked what follows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from numpy.random import Generator

from trimma import events as ev
from trimma.commands import Command
from trimma.core import Policy, Turn, failing_alike, reopen, step
from trimma.facts import Fact, Joined, Measured, Paused, Raised, Returned, Saved
from trimma.ledger import Ledger
from trimma.ports import CONTINUE, Decision, History, Suggestion, Verdict
from trimma.spec import Metric, StudySpec
from trimma.stopping import Rule
from trimma.trial import Trial


class Plan:
    """A scheduler that suggests up to ``total`` trials and stops those that report below zero."""

    def __init__(self, total: int = 1000, *, rungs: tuple[int, ...] = (), batch: int | None = None) -> None:
        self.total, self.rungs, self.batch = total, rungs, batch

    def plan(self, history: History, free: int, rng: Generator) -> Sequence[Suggestion]:
        count = min(self.batch or free, self.total - history.trial_count)
        return [Suggestion(config={"n": history.trial_count + n}, rungs=self.rungs) for n in range(count)]

    def verdict(self, history: History, trial: Trial) -> Verdict:
        if (trial.value or 0) < 0:
            return Verdict(Decision.STOP, "below zero")
        if trial.value == PAUSE:
            return Verdict(Decision.PAUSE, "a rest")
        return CONTINUE


PAUSE = 7.0
"""Who reports this is paused."""


class Again(Plan):
    """Goes on with what is paused, in the order of pausing, before it suggests what is new."""

    def plan(self, history: History, free: int, rng: Generator) -> Sequence[Suggestion]:
        paused = [Suggestion(resume=trial, rungs=(8,), budget=9) for trial in history.paused][:free]
        return [*paused, *super().plan(history, free - len(paused), rng)]


class Stage:
    """A study on made-up facts."""

    def __init__(
        self,
        scheduler: Plan | None = None,
        *,
        workers: int = 1,
        until: Rule | None = None,
        hopeless: Callable[[History], str | None] = failing_alike,
        **spec: Any,
    ) -> None:
        self.scheduler, self.hopeless = scheduler or Plan(), hopeless
        self.ledger = Ledger()
        asked = {"trials": 3, "failures_to_give_up": 3} | spec
        self.ledger.fold(
            ev.StudyCreated(
                at=0.0,
                spec=StudySpec(name="s", metrics=(Metric(name="m", maximize=True),), seed=0, until=until, **asked),
            )
        )
        self.events: list[ev.Event] = reopen(self.ledger, asked["trials"], until, 0.0).events
        self.commands: list[Command] = []
        self.tell(*(Joined(worker=f"w{n}") for n in range(workers)))

    @property
    def history(self) -> History:
        return self.ledger.history

    def tell(self, *facts: Fact, now: float = 0.0) -> Turn:
        turn = step(self.ledger, Policy(self.scheduler, self.hopeless), facts, now)
        self.events += turn.events
        self.commands += turn.commands
        return turn

    def trial(self, number: int = 0) -> Trial:
        return self.history.trials[number]


def measured(trial: int = 0, attempt: int = 1, step: int = 1, **metrics: float) -> Measured:
    return Measured(trial=trial, attempt=attempt, step=step, metrics=metrics)


def returned(trial: int = 0, attempt: int = 1, **metrics: float) -> Returned:
    return Returned(trial=trial, attempt=attempt, metrics=metrics)


def raised(trial: int = 0, attempt: int = 1, kind: str = "ValueError") -> Raised:
    return Raised(trial=trial, attempt=attempt, failure=ev.Failure(kind=kind, message="no", traceback="here\n"))


def kinds(events: Iterable[object]) -> list[str]:
    return [type(event).__name__ for event in events]


def paused(trial: int = 0, attempt: int = 1, saved: int | None = None) -> tuple[Fact, ...]:
    """What an attempt tells that was asked to pause, and could save after the step ``saved``."""
    end = Paused(trial=trial, attempt=attempt)
    return (end,) if saved is None else (Saved(trial=trial, attempt=attempt, step=saved, size=8, seconds=0.1), end)
