"""Spark sessions for benchmarks: the same for all contenders, as fast as settings make them."""

import os
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

SETTINGS = {
    # all on this machine, whatever its name
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    # nothing runs, and nothing is written, that no contender needs
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "OFF",
    "spark.eventLog.enabled": "false",
    "spark.sql.shuffle.partitions": "4",
    # jobs of several threads run side by side
    "spark.scheduler.mode": "FAIR",
    # Python's workers are kept from one task to the next (the default)
    "spark.python.worker.reuse": "true",
}


@contextmanager
def spark(cores: int, *, warm: int = 20, master: str = "") -> Iterator[Any]:
    """A session with so many slots on this machine, warmed up by some jobs; it ends with its JVM.

    ``master`` is another master than the one that runs tasks in the driver's JVM.
    """
    from pyspark import SparkContext
    from pyspark.sql import SparkSession

    os.environ["PYSPARK_PYTHON"] = sys.executable
    builder = SparkSession.builder.master(master or f"local[{cores}]").appName("benchmark")
    for name, value in SETTINGS.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    try:
        if warm:
            _warm(session, cores, warm)
        yield session
    finally:
        session.stop()
        if (gateway := SparkContext._gateway) is not None:
            gateway.shutdown()
            gateway.proc.stdin.close()
            gateway.proc.wait(30)


def _warm(session: Any, cores: int, jobs: int) -> None:
    """Start a Python worker for each slot, and have the JVM compile what runs jobs."""
    context = session.sparkContext

    def job(number: int) -> Any:
        return context.parallelize([number], 1).map(abs).collect()

    def hold(_: int) -> None:
        time.sleep(0.2)

    context.parallelize(range(cores), cores).foreach(hold)
    with ThreadPoolExecutor(cores) as pool:
        list(pool.map(job, range(jobs)))
