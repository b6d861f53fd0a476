"""What an agent may say, by what its driver knows of it. Whoever says anything else is dismissed.

An agent holds the study's key, and yet it may be spoiled, or be somebody who has got hold of the key. So it is believed
only what concerns its own worker, and the attempts that this worker was given and that haven't ended. How much it may
say has bounds, too, which are far beyond what an honest agent ever says.
"""

import math
from typing import assert_never

from trimma.commands import Job, Renew, Send
from trimma.facts import (
    ENDS,
    OF_TRIAL,
    FromAgent,
    Grown,
    Joined,
    Left,
    Measured,
    NotSaved,
    OfTrial,
    Printed,
    Returned,
    Saved,
    Saving,
    WentBack,
)
from trimma.objective import LAST_STEP, MOST_METRICS
from trimma.worker.output import LIMIT

LONGEST_TEXT = 8 * LIMIT
"""Characters of text that may be printed at once: runners send less, but escapes make it longer."""

MOST_GROWN = 2
"""A process tells so often that it has grown."""

IDLE_STAYS = 20
"""So many runners of a worker may die in a row without a job."""

LONGEST_CAUSE, LONGEST_HOST = 10_000, 1_000
LAST_BYTE = 2**53


class Misconduct(ValueError):
    """An agent says what it can't know, or what makes no sense."""


class Given:
    """An attempt that an agent was given, and how much it has told of it."""

    def __init__(self, attempt: int) -> None:
        self.attempt = attempt
        self.step = -1
        self.grown = 0
        self._begun, self._saving = False, -1

    def checkpoint(self, fact: Saving | Saved | NotSaved | WentBack) -> None:
        """Take note of what is told of checkpoints: a saving is begun and then ended, and who goes back does so first.

        Raises `Misconduct` for anything else.
        """
        match fact:
            case WentBack():
                if self._begun or self.step >= 0 or not (fact.step is None or 0 <= fact.step <= LAST_STEP):
                    raise Misconduct(f"it went back to step {fact.step}")
                if len(fact.cause) > LONGEST_CAUSE:
                    raise Misconduct(f"a cause of {len(fact.cause):,} characters")
                self._begun = True
            case Saving():
                if self._saving >= 0 or not self.step == fact.step >= 0:
                    raise Misconduct(f"it saves step {fact.step}, after step {self.step}")
                self._saving = fact.step
            case Saved() | NotSaved():
                if fact.step != self._saving or self._saving < 0:
                    raise Misconduct(f"{type(fact).__name__} for step {fact.step}, while it saves step {self._saving}")
                self._saving = -1
                if isinstance(fact, Saved) and not (0 <= fact.size < LAST_BYTE and 0 <= fact.seconds < math.inf):
                    raise Misconduct(f"a checkpoint of {fact.size} bytes, saved in {fact.seconds} seconds")


class Conduct:
    """What one agent was given, and has told of it. ``is_ready`` says that its worker has joined the study."""

    def __init__(self, worker: str) -> None:
        self.worker = worker
        self.is_ready = self._is_renewed = False
        self._stay = self._idle_stays = 0
        self._byte = -1
        self._given: dict[int, Given] = {}

    def give(self, command: Job | Send | Renew) -> None:
        """Note what the agent is sent."""
        if isinstance(command, Job):
            self._given[command.trial] = Given(command.attempt)
            self._idle_stays = 0
        elif isinstance(command, Renew):
            # it joins again without having left
            self._is_renewed = True

    def fetch(self, offset: int) -> None:
        """Take note that the agent asks for the program from this byte on, which it does once, part by part."""
        if not self._byte < offset < LAST_BYTE:
            raise Misconduct(f"it wants the program from byte {offset} on, after byte {self._byte}")
        self._byte = offset

    def check(self, fact: FromAgent) -> None:
        """Take note of a fact. Raises `Misconduct` for one that the agent must not tell."""
        match fact:
            case Joined():
                here = self.is_ready and not self._is_renewed
                if fact.worker != self.worker or here or fact.stay != self._stay + 1:
                    raise Misconduct(f"worker {fact.worker[:100]} has joined, for stay {fact.stay}")
                if len(fact.host) > LONGEST_HOST:
                    raise Misconduct(f"a host whose name has {len(fact.host):,} characters")
                self._idle_stays += 1
                if self._idle_stays > IDLE_STAYS:
                    raise Misconduct(f"its worker has joined {self._idle_stays} times without a trial")
                self._stay, self.is_ready, self._is_renewed = fact.stay, True, False
                self._given.clear()
            case Left():
                if fact.worker != self.worker or not self.is_ready or fact.stay != self._stay:
                    raise Misconduct(f"worker {fact.worker[:100]} has left, from stay {fact.stay}")
                if len(fact.cause) > LONGEST_CAUSE:
                    raise Misconduct(f"a cause of {len(fact.cause):,} characters")
                self.is_ready = self._is_renewed = False
                self._given.clear()
            case _ if isinstance(fact, OF_TRIAL):
                self._check_attempt(fact)
            case _:
                assert_never(fact)

    def _check_attempt(self, fact: OfTrial) -> None:
        given = self._given.get(fact.trial)
        if given is None or given.attempt != fact.attempt or fact.rank:
            raise Misconduct(f"attempt {fact.attempt} of trial {fact.trial} at rank {fact.rank}, which it doesn't run")
        match fact:
            case Measured():
                if not given.step < fact.step <= LAST_STEP:
                    raise Misconduct(f"a report of step {fact.step}, after step {given.step}")
                given.step = fact.step
            case Printed():
                if len(fact.text) > LONGEST_TEXT:
                    raise Misconduct(f"{len(fact.text):,} characters of text at once")
            case Grown():
                given.grown += 1
                if given.grown > MOST_GROWN or not (0 <= fact.more < LAST_BYTE and 0 <= fact.trials < LAST_BYTE):
                    raise Misconduct(f"it has grown by {fact.more} bytes after {fact.trials} trials")
            case Saving() | Saved() | NotSaved() | WentBack():
                given.checkpoint(fact)
        if isinstance(fact, Measured | Returned) and len(fact.metrics) > MOST_METRICS:
            raise Misconduct(f"{len(fact.metrics)} metrics at once")
        if isinstance(fact, ENDS):
            if fact.seconds is not None and not (math.isfinite(fact.seconds) and fact.seconds >= 0):
                raise Misconduct(f"a trial of {fact.seconds} seconds")
            del self._given[fact.trial]
