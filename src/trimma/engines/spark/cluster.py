"""What a Spark session says of itself: where it runs, how many tasks at a time, and by which name it is reached."""

import math
import os
import re
import sys
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from trimma.errors import EngineError, MissingExtra

if TYPE_CHECKING:
    from pyspark import SparkContext
    from pyspark.sql import SparkSession

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
    """A session's settings, as far as they decide how many workers there can be and where the driver is found.

    ``parallelism`` is the number of slots now, on so many ``executors``; 0 when that isn't known.
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


def take(session: Any) -> "SparkSession":
    """The session given, or the active one, or one that is started as ``SparkSession.builder.getOrCreate()`` would.

    Raises `MissingExtra` without PySpark, and `EngineError` when Spark can't be started.
    """
    try:
        from pyspark import SparkContext
        from pyspark.sql import SparkSession
    except ImportError as error:
        raise MissingExtra("pyspark", "spark", "engine='spark'") from error
    if session is not None:
        found: SparkSession = session
    elif SparkContext._active_spark_context is not None or "SPARK_REMOTE" in os.environ:
        found = SparkSession.builder.getOrCreate()
    else:
        found = _start(SparkSession.builder)
    if not is_connect(found):
        _use_this_python(found.sparkContext)
    return found


def _start(builder: "SparkSession.Builder") -> "SparkSession":
    from py4j.protocol import Py4JError  # type: ignore[import-untyped]
    from pyspark.errors import PySparkException

    try:
        # Spark's own bars would be drawn over the study's
        session = builder.config("spark.ui.showConsoleProgress", "false").getOrCreate()
    except (PySparkException, Py4JError) as error:
        raise EngineError(
            f"Spark can't be started: {str(error).rstrip('.')}. It needs Java 17 or later (JAVA_HOME, or java on the "
            "PATH); 'trimma doctor' looks for it"
        ) from error
    return session


def _use_this_python(context: "SparkContext") -> None:
    """On this machine a session's tasks run the driver's own Python, unless another one was asked for.

    Spark would take any python3 of the PATH, which in an environment that isn't activated is another one.
    """
    named = "PYSPARK_PYTHON" in os.environ or context.getConf().contains("spark.pyspark.python")
    if (context.master or "").startswith("local") and not named:
        context.pythonExec = sys.executable


def is_connect(session: Any) -> bool:
    """Whether the session speaks with a Spark Connect server, and so has no context."""
    return type(session).__module__.startswith("pyspark.sql.connect.")
