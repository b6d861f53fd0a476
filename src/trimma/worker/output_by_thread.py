"""Separates what trials print that run in threads of one process: each trial gets the output of its own thread."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from threading import Lock
from typing import Any

from trimma.worker.output import TrialOutput

_NAMES = ("stdout", "stderr")
_trial: ContextVar[TrialOutput | None] = ContextVar("trimma_trial_output", default=None)
_lock = Lock()


class TrialStream:
    """In place of a stream: what a trial writes goes to that trial, what anybody else writes to the stream."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._users = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(_trial.get() or self._stream, name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._stream)


@contextmanager
def printing_to(output: TrialOutput) -> Iterator[None]:
    """Lead to ``output`` what is printed in this context (so in this thread), while the streams are `shared`."""
    token = _trial.set(output)
    try:
        yield
    finally:
        _trial.reset(token)


def share() -> None:
    """Make ``sys.stdout`` and ``sys.stderr`` heed `printing_to`, until `unshare` is called as often."""
    with _lock:
        for name in _NAMES:
            stream = getattr(sys, name)
            if not isinstance(stream, TrialStream):
                stream = TrialStream(stream)
                setattr(sys, name, stream)
            stream._users += 1


def unshare() -> None:
    """Put the streams back, unless somebody else has replaced them meanwhile."""
    with _lock:
        for name in _NAMES:
            stream = getattr(sys, name)
            if isinstance(stream, TrialStream):
                stream._users -= 1
                if not stream._users:
                    setattr(sys, name, stream._stream)
