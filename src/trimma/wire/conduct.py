"""What an agent may say, by what its driver knows of it. Whoever says anything else is dismissed.

An agent holds the study's key, and yet it may be spoiled, or be somebody who has got hold of the key. So it is believed
only what concerns its own worker, and the attempts that this worker was given and that haven't ended.
"""

import math
from typing import assert_never

from trimma.commands import Job, Renew, Send
from trimma.facts import (
    ENDS,
    OF_TRIAL,
    FromAgent,
    Joined,
    Left,
    Measured,
    NotSaved,
    OfTrial,
    Returned,
    Saved,
    Saving,
    WentBack,
)
from trimma.objective import LAST_STEP, MOST_METRICS


class Misconduct(ValueError):
    """An agent says what it can't know, or what makes no sense."""


class Conduct:
    """What one agent was given, and has told of it. ``is_ready`` says that its worker has joined the study."""

    def __init__(self, worker: str) -> None:
        self.worker = worker
        self.is_ready = self._is_renewed = False
        self._stay = 0
        self._given: dict[int, int] = {}

    def give(self, command: Job | Send | Renew) -> None:
        """Note what the agent is sent."""
        if isinstance(command, Job):
            self._given[command.trial] = command.attempt
        elif isinstance(command, Renew):
            # it joins again without having left
            self._is_renewed = True

    def check(self, fact: FromAgent) -> None:
        """Take note of a fact. Raises `Misconduct` for one that the agent must not tell."""
        match fact:
            case Joined():
                here = self.is_ready and not self._is_renewed
                if fact.worker != self.worker or here or fact.stay != self._stay + 1:
                    raise Misconduct(f"worker {fact.worker} has joined, for stay {fact.stay}")
                self._stay, self.is_ready, self._is_renewed = fact.stay, True, False
                self._given.clear()
            case Left():
                if fact.worker != self.worker or not self.is_ready or fact.stay != self._stay:
                    raise Misconduct(f"worker {fact.worker} has left, from stay {fact.stay}")
                self.is_ready = self._is_renewed = False
                self._given.clear()
            case _ if isinstance(fact, OF_TRIAL):
                self._check_attempt(fact)
            case _:
                assert_never(fact)

    def _check_attempt(self, fact: OfTrial) -> None:
        if self._given.get(fact.trial) != fact.attempt:
            raise Misconduct(f"attempt {fact.attempt} of trial {fact.trial}, which it doesn't run")
        if isinstance(fact, Measured | Saving | Saved | NotSaved) and not 0 <= fact.step <= LAST_STEP:
            raise Misconduct(f"{type(fact).__name__} of step {fact.step}")
        if isinstance(fact, WentBack) and not (fact.step is None or 0 <= fact.step <= LAST_STEP):
            raise Misconduct(f"it went back to step {fact.step}")
        if isinstance(fact, Saved) and not (fact.size >= 0 and math.isfinite(fact.seconds) and fact.seconds >= 0):
            raise Misconduct(f"a checkpoint of {fact.size} bytes, saved in {fact.seconds} seconds")
        if isinstance(fact, Measured | Returned) and len(fact.metrics) > MOST_METRICS:
            raise Misconduct(f"{len(fact.metrics)} metrics at once")
        if isinstance(fact, ENDS):
            if fact.seconds is not None and not (math.isfinite(fact.seconds) and fact.seconds >= 0):
                raise Misconduct(f"a trial of {fact.seconds} seconds")
            del self._given[fact.trial]
