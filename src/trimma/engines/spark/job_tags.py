"""Tags the Spark jobs that trials in this process start, by trial, so that they can be cancelled."""

import sys
from collections.abc import Callable
from threading import Thread
from typing import Any, Protocol

from trimma.engines.spark.session import is_connect
from trimma.errors import EngineError

_POOL = "spark.scheduler.pool"


class TaggedJobs(Protocol):
    """What the driver engine needs of a Spark session: it tags the jobs of a thread and cancels jobs by their tag."""

    def thread(self, target: Callable[[], None], name: str) -> Thread:
        """A new daemon thread, not started. Its jobs inherit the properties that the calling thread has set."""
        ...

    def claim(self, tag: str, worker: str, description: str) -> None:
        """Tag all jobs that the calling thread will start."""
        ...

    def cancel(self, tag: str) -> None:
        """Cancel the jobs that run with this tag. Jobs that start later are not affected."""
        ...


class ClassicJobs:
    """The jobs of a SparkContext in this process. Spark keeps tags by JVM thread, one for each Python thread."""

    def __init__(self, context: Any) -> None:
        self._context = context

    def thread(self, target: Callable[[], None], name: str) -> Thread:
        from pyspark import InheritableThread

        return InheritableThread(target=target, name=name, daemon=True)

    def claim(self, tag: str, worker: str, description: str) -> None:
        context = self._context
        context.addJobTag(tag)
        # without interrupting, the tasks of a cancelled job would keep their cores until they end by themselves
        context.setInterruptOnCancel(True)
        context.setJobDescription(description)
        if context.getLocalProperty(_POOL) is None:
            context.setLocalProperty(_POOL, f"trimma-{worker}")

    def cancel(self, tag: str) -> None:
        self._context.cancelJobsWithTag(tag)


class ConnectJobs:
    """The operations of a Spark Connect session. Its server decides about pools."""

    def __init__(self, session: Any) -> None:
        self._session = session

    def thread(self, target: Callable[[], None], name: str) -> Thread:
        inherited = set(self._session.getTags())

        def run() -> None:
            for tag in inherited:
                self._session.addTag(tag)
            target()

        return Thread(target=run, name=name, daemon=True)

    def claim(self, tag: str, worker: str, description: str) -> None:
        self._session.addTag(tag)

    def cancel(self, tag: str) -> None:
        self._session.interruptTag(tag)


def jobs_of(session: Any = None) -> TaggedJobs | None:
    """The jobs of ``session``, or else of the active session; None when there is none.

    Raises `EngineError` for a session whose threads can't be told apart.
    """
    session = session or _active()
    if session is None:
        return None
    if is_connect(session):
        return ConnectJobs(session)
    from py4j.clientserver import ClientServer  # type: ignore[import-untyped]

    context = session.sparkContext
    if not isinstance(context._gateway, ClientServer):
        raise EngineError(
            "PYSPARK_PIN_THREAD=false: Spark can't tell the jobs of one thread from another's. Unset that variable "
            "before Spark is started"
        )
    return ClassicJobs(context)


def _active() -> Any:
    if "pyspark" not in sys.modules:
        # without an import there is no session, and pyspark needn't even be installed
        return None
    from pyspark.errors import PySparkRuntimeError
    from pyspark.sql import SparkSession

    try:
        return SparkSession.active()
    except PySparkRuntimeError:
        return None
