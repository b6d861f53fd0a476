"""Workers as Spark jobs: submitted, failed, cancelled."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from trimma.engines.spark.launcher import SparkLauncher
from trimma.engines.spark.submission import ClassicSubmitter
from trimma.errors import EngineError
from trimma.testing.engines import wait_until
from trimma.wire.addresses import Listen

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.xdist_group("spark-local")


def ready(ticket: bytes, slots: Iterator[int]) -> Iterator[tuple[bool, str]]:
    return ((True, f"{ticket!r} {slot}") for slot in slots)


@pytest.fixture
def launched(local: SparkSession) -> Iterator[Callable[..., tuple[SparkLauncher, queue.Queue[Any]]]]:
    """Launch a task; its tasks, and a queue of how they ended."""
    made: list[SparkLauncher] = []

    def launch(task: Any, slots: int = 1) -> tuple[SparkLauncher, queue.Queue[Any]]:
        tasks = SparkLauncher(ClassicSubmitter(local.sparkContext, task=task), Listen())
        tasks.open("study")
        made.append(tasks)
        ends: queue.Queue[Any] = queue.Queue()
        for slot in range(slots):
            tasks.launch(slot, b"ticket", lambda slot, error: ends.put((slot, error)))
        return tasks, ends

    yield launch
    for tasks in made:
        tasks.close()


def forever() -> Any:
    # made here, so that it travels by value: the executor has no tests
    def task(ticket: bytes, slots: Iterator[int]) -> Iterator[int]:
        import time

        while True:
            time.sleep(0.1)
        yield from slots

    return task


def test_a_task_that_ends(launched: Callable[..., Any]) -> None:
    def task(ticket: bytes, slots: Iterator[int]) -> Iterator[tuple[bool, str]]:
        return ((True, str(len(ticket) + slot)) for slot in slots)

    _, ends = launched(task, slots=3)
    assert sorted(ends.get(timeout=30) for _ in range(3)) == [(0, None), (1, None), (2, None)]


def test_a_task_that_fails_says_why(launched: Callable[..., Any]) -> None:
    def task(ticket: bytes, slots: Iterator[int]) -> Iterator[int]:
        raise ValueError("no such luck")

    _, ends = launched(task)
    slot, error = ends.get(timeout=30)
    assert slot == 0
    assert isinstance(error, EngineError)
    assert str(error) == "the Spark task of a worker failed: ValueError: no such luck"
    told = str(error.__cause__)
    assert "ValueError: no such luck" in told
    assert "org.apache.spark.scheduler.Task.run(" not in told


def test_a_worker_that_was_of_no_use_says_why_once(launched: Callable[..., Any]) -> None:
    def task(ticket: bytes, slots: Iterator[int]) -> Iterator[tuple[bool, str]]:
        return ((False, "the driver can't be reached at tcp://10.0.0.1:4000") for _ in slots)

    _, ends = launched(task)
    _, error = ends.get(timeout=30)
    assert isinstance(error, EngineError)
    assert str(error) == "the driver can't be reached at tcp://10.0.0.1:4000"


def test_a_module_that_executors_lack(launched: Callable[..., Any]) -> None:
    def task(ticket: bytes, slots: Iterator[int]) -> Iterator[int]:
        raise ModuleNotFoundError("No module named 'trimma.wire'", name="trimma.wire")

    _, ends = launched(task)
    _, error = ends.get(timeout=30)
    assert "Spark's executors have no Python module 'trimma'" in str(error)
    # the sentence stands by itself
    assert error.__cause__ is None


def test_closing_cancels_what_runs_and_what_waits(
    launched: Callable[..., Any], active_jobs: Callable[[], list[int]]
) -> None:
    before = threading.active_count()
    tasks, ends = launched(forever(), slots=4)
    wait_until(lambda: len(active_jobs()) == 4)
    began = time.monotonic()
    tasks.close()
    assert time.monotonic() - began < 10
    assert len({ends.get(timeout=1)[0] for _ in range(4)}) == 4
    wait_until(lambda: not active_jobs())
    wait_until(lambda: threading.active_count() <= before)


def test_other_jobs_go_on(
    launched: Callable[..., Any], local: SparkSession, active_jobs: Callable[[], list[int]]
) -> None:
    theirs: queue.Queue[Any] = queue.Queue()

    def query() -> None:
        theirs.put(local.sparkContext.parallelize([1], 1).map(slow).collect())

    def slow(value: int) -> int:
        import time

        time.sleep(3)
        return value

    user = threading.Thread(target=query)
    user.start()
    wait_until(lambda: len(active_jobs()) == 1)
    tasks, _ = launched(forever())
    wait_until(lambda: len(active_jobs()) == 2)
    tasks.close()
    assert len(active_jobs()) == 1
    assert theirs.get(timeout=30) == [1]
    user.join()


def test_closing_at_once_leaves_no_job(launched: Callable[..., Any], active_jobs: Callable[[], list[int]]) -> None:
    for _ in range(5):
        tasks, _ = launched(forever(), slots=2)
        tasks.close()
        assert active_jobs() == []
