"""Executors that aren't as the driver is: another Python, modules that they lack, more than one slot's share."""

from __future__ import annotations

import queue
import sys
import textwrap
import venv
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import trimma as tm
from trimma.engines.spark.launcher import SparkLauncher
from trimma.engines.spark.submission import ClassicSubmitter
from trimma.wire.addresses import Listen

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.xdist_group("spark-cluster")


@pytest.fixture
def told(cluster: SparkSession, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """What a worker's failure says when executors run that Python."""

    def run(python: str) -> str:
        monkeypatch.setattr(cluster.sparkContext, "pythonExec", python)
        ends: queue.Queue[Any] = queue.Queue()
        tasks = SparkLauncher(ClassicSubmitter(cluster.sparkContext, task=needs_us()), Listen())
        tasks.open("study")
        tasks.launch(0, b"ticket", lambda slot, error: ends.put(error))
        error = ends.get(timeout=50)
        tasks.close()
        return str(error)

    return run


def needs_us() -> Any:
    # by value: an executor has no tests
    def task(ticket: bytes, slots: Iterator[int]) -> Iterator[str]:
        import trimma

        return ((True, trimma.__version__) for _ in slots)

    return task


def test_executors_without_trimma(told: Callable[..., str], tmp_path: Path) -> None:
    venv.create(tmp_path, with_pip=False, symlinks=True)
    message = told(str(tmp_path / "bin" / "python"))
    assert message.startswith("Spark's executors have no Python module 'trimma': install trimma in the Python")


def test_executors_with_another_python(told: Callable[..., str], tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        textwrap.dedent("""\
        import collections, sys
        Version = collections.namedtuple("Version", "major minor micro releaselevel serial")
        sys.version_info = Version(3, 99, *sys.version_info[2:])
        """)
    )
    python = tmp_path / "python"
    python.write_text(
        textwrap.dedent(f"""\
        #!/bin/sh
        PYTHONPATH={tmp_path}:$PYTHONPATH exec {sys.executable} "$@"
        """)
    )
    python.chmod(0o755)
    message = told(str(python))
    here = f"{sys.version_info.major}.{sys.version_info.minor}"
    assert message.startswith(f"Spark's executors run Python 3.99 and the driver runs {here}: both must be the same")
    assert "PYSPARK_PYTHON" in message


@pytest.mark.slow
def test_executors_without_that_python(told: Callable[..., str], tmp_path: Path) -> None:
    missing = str(tmp_path / "python3")
    assert told(missing).startswith(f"Spark's executors have no {missing!r}: name their Python with PYSPARK_PYTHON")


def test_modules_of_the_driver_travel_to_executors(
    cluster: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pack_of_the_driver").mkdir()
    (tmp_path / "pack_of_the_driver" / "data.txt").write_text("x" * 10)
    (tmp_path / "pack_of_the_driver" / "__init__.py").write_text(
        "from pathlib import Path\nRATE = 0\nHERE = __file__\ndef rate():\n    return RATE\n"
        "def data():\n    return len((Path(__file__).parent / 'data.txt').read_text())\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    import pack_of_the_driver as pack  # type: ignore[import-not-found]

    def fit(x: int) -> float:
        pack.RATE += x
        return float(pack.rate() + pack.data() + 100 * ("trimma-sources" in pack.__file__))

    pack.RATE = 1000
    engine = tm.Spark(cluster, workers=1)
    study = tm.tune(fit, {"x": tm.Grid(1)}, minimize="y", engine=engine, store="memory", progress=False)
    assert study.best.value == 1111
