"""Fetches the program's bundle in a thread of its own, so that the agent can send heartbeats at the same time."""

import queue
import threading
from collections.abc import Callable

from trimma.errors import EngineError, TrimmaError
from trimma.worker.program_cache import CachedProgram, cached


class ProgramFetcher:
    """Gets the bundle onto this node, unless it is there already.

    A thread of its own waits for the disk and for other agents of the node. For each part that it needs it calls
    ``wake``. The owner then calls `wanted`, and hands over what the driver sends by `deliver`. In the end it sets
    ``copy`` or ``error``, and calls ``wake`` once more.
    """

    def __init__(self, digest: str, size: int, wake: Callable[[], None]) -> None:
        self._wake = wake
        self._wanted: queue.SimpleQueue[int] = queue.SimpleQueue()
        self._arrived: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._closed = False
        self.copy: CachedProgram | None = None
        self.error: TrimmaError | None = None
        self._thread = threading.Thread(target=self._run, args=(digest, size), name="trimma-fetch", daemon=True)
        self._thread.start()

    def _run(self, digest: str, size: int) -> None:
        try:
            self.copy = cached(digest, size, self._ask, self._go_on)
        except TrimmaError as error:
            self.error = error
        except OSError as error:
            self.error = EngineError(f"the objective and its data can't be kept on this node: {error}")
        self._wake()

    def _ask(self, offset: int) -> bytes:
        self._wanted.put(offset)
        self._wake()
        data = self._arrived.get()
        if data is None:
            raise _Abandoned
        return data

    def _go_on(self, fetched: int) -> None:
        """Called while another agent of this node fetches the bundle, to end the wait if it isn't needed any more."""
        if self._closed:
            raise _Abandoned

    def wanted(self) -> list[int]:
        """The offsets of the parts to ask the driver for."""
        offsets = []
        while not self._wanted.empty():
            offsets.append(self._wanted.get())
        return offsets

    def deliver(self, data: bytes) -> None:
        """Hand over the part that was asked for last."""
        self._arrived.put(data)

    def close(self) -> CachedProgram | None:
        """End the fetching, and return the copy, which the caller must close."""
        self._closed = True
        self._arrived.put(None)
        self._thread.join()
        return self.copy


class _Abandoned(EngineError):
    """Nobody waits for the bundle any more."""
