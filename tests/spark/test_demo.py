"""The demo on Spark, as it is started by hand: a session of its own, in an empty folder."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import trimma as tm

pytestmark = pytest.mark.xdist_group("spark-local")


def test_the_demo_on_spark(java: None, tmp_path: Path) -> None:
    pytest.importorskip("pyspark")
    (tmp_path / "spark-defaults.conf").write_text("spark.master local[2]\nspark.ui.enabled false\n")
    environment = {**os.environ, "SPARK_CONF_DIR": str(tmp_path), "TRIMMA_STORE": "s.db"}
    # a script of the user's names no Python for the workers
    environment.pop("PYSPARK_PYTHON", None)
    command = [sys.executable, "-m", "trimma", "demo", "--engine", "spark", "--trials", "4", "--workers", "2"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert ": all 4 trials were run\n" in done.stdout
    trimma_ = f"{sys.executable} -m trimma"
    assert done.stdout.endswith(f"    {trimma_} show demo\n    {trimma_} plot demo curves curves.html\n")
    assert "trimma: study demo, maximize accuracy, 4 trials, engine Spark(local[" in done.stderr
    study = tm.load("demo", tmp_path / "s.db")
    assert study.status == "finished"
    assert {span.workers for trial in study.trials for span in trial.spans} <= {("spark-0",), ("spark-1",)}
