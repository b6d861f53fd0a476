"""What `tm.doctor` tells of sessions, and of what keeps their workers from reaching the driver."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import venv
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import trimma as tm
from trimma.testing.engines import OpenEngine, in_a_process, wait_until
from trimma.wire.leases import Timing

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = [pytest.mark.xdist_group("spark-local"), pytest.mark.timeout(240)]

RAN = r"✓ workers +2 of 2 workers ran a trial after \d+\.\d\d to \d+\.\d\d s, on \S+$"


def tried(engine: Any) -> list[str]:
    told = [str(finding) for finding in tm.doctor(engine)]
    assert any(re.match(r"✓ Java +\d", line) for line in told)
    return told[next(number for number, line in enumerate(told) if line[2:8] == "engine") :]


def test_a_session(local: SparkSession, active_jobs: Callable[[], list[int]]) -> None:
    engine, workers, versions, *disks = tried("spark")
    assert re.match(r"✓ engine +Spark\(.*\), with room for 2 workers, is there in ", engine)
    assert re.match(RAN, workers)
    assert f"Python {sys.version.split()[0]}, trimma {tm.__version__} here" in versions
    assert len(disks) == 1, "both workers are on this machine"
    wait_until(lambda: not active_jobs())


def test_executors_that_lack_trimma(local: SparkSession, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    venv.create(tmp_path, with_pip=False, symlinks=True)
    monkeypatch.setattr(local.sparkContext, "pythonExec", str(tmp_path / "bin" / "python"))
    said = tried(tm.Spark(local))[-1]
    assert said.startswith("✗ engine ")
    assert "Spark's executors have no Python module 'trimma': install trimma in the Python that they run" in said


def test_a_driver_that_is_not_where_it_says(local: SparkSession) -> None:
    engine = tm.Spark(local, workers=2, host="127.0.0.9")
    engine._timing = Timing(dial=0.5)
    said = tried(engine)[-1]
    assert re.match(r"✗ engine +.* can't be used\n +→ .*the driver can't be reached from .*: tried ", said)
    assert "tcp://127.0.0.9:" in said
    assert "Give engine=tm.Spark(host=...)" in said


def test_a_session_that_has_no_room(local: SparkSession, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trimma.api.doctor.engine_check._SECONDS", 1.0)
    other = OpenEngine(tm.Spark(local, workers=2), in_a_process)
    try:
        other.joined(2)
        assert tried(tm.Spark(local))[-1].endswith("→ no worker was ready within 1 s: is there room for one, and time?")
    finally:
        other.engine.close()


def test_a_session_that_is_started_by_the_command(java: None, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "trimma", "doctor", "--engine", "spark"]
    (tmp_path / "spark-defaults.conf").write_text("spark.master local[2]\nspark.ui.enabled false\n")
    environment = {**os.environ, "SPARK_CONF_DIR": str(tmp_path)}
    environment.pop("PYSPARK_PYTHON", None)
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(RAN, done.stdout, re.MULTILINE)
    assert list(tmp_path.iterdir()) == [tmp_path / "spark-defaults.conf"], "nothing is stored"
