"""Launches workers on Spark: one job of one task for each, so that each starts, fails and ends by itself."""

import secrets
import threading
import time

from trimma.engines.remote.launcher import Ended
from trimma.engines.spark.failures import explain
from trimma.engines.spark.submission import Submitter
from trimma.errors import EngineError
from trimma.wire.addresses import Listen

_PATIENCE = 15.0
_AGAIN = 0.2
"""Seconds between two cancellations: a job that is submitted during one escapes it, so it is done again."""


class SparkLauncher:
    """Starts the agents of one study. Each agent is a job, submitted by a thread of its own, and all have one tag."""

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
        """Cancel the agents' jobs, running or waiting. Other jobs of the session go on."""
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
