"""What people ask of a study while it runs: by ctrl-C, by the command line, from another process.

Each becomes a fact, beside those that the engine tells. One that doesn't fit any more, since its trial has ended or has
moved on in the meantime, changes nothing.
"""

from msgspec import Struct


class EndStudy(Struct, frozen=True, kw_only=True, tag=True):
    """End the study now, and keep everything: it may go on later. ``reason`` is told as why it was closed."""

    reason: str = "it was asked to stop"


class EndTrial(Struct, frozen=True, kw_only=True, tag=True):
    """End a trial at its next report. One that is queued or paused ends at once."""

    trial: int


class PauseTrial(Struct, frozen=True, kw_only=True, tag=True):
    """Have a running trial save itself and make room at its next report.

    It goes on when `ContinueTrial` asks for it; when the study ends before, it is stopped.
    """

    trial: int


class ContinueTrial(Struct, frozen=True, kw_only=True, tag=True):
    """Have a paused trial go on as soon as a worker is idle."""

    trial: int


class ChangeTrials(Struct, frozen=True, kw_only=True, tag=True):
    """Have the study run so many trials in all. With fewer than there are, no more are begun."""

    trials: int


class ChangeWorkers(Struct, frozen=True, kw_only=True, tag=True):
    """Use so many workers from now on, to the end of this session. Those that are too many are left idle, or let go."""

    workers: int


Request = EndStudy | EndTrial | PauseTrial | ContinueTrial | ChangeTrials | ChangeWorkers
