"""A standalone cluster on loopback: a master and two machines, each with two cores and an accelerator of its own."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import trimma as tm
from trimma.engines.spark.cluster import Cluster
from trimma.facts import Joined, Left, Returned
from trimma.testing.engines import OpenEngine, wait_until
from trimma.wire.leases import Timing

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = [pytest.mark.xdist_group("spark-standalone"), pytest.mark.timeout(240)]


class Standalone:
    """The JVMs of a cluster's master and machines."""

    def __init__(self, folder: Path) -> None:
        import pyspark

        self._folder, self._command = folder, Path(pyspark.__file__).parent / "bin" / "spark-class"
        self.master = self._start("master.Master", "--port", "0")
        self.url = str(wait_until(lambda: self._told(0, r"Starting Spark master at (spark://\S+)"), 50))
        self.machines = [self._machine(gpu) for gpu in (7, 8)]
        for number in (1, 2):
            wait_until(lambda number=number: self._told(number, r"(Successfully registered) with master"), 50)

    def _machine(self, gpu: int) -> subprocess.Popen[bytes]:
        discover = self._folder / f"gpu-{gpu}"
        discover.write_text(f"""#!/bin/sh\necho '{{"name": "gpu", "addresses": ["{gpu}"]}}'\n""")
        discover.chmod(0o755)
        resource = "-Dspark.worker.resource.gpu"
        options = f"{resource}.amount=1 {resource}.discoveryScript={discover}"
        work = ("--work-dir", str(self._folder / f"work-{gpu}"))
        return self._start("worker.Worker", "--cores", "2", "--memory", "700M", *work, self.url, options=options)

    def _start(self, name: str, *arguments: str, options: str = "") -> subprocess.Popen[bytes]:
        number = len(list(self._folder.glob("log-*")))
        with (self._folder / f"log-{number}").open("w") as log:
            return subprocess.Popen(
                [
                    self._command,
                    f"org.apache.spark.deploy.{name}",
                    "--host",
                    "127.0.0.1",
                    "--webui-port",
                    "0",
                    *arguments,
                ],
                env={**os.environ, "PYSPARK_PYTHON": sys.executable, "SPARK_WORKER_OPTS": options},
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def _told(self, number: int, pattern: str) -> str | None:
        found = re.search(pattern, (self._folder / f"log-{number}").read_text())
        return found and found[1]

    def close(self) -> None:
        for process in (*self.machines, self.master):
            process.terminate()
        for process in (*self.machines, self.master):
            process.wait(30)


@pytest.fixture
def standalone(java: None, tmp_path: Path) -> Iterator[Standalone]:
    pytest.importorskip("pyspark")
    with contextlib.closing(Standalone(tmp_path)) as running:
        yield running


def test_workers_have_what_they_ask_for_and_machines_get_lost(
    standalone: Standalone, session_of: Callable[..., SparkSession], started_by: Callable[..., Any]
) -> None:
    gpu = "resource.gpu.amount"
    session = session_of(standalone.url, **{f"spark.executor.{gpu}": "1", f"spark.task.{gpu}": "0.5"})
    # its executors come one by one
    wait_until(lambda: Cluster.of(session.sparkContext).executors == 2, 50)
    for more, workers, threads in (
        ({}, 4, 1),
        ({"gpus": 1}, 2, 1),
        ({"cpus": 2}, 2, 2),
        ({"cpus": 2, "gpus": 1}, 2, 2),
    ):
        each_has_what_it_asks_for(tm.Spark(session, **more), workers, threads)
    a_machine_is_lost(tm.Spark(session, workers=2, gpus=1), standalone, started_by)
    session_of(None)


def devices(params: Any, report: Any) -> float:
    import os

    report(score=float(os.environ["CUDA_VISIBLE_DEVICES"]), threads=float(os.environ["OMP_NUM_THREADS"]))
    return 0.0


def each_has_what_it_asks_for(engine: tm.Spark, workers: int, threads: int) -> None:
    assert engine.capacity == workers
    with contextlib.closing(engine):
        driver = OpenEngine(engine, devices)
        seen = []
        for trial, worker in enumerate(driver.joined(workers)):
            assert isinstance(driver.run(trial, worker), Returned)
            (told,) = driver.measured(trial)
            assert told.metrics["threads"] == threads
            seen.append(told.metrics["score"])
        assert sorted(seen) == sorted([7.0, 8.0] * (workers // 2))


def a_machine_is_lost(engine: tm.Spark, standalone: Standalone, started_by: Callable[..., Any]) -> None:
    engine._timing = Timing(heartbeat=0.2, lease=3.0)
    with contextlib.closing(engine):
        driver = OpenEngine(engine, devices)
        driver.joined(2)
        (executor,) = started_by(standalone.machines[0].pid, "CoarseGrainedExecutorBackend")
        standalone.machines[0].kill()
        executor.kill()
        gone = driver.until(lambda facts: next((fact for fact in facts if isinstance(fact, Left)), None))
        assert not gone.crashed
        (other,) = {fact.worker for fact in driver.facts if isinstance(fact, Joined)} - {gone.worker}
        assert isinstance(driver.run(0, other), Returned)
        assert driver.measured(0)[0].metrics["score"] == 8.0
