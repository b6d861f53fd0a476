"""Workers as Spark tasks: one job of one task for each, so that each comes, fails and goes by itself."""

import secrets
import threading
import time
from collections.abc import Callable
from typing import Any, Protocol

from trimma.engines.launcher import Ended
from trimma.engines.spark.failures import explain
from trimma.errors import EngineError
from trimma.wire.sockets import Listen

_PATIENCE = 15.0
_AGAIN = 0.2
"""A job that is submitted while its tag is being cancelled slips through, so that is done again."""


class Submitter(Protocol):
    """A Spark session, as far as a launcher cares for it."""

    def thread(self, target: Callable[..., None], **how: Any) -> threading.Thread:
        """A thread whose jobs have what this thread has set for its own."""
        ...

    def submit(self, tag: str, what: str, slot: int, ticket: bytes) -> tuple[bool, str]:
        """Run a worker as a job with this tag and description, in this thread, until it is over.

        Whether it was of use, and why it is over.
        """
        ...

    def cancel(self, tag: str) -> None:
        """Cancel what runs or waits with this tag."""
        ...


class Tasks:
    """A launcher of agents: the jobs of one study at a time, each run by a thread of its own, under one tag."""

    name = "spark"

    def __init__(self, session: Submitter, listen: Listen) -> None:
        self._session, self._listen = session, listen
        self._tag = self._study = ""
        self._threads: list[threading.Thread] = []
        self._closed = True

    def open(self, study: str) -> Listen:
        self._study = study
        self._tag = f"trimma-{secrets.token_hex(6)}"
        self._closed = False
        return self._listen

    def launch(self, slot: int, ticket: bytes, ended: Ended) -> None:
        self._threads = [thread for thread in self._threads if thread.is_alive()]
        thread = self._session.thread(self._run, args=(slot, ticket, ended), name=f"trimma-spark-{slot}", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _run(self, slot: int, ticket: bytes, ended: Ended) -> None:
        error: EngineError | None = None
        try:
            if not self._closed:
                what = f"Trimma: study {self._study!r}, worker spark-{slot}"
                served, end = self._session.submit(self._tag, what, slot, ticket)
                error = None if served else EngineError(end)
        except Exception as failure:  # noqa: BLE001 - Spark's errors, and those of the code at the executor
            error = explain(failure)
        ended(slot, error)

    def close(self) -> None:
        """Cancel what still runs or waits; other jobs of the session go on."""
        self._closed = True
        deadline = time.monotonic() + _PATIENCE
        while alive := [thread for thread in self._threads if thread.is_alive()]:
            if time.monotonic() > deadline:
                raise EngineError(
                    f"{len(alive)} Spark jobs of this study don't end though they were cancelled (tag {self._tag})"
                )
            self._session.cancel(self._tag)
            alive[0].join(_AGAIN)
        self._threads.clear()
