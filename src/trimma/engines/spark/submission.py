"""Workers as jobs of a SparkContext in this process."""

import threading
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from trimma.engines.spark.task import work
from trimma.errors import EngineError

if TYPE_CHECKING:
    from pyspark import SparkContext

_POOL = "trimma"

Task = Callable[[bytes, Iterator[int]], Iterator[Any]]


class Classic:
    """A context whose jobs are workers. ``profile`` is a resource profile for their stages.

    Tags and other properties hang on the JVM's threads, of which each thread of Python has its own.
    """

    def __init__(self, context: "SparkContext", *, profile: Any = None, task: Task = work) -> None:
        from py4j.clientserver import ClientServer  # type: ignore[import-untyped]

        if not isinstance(context._gateway, ClientServer):
            raise EngineError(
                "PYSPARK_PIN_THREAD=false: Spark can't tell the jobs of one thread from another's. Unset that variable "
                "before Spark is started"
            )
        self._context, self._profile, self._task = context, profile, task

    def thread(self, target: Callable[..., None], **how: Any) -> threading.Thread:
        from pyspark import InheritableThread

        if self._is_stopped:
            raise EngineError("the Spark session was stopped: start another, and go on with the study on that")
        return InheritableThread(target=target, **how)

    def submit(self, tag: str, what: str, slot: int, ticket: bytes) -> tuple[bool, str]:
        context = self._context
        context.addJobTag(tag)
        context.setJobDescription(what)
        # not interrupted: Spark kills the process of a cancelled task, but forgets that of an interrupted one
        context.setInterruptOnCancel(False)
        if context.getLocalProperty("spark.scheduler.pool") is None:
            context.setLocalProperty("spark.scheduler.pool", _POOL)
        data = context.parallelize([slot], 1)
        if self._profile is not None:
            data = data.withResources(self._profile)
        served: bool
        served, end = data.mapPartitions(partial(self._task, ticket)).collect()[0]
        return served, end

    def cancel(self, tag: str) -> None:
        if not self._is_stopped:
            self._context.cancelJobsWithTag(tag)

    @property
    def _is_stopped(self) -> bool:
        return self._context._jsc is None
