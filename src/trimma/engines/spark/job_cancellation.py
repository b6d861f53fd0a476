"""Cancels the Spark jobs of trials that are to end, again and again until they have ended."""

from contextlib import suppress
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Protocol

from trimma.engines.spark.job_tags import TaggedJobs

_AGAIN = 0.25


class Cancellable(Protocol):
    """Something whose jobs are cancelled as long as `is_unwanted` is true."""

    jobs: TaggedJobs | None
    tag: str

    @property
    def is_unwanted(self) -> bool: ...


class Canceller:
    """A thread that cancels jobs repeatedly, since a trial that is between two jobs will start another.

    Nobody waits for this thread, so that a cluster that doesn't answer delays nothing else.
    """

    def __init__(self) -> None:
        self._queue: SimpleQueue[Cancellable | None] = SimpleQueue()
        self._thread: Thread | None = None

    def cancel(self, what: Cancellable) -> None:
        if what.jobs is None:
            return
        if self._thread is None:
            self._thread = what.jobs.thread(self._run, "trimma-cancel")
            self._thread.start()
        self._queue.put(what)

    def close(self, timeout: float) -> None:
        """Let the thread end once nothing is left to cancel, and wait for that for up to ``timeout`` seconds."""
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join(timeout)
            self._thread = None

    def _run(self) -> None:
        unwanted: list[Cancellable] = []
        closing = False
        while unwanted or not closing:
            try:
                new = self._queue.get(timeout=_AGAIN if unwanted else None)
            except Empty:
                pass
            else:
                if new is None:
                    closing = True
                else:
                    unwanted.append(new)
            unwanted = [what for what in unwanted if what.is_unwanted]
            for what in unwanted:
                if what.jobs is not None:
                    # if this fails, the session is gone, and its jobs with it
                    with suppress(Exception):
                        what.jobs.cancel(what.tag)
