"""Workers as Spark jobs: one job of one task for each, so that each comes, fails and goes by itself."""

import secrets
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from trimma.engines.launcher import Ended
from trimma.engines.spark.failures import explain
from trimma.engines.spark.task import work
from trimma.errors import EngineError
from trimma.wire.sockets import Listen

if TYPE_CHECKING:
    from pyspark import SparkContext

_POOL = "trimma"
_PATIENCE = 15.0
_AGAIN = 0.2
"""A job that is submitted while its tag is being cancelled slips through, so that is done again."""

Task = Callable[[bytes, Iterator[int]], Iterator[Any]]


class Jobs:
    """A launcher of agents: the jobs of one study at a time, each run by a thread of its own, under one job tag.

    ``profile`` is a resource profile for their stages.
    """

    name = "spark"

    def __init__(self, context: "SparkContext", listen: Listen, *, profile: Any = None, task: Task = work) -> None:
        self._context, self._listen, self._profile, self._task = context, listen, profile, task
        self.tag = ""
        self._threads: list[threading.Thread] = []
        self._closed = True

    def open(self) -> Listen:
        self.tag = f"trimma-{secrets.token_hex(6)}"
        self._closed = False
        return self._listen

    def launch(self, slot: int, ticket: bytes, ended: Ended) -> None:
        from pyspark import InheritableThread

        self._threads = [thread for thread in self._threads if thread.is_alive()]
        thread = InheritableThread(
            target=self._run, args=(slot, ticket, ended), name=f"trimma-spark-{slot}", daemon=True
        )
        self._threads.append(thread)
        thread.start()

    def _run(self, slot: int, ticket: bytes, ended: Ended) -> None:
        error: EngineError | None = None
        try:
            self._submit(slot, ticket)
        except Exception as failure:  # noqa: BLE001 - Spark's errors, and those of the code at the executor
            error = explain(failure)
        ended(slot, error)

    def _submit(self, slot: int, ticket: bytes) -> None:
        context = self._context
        context.addJobTag(self.tag)
        context.setJobDescription(f"Trimma: worker spark-{slot}")
        if context.getLocalProperty("spark.scheduler.pool") is None:
            context.setLocalProperty("spark.scheduler.pool", _POOL)
        data = context.parallelize([slot], 1)
        if self._profile is not None:
            data = data.withResources(self._profile)
        if not self._closed:
            data.mapPartitions(partial(self._task, ticket)).collect()

    def close(self) -> None:
        """Cancel what still runs or waits; other jobs of the session go on."""
        self._closed = True
        deadline = time.monotonic() + _PATIENCE
        while alive := [thread for thread in self._threads if thread.is_alive()]:
            if time.monotonic() > deadline:
                raise EngineError(
                    f"{len(alive)} Spark jobs of this study don't end though they were cancelled: {self.tag}"
                )
            self._context.cancelJobsWithTag(self.tag)
            alive[0].join(_AGAIN)
        self._threads.clear()
