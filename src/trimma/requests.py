"""Requests: what people ask of a running study, by a signal, by the command line, from another process.

The core takes a request like a fact of the engine. A request that no longer applies, because its trial has ended or has
moved on in the meantime, changes nothing.
"""

from msgspec import Struct


class EndStudy(Struct, frozen=True, kw_only=True, tag=True):
    """End the study now, and keep everything: it may go on later. ``reason`` is told as why it was closed."""

    reason: str = "it was asked to stop"


class EndTrial(Struct, frozen=True, kw_only=True, tag=True):
    """End a trial at its next report. One that is queued or paused ends at once.

    A trial that doesn't report within the study's ``stop_grace`` is killed.
    """

    trial: int


class PauseTrial(Struct, frozen=True, kw_only=True, tag=True):
    """Let a running trial save a checkpoint at its next report and free its workers.

    A trial that doesn't report within the study's ``stop_grace`` is killed, and loses what it hasn't saved. The trial
    goes on after a `ContinueTrial`. If the study ends before that, the trial is stopped.
    """

    trial: int


class ContinueTrial(Struct, frozen=True, kw_only=True, tag=True):
    """Let a paused trial go on as soon as a worker is idle."""

    trial: int


class ChangeTrials(Struct, frozen=True, kw_only=True, tag=True):
    """Run this many trials in all. If there are more already, no new ones are begun."""

    trials: int


class ChangeWorkers(Struct, frozen=True, kw_only=True, tag=True):
    """Use this many workers until the end of this session. Further workers stay idle, or are let go."""

    workers: int


Request = EndStudy | EndTrial | PauseTrial | ContinueTrial | ChangeTrials | ChangeWorkers
