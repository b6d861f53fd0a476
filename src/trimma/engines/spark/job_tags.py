"""Tags the Spark jobs that trials in this process start, by trial, so that they can be cancelled."""

import sys
from collections.abc import Callable
from threading import Thread
from typing import Any, Protocol

from trimma.engines.spark.session import is_connect
from trimma.errors import EngineError

_POOL = "spark.scheduler.pool"


class TaggedJobs(Protocol):
    """What the driver engine needs of a Spark session: to tag the jobs of a thread, and to cancel them by their tag."""

    def thread(self, target: Callable[[], None], name: str) -> Thread:
        """A daemon thread, not started, whose jobs inherit what the present thread has set for its own."""
        ...

    def claim(self, tag: str, worker: str, description: str) -> None:
        """Mark all jobs that the present thread will start."""
        ...

    def cancel(self, tag: str) -> None:
        """Cancel what runs with this tag; what starts later is not affected."""
        ...


class ClassicJobs:
    """TaggedJobs of a SparkContext in this process. Tags hang on the JVM's threads, one for each of Python's."""

    def __init__(self, context: Any) -> None:
        self._context = context

    def thread(self, target: Callable[[], None], name: str) -> Thread:
        from pyspark import InheritableThread

        return InheritableThread(target=target, name=name, daemon=True)

    def claim(self, tag: str, worker: str, description: str) -> None:
        context = self._context
        context.addJobTag(tag)
        # else the tasks of a cancelled job would keep their cores until they end by themselves
        context.setInterruptOnCancel(True)
        context.setJobDescription(description)
        if context.getLocalProperty(_POOL) is None:
            context.setLocalProperty(_POOL, f"trimma-{worker}")

    def cancel(self, tag: str) -> None:
        self._context.cancelJobsWithTag(tag)


class ConnectJobs:
    """Operations of a Spark Connect session; its server decides about pools."""

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
        # who hasn't imported it has no session, and need not have it installed
        return None
    from pyspark.errors import PySparkRuntimeError
    from pyspark.sql import SparkSession

    try:
        return SparkSession.active()
    except PySparkRuntimeError:
        return None
