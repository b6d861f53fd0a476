"""A study on Spark Connect: the driver of Spark is a server, and this side is only a client of it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import pytest

from trimma.testing.engines import wait_until

pytestmark = pytest.mark.xdist_group("spark-connect")

SCRIPT = """
import json, sys, time
from pyspark.sql import SparkSession
import trimma as tm

session = SparkSession.builder.remote({url!r}).getOrCreate()
hang = sys.argv[1] == "hang"

def fit(lr, report):
    for step in range(1, 5):
        time.sleep(600 if hang else 0.01)
        report(loss=lr / step)

engine = tm.Spark(session, **(dict(relay=sys.argv[2], host="203.0.113.1") if sys.argv[1] == "relay" else {{}}))
try:
    study = tm.tune(fit, tm.Space(lr=tm.Float(0, 1)), minimize="loss", trials=12, engine=engine, store="memory",
                    progress=False, name="connect", scheduler=tm.Asha(max_steps=4))
    told = dict(status=study.status, capacity=engine.capacity, trials=len(study.trials))
    print(json.dumps(dict(told, query=session.range(5).count())))
finally:
    session.stop()
"""


class Server:
    """A Spark Connect server with two slots, in a JVM of its own."""

    def __init__(self, folder: Path, settings: dict[str, str]) -> None:
        import pyspark

        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        own = {**settings, "spark.connect.grpc.binding.port": port, "spark.connect.grpc.binding.address": "127.0.0.1"}
        self.log = folder / "server.log"
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [
                    str(Path(pyspark.__file__).parent / "bin" / "spark-submit"),
                    *("--class", "org.apache.spark.sql.connect.service.SparkConnectServer", "--master", "local[2]"),
                    *(part for key, value in own.items() for part in ("--conf", f"{key}={value}")),
                    "spark-internal",
                ],
                env={**os.environ, "PYSPARK_PYTHON": sys.executable},
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.url = f"sc://127.0.0.1:{port}"
        wait_until(lambda: self._listens(port), 50)

    def _listens(self, port: int) -> bool:
        assert self.process.poll() is None, self.log.read_text()
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    def close(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)


@pytest.fixture(scope="module")
def server(settings: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    pytest.importorskip("grpc")
    import pyspark

    if not list((Path(pyspark.__file__).parent / "jars").glob("spark-connect_*.jar")):
        pytest.skip("this PySpark comes without the Spark Connect server")
    running = Server(tmp_path_factory.mktemp("connect"), settings)
    yield running
    running.close()


@pytest.fixture
def runners(server: Server, started_by: Callable[[int, str], list[psutil.Process]]) -> Callable[[], list[Any]]:
    return partial(started_by, server.process.pid, "trimma.worker.runner")


@pytest.fixture
def script(server: Server, tmp_path: Path) -> list[str]:
    (tmp_path / "script.py").write_text(SCRIPT.format(url=server.url))
    return [sys.executable, str(tmp_path / "script.py")]


@pytest.mark.timeout(120)
def test_a_study(script: list[str], runners: Callable[[], list[Any]]) -> None:
    done = subprocess.run([*script, "quick"], capture_output=True, text=True, timeout=90, check=False)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    assert told == {"status": "finished", "capacity": 2, "trials": 12, "query": 5}
    wait_until(lambda: not runners())


@pytest.mark.timeout(120)
def test_a_client_that_cannot_be_dialled_shares_a_folder_with_the_workers(
    script: list[str], runners: Callable[[], list[Any]], tmp_path: Path
) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    done = subprocess.run([*script, "relay", str(shared)], capture_output=True, text=True, timeout=90, check=False)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    assert told == {"status": "finished", "capacity": 2, "trials": 12, "query": 5}
    wait_until(lambda: not runners())
    assert not list(shared.iterdir())


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_a_client_that_is_killed_leaves_nothing_at_the_server(
    script: list[str], runners: Callable[[], list[Any]]
) -> None:
    with subprocess.Popen([*script, "hang"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as client:
        wait_until(lambda: len(runners()) == 2, 60)
        client.kill()
    wait_until(lambda: not runners(), 40)
