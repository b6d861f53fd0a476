"""Executors come and go with the workers that a study needs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

import trimma as tm
from trimma.facts import Joined, Returned
from trimma.testing.engines import OpenEngine, in_a_process, wait_until

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

# a session of its own, and so a process of pytest's own
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("spark-dynamic"), pytest.mark.timeout(240)]

PATIENCE = 60


@pytest.fixture
def session(session_of: Callable[..., SparkSession | None]) -> Iterator[SparkSession]:
    settings = {
        "enabled": "true",
        "shuffleTracking.enabled": "true",
        "initialExecutors": "0",
        "maxExecutors": "2",
        "executorIdleTimeout": "1s",
    }
    named = {f"spark.dynamicAllocation.{name}": value for name, value in settings.items()}
    started = session_of("local-cluster[2,1,600]", **named)
    assert started is not None
    yield started
    session_of(None)


@pytest.fixture
def executors(session: SparkSession) -> Callable[[], int]:
    tracker = session.sparkContext._jsc.sc().statusTracker()
    return lambda: len(tracker.getExecutorInfos()) - 1  # the driver is told of, too


def test_a_cluster_grows_and_shrinks_with_the_study(session: SparkSession, executors: Callable[[], int]) -> None:
    wait_until(lambda: executors() == 0, PATIENCE)
    driver = OpenEngine(tm.Spark(session), in_a_process)
    engine = driver.engine

    def told(demand: int | None) -> bool:
        driver.facts += engine.poll(0.1, demand)
        return True

    try:
        assert engine.capacity == 2
        wait_until(lambda: told(None) and len(driver._joined()) == 2, PATIENCE)
        assert executors() == 2
        wait_until(lambda: told(1) and executors() == 1, PATIENCE)
        wait_until(lambda: told(0) and executors() == 0, PATIENCE)
        driver.facts.clear()
        wait_until(lambda: told(2) and len(driver._joined()) == 2, PATIENCE)
        (worker, *_) = (fact.worker for fact in driver.facts if isinstance(fact, Joined))
        assert isinstance(driver.run(0, worker), Returned)
    finally:
        engine.close()
    wait_until(lambda: executors() == 0, PATIENCE)
