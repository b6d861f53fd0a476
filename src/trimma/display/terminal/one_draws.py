"""Several studies of one process, which share a terminal: one of them draws, and the others write lines."""

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from types import TracebackType

from trimma.ports import Observer

MakesView = Callable[[], AbstractContextManager[Observer]]

_terminal = threading.Lock()


class OneDraws:
    """A view that is made when its context begins.

    It is made by ``live`` where no other study of this process draws at that moment, and otherwise by ``lines``, which
    appear above what is drawn.
    """

    def __init__(self, live: MakesView, lines: MakesView) -> None:
        self._live, self._lines = live, lines
        self._draws = False

    def __enter__(self) -> Observer:
        self._draws = _terminal.acquire(blocking=False)
        try:
            self._view = self._live() if self._draws else self._lines()
            return self._view.__enter__()
        except BaseException:
            self._leave()
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._view.__exit__(kind, error, trace)
        finally:
            self._leave()

    def _leave(self) -> None:
        if self._draws:
            self._draws = False
            _terminal.release()
