"""What can happen to a study on Spark, done to real processes: runners, Python workers, executors."""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import pytest

import trimma as tm
from trimma.events import Reported, TrialFailed, TrialFinished, TrialStopped, WorkerLost
from trimma.facts import Joined, Left, Returned
from trimma.testing.engines import OpenEngine, agent, in_a_process, is_running, parent_of, wait_until
from trimma.wire.leases import Timing

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.xdist_group("spark-cluster")

QUICK = Timing(heartbeat=0.2, lease=3.0, orphan=2.0)
STEPS = 20


@pytest.fixture
def executors(cluster: SparkSession, started_by: Callable[[int, str], list[psutil.Process]]) -> Callable[[], list[Any]]:
    return partial(started_by, cluster.sparkContext._gateway.proc.pid, "CoarseGrainedExecutorBackend")


@pytest.fixture
def engine(cluster: SparkSession) -> Iterator[Callable[..., tm.Spark]]:
    """Engines with a short lease, closed after the test."""
    made = []

    def make(workers: int = 1, timing: Timing = QUICK) -> tm.Spark:
        made.append(tm.Spark(cluster, workers))
        made[-1]._timing = timing
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def hanging(engine: Callable[..., tm.Spark], tmp_path: Path) -> tuple[OpenEngine, psutil.Process]:
    """One worker, whose trial hangs; the driver, and the runner's process."""
    driver = OpenEngine(engine(), in_a_process)
    driver.start(0, driver.joined(1)[0], do="hang", pid_file=str(tmp_path / "pid"))
    driver.until(lambda facts: driver.measured(0))
    return driver, psutil.Process(int((tmp_path / "pid").read_text(encoding="utf-8")))


def left(driver: OpenEngine) -> Left:
    gone: Left = driver.until(lambda facts: next((fact for fact in facts if isinstance(fact, Left)), None))
    return gone


def goes_on(driver: OpenEngine) -> None:
    """The worker joins again, once, and runs trials."""
    driver.until(lambda facts: sum(isinstance(fact, Joined) for fact in facts) == 2)
    assert isinstance(driver.run(1, "spark-0"), Returned)
    assert sum(isinstance(fact, Left) for fact in driver.facts) == 1
    assert len(driver.of(0)) == 1, "what was lost says nothing more"


def test_a_runner_that_is_killed(hanging: tuple[OpenEngine, psutil.Process]) -> None:
    driver, runner = hanging
    agent = parent_of(runner.ppid())
    runner.kill()
    gone = left(driver)
    assert gone.crashed
    assert "SIGKILL" in gone.cause
    goes_on(driver)
    assert is_running(agent), "only the runner was started again"


def test_a_python_worker_that_is_killed(hanging: tuple[OpenEngine, psutil.Process]) -> None:
    driver, runner = hanging
    os.kill(parent_of(runner.ppid()), signal.SIGKILL)
    assert not left(driver).crashed, "the trial is not to blame"
    wait_until(lambda: not is_running(runner.pid))
    goes_on(driver)


def test_an_executor_that_is_killed(
    hanging: tuple[OpenEngine, psutil.Process], executors: Callable[[], list[psutil.Process]]
) -> None:
    driver, runner = hanging
    before = executors()
    (executor,) = (one for one in before if runner in one.children(recursive=True))
    executor.kill()
    assert not left(driver).crashed
    wait_until(lambda: not is_running(runner.pid))
    goes_on(driver)
    # in its own time, for the worker has gone on where there was room
    wait_until(lambda: set(executors()) - set(before), 90)


def test_an_agent_that_is_silent_past_its_lease_and_then_back(hanging: tuple[OpenEngine, psutil.Process]) -> None:
    driver, runner = hanging
    agent = parent_of(runner.ppid())
    os.kill(agent, signal.SIGSTOP)
    gone = left(driver)
    assert not gone.crashed
    assert "nothing was heard of it for 3 s" in gone.cause
    os.kill(agent, signal.SIGCONT)
    goes_on(driver)


def test_closing_with_an_agent_that_is_silent(
    hanging: tuple[OpenEngine, psutil.Process], active_jobs: Callable[[], list[int]]
) -> None:
    driver, runner = hanging
    agent = parent_of(runner.ppid())
    os.kill(agent, signal.SIGSTOP)
    driver.engine.close()
    assert active_jobs() == []
    wait_until(lambda: not is_running(agent))
    wait_until(lambda: not is_running(runner.pid))


def steps(slot: float, trial: Any) -> Any:
    """The last step tells which trial it is."""
    for _ in range(STEPS - 1):
        time.sleep(0.01)
        yield {"score": 1.0}
    yield {"score": float(trial.id)}


SPACE = tm.Space(slot=tm.Float(0, 1))


def test_executors_that_are_killed_in_mid_study_lose_no_trial(
    engine: Callable[..., tm.Spark], executors: Callable[[], list[psutil.Process]]
) -> None:
    store, meddled, told = tm.MemoryStore(), engine(2), 0
    poll = meddled.poll

    def kill_after_forty_facts(timeout: float | None, demand: int | None = None) -> Any:
        nonlocal told
        facts = poll(timeout, demand)
        if told < 40 <= told + len(facts):
            for executor in executors():
                executor.kill()
        told += len(facts)
        return facts

    meddled.poll = kill_after_forty_facts  # type: ignore[method-assign]
    study = tm.tune(
        steps, SPACE, minimize="score", trials=16, engine=meddled, store=store, progress=False, seed=1, name="killed"
    )
    assert study.status == "finished"
    events = list(store.read("killed"))
    ends = [event for event in events if isinstance(event, TrialFinished | TrialFailed | TrialStopped)]
    assert Counter(event.trial for event in ends) == dict.fromkeys(range(16), 1)
    assert all(isinstance(event, TrialFinished) for event in ends)
    for end in ends:
        told = [event for event in events if isinstance(event, Reported) and event.trial == end.trial]
        last = [event for event in told if event.attempt == end.attempt]
        assert [event.step for event in last] == list(range(1, STEPS + 1))
        assert last[-1].metrics == {"score": float(end.trial)}
    assert all(trial.crashes == 0 for trial in study.trials), "no trial is to blame"
    assert any(isinstance(event, WorkerLost) for event in events)


def test_a_poisonous_trial_fails_alone_and_each_crash_is_one_execution(
    engine: Callable[..., tm.Spark], tmp_path: Path
) -> None:
    log = tmp_path / "executions"

    def poison(slot: float, trial: Any) -> float:
        if trial.id == 1:
            with log.open("a") as file:
                file.write(f"{trial.attempt}\n")
            os.abort()
        return float(trial.id)

    study = tm.tune(
        poison, SPACE, minimize="score", trials=6, engine=engine(2), store="memory", progress=False, max_attempts=3
    )
    assert study.history.counts["done"] == 5
    failed = study.trials[1]
    assert failed.state.value == "failed"
    assert "SIGABRT" in str(failed.failure)
    assert log.read_text().split() == ["1", "2", "3"]


def test_a_spoiled_process_is_renewed_beside_its_agent(cluster: SparkSession) -> None:
    def spoils(slot: float, trial: Any) -> dict[str, float]:
        if getattr(os, "spoiled", False) or (trial.id == 2 and trial.attempt == 1):
            os.spoiled = True  # type: ignore[attr-defined]
            raise RuntimeError("CUDA error: device-side assert triggered")
        return {"score": float(os.getpid()), "agent": float(agent())}

    study = tm.tune(
        spoils, SPACE, minimize="score", trials=9, engine=tm.Spark(cluster, 1, renew=4), store="memory", progress=False
    )
    assert study.history.counts["done"] == 9
    assert [trial.attempt for trial in study.trials] == [1, 1, 2, 1, 1, 1, 1, 1, 1]
    per_process = Counter(trial.result["score"] for trial in study.trials)
    assert sorted(per_process.values()) == [2, 3, 4], "two before it was spoiled, then four, then the rest"
    assert len({trial.result["agent"] for trial in study.trials}) == 1, "only the runner was started again"


def test_a_query_runs_beside_a_study_on_the_same_session(
    cluster: SparkSession, engine: Callable[..., tm.Spark]
) -> None:
    driver = OpenEngine(engine(1), in_a_process)
    driver.start(0, driver.joined(1)[0], do="hang")
    driver.until(lambda facts: driver.measured(0))
    assert cluster.range(0, 1000, 1, 4).selectExpr("sum(id)").collect()[0][0] == 499500
    driver.engine.close()
    assert cluster.range(10).count() == 10


def test_more_workers_than_slots_wait_for_nobody(engine: Callable[..., tm.Spark]) -> None:
    study = tm.tune(steps, SPACE, minimize="score", trials=8, engine=engine(5), store="memory", progress=False)
    assert study.history.counts["done"] == 8
