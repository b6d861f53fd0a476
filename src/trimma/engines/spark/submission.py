"""Submits workers as Spark jobs: to a context in this process, or to a Spark Connect server."""

import threading
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from trimma.engines.spark.task import work
from trimma.errors import EngineError

if TYPE_CHECKING:
    from pyarrow import RecordBatch
    from pyspark import SparkContext

_POOL = "trimma"

Task = Callable[[bytes, Iterator[int]], Iterator[Any]]


class Submitter(Protocol):
    """What a launcher needs of a Spark session."""

    def thread(self, target: Callable[..., None], **how: Any) -> threading.Thread:
        """A new thread. Its jobs inherit the properties that the calling thread has set for its own jobs."""
        ...

    def submit(self, tag: str, what: str, slot: int, ticket: bytes) -> tuple[bool, str]:
        """Run a worker as a job in this thread until it is over. ``tag`` is the job's tag, ``what`` its description.

        Returns whether the worker was of any use, and why it is over.
        """
        ...

    def cancel(self, tag: str) -> None:
        """Cancel all jobs with this tag, running or waiting."""
        ...


class ClassicSubmitter:
    """Submits workers as jobs of a SparkContext. ``profile`` is a resource profile for their stages.

    Spark keeps tags and other properties by thread of the JVM, and each thread of Python has a JVM thread of its own.
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
        # not interrupted, because Spark kills the Python process of a cancelled task, but not of an interrupted one
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


class ConnectSubmitter:
    """Submits workers as queries of a Spark Connect session. Each query maps a single row, in Arrow's format.

    ``profile`` is a resource profile for their stages.
    """

    def __init__(self, session: Any, profile: Any = None) -> None:
        self._session, self._profile = session, profile

    def thread(self, target: Callable[..., None], **how: Any) -> threading.Thread:
        return threading.Thread(target=target, **how)

    def submit(self, tag: str, what: str, slot: int, ticket: bytes) -> tuple[bool, str]:
        self._session.addTag(tag)
        more = {} if self._profile is None else {"profile": self._profile}  # Spark 3.5 has none
        one = self._session.range(slot, slot + 1, 1, 1)
        ((served, end),) = one.mapInArrow(
            partial(_work_in_arrow, ticket), "served boolean, end string", **more
        ).collect()
        return served, end

    def cancel(self, tag: str) -> None:
        self._session.interruptTag(tag)


def _work_in_arrow(ticket: bytes, batches: "Iterator[RecordBatch]") -> "Iterator[RecordBatch]":
    import pyarrow as pa

    for batch in batches:
        served, ends = zip(*work(ticket, iter(batch.column(0).to_pylist())), strict=True)
        yield pa.RecordBatch.from_pydict({"served": served, "end": ends})
