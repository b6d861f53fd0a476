"""Trials as threads of this process, without Spark."""

from __future__ import annotations

import io
import itertools
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import pytest

import trimma as tm
from trimma.commands import Job, Signal, Start
from trimma.engines import Driver
from trimma.errors import EngineError, StudyError, UsageError
from trimma.facts import Joined, Left, Returned
from trimma.objective import StopTrial
from trimma.program import Program
from trimma.schedule import RunAll
from trimma.search import GridSearch
from trimma.space import Grid, Space
from trimma.stopping import Target
from trimma.testing import run_study
from trimma.testing.engines import PATIENCE, OpenEngine, is_running, wait_until
from trimma.testing.studies import StudyRun
from trimma.trial import State


def tune(objective: Callable[..., Any], *kinds: Any, threads: int = 2, **more: Any) -> StudyRun:
    """Try the objective on each kind."""
    more = {"trials": None, "failures_to_give_up": 99} | more
    space = Space(kind=Grid(*kinds))
    return run_study(GridSearch(), RunAll(), space=space, objective=objective, engine=Driver(threads), **more)


def printed(study: StudyRun, trial: int) -> str:
    return "".join(
        event.text for event in study.events if getattr(event, "trial", None) == trial if hasattr(event, "text")
    )


@pytest.fixture
def opened() -> Iterator[Callable[..., OpenEngine]]:
    engines: list[Driver] = []

    def start(objective: Callable[..., Any], threads: int = 2) -> OpenEngine:
        engines.append(Driver(threads))
        return OpenEngine(engines[-1], objective)

    yield start
    for engine in engines:
        engine.close()


def test_what_a_thread_prints_belongs_to_its_trial_and_the_rest_passes_through() -> None:
    everybody = threading.Barrier(3, timeout=PATIENCE)

    def speaking(kind: str) -> float:
        everybody.wait()
        for _ in range(50):
            print(f"out of {kind}")
            print(f"err of {kind}", file=sys.stderr)
        everybody.wait()
        return 1.0

    def other() -> None:
        everybody.wait()
        for _ in range(50):
            print("not of a trial")
        everybody.wait()

    aside = threading.Thread(target=other)
    with redirect_stdout(io.StringIO()) as stream:
        before = sys.stdout, sys.stderr
        aside.start()
        study = tune(speaking, "a", "b")
        aside.join()
        assert (sys.stdout, sys.stderr) == before
    assert stream.getvalue() == "not of a trial\n" * 50
    for number, kind in enumerate("ab"):
        assert printed(study, number) == f"out of {kind}\nerr of {kind}\n" * 50


def test_two_engines_share_the_streams_and_put_them_back() -> None:
    with redirect_stdout(io.StringIO()) as stream:
        one, two = Driver(1), Driver(1)
        one.open(Program(objective=lambda: 1.0, metric="score"))
        two.open(Program(objective=lambda: 1.0, metric="score"))
        assert sys.stdout is not stream
        assert sys.stdout.isatty() is False, "what is asked of the stream is asked of the real one"
        one.close()
        print("still there")
        two.close()
        assert sys.stdout is stream
    assert stream.getvalue() == "still there\n"


def test_the_objective_is_called_as_it_is_and_what_it_is_given_is_its_own(opened: Callable[..., OpenEngine]) -> None:
    lock, seen = threading.Lock(), []

    def objective(data: Any, params: dict[str, Any]) -> float:
        with lock:
            seen.append(data)
        params["inner"]["changed"] = True
        data["changed"] = True
        return 1.0

    driver = opened(objective)
    inner: dict[str, Any] = {}
    for trial, worker in enumerate(driver.joined(2)):
        assert isinstance(driver.run(trial, worker, inner=inner), Returned)
    assert seen[0] == seen[1]
    assert inner == {}, "the config is the trial's own"


def test_an_exit_costs_its_worker() -> None:
    study = tune(lambda kind: sys.exit(kind) if kind else 1.0, 3, 0, max_attempts=2)
    exited, other = study.history.trials
    assert exited.failure
    assert (exited.failure.kind, exited.attempt) == ("Crash", 2)
    assert "SystemExit ended its thread: 3" in exited.failure.message
    assert other.state is State.DONE


def test_a_thread_that_heeds_nothing_is_replaced(opened: Callable[..., OpenEngine]) -> None:
    release = threading.Event()

    def poison(kind: str, report: Callable[..., None]) -> float:
        report(0.0)
        while kind == "poison" and not release.is_set():
            try:
                while not release.wait(0.01):
                    pass
            except BaseException:  # noqa: BLE001
                continue
        report(1.0)
        return 1.0

    driver = opened(poison)
    one, two = driver.joined(2)
    driver.start(0, one, kind="poison")
    driver.reaches(0, 1)
    driver.signal(0, 1, Signal.STOP)
    driver.signal(0, 1, Signal.KILL)
    left = driver.until(lambda facts: next((fact for fact in facts if isinstance(fact, Left)), None))
    assert left == Left(worker=one, cause="its thread was given up")
    assert driver.facts[driver.facts.index(left) + 1] == Joined(worker=one)
    assert isinstance(driver.run(1, one, kind="fine"), Returned)
    assert isinstance(driver.run(2, two, kind="fine"), Returned)
    told = len(driver.of(0))
    release.set()
    wait_until(lambda: not [thread for thread in threading.enumerate() if thread.name == f"trimma-{one}"])
    driver.facts += driver.engine.poll(0.0)
    assert len(driver.of(0)) == told, "what the old thread still says is dropped"


def endless(kind: int) -> float:
    while kind:
        pass
    return 1.0


def test_an_endless_loop_is_ended_when_its_time_is_over() -> None:
    study = tune(endless, 1, 0, trial_timeout=0.5)
    looping, other = study.history.trials
    assert looping.failure
    assert (looping.failure.kind, looping.attempt) == ("Timeout", 1)
    assert other.state is State.DONE
    wait_until(lambda: not [thread for thread in threading.enumerate() if thread.name.startswith("trimma-")])


def test_one_that_does_not_heed_a_stop_is_ended() -> None:
    def deaf(kind: int, report: Callable[..., None]) -> None:
        report(float(kind))
        while kind == 2:
            time.sleep(0.01)

    study = tune(deaf, 2, 3, until=Target(3.0), maximize=True, stop_grace=0.3)
    assert study.history.trials[0].state is State.STOPPED


def test_closing_takes_a_bounded_time(opened: Callable[..., OpenEngine]) -> None:
    release = threading.Event()

    def deaf(report: Callable[..., None]) -> None:
        report(0.0)
        release.wait(PATIENCE)

    driver = opened(deaf)
    for trial, worker in enumerate(driver.joined(2)):
        driver.start(trial, worker)
        driver.reaches(trial, 1)
    began = time.monotonic()
    driver.engine.close()
    assert time.monotonic() - began < 4.0
    release.set()


def test_closing_runs_the_finally_blocks() -> None:
    cleaned = threading.Event()

    def tidy(report: Callable[..., None]) -> None:
        try:
            for _ in itertools.count():
                report(0.0)
                time.sleep(0.005)
        finally:
            cleaned.set()

    engine = Driver(1)
    driver = OpenEngine(engine, tidy)
    driver.start(0, driver.joined(1)[0])
    driver.reaches(0, 3)
    engine.close()
    assert cleaned.is_set()


def test_an_objective_that_reports_faster_than_it_is_heard_waits(opened: Callable[..., OpenEngine]) -> None:
    sent = itertools.count()
    state = {"sent": 0}

    def chatty(report: Callable[..., None]) -> None:
        while True:
            report(0.0)
            state["sent"] = next(sent) + 1

    driver = opened(chatty)
    driver.start(0, driver.joined(1)[0])
    wait_until(lambda: state["sent"] >= 256)
    time.sleep(0.05)
    assert state["sent"] == 256
    driver.reaches(0, 1000)
    driver.engine.close()
    wait_until(lambda: not [thread for thread in threading.enumerate() if thread.name.startswith("trimma-")])


def test_a_thread_that_waits_at_a_rung_is_woken_by_the_end(opened: Callable[..., OpenEngine]) -> None:
    driver = opened(lambda report: [report(0.0) for _ in range(9)])
    driver.start(0, driver.joined(1)[0], rungs=(1,))
    driver.reaches(0, 1)
    began = time.monotonic()
    driver.engine.close()
    assert time.monotonic() - began < 1.0


def test_it_may_be_opened_again_and_not_twice() -> None:
    engine = Driver(1)
    for _ in range(2):
        driver = OpenEngine(engine, lambda: 1.0)
        with pytest.raises(EngineError, match="running a study already"):
            engine.open(Program(objective=lambda: 1.0, metric="score"))
        assert isinstance(driver.run(0, driver.joined(1)[0]), Returned)
        engine.close()


def test_a_stale_attempt_does_not_take_its_worker_along(opened: Callable[..., OpenEngine]) -> None:
    driver = opened(lambda: 1.0)
    worker = driver.joined(1)[0]
    for attempt in range(1, 30):
        driver.engine.carry_out(Start(job=Job(trial=0, attempt=attempt, workers=(worker,), config={})))
        driver.signal(0, attempt, Signal.KILL)
    assert isinstance(driver.run(1, worker), Returned)
    assert len([fact for fact in driver.facts if isinstance(fact, Left)]) == 29


def test_a_thread_of_a_trial_reports_no_more_when_the_trial_has_ended(opened: Callable[..., OpenEngine]) -> None:
    ended: list[type[BaseException]] = []

    def fit(report: Callable[..., None]) -> float:
        begun = threading.Event()

        def go_on() -> None:
            try:
                for step in itertools.count():
                    report(score=step)
                    begun.set()
            except BaseException as error:
                ended.append(type(error))
                if not isinstance(error, StopTrial):
                    raise

        threading.Thread(target=go_on, daemon=True).start()
        begun.wait()
        return 1.0

    driver = opened(fit, threads=1)
    worker = driver.joined(1)[0]
    for trial in range(20):
        assert driver.run(trial, worker) == Returned(trial=trial, attempt=1, metrics={"score": 1.0})
    wait_until(lambda: len(ended) == 20)
    assert set(ended) == {StopTrial}


@pytest.mark.parametrize("threads", [0, -1, 1.5])
def test_a_number_of_threads_that_makes_no_sense(threads: Any) -> None:
    with pytest.raises(UsageError, match=f"threads={threads}"):
        Driver(threads)


def holding(thing: Any) -> Callable[..., float]:
    """An objective that can't be pickled."""

    def fit(x: float) -> float:
        with thing:
            return x

    return fit


def test_a_study_of_an_objective_that_can_not_be_pickled_is_kept_and_asks_for_it_when_resumed(tmp_path: Path) -> None:
    path, space = tmp_path / "s.db", tm.Space(x=tm.Float(0, 1))
    common: dict[str, Any] = {"maximize": "score", "progress": False, "store": path}
    tm.tune(holding(threading.Lock()), space, trials=3, name="a", engine="driver", workers=2, **common)
    study = tm.load("a", path)
    assert study.history.counts["done"] == 3
    with pytest.raises(
        StudyError, match=r"the objective fit was not kept .*'_thread.lock'.*resume\(objective=\.\.\., "
    ):
        study.resume(trials=5)
    study.resume(trials=5, objective=holding(threading.Lock()), engine=tm.Driver(), progress=False)
    assert tm.load("a", path).history.counts["done"] == 5


def with_data(x: float, data: Any) -> float:
    return x + len(data)


@pytest.mark.filterwarnings("ignore:data= isn't the data:RuntimeWarning")
def test_only_what_can_not_be_pickled_is_left_out(tmp_path: Path) -> None:
    class Held(list[int]):
        lock = threading.Lock()

    study = tm.tune(
        with_data,
        tm.Space(x=tm.Float(0, 1)),
        maximize="score",
        trials=2,
        engine=tm.Driver(1),
        store=tmp_path / "s.db",
        data=Held([1, 2]),
        progress=False,
    )
    with pytest.raises(StudyError, match=r"resume\(data="):
        study.resume(trials=3)
    study.resume(trials=3, data=[1, 2], progress=False, workers=1)
    assert study.history.counts["done"] == 3


SCRIPT = """
import threading, time
import trimma as tm

def fit(x, trial):
    if trial.id < 4:
        return x
    try:
        open({marker!r}, "w").close()
        while True:
            time.sleep(0.01)
    finally:
        open({marker!r} + ".cleaned", "w").close()

tm.tune(fit, tm.Space(x=tm.Float(0, 1)), minimize="loss", trials=6, engine=tm.Driver(1), name="study", store={store!r})
"""


def test_ctrl_c_keeps_everything_and_says_how_to_resume(tmp_path: Path) -> None:
    marker, store, script = tmp_path / "marker", tmp_path / "s.db", tmp_path / "script.py"
    script.write_text(SCRIPT.format(marker=str(marker), store=str(store)), encoding="utf-8")
    process = subprocess.Popen([sys.executable, str(script)], stderr=subprocess.PIPE, text=True, start_new_session=True)
    try:
        wait_until(marker.exists)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=20)
    finally:
        if is_running(process.pid):
            os.killpg(process.pid, signal.SIGKILL)
    assert process.returncode in (-signal.SIGINT, 130)
    assert f"tm.load('study', store={str(store)!r}).resume(engine='driver')" in said
    assert Path(f"{marker}.cleaned").exists(), "the objective's finally block ran"
    study = tm.load("study", store)
    assert (study.status, len(study.history.ended)) == ("interrupted", 4)
