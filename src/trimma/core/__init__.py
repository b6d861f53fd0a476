"""What happens next: facts in, events and commands out, with no clock, thread or I/O."""

from trimma.core.draft import Turn
from trimma.core.step import next_deadline, reopen, step

__all__ = ["Turn", "next_deadline", "reopen", "step"]
