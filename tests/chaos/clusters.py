"""What stands beside a study: the processes of a standalone cluster of Spark, or of one of Dask, all on loopback."""

from __future__ import annotations

import contextlib
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from chaos.engines import BEHIND, JVM
from chaos.network import free_port
from chaos.processes import send


class Cluster(Protocol):
    """The processes of a cluster by what they are, as "machine" or "scheduler", and the address of the whole."""

    address: str

    def named(self, kind: str) -> list[int]: ...

    def mend(self) -> None:
        """Start again what has died."""
        ...

    def close(self) -> None: ...


class Nothing:
    """No cluster is needed."""

    address = ""

    def named(self, kind: str) -> list[int]:
        return []

    def mend(self) -> None:
        pass

    def close(self) -> None:
        pass


class _Parts:
    """Processes that are started by their names, and again when they have died."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self._folder, self._environment = folder, environment
        self._parts: dict[str, subprocess.Popen[bytes]] = {}
        self._started = 0

    def start(self, name: str, command: list[str], ready: str) -> str:
        """Start a part, unless it runs, and wait until its log says that it is ready; what the pattern has found."""
        if name in self._parts and self._parts[name].poll() is None:
            return ""
        self._started += 1
        log = self._folder / f"log-{self._started}-{name.replace(' ', '-')}"
        with log.open("w") as file:
            self._parts[name] = process = subprocess.Popen(
                command,
                env=self._environment,
                cwd=self._folder,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        deadline = time.monotonic() + 60
        while (found := re.search(ready, log.read_text(errors="replace"))) is None:
            if time.monotonic() > deadline or process.poll() is not None:
                raise RuntimeError(
                    f"the {name} of the cluster doesn't start: {log.read_text(errors='replace')[-2000:]}"
                )
            time.sleep(0.02)
        return found[0]

    def named(self, kind: str) -> list[int]:
        return [each.pid for name, each in self._parts.items() if name.startswith(kind) and each.poll() is None]

    def end(self, name: str) -> None:
        """Kill a part at once, if there is one."""
        if name in self._parts:
            self._parts[name].kill()
            self._parts[name].wait()

    def close(self) -> None:
        for process in self._parts.values():
            send(process.pid, signal.SIGCONT)
            process.terminate()
        for process in self._parts.values():
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(10)
            process.kill()
            process.wait()


class Standalone:
    """A master and two machines of one core each."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        import pyspark

        self._spark_class = str(Path(pyspark.__file__).parent / "bin" / "spark-class")
        self._parts = _Parts(folder, {**environment, "PYSPARK_PYTHON": sys.executable, "SPARK_DAEMON_JAVA_OPTS": JVM})
        self._folder, self._port = folder, free_port()
        self.address = f"spark://{BEHIND}:{self._port}"
        self.mend()

    def mend(self) -> None:
        if not self._parts.named("master"):
            # machines that look for a lost master would take long to find the next one
            for number in (1, 2):
                self._parts.end(f"machine {number}")
        self._start("master", "master.Master", "--port", str(self._port), ready="I have been elected leader")
        for number in (1, 2):
            work = str(self._folder / f"work-{number}")
            given = ("--cores", "1", "--memory", "600M", "--work-dir", work, self.address)
            self._start(f"machine {number}", "worker.Worker", *given, ready="Successfully registered with master")

    def _start(self, name: str, daemon: str, *arguments: str, ready: str) -> None:
        where = ("--host", BEHIND, "--webui-port", "0")
        command = [self._spark_class, f"org.apache.spark.deploy.{daemon}", *where, *arguments]
        self._parts.start(name, command, ready)

    def named(self, kind: str) -> list[int]:
        return self._parts.named(kind)

    def close(self) -> None:
        self._parts.close()


class DaskCluster:
    """A scheduler, and two nannies with a worker of one thread each."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        quick = {"DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT": "10s"}
        self._parts = _Parts(folder, {**environment, **quick})
        self._folder, self._port = folder, free_port()
        self.address = f"tcp://{BEHIND}:{self._port}"
        self.mend()

    def mend(self) -> None:
        scheduler = [
            sys.executable,
            "-m",
            "distributed.cli.dask_scheduler",
            "--host",
            BEHIND,
            "--port",
            str(self._port),
        ]
        if not self._parts.named("scheduler"):
            for number in (1, 2):
                self._parts.end(f"nanny {number}")
        self._parts.start("scheduler", [*scheduler, "--no-dashboard", "--no-show"], r"Scheduler at: +tcp://")
        for number in (1, 2):
            place = ("--local-directory", str(self._folder / f"dask-{number}"), "--no-dashboard", "--host", BEHIND)
            nanny = [sys.executable, "-m", "distributed.cli.dask_worker", self.address, "--nthreads", "1", *place]
            self._parts.start(f"nanny {number}", nanny, r"Registered to: +tcp://")

    def named(self, kind: str) -> list[int]:
        return self._parts.named(kind)

    def close(self) -> None:
        self._parts.close()


def cluster_of(engine: str, folder: Path, environment: Mapping[str, str]) -> Cluster:
    """Start the cluster that an engine needs; what it says and keeps is in the folder."""
    if engine == "standalone":
        return Standalone(folder, environment)
    if engine == "dask":
        return DaskCluster(folder, environment)
    return Nothing()
