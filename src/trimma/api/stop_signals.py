"""Signals that stop a study: ctrl-C (SIGINT), SIGTERM, and SIGHUP, which comes when a terminal is closed.

The first one stops the study and keeps everything. Ctrl-C or SIGTERM once more ends it at once.
"""

import contextlib
import os
import signal
import sys
import threading
from signal import SIGHUP, SIGINT, SIGTERM, Signals
from types import FrameType, TracebackType
from typing import Any

_before: dict[Signals, Any] = {}
"""The handlers that were there before those of the study that is listening."""


class StopSignals:
    """While the context lasts, the first of these signals is noted, and a second one raises KeyboardInterrupt.

    SIGHUP is never the second one, since it often comes several times, or together with SIGTERM, when a session ends.

    Call the object to learn which signal was noted, if any, and `tell` to say so to whoever has sent it. Signals reach
    only the main thread. In another thread nothing is changed. Nor is the handler of a signal that somebody else has
    installed, or that is ignored, as SIGHUP is under ``nohup``.
    """

    def __init__(self) -> None:
        self._noted: Signals | None = None
        self._presses = 0
        self._told = False

    def __call__(self) -> Signals | None:
        return self._noted

    def __enter__(self) -> "StopSignals":
        if threading.current_thread() is threading.main_thread():
            for number in (SIGINT, SIGTERM, SIGHUP):
                if _may_be_replaced(number, signal.getsignal(number)):
                    _before[number] = signal.signal(number, self._note)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        for number in [each for each in _before if signal.getsignal(each) == self._note]:
            signal.signal(number, _before[number])
            del _before[number]

    def _note(self, number: int, frame: FrameType | None) -> None:
        # nothing is written here, because the signal may have come in the middle of what somebody else writes
        if self._noted is None:
            self._noted = Signals(number)
        if number != SIGHUP:
            self._presses += 1
            if self._presses > 1:
                raise KeyboardInterrupt

    def tell(self) -> None:
        """Say, once, what follows from the signal that was noted."""
        if self._noted is not None and not self._told:
            self._told = True
            why, again = ("", "ctrl-C again") if self._noted is SIGINT else (f"{self._noted.name}: ", "SIGTERM again")
            # a terminal that was closed takes nothing any more
            with contextlib.suppress(OSError):
                sys.stderr.write(f"\n{why}stopping the workers; everything is kept ({again}: at once)\n")


def _may_be_replaced(number: Signals, handler: Any) -> bool:
    """Whether this is what Python begins with, or PySpark's handler, which would cancel all jobs of the session."""
    if number is not SIGINT:
        return handler is signal.SIG_DFL
    return handler is signal.default_int_handler or getattr(handler, "__module__", "").startswith("pyspark.")


def _give_back() -> None:
    """Take the handlers away from a forked child, which is no study, and must end when it is told to."""
    while _before:
        signal.signal(*_before.popitem())


os.register_at_fork(after_in_child=_give_back)
