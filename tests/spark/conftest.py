"""Spark sessions: real executors, one JVM for each pytest process, ended with it."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import psutil
import pytest

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

QUICK = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xshare:auto"
SETTINGS = {
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "OFF",
    "spark.sql.shuffle.partitions": "2",
    "spark.executor.memory": "512m",
    # a short life on few cores: what only pays off after minutes is left out
    "spark.driver.extraJavaOptions": QUICK,
    "spark.executor.extraJavaOptions": QUICK,
}

LOCAL = "local[2]"
CLUSTER = "local-cluster[2,1,512]"


@pytest.fixture(scope="session")
def java(missing: Callable[[str], None]) -> None:
    """Java 17 or later, or a reason to skip."""
    home = os.environ.get("JAVA_HOME")
    found = shutil.which("java", path=f"{home}/bin") if home else shutil.which("java")
    if found is None:
        missing("Java 17 or later (apt install openjdk-17-jre-headless)")
        return
    told = subprocess.run([found, "-version"], capture_output=True, text=True, check=True).stderr
    number = re.search(r'version "(\d+)', told)
    if number is None or int(number[1]) < 17:
        missing(f"Java 17 or later; {found} is {told.splitlines()[0]}")


@pytest.fixture(scope="session")
def settings(java: None) -> dict[str, str]:
    """What sessions are configured with."""
    pytest.importorskip("pyspark")
    return SETTINGS


@pytest.fixture(scope="session")
def session_of(settings: dict[str, str]) -> Iterator[Callable[..., SparkSession]]:
    """The session of a master, or none; one at a time, each in the same JVM, so an earlier one is stopped."""
    from pyspark import SparkConf, SparkContext
    from pyspark.sql import SparkSession

    os.environ["PYSPARK_PYTHON"] = sys.executable
    # What a JVM is started with holds for all its sessions. So it isn't started by the first of them, which may ask for
    # what the others lack: a session without executors that have GPUs, for instance, would never launch a task.
    SparkContext._ensure_initialized(conf=SparkConf(loadDefaults=False).setAll(list(settings.items())))
    running: dict[str, SparkSession] = {}

    def start(master: str | None, **more: str) -> SparkSession | None:
        if master not in running:
            stop()
            if master is None:
                return None
            builder = SparkSession.builder.master(master).appName("tests")
            for key, value in {**settings, **more}.items():
                builder = builder.config(key, value)
            running[master] = builder.getOrCreate()
            # the first task of each slot is slow
            running[master].sparkContext.parallelize(range(2), 2).count()
        return running[master]

    def stop() -> None:
        while running:
            running.popitem()[1].stop()

    yield start
    stop()
    gateway = SparkContext._gateway
    if gateway is not None:
        gateway.shutdown()
        gateway.proc.stdin.close()
        gateway.proc.wait(30)


@pytest.fixture
def local(session_of: Callable[..., SparkSession]) -> SparkSession:
    """Two slots in the driver's JVM."""
    return session_of(LOCAL)


@pytest.fixture
def cluster(session_of: Callable[..., SparkSession]) -> SparkSession:
    """Two executors, each a JVM of its own with one slot."""
    return session_of(CLUSTER)


@pytest.fixture
def active_jobs(session_of: Callable[..., SparkSession]) -> Callable[[], list[int]]:
    """The ids of the jobs that Spark runs now, whoever started them."""
    from pyspark import SparkContext

    def active() -> list[int]:
        # a session is active in one thread of the JVM, and which one serves this thread may change
        context = SparkContext._active_spark_context
        assert context is not None
        return list(context.statusTracker().getActiveJobsIds())

    return active


@pytest.fixture
def started_by() -> Callable[[int, str], list[psutil.Process]]:
    """The processes that a process has started, directly or not, whose command line has a word in it."""

    def started(pid: int, word: str) -> list[psutil.Process]:
        found = []
        for process in psutil.Process(pid).children(recursive=True):
            # one that has just ended
            with contextlib.suppress(psutil.NoSuchProcess):
                if any(word in part for part in process.cmdline()):
                    found.append(process)
        return found

    return started


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # PySpark leaves its own loopback connections to the garbage collector; ours are not of that family
    theirs = r"ignore:Exception ignored in. <socket.socket fd=-?\d+, family=2:pytest.PytestUnraisableExceptionWarning"
    for item in items:
        if "spark" in item.path.parent.name:
            item.add_marker(pytest.mark.filterwarnings(theirs))
            if item.get_closest_marker("timeout") is None:
                # the first of a group starts JVMs, some of them beside other groups'
                item.add_marker(pytest.mark.timeout(150))
