"""Separates the printed output of trials that run in one process: each trial gets the output of its own thread."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import Context, ContextVar, copy_context
from threading import Lock
from typing import Any

from trimma.worker.output import TrialOutput

_NAMES = ("stdout", "stderr")
_trial: ContextVar[TrialOutput | None] = ContextVar("trimma_trial_output", default=None)
_lock = Lock()


class TrialStream:
    """Takes the place of a stream. What a trial writes goes to that trial; everything else goes to the stream."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._users = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(_trial.get() or self._stream, name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._stream)


@contextmanager
def printing_to(output: TrialOutput) -> Iterator[None]:
    """Send to ``output`` what is printed in this context, which is that of this thread, after `share` was called."""
    token = _trial.set(output)
    try:
        yield
    finally:
        _trial.reset(token)


def printing_context(output: TrialOutput) -> Context:
    """A copy of this context in which printed text goes to ``output``, to run a trial in it step by step."""
    context = copy_context()
    context.run(_trial.set, output)
    return context


def share() -> None:
    """Make ``sys.stdout`` and ``sys.stderr`` heed `printing_to`, until `unshare` has been called as often as this."""
    with _lock:
        for name in _NAMES:
            stream = getattr(sys, name)
            if not isinstance(stream, TrialStream):
                stream = TrialStream(stream)
                setattr(sys, name, stream)
            stream._users += 1


def unshare() -> None:
    """Put the original streams back, unless somebody else has replaced ours in the meantime."""
    with _lock:
        for name in _NAMES:
            stream = getattr(sys, name)
            if isinstance(stream, TrialStream):
                stream._users -= 1
                if not stream._users:
                    setattr(sys, name, stream._stream)
