"""Finds the Spark session of a study, or starts one."""

import os
import sys
from typing import TYPE_CHECKING, Any

from trimma.engines.spark.java import java_of, no_java
from trimma.errors import EngineError, MissingExtra

if TYPE_CHECKING:
    from pyspark import SparkContext
    from pyspark.sql import SparkSession


def find_or_start(session: Any) -> "SparkSession":
    """The session given, or else the active one, or else a new one that ``SparkSession.builder.getOrCreate()`` starts.

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

    if "PYSPARK_GATEWAY_PORT" not in os.environ and (lacking := no_java()):
        raise EngineError(f"engine='spark' needs Java {lacking}")
    try:
        # Spark's own progress bars would be drawn over the study's
        session = builder.config("spark.ui.showConsoleProgress", "false").getOrCreate()
    except (PySparkException, Py4JError) as error:
        detail, advice = java_of(os.environ.get("JAVA_HOME"))
        java = f" Its Java is {detail}" + (f": {advice}" if advice else "")
        raise EngineError(f"Spark can't be started: {str(error).rstrip('.')}.{java}") from error
    return session


def _use_this_python(context: "SparkContext") -> None:
    """Have the tasks of a session on this machine run the driver's own Python, unless another one is configured.

    Spark would take the first python3 on the PATH, which is another one in an environment that isn't activated.
    """
    named = "PYSPARK_PYTHON" in os.environ or context.getConf().contains("spark.pyspark.python")
    if (context.master or "").startswith("local") and not named:
        context.pythonExec = sys.executable


def is_connect(session: Any) -> bool:
    """Whether this is a Spark Connect session, which has no SparkContext in this process."""
    return type(session).__module__.startswith("pyspark.sql.connect.")
