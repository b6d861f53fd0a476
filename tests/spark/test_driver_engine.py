"""Objectives that start Spark jobs by themselves, in threads of the driver."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import trimma as tm
from trimma.commands import Signal
from trimma.engines import Driver
from trimma.facts import Halted, Left, Raised, Returned
from trimma.testing.engines import OpenEngine, wait_until

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = [pytest.mark.xdist_group("spark-local"), pytest.mark.timeout(120)]

POOL = "spark.scheduler.pool"


@pytest.fixture
def opened(local: SparkSession) -> Iterator[Callable[..., OpenEngine]]:
    engines: list[Driver] = []

    def start(objective: Callable[..., Any], session: Any = None) -> OpenEngine:
        engines.append(Driver(2, session))
        return OpenEngine(engines[-1], objective)

    yield start
    for engine in engines:
        engine.close()


@pytest.fixture
def sleeping(local: SparkSession) -> Callable[[int], None]:
    """A Spark job of one task that takes so many milliseconds, all of them in the JVM."""

    def sleep(milliseconds: int) -> None:
        call = f"java_method('java.lang.Thread', 'sleep', cast(id * 0 + {milliseconds} as bigint))"
        local.range(0, 1, 1, 1).selectExpr(call).collect()

    return sleep


Sleeping = Callable[[int], None]
Active = Callable[[], list[int]]


def test_a_stop_cancels_the_jobs_of_that_trial_alone(
    opened: Callable[..., OpenEngine], sleeping: Sleeping, active_jobs: Active
) -> None:
    def objective(report: Callable[..., None], milliseconds: int) -> None:
        report(0.0)
        sleeping(milliseconds)
        report(1.0)

    driver = opened(objective)
    one, two = driver.joined(2)
    driver.start(0, one, milliseconds=60_000)
    driver.reaches(0, 1)
    wait_until(lambda: len(active_jobs()) == 1)
    (stopped,) = active_jobs()
    driver.start(1, two, milliseconds=5_000)
    wait_until(lambda: len(active_jobs()) == 2)
    began = time.monotonic()
    driver.signal(0, 1, Signal.STOP)
    assert driver.end(0) == Halted(trial=0, attempt=1)
    assert time.monotonic() - began < 10.0
    assert stopped not in active_jobs()
    assert driver.end(1) == Returned(trial=1, attempt=1, metrics={})
    assert len(driver.measured(1)) == 2
    assert not active_jobs()


def test_the_users_own_jobs_go_on(opened: Callable[..., OpenEngine], sleeping: Sleeping, active_jobs: Active) -> None:
    def objective(report: Callable[..., None]) -> None:
        report(0.0)
        sleeping(60_000)

    ended: list[str] = []

    def query() -> None:
        sleeping(3_000)
        ended.append("well")

    driver = opened(objective)
    user = threading.Thread(target=query)
    user.start()
    driver.start(0, driver.joined(1)[0])
    driver.reaches(0, 1)
    wait_until(lambda: len(active_jobs()) == 2)
    driver.engine.close()
    wait_until(lambda: len(active_jobs()) == 1)
    user.join(30)
    assert ended == ["well"]


def test_a_trial_between_two_jobs_is_stopped_in_the_next(opened: Callable[..., OpenEngine], sleeping: Sleeping) -> None:
    def objective(report: Callable[..., None]) -> None:
        report(0.0)
        for _ in range(10_000):
            time.sleep(0.02)
            sleeping(20)

    driver = opened(objective)
    driver.start(0, driver.joined(1)[0])
    driver.reaches(0, 1)
    driver.signal(0, 1, Signal.STOP)
    began = time.monotonic()
    assert driver.end(0) == Halted(trial=0, attempt=1)
    assert time.monotonic() - began < 10.0


def test_one_that_heeds_the_stop_may_clean_up_with_jobs(opened: Callable[..., OpenEngine], sleeping: Sleeping) -> None:
    def objective(report: Callable[..., None]) -> None:
        try:
            while True:
                report(0.0)
                time.sleep(0.01)
        except tm.StopTrial:
            for _ in range(3):
                sleeping(400)
            print("cleaned up")
            raise

    driver = opened(objective)
    driver.start(0, driver.joined(1)[0])
    driver.reaches(0, 1)
    driver.signal(0, 1, Signal.STOP)
    assert driver.end(0) == Halted(trial=0, attempt=1)
    assert driver.printed(0) == "cleaned up\n"


def test_one_that_takes_a_cancelled_job_for_a_failure_is_stopped_at_its_next_report(
    opened: Callable[..., OpenEngine], sleeping: Sleeping
) -> None:
    def objective(report: Callable[..., None]) -> float:
        while True:
            report(0.0)
            try:
                sleeping(60_000)
            except Exception:  # noqa: BLE001
                print("tries again")

    driver = opened(objective)
    driver.start(0, driver.joined(1)[0])
    driver.reaches(0, 1)
    time.sleep(0.3)
    driver.signal(0, 1, Signal.STOP)
    assert driver.end(0) == Halted(trial=0, attempt=1)
    assert driver.printed(0) == "tries again\n"


def test_a_query_that_fails_is_a_failure(opened: Callable[..., OpenEngine], local: SparkSession) -> None:
    driver = opened(lambda: local.sql("select no_such_column").collect())
    end = driver.run(0, driver.joined(1)[0])
    assert isinstance(end, Raised)
    assert end.failure.kind == "AnalysisException"


def test_a_kill_cancels_the_jobs_whatever_the_objective_does(
    opened: Callable[..., OpenEngine], sleeping: Sleeping, active_jobs: Active
) -> None:
    def objective(report: Callable[..., None], stubborn: bool) -> float:
        report(0.0)
        for _ in range(5 if stubborn else 0):
            try:
                sleeping(60_000)
            except BaseException:  # noqa: BLE001
                continue
        return 1.0

    driver = opened(objective)
    worker = driver.joined(1)[0]
    driver.start(0, worker, stubborn=True)
    driver.reaches(0, 1)
    wait_until(active_jobs)
    driver.signal(0, 1, Signal.KILL)
    driver.until(lambda facts: any(isinstance(fact, Left) for fact in facts))
    assert isinstance(driver.run(1, worker, stubborn=False), Returned)
    wait_until(lambda: not [thread for thread in threading.enumerate() if thread.name == f"trimma-{worker}"])
    assert not active_jobs()


def test_closing_cancels_what_runs(opened: Callable[..., OpenEngine], sleeping: Sleeping, active_jobs: Active) -> None:
    threads = threading.active_count()

    def objective(report: Callable[..., None]) -> None:
        report(0.0)
        sleeping(60_000)

    driver = opened(objective)
    for trial, worker in enumerate(driver.joined(2)):
        driver.start(trial, worker)
        driver.reaches(trial, 1)
    wait_until(lambda: len(active_jobs()) == 2)
    began = time.monotonic()
    driver.engine.close()
    assert time.monotonic() - began < 10.0
    wait_until(lambda: not active_jobs())
    wait_until(lambda: threading.active_count() <= threads)


def test_jobs_are_marked_as_the_trials_and_nobody_elses(local: SparkSession) -> None:
    context = local.sparkContext

    def objective(x: float, trial: Any) -> float:
        from pyspark import InheritableThread

        tags: list[set[str]] = [set(context.getJobTags())]
        nested = InheritableThread(target=lambda: tags.append(set(context.getJobTags())))
        nested.start()
        nested.join()
        print(tags, context.getLocalProperty(POOL), context.getLocalProperty("spark.job.description"), sep="; ")
        return x

    def tune() -> tm.Study:
        return tm.tune(
            objective,
            tm.Space(x=tm.Float(0, 1)),
            maximize="score",
            trials=3,
            engine=tm.Driver(1),
            store="memory",
            name="sales, by region",
            progress=False,
        )

    study = tune()
    for number in range(3):
        tag = f"trimma-sales_by_region-{number}-1"
        assert study.output(number) == (
            f"[{{'{tag}'}}, {{'{tag}'}}]; trimma-driver-0; trial {number} of study sales, by region\n"
        )
    assert not set(context.getJobTags())
    assert context.getLocalProperty(POOL) is None
    context.setLocalProperty(POOL, "mine")
    try:
        assert "; mine; " in tune().output(0)
    finally:
        context.setLocalProperty(POOL, None)


def test_an_objective_that_holds_a_session_is_led_here(local: SparkSession) -> None:
    def objective(x: float) -> float:
        return local.range(5).count() + x

    with pytest.raises(tm.errors.ObjectiveError, match=r"uses Spark by itself runs with engine=tm\.Driver"):
        tm.tune(objective, tm.Space(x=tm.Float(0, 1)), maximize="score", trials=1, store="memory", progress=False)


def test_a_trial_that_runs_over_its_time(local: SparkSession, sleeping: Sleeping, active_jobs: Active) -> None:
    study = tm.tune(
        lambda x: sleeping(60_000 if x == 2 else 1) or x,
        tm.Space(x=tm.Grid(1, 2, 3)),
        maximize="score",
        engine=tm.Driver(2),
        store="memory",
        trial_timeout=5.0,
        progress=False,
    )
    assert [trial.failure and trial.failure.kind for trial in study.trials] == [None, "Timeout", None]
    wait_until(lambda: not active_jobs())


LONG_JOBS = """
import time
import trimma as tm
from pyspark.sql import SparkSession

def settings(builder):
    for key, value in {settings!r}.items():
        builder = builder.config(key, value)
    return builder

spark = {session}.getOrCreate()
spark.range(1).collect()  # the first job takes seconds, most of them before it can be cancelled

def fit(x, report, trial):
    if trial.id == 1:
        time.sleep(2)
    report(x)
    if "connect" in type(spark).__module__:
        print(spark.getTags())
    open({marker!r} + str(trial.id), "w").close()
    try:
        spark.range(0, 1, 1, 1).selectExpr("java_method('java.lang.Thread', 'sleep', id * 0 + 60000)").collect()
    finally:
        open({marker!r} + str(trial.id) + ".ended", "w").close()

tm.tune(fit, tm.Space(x=tm.Grid(1, 2, 3)), engine=tm.Driver(2), name="study", store={store!r}, {arguments})
"""


class Script:
    """A study of trials with long jobs, in a process and a session of its own."""

    def __init__(self, folder: Path, session: str, arguments: str) -> None:
        self.marker, self.store, path = folder / "marker", folder / "s.db", folder / "script.py"
        settings = {"spark.driver.host": "127.0.0.1", "spark.ui.enabled": "false", "spark.log.level": "OFF"}
        told = {"session": session, "arguments": arguments, "marker": str(self.marker), "store": str(self.store)}
        path.write_text(LONG_JOBS.format(settings=settings, **told), encoding="utf-8")
        self.process = subprocess.Popen(
            [sys.executable, str(path)], stderr=subprocess.PIPE, text=True, start_new_session=True
        )

    def __enter__(self) -> Script:
        return self

    def __exit__(self, *error: object) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.communicate()

    def marked(self, end: str = "") -> bool:
        """Whether both trials have come to their long jobs (or to their end)."""
        return all(Path(f"{self.marker}{trial}{end}").exists() for trial in (0, 1))


@pytest.mark.usefixtures("java")
def test_ctrl_c_keeps_everything_and_says_how_to_resume(tmp_path: Path) -> None:
    with Script(tmp_path, "settings(SparkSession.builder.master('local[2]'))", "minimize='loss'") as script:
        wait_until(script.marked, 60)
        time.sleep(1.0)
        script.process.send_signal(signal.SIGINT)
        _, said = script.process.communicate(timeout=50)
    assert "everything is kept" in said
    assert f"tm.load('study', store={str(script.store)!r}).resume(engine='driver')" in said
    study = tm.load("study", script.store)
    assert (study.status, len(study.trials), len(study.history.ended)) == ("interrupted", 2, 0)


# the first report ends the study, since the best value of a trial counts
ASKED = "maximize='score', value='best', until=tm.Target(2)"


@pytest.mark.usefixtures("java")
def test_a_spark_connect_session(tmp_path: Path) -> None:
    pytest.importorskip("pyspark", minversion="4")
    with Script(tmp_path, "SparkSession.builder.remote('local[2]')", ASKED) as script:
        wait_until(script.marked, 60)
        _, said = script.process.communicate(timeout=50)
        assert script.process.returncode == 0, said
    assert script.marked(".ended")
    study = tm.load("study", script.store)
    assert [trial.state.value for trial in study.trials] == ["stopped", "stopped"]
    assert study.output(0) == "{'trimma-study-0-1'}\n"
