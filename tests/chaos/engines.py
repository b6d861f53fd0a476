"""The engine of a run, as the process that runs the study makes it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from msgspec import Struct, structs

import trimma as tm
from chaos.plan import Plan
from trimma.engines.remote.engine import Remote
from trimma.testing.processes import Processes
from trimma.wire.addresses import Listen
from trimma.wire.leases import Timing

QUICK = Timing(heartbeat=0.2, lease=2.0, dial=5.0, orphan=2.0, silence=10.0)
BEHIND, BEFORE = "127.0.0.1", "127.0.0.2"
"""Where the driver listens, and where agents find it: at the network that may be disturbed, by the same port."""
JVM = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xshare:auto"
SPARK = {
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "OFF",
    "spark.executor.memory": "512m",
    "spark.executor.cores": "1",
    "spark.driver.extraJavaOptions": JVM,
    "spark.executor.extraJavaOptions": JVM,
}


class Site(Struct, frozen=True, kw_only=True):
    """Where the parts of a run are: the port of the network, and the address of the cluster, or nothing."""

    port: int
    cluster: str = ""


class Made(Struct, frozen=True):
    """An engine, and a function that says which jobs the cluster still runs for it."""

    engine: Any
    jobs: Any = list


@contextmanager
def engine_of(plan: Plan, site: Site) -> Iterator[Made]:
    """The engine of the plan, and what it needs as long as the context lasts."""
    if plan.engine == "local":
        yield Made(tm.Local(plan.workers))
    elif plan.engine == "driver":
        yield Made(tm.Driver(plan.workers))
    elif plan.engine == "agents":
        yield Made(_disturbed(Remote(Processes(), plan.workers, timing=QUICK), site))
    elif plan.engine == "dask":
        from distributed import Client

        with Client(site.cluster, set_as_default=False) as client:
            yield Made(_disturbed(tm.Dask(client, workers=plan.workers), site))
    else:
        session = _session(site.cluster or "local-cluster[2,1,512]")
        try:
            jobs = session.sparkContext.statusTracker()
            yield Made(_disturbed(tm.Spark(session, plan.workers), site), lambda: list(jobs.getActiveJobsIds()))
        finally:
            session.stop()


def _session(master: str) -> Any:
    import os

    from pyspark.sql import SparkSession

    os.environ["PYSPARK_PYTHON"] = sys.executable
    builder = SparkSession.builder.master(master).appName("chaos")
    for key, value in SPARK.items():
        builder = builder.config(key, value)
    return builder.getOrCreate()


def _disturbed(engine: Any, site: Site) -> Any:
    """The engine with short leases, whose agents find it only through the network of the run."""
    engine._timing = QUICK
    launcher = engine._launcher
    opened = launcher.open

    def open_behind(study: str) -> Listen:
        told = opened(study)
        return structs.replace(told, bind=BEHIND, advertise=(BEFORE,), ports=(site.port, site.port))

    launcher.open = open_behind
    return engine
