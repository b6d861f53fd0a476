"""Several studies at once in one process, outside its main thread, in asyncio, and beside processes that are forked."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import trimma as tm
from terminal import Terminal
from trimma.errors import StudyBusy

SPACE = tm.Space(x=tm.Float(0.0, 1.0))


def descend(x: float, report: Any) -> float:
    for step in range(3):
        report(loss=x / (step + 1))
    return x


def forking(x: float, report: Any) -> float:
    """Fork a child that reports, prints and returns, and one by multiprocessing."""
    child = os.fork()
    if child == 0:
        try:
            report(loss=-1.0)
        except ValueError:
            return -1.0
        os._exit(3)
    helper = multiprocessing.get_context("fork").Process(target=time.sleep, args=(0.01,))
    helper.start()
    helper.join()
    _, status = os.waitpid(child, 0)
    report(loss=x)
    return x if status == 0 else 100.0


def check(study: tm.Study, trials: int) -> None:
    assert study.status == "finished"
    assert [str(trial.state) for trial in study.trials] == ["done"] * trials
    for trial in study.trials:
        assert trial.value == trial.config["x"]
    assert study.best.value == min(trial.config["x"] for trial in study.trials)


def tuned(name: str, store: Path, objective: Any = descend, trials: int = 6, **more: Any) -> tm.Study:
    settings = {"progress": False, "seed": len(name), "workers": 2} | more
    return tm.tune(objective, SPACE, minimize="loss", trials=trials, name=name, store=store, **settings)


def test_two_studies_at_once_in_two_threads(tmp_path: Path) -> None:
    with ThreadPoolExecutor(2) as threads:
        running = [threads.submit(tuned, name, tmp_path / "s.db") for name in ("one", "another")]
        for study in running:
            check(study.result(), 6)


def test_many_studies_at_once_with_trials_in_threads_of_the_driver(tmp_path: Path) -> None:
    with ThreadPoolExecutor(6) as threads:
        running = [
            threads.submit(tuned, f"study {number}", tmp_path / "s.db", engine=tm.Driver(threads=2), workers=None)
            for number in range(12)
        ]
        for study in running:
            check(study.result(), 6)


def test_one_study_is_not_run_twice_at_once(tmp_path: Path) -> None:
    began, go_on = threading.Event(), threading.Event()

    def wait(x: float) -> float:
        began.set()
        go_on.wait(30)
        return x

    with ThreadPoolExecutor(1) as threads:
        study = threads.submit(tuned, "one", tmp_path / "s.db", wait, 2, engine=tm.Driver(threads=1), workers=None)
        try:
            assert began.wait(30)
            with pytest.raises(StudyBusy):
                tuned("one", tmp_path / "s.db", wait, 2, engine=tm.Driver(threads=1), workers=None, resume=True)
        finally:
            go_on.set()
        check(study.result(), 2)


def test_in_asyncio(tmp_path: Path) -> None:
    """A study in a thread leaves the event loop free, and a call within the loop just blocks it."""
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            ticks += 1
            await asyncio.sleep(0.005)

    async def main() -> list[tm.Study]:
        ticking = asyncio.create_task(tick())
        studies = await asyncio.gather(
            asyncio.to_thread(tuned, "one", tmp_path / "s.db"), asyncio.to_thread(tuned, "another", tmp_path / "s.db")
        )
        ticking.cancel()
        return [*studies, tuned("within", tmp_path / "s.db")]

    for study in asyncio.run(main()):
        check(study, 6)
    assert ticks > 10


def test_objectives_that_fork(tmp_path: Path) -> None:
    check(tuned("forks", tmp_path / "s.db", forking), 6)


def test_a_process_that_the_driver_has_forked_does_not_keep_the_study_busy(tmp_path: Path) -> None:
    """Nor does it keep workers alive, when it outlives the study."""
    children: list[int] = []

    def fork(events: Any, history: Any, now: float) -> None:
        if not children and history.trial_count:
            child = os.fork()
            if child == 0:
                time.sleep(60)
                os._exit(0)
            children.append(child)

    try:
        study = tuned("one", tmp_path / "s.db", trials=4, observers=[fork])
        check(study, 4)
        assert children
        study.resume(trials=6, progress=False, workers=2)
        check(study, 6)
    finally:
        for child in children:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)


TWO = """
import sys, threading, time
import trimma as tm
from trimma.stores.memory import MemoryStore

def objective(x, report):
    for step in range(40):
        time.sleep(0.02)
        report(loss=x)
    return x

def run(name):
    tm.tune(objective, tm.Space(x=tm.Float(0, 1)), minimize="loss", trials=4, name=name, store=MemoryStore(),
            engine=tm.Driver(threads=2), seed=1)

threads = [threading.Thread(target=run, args=(name,)) for name in ("one", "another")]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="a pseudo-terminal")
def test_of_two_studies_in_one_terminal_one_draws_and_the_other_writes_lines(tmp_path: Path) -> None:
    with Terminal([sys.executable, "-c", TWO], tmp_path) as terminal:
        assert terminal.read_to_end() == 0
    in_lines = [name for name in ("one", "another") if f"trimma: study {name}, minimize loss" in terminal.shown]
    assert len(in_lines) == 1
    assert terminal.shown.count("trimma: finished") == 1
