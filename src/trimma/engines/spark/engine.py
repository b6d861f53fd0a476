"""`tm.Spark`: the engine for Apache Spark, and its settings."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trimma.engines.remote.engine import Remote
from trimma.engines.renew_setting import renew_text
from trimma.engines.spark.cluster import Cluster, connect_cluster
from trimma.engines.spark.launcher import SparkLauncher
from trimma.engines.spark.session import find_or_start, is_connect
from trimma.engines.spark.submission import ClassicSubmitter, ConnectSubmitter
from trimma.errors import UsageError
from trimma.ports import RenewSetting
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

    - ``session``: a `pyspark.sql.SparkSession` of Spark 3.5 or later (default: the active one). If there is none, one
      is started as ``SparkSession.builder.getOrCreate()`` does, with ``local[*]`` if nothing else is configured. It
      stays when the study is over.
    - ``workers``: how many trials run at a time (default: as many tasks as the session can run when all its executors
      are there; with dynamic allocation, their number is ``spark.dynamicAllocation.maxExecutors``). Workers keep their
      slots while the study needs them, and give them back as soon as it doesn't. Take fewer workers than there are
      slots if other queries are to run on the session at the same time.
    - ``cpus``, ``gpus``: how many cores and accelerators each trial may use (default: ``spark.task.cpus`` and
      ``spark.task.resource.gpu.amount``). Other numbers are requested of Spark for the workers' stages alone.
    - ``host``, ``port``: where workers connect to the driver. ``host`` is by default ``spark.driver.host``. ``port`` is
      a number, or the first and the last of a range (default: any port). The driver listens at
      ``spark.driver.bindAddress``. Connections are authenticated and encrypted.
    - ``relay``: a folder that the driver and all executors share under the same path, for clusters on which workers
      can't connect to the driver. Messages pass through files in it, authenticated but not encrypted, and somewhat
      more slowly. No port is opened then.
    - ``env``: the names of environment variables of the driver that trials get too. Their values travel encrypted, and
      are not kept.
    - ``renew``: when a worker gets a fresh process: after a "failure" that looks like one of the process (the default),
      also after each so many trials, or never (None). `Local` says more.
    - ``lease``: after how many seconds of silence a worker loses its trial to another (default 10, at least 3). Take
      more on a network that stalls.

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
        renew: RenewSetting = "failure",
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
            renew=renew,
            timing=Timing(lease=_lease(lease)),
        )

    def __repr__(self) -> str:
        asked = [f"{name}={value!r}" for name, value in self._asked.items() if value is not None]
        return f"Spark({', '.join([self._master, f'workers={self.capacity}', *asked])}{renew_text(self.renew)})"


def _lease(seconds: float) -> float:
    if not _SHORTEST_LEASE <= seconds < math.inf:
        raise UsageError(f"lease={seconds!r} must be {_SHORTEST_LEASE:g} seconds or more")
    return seconds


def _profile(cluster: Cluster, cpus: int, gpus: float) -> Any:
    """The resource profile of the workers' stages, if they need other resources than the session's other stages."""
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
