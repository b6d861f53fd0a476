"""The engine on Spark keeps what every engine promises: in the driver's JVM, and on executors of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import trimma as tm
from trimma.engines.spark.engine import _HINT
from trimma.errors import EngineError, ObjectiveError, UsageError
from trimma.testing import EngineContract
from trimma.testing.engines import wait_until
from trimma.wire.addresses import Listen
from trimma.wire.leases import Timing

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


class SparkContract:
    """What the processes of a worker do is the same wherever agents are, and tested beside the wire."""

    session: SparkSession

    room_for_three = False

    def make(self) -> tm.Spark:
        return tm.Spark(self.session, workers=2)

    @pytest.fixture(autouse=True)
    def _no_job_is_left(self, active_jobs: Callable[[], list[int]]):
        yield
        wait_until(lambda: not active_jobs())


@pytest.mark.xdist_group("spark-local")
class TestLocal(SparkContract, EngineContract):
    @pytest.fixture(autouse=True)
    def _session(self, local: SparkSession) -> None:
        self.session = local


def fit(lr: float, report: Any) -> None:
    for step in range(1, 4):
        report(loss=lr / step)


def tune(engine: tm.Spark, **more: Any) -> tm.Study:
    space = tm.Space(lr=tm.Float(0, 1))
    return tm.tune(
        fit, space, minimize="loss", trials=6, engine=engine, store="memory", progress=False, name="s", **more
    )


@pytest.mark.xdist_group("spark-local")
def test_where_nothing_can_be_dialled_a_shared_folder_will_do(local: SparkSession, tmp_path: Path) -> None:
    engine = tm.Spark(local, workers=2, relay=tmp_path, host="203.0.113.1")
    study = tune(engine, scheduler=tm.Asha(max_steps=3))
    assert len(study.history.ended) == 6
    assert study.history.counts["failed"] == 0
    assert not list(tmp_path.iterdir())


@pytest.mark.xdist_group("spark-local")
def test_files_that_were_added_to_the_session_are_found(local: SparkSession, tmp_path: Path) -> None:
    (tmp_path / "words.txt").write_text("hello")
    local.sparkContext.addFile(str(tmp_path / "words.txt"))

    def count(x: float) -> float:
        from pyspark import SparkFiles

        return float(len(Path(SparkFiles.get("words.txt")).read_text()))

    engine, space = tm.Spark(local, workers=1), tm.Space(x=tm.Float(0, 1))
    study = tm.tune(count, space, minimize="loss", trials=1, engine=engine, store="memory", progress=False)
    assert study.best.value == 5.0


@pytest.mark.xdist_group("spark-local")
def test_a_broadcast_variable_is_told_of_data(local: SparkSession) -> None:
    held = local.sparkContext.broadcast([1.0])

    def use(x: float) -> float:
        return float(held.value[0])

    engine, space = tm.Spark(local, workers=1), tm.Space(x=tm.Float(0, 1))
    with pytest.raises(ObjectiveError, match=r"it holds a broadcast variable of Spark.* pass its value as data="):
        tm.tune(use, space, minimize="loss", trials=1, engine=engine, store="memory", progress=False)


@pytest.mark.xdist_group("spark-local")
def test_a_driver_that_cannot_be_dialled(local: SparkSession) -> None:
    engine = tm.Spark(local, workers=2, host="localhost", port=(47001, 47999))
    engine._timing = Timing(dial=1.0)
    engine._launcher._listen = Listen(advertise=("203.0.113.1",), hint=_HINT)
    with pytest.raises(EngineError, match=r"can't be reached from .* tcp://203\.0\.113\.1:\d+: .*tm\.Spark\(host="):
        tune(engine)


@pytest.mark.xdist_group("spark-local")
def test_the_page_of_jobs_names_the_study(local: SparkSession) -> None:
    named = []
    tracker = local.sparkContext._jsc.sc().statusStore()

    def observe(engine: Any) -> Any:
        @contextmanager
        def shown() -> Iterator[Any]:
            yield lambda events, history, now: named.extend(
                job.description().get() for job in conversions(tracker.jobsList(None)) if job.description().isDefined()
            )

        return shown()

    def conversions(jobs: Any) -> Any:
        return (jobs.apply(place) for place in range(jobs.size()))

    space = tm.Space(lr=tm.Float(0, 1))
    tm.tune(
        fit,
        space,
        minimize="loss",
        trials=3,
        engine=tm.Spark(local, 1),
        store="memory",
        name="of mine",
        progress=observe,
    )
    assert "Trimma: study 'of mine', worker spark-0" in named


@pytest.mark.parametrize("lease", [0, 1, -5, float("inf"), float("nan")])
@pytest.mark.xdist_group("spark-local")
def test_a_lease_that_makes_no_sense(local: SparkSession, lease: float) -> None:
    with pytest.raises(UsageError, match="lease="):
        tm.Spark(local, lease=lease)


@pytest.mark.xdist_group("spark-cluster")
class TestCluster(SparkContract, EngineContract):
    @pytest.fixture(autouse=True)
    def _session(self, cluster: SparkSession) -> None:
        self.session = cluster
