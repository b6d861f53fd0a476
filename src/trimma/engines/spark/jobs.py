"""Workers as Spark jobs: one job of one task for each, so that each comes, fails and goes by itself."""

import secrets
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from trimma.engines.spark.failures import explain
from trimma.errors import EngineError

if TYPE_CHECKING:
    from pyspark import SparkContext

_POOL = "trimma"
_PATIENCE = 15.0
_AGAIN = 0.2
"""A job that is submitted while its tag is being cancelled slips through, so that is done again."""

Task = Callable[[bytes, Iterator[int]], Iterator[Any]]
Ended = Callable[[int, BaseException | None], None]


class Jobs:
    """The jobs of one study. Each is run by a thread of its own, under one job tag."""

    def __init__(self, context: "SparkContext", task: Task, profile: Any = None) -> None:
        self._context, self._profile, self._task = context, profile, task
        self.tag = f"trimma-{secrets.token_hex(6)}"
        self._threads: list[threading.Thread] = []
        self._closed = False

    def launch(self, slot: int, ticket: bytes, ended: Ended) -> None:
        """Submit the worker's job; ``ended`` is called from another thread when it is over."""
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
