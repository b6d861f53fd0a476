"""The exception by which a study that a signal has stopped ends its caller: with a message, and without a traceback."""

import builtins
import contextlib
import os
import signal
import sys
import weakref
from signal import SIGINT, Signals
from types import TracebackType

from trimma.safe_text import safe


def interruption(told: str, by: Signals) -> BaseException:
    """What to raise when a signal has ended a study: KeyboardInterrupt after ctrl-C, and otherwise SystemExit.

    KeyboardInterrupt is shown by Python and IPython as this message alone, unless it is caught. SystemExit gives the
    process the status that a shell expects, 128 and the number of the signal, and the message is written at once. The
    kernel of a notebook would go on after SystemExit. So there the signal does what it does without a study.
    """
    if by is SIGINT:
        return _interrupt(told)
    # a terminal that was closed takes nothing any more
    with contextlib.suppress(OSError):
        sys.stderr.write(f"{safe(told)}\n")
    if hasattr(builtins, "get_ipython"):
        signal.signal(by, signal.SIG_DFL)
        os.kill(os.getpid(), by)
    return SystemExit(128 + by)


def _interrupt(told: str) -> KeyboardInterrupt:
    """A KeyboardInterrupt that is shown by a hook of its own.

    It is no class of its own, because Python gives a process that it ends the exit status of SIGINT only for exactly
    this one.
    """
    interrupt, mark = KeyboardInterrupt(told), _Mark()
    interrupt._mark = mark  # type: ignore[attr-defined]
    sys.excepthook = _Hook(mark)
    # what IPython asks of an exception that it is to show
    interrupt._render_traceback_ = lambda: [told]  # type: ignore[attr-defined]
    return interrupt


class _Mark:
    """Held by an exception, and gone with it: an exception itself can't be referred to weakly."""


class _Hook:
    """A ``sys.excepthook`` that shows one exception as its message alone, and passes on all others.

    It goes when the exception has been shown, and also when somebody has caught it and it is forgotten.
    """

    def __init__(self, mark: _Mark) -> None:
        self.before, self._shown = sys.excepthook, False
        self._mark = weakref.ref(mark, lambda gone: _remove_used())

    @property
    def is_used(self) -> bool:
        return self._shown or self._mark() is None

    def __call__(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if self.is_used or getattr(error, "_mark", None) is not self._mark():
            self.before(kind, error, trace)
            return
        self._shown = True
        _remove_used()
        sys.stderr.write(f"{safe(str(error))}\n")


def _remove_used() -> None:
    """Give back the hook that was there before those that are needed no more."""
    while isinstance(sys.excepthook, _Hook) and sys.excepthook.is_used:
        sys.excepthook = sys.excepthook.before
