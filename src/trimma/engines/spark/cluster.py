"""Reads from a Spark session's settings where it runs, how many tasks at a time, and by which name it is reached."""

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
"""The settings that are looked at, beside where the driver is."""

_LOCAL_CLUSTER = re.compile(r"local-cluster\[\s*(\d+)\s*,\s*(\d+)\s*,")


class Cluster(Struct, frozen=True, kw_only=True):
    """Those settings of a session that decide how many workers there can be, and where the driver is found.

    ``parallelism`` is the present number of slots, and ``executors`` the number of executors that have them; 0 when
    that isn't known.
    """

    master: str
    settings: dict[str, str]
    parallelism: int
    executors: int

    @classmethod
    def of(cls, context: "SparkContext") -> "Cluster":
        """Ask a running context."""
        known = context._jsc.sc().statusTracker().getExecutorInfos()
        return cls(
            master=context.master or "",
            settings=dict(context.getConf().getAll()),
            parallelism=context.defaultParallelism,
            executors=max(0, len(known) - 1),  # the driver is one of those that are known
        )

    @property
    def is_local(self) -> bool:
        """Whether tasks run in the driver's own JVM."""
        return self.master == "local" or self.master.startswith("local[")

    @property
    def bind(self) -> str:
        """The address to listen at: nobody but this machine's own processes needs to reach a local session."""
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
        """How many tasks that need so much can run at a time when all executors are there; 1 at least."""
        if self.is_local:
            return max(1, self.parallelism // cpus)
        executors, cores = self._size()
        each = cores // cpus
        offered = float(self.settings.get("spark.executor.resource.gpu.amount", 0))
        if gpus and offered:
            each = min(each, math.floor(offered / gpus + 1e-9))
        return max(1, executors * each)

    def _size(self) -> tuple[int, int]:
        """The number of executors and the cores of each, when the session has all that it may have."""
        if local_cluster := _LOCAL_CLUSTER.match(self.master):
            return int(local_cluster[1]), int(local_cluster[2])
        # a standalone cluster's executors take all cores of their machines
        cores = int(self.settings.get("spark.executor.cores", max(1, self.parallelism // max(1, self.executors))))
        executors = self.executors or max(1, self.parallelism // cores)
        if self.settings.get("spark.dynamicAllocation.enabled", "false") == "true":
            most = int(self.settings.get("spark.dynamicAllocation.maxExecutors", _UNLIMITED))
            return (most if most < _UNLIMITED else executors), cores
        return int(self.settings.get("spark.executor.instances", executors)), cores


def connect_cluster(session: Any) -> Cluster:
    """What a Spark Connect session tells of its server's cluster.

    The driver's address is the one from which this process reaches the server.
    """
    settings = {key: value for key in KEYS if (value := session.conf.get(key, None)) is not None}
    settings["spark.driver.host"] = settings["spark.driver.bindAddress"] = _own_address(session.client.host)
    # a range has as many parts as there are slots
    (found,) = session.range(1_000_000).selectExpr("spark_partition_id() + 1 AS part").agg({"part": "max"}).collect()
    return Cluster(
        master=f"connect:{settings.get('spark.master', '')}", settings=settings, parallelism=found[0], executors=0
    )


def _own_address(server: str) -> str:
    """The address of this machine from which it reaches the server's."""
    kind, _, _, _, address = socket.getaddrinfo(server.strip("[]"), 9, type=socket.SOCK_DGRAM)[0]
    with socket.socket(kind, socket.SOCK_DGRAM) as probe:
        probe.connect(address)  # sends nothing
        return str(probe.getsockname()[0])
