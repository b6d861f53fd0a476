"""The core, which decides what happens next. Facts go in, events and commands come out.

It has no clock, no thread and no I/O.
"""

from trimma.core.break_off import break_off
from trimma.core.draft import Turn
from trimma.core.giving_up import failing_alike
from trimma.core.planning import planned, source
from trimma.core.policy import Policy
from trimma.core.step import next_deadline, reopen, step

__all__ = ["Policy", "Turn", "break_off", "failing_alike", "next_deadline", "planned", "reopen", "source", "step"]
