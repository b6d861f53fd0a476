"""Reads a Spark session's settings: where it runs, how many tasks it runs at a time, and how workers reach it."""

import math
import re
import socket
from typing import TYPE_CHECKING, Any

from msgspec import Struct

if TYPE_CHECKING:
    from pyspark import SparkContext

_UNLIMITED = 2**31 - 1
KEYS = (
    "spark.master",
    "spark.task.cpus",
    "spark.task.resource.gpu.amount",
    "spark.executor.cores",
    "spark.executor.instances",
    "spark.executor.resource.gpu.amount",
    "spark.dynamicAllocation.enabled",
    "spark.dynamicAllocation.maxExecutors",
)
"""The settings that are read, beside those that say where the driver is."""

_LOCAL_CLUSTER = re.compile(r"local-cluster\[\s*(\d+)\s*,\s*(\d+)\s*,")


class Cluster(Struct, frozen=True, kw_only=True):
    """The settings of a session that decide how many workers there can be, and where they find the driver.

    ``parallelism`` is the present number of slots for tasks. ``executors`` is the present number of executors, and 0
    when that isn't known.
    """

    master: str
    settings: dict[str, str]
    parallelism: int
    executors: int

    @classmethod
    def of(cls, context: "SparkContext") -> "Cluster":
        """The settings of a running SparkContext."""
        known = context._jsc.sc().statusTracker().getExecutorInfos()
        return cls(
            master=context.master or "",
            settings=dict(context.getConf().getAll()),
            parallelism=context.defaultParallelism,
            executors=max(0, len(known) - 1),  # the list includes the driver
        )

    @property
    def is_local(self) -> bool:
        """Whether tasks run in the driver's own JVM."""
        return self.master == "local" or self.master.startswith("local[")

    @property
    def bind(self) -> str:
        """The address at which the driver listens. For a local session, only this machine can reach it."""
        if self.is_local:
            return "127.0.0.1"
        return self.settings.get("spark.driver.bindAddress") or self.host

    @property
    def host(self) -> str:
        """The name by which executors reach the driver."""
        return "127.0.0.1" if self.is_local else self.settings["spark.driver.host"]

    @property
    def task_cpus(self) -> int:
        """The processors that Spark counts for each task."""
        return int(self.settings.get("spark.task.cpus", 1))

    @property
    def task_gpus(self) -> float:
        """The accelerators that Spark gives each task."""
        return float(self.settings.get("spark.task.resource.gpu.amount", 0))

    def slots(self, cpus: int, gpus: float) -> int:
        """How many tasks of ``cpus`` cores and ``gpus`` accelerators can run at a time on all executors; at least 1."""
        if self.is_local:
            return max(1, self.parallelism // cpus)
        executors, cores = self._size()
        each = cores // cpus
        offered = float(self.settings.get("spark.executor.resource.gpu.amount", 0))
        if gpus and offered:
            each = min(each, math.floor(offered / gpus + 1e-9))
        return max(1, executors * each)

    def _size(self) -> tuple[int, int]:
        """The number of executors and the cores of each, when the session has all the executors that it may have."""
        if local_cluster := _LOCAL_CLUSTER.match(self.master):
            return int(local_cluster[1]), int(local_cluster[2])
        # without this setting, the executors of a standalone cluster take all cores of their machines
        cores = int(self.settings.get("spark.executor.cores", max(1, self.parallelism // max(1, self.executors))))
        executors = self.executors or max(1, self.parallelism // cores)
        if self.settings.get("spark.dynamicAllocation.enabled", "false") == "true":
            most = int(self.settings.get("spark.dynamicAllocation.maxExecutors", _UNLIMITED))
            return (most if most < _UNLIMITED else executors), cores
        return int(self.settings.get("spark.executor.instances", executors)), cores


def connect_cluster(session: Any) -> Cluster:
    """The settings of a Spark Connect server's cluster, as far as a session can read them.

    As the driver is this process, its address is the one from which it reaches the server.
    """
    settings = {key: value for key in KEYS if (value := session.conf.get(key, None)) is not None}
    settings["spark.driver.host"] = settings["spark.driver.bindAddress"] = _own_address(session.client.host)
    # the session can't ask for the number of slots, but a range has as many partitions
    (found,) = session.range(1_000_000).selectExpr("spark_partition_id() + 1 AS part").agg({"part": "max"}).collect()
    return Cluster(
        master=f"connect:{settings.get('spark.master', '')}", settings=settings, parallelism=found[0], executors=0
    )


def _own_address(server: str) -> str:
    """The address of this machine from which it reaches the server."""
    kind, _, _, _, address = socket.getaddrinfo(server.strip("[]"), 9, type=socket.SOCK_DGRAM)[0]
    with socket.socket(kind, socket.SOCK_DGRAM) as probe:
        probe.connect(address)  # connecting a datagram socket sends nothing
        return str(probe.getsockname()[0])
