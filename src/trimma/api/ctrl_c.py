"""Ctrl-C: pressed once it stops the study and keeps everything, pressed twice it stops at once.

Either way it ends with a message that says how to go on, and no traceback, for nothing went wrong.
"""

import signal
import sys
import threading
from types import FrameType, MethodType, TracebackType
from typing import Any


class Interrupts:
    """While the context lasts, the first SIGINT is noted, and the second one raises KeyboardInterrupt.

    Call the object to learn whether one was noted, and `tell` to say so to whoever has pressed ctrl-C. Signals reach
    only the main thread. In another thread, and when somebody else has installed a handler, nothing is changed.
    """

    def __init__(self) -> None:
        self._noted = self._told = False
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
        # nothing is written here, because the signal may have come in the middle of what somebody else writes
        if self._noted:
            raise KeyboardInterrupt
        self._noted = True

    def tell(self) -> None:
        """Say, once, what follows from the signal that was noted."""
        if not self._told:
            self._told = True
            sys.stderr.write("\nstopping the workers; everything is kept (ctrl-C again: at once)\n")


def interruption(told: str) -> KeyboardInterrupt:
    """A KeyboardInterrupt that Python and IPython show as this message alone, without a traceback, unless it is caught.

    It is no class of its own, because Python gives a process that it ends the exit status of SIGINT only for exactly
    this one.
    """
    interrupt, before = KeyboardInterrupt(told), sys.excepthook

    def show(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if error is not interrupt:
            before(kind, error, trace)
            return
        if sys.excepthook is show:
            sys.excepthook = before
        sys.stderr.write(f"{told}\n")

    sys.excepthook = show
    # what IPython asks of an exception that it is to show
    interrupt._render_traceback_ = MethodType(_lines, interrupt)  # type: ignore[attr-defined]
    return interrupt


def _lines(interrupt: KeyboardInterrupt) -> list[str]:
    return [str(interrupt)]


def _may_be_replaced(handler: Any) -> bool:
    """Whether this is Python's own handler, or PySpark's, which would cancel all jobs of the session."""
    return handler is signal.default_int_handler or getattr(handler, "__module__", "").startswith("pyspark.")
