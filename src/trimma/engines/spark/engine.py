"""`tm.Spark`: the engine for Apache Spark, and its settings."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trimma.engines.remote.engine import Remote
from trimma.engines.spark.cluster import Cluster, connect_cluster
from trimma.engines.spark.launcher import SparkLauncher
from trimma.engines.spark.session import find_or_start, is_connect
from trimma.engines.spark.submission import ClassicSubmitter, ConnectSubmitter
from trimma.errors import UsageError
from trimma.wire.addresses import Listen
from trimma.wire.leases import Timing

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_HINT = (
    "Executors must be able to open a connection to the driver at this address. Give engine=tm.Spark(host=...) a name "
    "or address of the driver's machine that they can reach, and port=... (or a range, port=(40000, 40100)) where a "
    "firewall lets only some ports through."
)
_RELAY_HINT = "The folder of relay=... must be shared by the driver and all executors under the same path."
_SHORTEST_LEASE = 3.0


class Spark(Remote):
    """Trials on a Spark cluster: each worker is one long-running task, which pulls one trial after another.

    ``session`` is a `pyspark.sql.SparkSession` (default: the active one; else one is started as
    ``SparkSession.builder.getOrCreate()`` would, ``local[*]`` where nothing else is configured, and it stays when the
    study is over). Spark 3.5 or later.

    ``workers``: how many trials run side by side (default: as many tasks as the session can run when all its
    executors are there; with dynamic allocation that is ``spark.dynamicAllocation.maxExecutors``). They keep their
    slots while the study needs them and give them back as soon as it doesn't. For other queries on the same session
    to run meanwhile, use fewer workers than there are slots.

    Each trial may use ``cpus`` cores and ``gpus`` accelerators (default: ``spark.task.cpus``, and what
    ``spark.task.resource.gpu.amount`` says); other numbers are asked of Spark for the workers' stages alone.

    Workers dial the driver at ``host`` (default: ``spark.driver.host``) and ``port``: one, a first and a last, or any
    (default). The driver listens at ``spark.driver.bindAddress``. What passes is authenticated and encrypted.
    Where they can't, ``relay`` is a folder that driver and executors share under the same path: messages pass
    through files there (authenticated, not encrypted, and somewhat slower), and no port is opened.

    ``env`` names environment variables of the driver that trials shall have. Their values travel encrypted and are
    kept nowhere.

    A worker that is silent for ``lease`` seconds (default 10, at least 3) has lost its trial to another; on a network
    that stalls, give it more.

    Raises `MissingExtra` without PySpark, `UsageError` for numbers that make no sense, and `EngineError` when Spark
    can't be started.

    >>> tm.tune(fit, space, minimize="loss", trials=200, engine=tm.Spark(workers=16))
    """

    def __init__(
        self,
        session: "SparkSession | None" = None,
        workers: int | None = None,
        *,
        cpus: int | None = None,
        gpus: float | None = None,
        host: str | None = None,
        port: int | tuple[int, int] | None = None,
        relay: str | Path | None = None,
        env: Sequence[str] = (),
        lease: float = 10.0,
    ) -> None:
        found = find_or_start(session)
        cluster = connect_cluster(found) if is_connect(found) else Cluster.of(found.sparkContext)
        self._master = cluster.master
        self._asked = {"cpus": cpus, "gpus": gpus, "host": host, "port": port, "relay": relay}
        cpus = cluster.task_cpus if cpus is None else cpus
        gpus = cluster.task_gpus if gpus is None else gpus
        if gpus < 0 or (gpus > 1 and gpus != int(gpus)):
            raise UsageError(f"gpus={gpus!r}: give a whole number for each worker, or a fraction such as 0.5 or 0.25")
        listen = Listen(
            bind=cluster.bind,
            advertise=(host or cluster.host,),
            ports=(port, port) if isinstance(port, int) else port,
            hint=_HINT if relay is None else _RELAY_HINT,
            folder=None if relay is None else str(Path(relay).absolute()),
        )
        profile = _profile(cluster, cpus, gpus)
        submitter = (
            ConnectSubmitter(found, profile)
            if is_connect(found)
            else ClassicSubmitter(found.sparkContext, profile=profile)
        )
        super().__init__(
            SparkLauncher(submitter, listen),
            cluster.slots(cpus, gpus) if workers is None else workers,
            cpus=cpus,
            env=env,
            timing=Timing(lease=_lease(lease)),
        )

    def __repr__(self) -> str:
        asked = [f"{name}={value!r}" for name, value in self._asked.items() if value is not None]
        return f"Spark({', '.join([self._master, f'workers={self.capacity}', *asked])})"


def _lease(seconds: float) -> float:
    if not _SHORTEST_LEASE <= seconds < math.inf:
        raise UsageError(f"lease={seconds!r} must be {_SHORTEST_LEASE:g} seconds or more")
    return seconds


def _profile(cluster: Cluster, cpus: int, gpus: float) -> Any:
    """What the workers' stages ask for, where that differs from the session's other stages."""
    if (cpus, gpus) == (cluster.task_cpus, cluster.task_gpus):
        return None
    if cluster.is_local:
        if gpus:
            raise UsageError(
                f"gpus={gpus:g}: a Spark session with master {cluster.master!r} counts no accelerators. Use "
                "engine=tm.Local(gpus=...) on one machine, or a cluster"
            )
        return None
    from pyspark.resource import ResourceProfileBuilder, TaskResourceRequests

    wanted = TaskResourceRequests().cpus(cpus)
    if gpus:
        wanted = wanted.resource("gpu", gpus)
    return ResourceProfileBuilder().require(wanted).build
