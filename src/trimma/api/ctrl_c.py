"""Ctrl-C: once to stop and keep everything, twice to stop at once."""

import signal
import sys
import threading
from types import FrameType, TracebackType
from typing import Any


class Interrupts:
    """While the context lasts, the first SIGINT is noted (call it to ask) and the second raises KeyboardInterrupt.

    Signals reach the main thread only: in another thread, or under somebody else's handler, nothing is changed.
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
    """Whether nobody would miss it: PySpark's own would cancel every job of the session, the user's too."""
    return handler is signal.default_int_handler or getattr(handler, "__module__", "").startswith("pyspark.")
