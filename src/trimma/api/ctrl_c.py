"""Ctrl-C: pressed once it stops the study and keeps everything, pressed twice it stops at once."""

import signal
import sys
import threading
from types import FrameType, TracebackType
from typing import Any


class Interrupts:
    """While the context lasts, the first SIGINT is noted, and the second one raises KeyboardInterrupt.

    Call the object to learn whether one was noted. Signals reach only the main thread. In another thread, and when
    somebody else has installed a handler, nothing is changed.
    """

    def __init__(self) -> None:
        self._noted = False
        self._before: Any = None

    def __call__(self) -> bool:
        return self._noted

    def __enter__(self) -> "Interrupts":
        mine = threading.current_thread() is threading.main_thread()
        if mine and _may_be_replaced(signal.getsignal(signal.SIGINT)):
            self._before = signal.signal(signal.SIGINT, self._note)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self._noted:
            raise KeyboardInterrupt
        self._noted = True
        sys.stderr.write("\nstopping the workers; everything is kept (ctrl-C again: at once)\n")


def _may_be_replaced(handler: Any) -> bool:
    """Whether this is Python's own handler, or PySpark's, which would cancel all jobs of the session."""
    return handler is signal.default_int_handler or getattr(handler, "__module__", "").startswith("pyspark.")
