"""A driver of a study on Spark that is interrupted, killed, or simply ends: nothing of the study outlives it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

import trimma as tm
from trimma.testing.engines import wait_until

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.xdist_group("spark-local")

SCRIPT = """
import os, sys, threading, time
from pathlib import Path
from pyspark.sql import SparkSession
import trimma as tm

builder = SparkSession.builder.master('local[2]')
for key, value in {settings!r}.items():
    builder = builder.config(key, value)
session = builder.getOrCreate()
folder = Path({folder!r})

def fit(lr, trial, report):
    for step in range(4):
        time.sleep(0.02)
        report(loss=lr / (step + 1))
    if trial.id == 5:
        (folder / "runner").write_text(str(os.getpid()))
        try:
            time.sleep(600)
        finally:
            (folder / "cleaned").touch()

def stop_when_asked():
    while not (folder / "stop").exists():
        time.sleep(0.05)
    session.stop()

threading.Thread(target=stop_when_asked, daemon=True).start()
try:
    tm.tune(fit, tm.Space(lr=tm.Float(0, 1)), minimize="loss", trials=12, seed=5, engine=tm.Spark(workers=2),
            name="study", store=folder / "s.db")
except tm.errors.EngineError as error:
    (folder / "error").write_text(str(error))
except KeyboardInterrupt:
    # the session is the user's, and goes on
    (folder / "count").write_text(str(session.range(7).count()))
    # what Spark tells of its jobs lags behind a little
    deadline = time.monotonic() + 10
    while (jobs := list(session.sparkContext.statusTracker().getActiveJobsIds())) and time.monotonic() < deadline:
        time.sleep(0.05)
    (folder / "jobs").write_text(str(jobs))
    raise
"""


class Script:
    """A script that tunes on Spark in a process of its own, and hangs in one trial until it is ended."""

    def __init__(self, folder: Path, settings: dict[str, str]) -> None:
        self.folder, self.store = folder, folder / "s.db"
        (folder / "script.py").write_text(SCRIPT.format(settings=settings, folder=str(folder)))
        self.process = subprocess.Popen(
            [sys.executable, "script.py"],
            cwd=folder,
            env={**os.environ, "PYSPARK_PYTHON": sys.executable},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._known: list[psutil.Process] = []

    def wait_until_hanging(self) -> None:
        """Wait until only the hanging trial is left."""
        wait_until((self.folder / "runner").exists, 50)
        wait_until(lambda: len(tm.load("study", self.store).history.ended) == 11, 50)
        self._known = psutil.Process(self.process.pid).children(recursive=True)
        assert int((self.folder / "runner").read_text()) in [process.pid for process in self._known]

    def leaves_nothing(self) -> None:
        wait_until(lambda: not any(alive(process) for process in self._known), 30)

    def close(self) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.communicate()


def alive(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.NoSuchProcess):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


@pytest.fixture
def script(settings: dict[str, str], tmp_path: Path) -> Iterator[Script]:
    with contextlib.closing(Script(tmp_path, settings)) as running:
        yield running


@pytest.mark.timeout(120)
def test_ctrl_c_ends_the_study_and_leaves_the_session(script: Script) -> None:
    script.wait_until_hanging()
    os.killpg(script.process.pid, signal.SIGINT)  # as a terminal does it: to all in the foreground
    said, _ = script.process.communicate(timeout=60)
    assert script.process.returncode in (-signal.SIGINT, 130), said
    assert "everything is kept" in said
    assert (script.folder / "count").read_text() == "7"
    assert (script.folder / "jobs").read_text() == "[]"
    assert (script.folder / "cleaned").exists(), "the objective's finally block ran"
    script.leaves_nothing()
    study = tm.load("study", script.store)
    assert study.status == "interrupted"
    assert len(study.history.ended) == 11


@pytest.mark.timeout(120)
def test_a_killed_driver_leaves_nothing_and_its_study_goes_on(script: Script, local: SparkSession) -> None:
    script.wait_until_hanging()
    script.process.kill()
    script.process.wait()
    script.leaves_nothing()
    study = tm.load("study", script.store)
    assert study.status == "lost"
    study.resume(objective=lambda lr, report: report(loss=lr), engine=tm.Spark(local), progress=False)
    assert study.status == "finished"
    assert study.history.counts["done"] == 12
    assert [trial.attempt for trial in study.trials] == [2 if trial.id == 5 else 1 for trial in study.trials]
    assert study.trials[5].crashes == 0, "the driver's death is not the trial's doing"


@pytest.mark.timeout(120)
def test_a_session_that_is_stopped_ends_the_study(script: Script) -> None:
    script.wait_until_hanging()
    (script.folder / "stop").touch()
    said, _ = script.process.communicate(timeout=60)
    assert script.process.returncode == 0, said
    assert "the Spark session was stopped" in (script.folder / "error").read_text()
    script.leaves_nothing()
    study = tm.load("study", script.store)
    assert study.status == "failed"
    assert study.history.closed is not None
    assert "the Spark session was stopped" in study.history.closed.reason
