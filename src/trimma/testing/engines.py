"""Contract suites for engines, and for engines that run trials in processes of their own."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from itertools import count
from pathlib import Path
from threading import Thread
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from trimma.checkpoint import Checkpoint, CheckpointPlace
from trimma.checkpoint_files import files_at
from trimma.commands import Grow, Job, Renew, Send, Signal, Start
from trimma.errors import ObjectiveError
from trimma.facts import (
    Fact,
    Halted,
    Joined,
    Left,
    Measured,
    NotSaved,
    Paused,
    Printed,
    Raised,
    Returned,
    Saved,
    Saving,
    WentBack,
)
from trimma.ports import Engine
from trimma.program import Program
from trimma.requests import EndTrial
from trimma.tuples_in_json import mark_tuples

PATIENCE = 30.0
"""Wall-clock seconds after which a test gives up waiting."""


class OpenEngine:
    """An open engine, and every fact that it has told so far."""

    def __init__(self, engine: Engine, objective: Callable[..., Any], checkpoints: Path | None = None) -> None:
        self.engine = engine
        self.facts: list[Any] = []
        place = None
        if checkpoints is not None:
            place = CheckpointPlace(root=str(checkpoints), owner="contract")
            files_at(place.root).write_mark(place.owner)
        engine.open(Program(objective=objective, metric="score", data={"rows": [1, 2, 3]}, checkpoints=place))

    def until(self, met: Callable[[list[Any]], Any]) -> Any:
        """Poll until ``met``, called with all facts so far, returns something true, and return that."""
        deadline = time.monotonic() + PATIENCE
        while not (result := met(self.facts)):
            assert time.monotonic() < deadline, f"it never came about; so far: {self.facts}"
            self.facts += self.engine.poll(0.1)
        return result

    def joined(self, number: int) -> list[str]:
        """Wait until ``number`` workers have joined, and return their names."""
        return list(self.until(lambda facts: (names := self._joined()) and len(names) >= number and names))

    def _joined(self) -> list[str]:
        return [fact.worker for fact in self.facts if isinstance(fact, Joined)]

    def start(self, trial: int, worker: str, *, attempt: int = 1, rungs: tuple[int, ...] = (), **more: Any) -> None:
        goes = {"budget": more.pop("budget", None), "checkpoints": more.pop("checkpoints", ())}
        stays = (self.joinings(worker)[-1].stay,)
        job = Job(
            trial=trial, attempt=attempt, workers=(worker,), stays=stays, config=mark_tuples(more), rungs=rungs, **goes
        )
        self.engine.carry_out(Start(job=job))

    def signal(self, trial: int, attempt: int, signal: Signal) -> None:
        """Have the engine pass a signal on."""
        self.engine.carry_out(Send(trial=trial, attempt=attempt, signal=signal))

    def reaches(self, trial: int, count: int) -> None:
        """Wait until the trial's first attempt has reported ``count`` times."""
        self.until(lambda facts: len(self.measured(trial)) >= count)

    def joins(self, worker: str, times: int) -> None:
        """Wait until a worker has joined for so many ``times``."""
        self.until(lambda facts: len(self.joinings(worker)) == times)

    def joinings(self, worker: str) -> list[Joined]:
        """The facts by which a worker has joined so far."""
        return [fact for fact in self.facts if isinstance(fact, Joined) and fact.worker == worker]

    def run(self, trial: int, worker: str, **more: Any) -> Fact:
        """Start a trial, and wait for its end."""
        self.start(trial, worker, **more)
        return self.end(trial, more.get("attempt", 1))

    def end(self, trial: int, attempt: int = 1) -> Fact:
        """Wait for the end of an attempt, and return that fact without its seconds."""
        end: Fact = msgspec.structs.replace(self.told_end(trial, attempt), seconds=None)
        return end

    def told_end(self, trial: int, attempt: int = 1) -> Any:
        """Wait for the end of an attempt, and return that fact."""
        return self.until(lambda facts: next((f for f in self.of(trial, attempt) if is_end(f)), None))

    def of(self, trial: int, attempt: int = 1) -> list[Fact]:
        """All facts about an attempt so far."""
        return [fact for fact in self.facts if getattr(fact, "trial", None) == trial and fact_attempt(fact) == attempt]

    def measured(self, trial: int, attempt: int = 1) -> list[Measured]:
        return [fact for fact in self.of(trial, attempt) if isinstance(fact, Measured)]

    def printed(self, trial: int, attempt: int = 1) -> str:
        return "".join(fact.text for fact in self.of(trial, attempt) if isinstance(fact, Printed))


def is_end(fact: Fact) -> bool:
    """Whether the fact ends an attempt."""
    return isinstance(fact, Returned | Raised | Halted | Paused)


def fact_attempt(fact: Fact) -> int | None:
    """The number of the attempt that the fact is about; None if it is about no attempt."""
    return getattr(fact, "attempt", None)


def steps(params: Mapping[str, Any], trial: Any, data: Any) -> Generator[dict[str, float], None, float]:
    """An objective that does what its config says, such as report ``count`` times, print or raise."""
    told = SimpleNamespace(count=3, say="", fail="", endless=False, show=None)
    vars(told).update(params)
    if told.show is not None:
        trial.log(repr(told.show), repr(trial.config["show"]))
    if told.say:
        trial.log(told.say)
    for step in count(1):
        if not told.endless and step > told.count:
            break
        if told.endless:
            time.sleep(0.001)
        yield {"score": step / 10, "rows": len(data["rows"])}
    if told.fail:
        raise ValueError(told.fail)
    return 0.5


class EngineContract:
    """The promises of every engine. Subclass it, and say how to make an engine of two workers.

    ::

        class TestMyEngine(EngineContract):
            def make(self) -> Engine:
                return MyEngine(workers=2)

    Set ``room_for_three`` to False where the machine or cluster of the test can't run three workers.
    """

    room_for_three = True

    def make(self) -> Engine:
        """An engine of two workers, not open."""
        raise NotImplementedError

    @pytest.fixture
    def opened(self) -> Iterator[Callable[..., OpenEngine]]:
        """Open an engine for an objective; it is closed after the test."""
        engines: list[Engine] = []

        def start(objective: Callable[..., Any] = steps, checkpoints: Path | None = None) -> OpenEngine:
            engines.append(self.make())
            return OpenEngine(engines[-1], objective, checkpoints)

        yield start
        for engine in engines:
            engine.close()

    def test_its_workers_join_once_each(self, opened: Callable[..., OpenEngine]) -> None:
        driver = opened()
        names = driver.joined(driver.engine.capacity)
        assert len(names) == len(set(names)) == driver.engine.capacity == 2

    def test_a_trial_runs_to_its_end(self, opened: Callable[..., OpenEngine]) -> None:
        driver = opened()
        end = driver.run(0, driver.joined(1)[0], count=5)
        assert end == Returned(trial=0, attempt=1, metrics={"score": 0.5})
        assert driver.measured(0) == [
            Measured(trial=0, attempt=1, step=step, metrics={"score": step / 10, "rows": 3.0}) for step in range(1, 6)
        ]
        assert is_end(driver.of(0)[-1]), "nothing follows the end"

    def test_tuples_reach_the_objective_as_tuples(self, opened: Callable[..., OpenEngine]) -> None:
        driver = opened()
        shown = [(1, 2), {"()": ((),)}, [3]]
        assert isinstance(driver.run(0, driver.joined(1)[0], count=1, show=shown), Returned)
        assert driver.printed(0) == f"{shown} {shown}\n"

    def test_a_worker_runs_one_trial_after_another(self, opened: Callable[..., OpenEngine]) -> None:
        driver = opened()
        worker = driver.joined(1)[0]
        for trial in range(10):
            assert isinstance(driver.run(trial, worker, count=trial), Returned)
            assert len(driver.measured(trial)) == trial

    def test_workers_run_side_by_side(self, opened: Callable[..., OpenEngine]) -> None:
        driver = opened()
        one, two = driver.joined(2)
        driver.start(0, one, endless=True)
        driver.start(1, two, endless=True)
        driver.until(lambda facts: driver.measured(0) and driver.measured(1))

    def test_there_may_be_more_workers_later(self, opened: Callable[..., OpenEngine]) -> None:
        driver = opened()
        driver.joined(2)
        driver.engine.carry_out(Grow(workers=3))
        driver.engine.carry_out(Grow(workers=1))  # there is room for more already, so this does nothing
        names = driver.joined(3 if self.room_for_three else 2)
        assert len(names) == len(set(names))
        for trial, worker in enumerate(names):
            assert isinstance(driver.run(trial, worker), Returned)

    def test_what_any_thread_tells_comes_back(self, opened: Callable[..., OpenEngine]) -> None:
        driver = opened()
        driver.joined(2)
        told = [EndTrial(trial=number) for number in range(20)]
        for fact in told:
            thread = Thread(target=driver.engine.tell, args=(fact,))
            thread.start()
            thread.join()
        driver.until(lambda facts: told[-1] in facts)
        assert [fact for fact in driver.facts if isinstance(fact, EndTrial)] == told
        driver.engine.close()
        driver.engine.tell(told[0])

    def test_time_does_not_go_back(self, opened: Callable[..., OpenEngine]) -> None:
        driver = opened()
        driver.start(0, driver.joined(1)[0], endless=True)
        moments = []
        for _ in range(5):
            driver.engine.poll(0.01)
            moments.append(driver.engine.clock.now())
        assert moments == sorted(moments)

    def test_an_exception_is_told_with_its_traceback(self, opened: Callable[..., OpenEngine]) -> None:
        driver = opened()
        worker = driver.joined(1)[0]
        end = driver.run(0, worker, count=2, fail="no such luck")
        assert isinstance(end, Raised)
        assert (end.failure.kind, end.failure.message) == ("ValueError", "no such luck")
        assert "raise ValueError(told.fail)" in end.failure.traceback
        assert len(driver.measured(0)) == 2
        assert isinstance(driver.run(1, worker), Returned), "the worker goes on"

    def test_a_stop_is_heeded_at_the_next_report(self, opened: Callable[..., OpenEngine]) -> None:
        driver = opened()
        worker = driver.joined(1)[0]
        driver.start(0, worker, endless=True)
        driver.until(lambda facts: len(driver.measured(0)) >= 3)
        driver.signal(0, 1, Signal.STOP)
        assert driver.end(0) == Halted(trial=0, attempt=1)
        assert isinstance(driver.run(1, worker), Returned), "the worker goes on"

    def test_a_trial_waits_at_its_rung_until_it_may_go_on(self, opened: Callable[..., OpenEngine]) -> None:
        driver = opened()
        driver.start(0, driver.joined(1)[0], count=6, rungs=(2, 4))
        for rung in (2, 4):
            driver.reaches(0, rung)
            for _ in range(5):
                driver.facts += driver.engine.poll(0.05)
            assert len(driver.measured(0)) == rung, "it must wait"
            driver.signal(0, 1, Signal.CONTINUE)
        assert isinstance(driver.end(0), Returned)
        assert len(driver.measured(0)) == 6

    def test_a_trial_can_be_stopped_at_its_rung(self, opened: Callable[..., OpenEngine]) -> None:
        driver = opened()
        driver.start(0, driver.joined(1)[0], count=6, rungs=(2, 4))
        driver.until(lambda facts: len(driver.measured(0)) == 2)
        driver.signal(0, 1, Signal.STOP)
        assert driver.end(0) == Halted(trial=0, attempt=1)
        assert len(driver.measured(0)) == 2

    def test_a_trial_can_be_paused_at_its_rung(self, opened: Callable[..., OpenEngine]) -> None:
        driver = opened()
        worker = driver.joined(1)[0]
        driver.start(0, worker, count=6, rungs=(2, 4))
        driver.reaches(0, 2)
        driver.signal(0, 1, Signal.PAUSE)
        assert isinstance(driver.end(0), Paused)
        assert len(driver.measured(0)) == 2
        assert isinstance(driver.run(1, worker), Returned), "the worker is free"

    def test_a_pause_is_heeded_at_the_next_report(self, opened: Callable[..., OpenEngine]) -> None:
        driver = opened()
        driver.start(0, driver.joined(1)[0], endless=True, rungs=(1,))
        driver.reaches(0, 1)
        driver.signal(0, 1, Signal.CONTINUE)
        driver.signal(0, 1, Signal.PAUSE)
        assert isinstance(driver.end(0), Paused)

    def test_a_budget_ends_a_trial_as_returned(self, opened: Callable[..., OpenEngine]) -> None:
        driver = opened()
        end = driver.run(0, driver.joined(1)[0], endless=True, budget=4)
        assert end == Returned(trial=0, attempt=1, metrics={})
        assert [fact.step for fact in driver.measured(0)] == [1, 2, 3, 4]

    def test_at_its_budget_an_objective_comes_to_its_own_end(self, opened: Callable[..., OpenEngine]) -> None:
        driver = opened()
        worker = driver.joined(1)[0]
        end = driver.run(0, worker, count=4, budget=4)
        own = driver.run(1, worker, count=4)
        assert isinstance(own, Returned)
        assert own.metrics
        assert end == Returned(trial=0, attempt=1, metrics=own.metrics), "what it returns counts"

    def test_stale_signals_are_ignored(self, opened: Callable[..., OpenEngine]) -> None:
        driver = opened()
        worker = driver.joined(1)[0]
        driver.run(0, worker)
        for signal_ in Signal:
            driver.signal(0, 1, signal_)
            driver.signal(99, 1, signal_)
        driver.start(1, worker, attempt=2, count=4, rungs=(3,))
        driver.until(lambda facts: len(driver.measured(1, 2)) == 3)
        for signal_ in Signal:
            driver.signal(1, 1, signal_)
            driver.signal(0, 2, signal_)
        for _ in range(5):
            driver.facts += driver.engine.poll(0.05)
        assert len(driver.measured(1, 2)) == 3, "another's CONTINUE must not release it"
        driver.signal(1, 2, Signal.CONTINUE)
        assert isinstance(driver.end(1, 2), Returned)
        assert not [fact for fact in driver.facts if isinstance(fact, Left)]

    def test_output_belongs_to_its_trial(self, opened: Callable[..., OpenEngine]) -> None:
        driver = opened()
        one, two = driver.joined(2)
        driver.start(0, one, say="from zero", endless=True)
        driver.run(1, two, say="from one: ü 🚀\nsecond line")
        driver.until(lambda facts: driver.printed(0))
        assert driver.printed(0) == "from zero\n"
        assert driver.printed(1) == "from one: ü 🚀\nsecond line\n"

    def test_a_killed_attempt_is_followed_by_a_fresh_worker(self, opened: Callable[..., OpenEngine]) -> None:
        driver = opened()
        worker = driver.joined(1)[0]
        driver.start(0, worker, endless=True)
        driver.until(lambda facts: driver.measured(0))
        driver.signal(0, 1, Signal.KILL)
        left = driver.until(lambda facts: next((fact for fact in facts if isinstance(fact, Left)), None))
        assert left.worker == worker
        assert left.cause
        since = driver.facts.index(left)
        driver.until(lambda facts: any(isinstance(fact, Joined) and fact.worker == worker for fact in facts[since:]))
        assert not any(is_end(fact) for fact in driver.of(0)), "a killed attempt says nothing more"
        assert isinstance(driver.run(0, worker, attempt=2), Returned)

    def test_a_renewed_worker_joins_again(self, opened: Callable[..., OpenEngine]) -> None:
        driver = opened()
        if not hasattr(driver.engine, "renew"):
            pytest.skip("it doesn't renew workers")
        one, two = driver.joined(2)
        driver.run(0, one)
        driver.start(1, two, endless=True)
        driver.engine.carry_out(Renew(worker=one))
        driver.joins(one, 2)
        assert isinstance(driver.run(2, one), Returned)
        assert not any(isinstance(fact, Left) for fact in driver.facts), "nothing is lost"
        assert not any(is_end(fact) for fact in driver.of(1)), "the other worker is not disturbed"

    def test_closing_twice_does_nothing(self, opened: Callable[..., OpenEngine]) -> None:
        driver = opened()
        driver.start(0, driver.joined(1)[0], endless=True)
        driver.engine.close()
        driver.engine.close()

    def test_closing_before_opening_does_nothing(self) -> None:
        self.make().close()


def in_a_process(params: Mapping[str, Any], report: Any, trial: Any) -> float:
    """An objective that does to its process what its config says."""
    if path := params.get("pid_file"):
        Path(path).write_text(str(os.getpid()), encoding="utf-8")
    match params.get("do"):
        case "hang":
            report(0.0)
            while True:
                time.sleep(0.01)
        case "exit":
            os._exit(int(params["code"]))
        case "print":
            sys.stdout.write("by Python\n")
            sys.stderr.write("to stderr\n")
            os.write(1, b"past Python\n")
        case "child":
            child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
            Path(params["child_file"]).write_text(str(child.pid), encoding="utf-8")
            report(0.0)
            while True:
                time.sleep(0.01)
    report(float(os.getpid()))
    return 1.0


def saving(report: Any, trial: Any, length: int, broken: bool = False) -> str | None:
    """An objective that can be paused. It counts, and saves how far it has counted."""

    def save(folder: Path) -> None:
        if broken:
            raise OSError("no space left")
        (folder / "count").write_text(str(count), encoding="utf-8")

    count = int((trial.checkpoint / "count").read_text(encoding="utf-8")) if trial.checkpoint else 0
    while count < length:
        count += 1
        report(count, save=save)
    return None


def resting(length: float) -> float:
    """An objective that takes ``length`` seconds."""
    time.sleep(length)
    return length


def leaving_a_thread(report: Callable[..., None], end_file: str = "") -> float:
    """An objective that ends while a thread of it goes on to report: once the file is there, or after one report."""
    reported = threading.Event()

    def go_on() -> None:
        for step in count():
            report(score=step)
            reported.set()

    Thread(target=go_on, daemon=True).start()
    if end_file:
        wait_until(Path(end_file).exists)
    else:
        reported.wait()
    return 1.0


def threads_that_report(report: Callable[..., None]) -> float:
    """An objective of which two threads report 30 times each."""

    def work() -> None:
        for number in range(30):
            report(score=number)

    threads = [Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return float(len(threads))


def leaving_a_process(pid_file: str) -> float:
    """An objective that ends its process and leaves a child, which holds its output, or else writes past Python."""
    if not pid_file:
        return float(sum(os.write(1, b"y" * 1000) for _ in range(200)))
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
    Path(pid_file).write_text(str(child.pid), encoding="utf-8")
    os._exit(9)


def forking(report: Callable[..., None], trial: Any) -> float:
    """An objective whose forked child reports, logs and raises. It returns how its child fared."""
    child = os.fork()
    if child:
        return float(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    try:
        report(score=1)
    except ObjectiveError as error:
        trial.log(str(error))
        sys.exit(3)
    return 0.0


def agent() -> int:
    """The process id of the agent of the runner that calls this. On Linux only."""
    return parent_of(os.getppid())


def parent_of(pid: int) -> int:
    """The process id of a process's parent. On Linux only."""
    return int(Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[1])


def is_running(pid: int) -> bool:
    """Whether there is a process with this id that isn't a zombie."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    try:
        return stat.read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return not Path("/proc").exists()


def wait_until(met: Callable[[], Any], patience: float = PATIENCE) -> Any:
    """Wait until ``met()`` is true, by asking again and again, and return what it returns."""
    deadline = time.monotonic() + patience
    while not (result := met()):
        assert time.monotonic() < deadline, "it never came about"
        time.sleep(0.01)
    return result


class ProcessEngineContract(EngineContract):
    """The further promises of an engine that runs trials in processes of their own on this machine."""

    def test_trials_share_a_warm_process(self, opened: Callable[..., OpenEngine]) -> None:
        driver = opened(in_a_process)
        worker = driver.joined(1)[0]
        pids = set()
        for trial in range(3):
            driver.run(trial, worker)
            pids.add(driver.measured(trial)[0].metrics["score"])
        assert len(pids) == 1
        assert pids != {float(os.getpid())}

    def test_a_renewed_worker_has_a_fresh_process(self, opened: Callable[..., OpenEngine]) -> None:
        driver = opened(in_a_process)
        if not hasattr(driver.engine, "renew"):
            pytest.skip("it doesn't renew workers")
        one = driver.joined(1)[0]
        pids = []
        for trial in range(3):
            driver.run(trial, one)
            driver.engine.carry_out(Renew(worker=one))
            driver.joins(one, trial + 2)
            pids.append(driver.measured(trial)[0].metrics["score"])
        assert len(set(pids)) == 3

    def test_a_process_that_exits_costs_its_worker(self, opened: Callable[..., OpenEngine]) -> None:
        driver = opened(in_a_process)
        one, two = driver.joined(2)
        driver.start(1, two, do="hang")
        driver.start(0, one, do="exit", code=3)
        left = driver.until(lambda facts: next((fact for fact in facts if isinstance(fact, Left)), None))
        assert left.worker == one
        assert "exited with code 3" in left.cause
        driver.joins(one, 2)
        assert isinstance(driver.run(0, one, attempt=2), Returned)
        assert not driver.of(0, 1)
        assert not any(is_end(fact) for fact in driver.of(1)), "the other worker is not disturbed"

    def test_a_process_that_is_killed_costs_its_worker(self, opened: Callable[..., OpenEngine], tmp_path: Path) -> None:
        driver = opened(in_a_process)
        worker = driver.joined(1)[0]
        driver.start(0, worker, do="hang", pid_file=str(tmp_path / "pid"))
        driver.until(lambda facts: driver.measured(0))
        os.kill(int((tmp_path / "pid").read_text(encoding="utf-8")), signal.SIGKILL)
        left = driver.until(lambda facts: next((fact for fact in facts if isinstance(fact, Left)), None))
        assert "SIGKILL" in left.cause
        driver.joins(worker, 2)

    def test_a_hung_trial_can_be_killed(self, opened: Callable[..., OpenEngine]) -> None:
        driver = opened(in_a_process)
        worker = driver.joined(1)[0]
        driver.start(0, worker, do="hang")
        driver.until(lambda facts: driver.measured(0))
        driver.signal(0, 1, Signal.STOP)
        driver.signal(0, 1, Signal.KILL)
        driver.until(lambda facts: any(isinstance(fact, Left) for fact in facts))
        driver.joins(worker, 2)

    def test_what_a_trial_starts_dies_with_its_process(self, opened: Callable[..., OpenEngine], tmp_path: Path) -> None:
        driver = opened(in_a_process)
        driver.start(0, driver.joined(1)[0], do="child", child_file=str(tmp_path / "child"))
        driver.until(lambda facts: driver.measured(0))
        child = int((tmp_path / "child").read_text(encoding="utf-8"))
        assert is_running(child)
        driver.signal(0, 1, Signal.KILL)
        driver.until(lambda facts: any(isinstance(fact, Left) for fact in facts))
        wait_until(lambda: not is_running(child))

    def test_a_paused_trial_goes_on_elsewhere_from_its_checkpoint(
        self, opened: Callable[..., OpenEngine], tmp_path: Path
    ) -> None:
        driver = opened(saving, tmp_path)
        one, two = driver.joined(2)
        driver.start(0, one, length=7, rungs=(3,))
        driver.reaches(0, 3)
        driver.signal(0, 1, Signal.PAUSE)
        assert isinstance(driver.end(0), Paused)
        assert [type(fact) for fact in driver.of(0)[-3:]] == [Saving, Saved, Paused]
        checkpoint = Checkpoint(trial=0, attempt=1, step=3)
        assert driver.run(0, two, length=7, attempt=2, checkpoints=(checkpoint,)) == Returned(
            trial=0, attempt=2, metrics={}
        )
        assert [(fact.step, fact.metrics["score"]) for fact in driver.measured(0, 2)] == [
            (4, 4.0),
            (5, 5.0),
            (6, 6.0),
            (7, 7.0),
        ]

    def test_where_nothing_can_be_saved_it_is_paused_all_the_same(self, opened: Callable[..., OpenEngine]) -> None:
        driver = opened(saving)
        driver.start(0, driver.joined(1)[0], length=7, rungs=(3,))
        driver.reaches(0, 3)
        driver.signal(0, 1, Signal.PAUSE)
        assert driver.end(0) == Paused(trial=0, attempt=1)

    def test_a_checkpoint_that_is_damaged_is_replaced_by_the_one_before(
        self, opened: Callable[..., OpenEngine], tmp_path: Path
    ) -> None:
        driver = opened(saving, tmp_path)
        worker = driver.joined(1)[0]
        driver.start(0, worker, length=7, rungs=(2,))
        driver.reaches(0, 2)
        driver.signal(0, 1, Signal.PAUSE)
        driver.end(0)
        first = Checkpoint(trial=0, attempt=1, step=2)
        driver.start(0, worker, length=7, attempt=2, rungs=(4,), checkpoints=(first,))
        driver.until(lambda facts: len(driver.measured(0, 2)) == 2)
        driver.signal(0, 2, Signal.PAUSE)
        assert driver.end(0, 2) == Paused(trial=0, attempt=2)
        second = Checkpoint(trial=0, attempt=2, step=4)
        (tmp_path / second.name / "count").write_text("5", encoding="utf-8")
        driver.run(0, worker, length=7, attempt=3, checkpoints=(first, second))
        went_back = next(fact for fact in driver.of(0, 3) if isinstance(fact, WentBack))
        assert (went_back.attempt, went_back.step) == (3, 2)
        assert went_back.cause.startswith("the checkpoint of step 4 is damaged: its file count has other contents")
        assert [(fact.step, fact.metrics["score"]) for fact in driver.measured(0, 3)] == [
            (step, float(step)) for step in range(3, 8)
        ]

    def test_a_trial_whose_checkpoint_can_t_be_saved_goes_on(
        self, opened: Callable[..., OpenEngine], tmp_path: Path
    ) -> None:
        driver = opened(saving, tmp_path)
        driver.start(0, driver.joined(1)[0], length=7, rungs=(3,), broken=True)
        driver.reaches(0, 3)
        driver.signal(0, 1, Signal.PAUSE)
        assert driver.end(0) == Returned(trial=0, attempt=1, metrics={})
        not_saved = next(fact for fact in driver.of(0) if isinstance(fact, NotSaved))
        assert (not_saved.step, not_saved.failure.message) == (3, "no space left")
        assert [fact.step for fact in driver.measured(0)] == list(range(1, 8))

    def test_it_tells_how_long_the_objective_took(self, opened: Callable[..., OpenEngine]) -> None:
        driver = opened(resting)
        begun = time.monotonic()
        driver.start(0, driver.joined(1)[0], length=0.05)
        seconds = driver.told_end(0).seconds
        assert 0.05 <= seconds < time.monotonic() - begun

    def test_all_output_is_captured(self, opened: Callable[..., OpenEngine]) -> None:
        driver = opened(in_a_process)
        worker = driver.joined(1)[0]
        driver.run(0, worker, do="print")
        assert sorted(driver.printed(0).splitlines()) == ["by Python", "past Python", "to stderr"]
        driver.run(1, worker)
        assert driver.printed(1) == ""

    def test_a_thread_that_outlives_its_trial_disturbs_no_other(self, opened: Callable[..., OpenEngine]) -> None:
        driver = opened(leaving_a_thread)
        worker = driver.joined(1)[0]
        for trial in range(20):
            assert driver.run(trial, worker) == Returned(trial=trial, attempt=1, metrics={"score": 1.0})
        assert {len(driver.measured(trial)) > 0 for trial in range(20)} == {True}
        assert not "".join(map(driver.printed, range(20))), "the threads end in silence"

    def test_a_thread_that_waits_at_a_rung_when_its_trial_ends(
        self, opened: Callable[..., OpenEngine], tmp_path: Path
    ) -> None:
        driver = opened(leaving_a_thread)
        worker = driver.joined(1)[0]
        for trial in range(5):
            end = tmp_path / str(trial)
            driver.start(trial, worker, rungs=(1,), end_file=str(end))
            driver.reaches(trial, 1)
            end.touch()
            assert isinstance(driver.end(trial), Returned)
            assert len(driver.measured(trial)) == 1

    def test_several_threads_of_a_trial_report(self, opened: Callable[..., OpenEngine]) -> None:
        driver = opened(threads_that_report)
        driver.start(0, driver.joined(1)[0], rungs=tuple(range(5, 60, 5)))
        for rung in range(5, 60, 5):
            driver.reaches(0, rung)
            driver.signal(0, 1, Signal.CONTINUE)
        assert driver.end(0) == Returned(trial=0, attempt=1, metrics={"score": 2.0})
        assert [fact.step for fact in driver.measured(0)] == [*range(1, 61)]
        assert sorted(fact.metrics["score"] for fact in driver.measured(0)) == sorted([*range(30)] * 2)

    def test_what_holds_the_output_of_a_dead_process_holds_up_nobody(
        self, opened: Callable[..., OpenEngine], tmp_path: Path
    ) -> None:
        driver = opened(leaving_a_process)
        worker = driver.joined(1)[0]
        left_behind = tmp_path / "left"
        try:
            driver.start(0, worker, pid_file=str(left_behind))
            driver.joins(worker, 2)
            assert driver.run(1, worker, pid_file="") == Returned(trial=1, attempt=1, metrics={"score": 200_000.0})
        finally:
            # where the engine can find it, it has ended already
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(left_behind.read_text(encoding="utf-8")), signal.SIGKILL)

    def test_a_forked_child_does_not_speak_for_its_trial(self, opened: Callable[..., OpenEngine]) -> None:
        driver = opened(forking)
        worker = driver.joined(1)[0]
        for trial in range(3):
            assert driver.run(trial, worker) == Returned(trial=trial, attempt=1, metrics={"score": 3.0})
            assert not driver.measured(trial)
            assert "a process that the objective has started" in driver.printed(trial)

    @pytest.mark.parametrize("do", ["hang", "child", "nothing"])
    def test_closing_leaves_no_process(self, opened: Callable[..., OpenEngine], tmp_path: Path, do: str) -> None:
        driver = opened(in_a_process)
        pid, child = tmp_path / "pid", tmp_path / "child"
        driver.start(0, driver.joined(2)[0], do=do, pid_file=str(pid), child_file=str(child))
        driver.until(lambda facts: driver.measured(0))
        pids = [int(file.read_text(encoding="utf-8")) for file in (pid, child) if file.exists()]
        driver.engine.close()
        wait_until(lambda: not any(map(is_running, pids)))

    def test_closing_leaves_no_thread(self, opened: Callable[..., OpenEngine]) -> None:
        before = threading.active_count()
        driver = opened(in_a_process)
        driver.joined(2)
        driver.engine.close()
        wait_until(lambda: threading.active_count() <= before)

    def test_closing_while_workers_start(self, opened: Callable[..., OpenEngine]) -> None:
        opened(in_a_process).engine.close()

    def test_it_may_be_opened_again(self) -> None:
        engine = self.make()
        for _ in range(3):
            driver = OpenEngine(engine, in_a_process)
            try:
                assert isinstance(driver.run(0, driver.joined(2)[0]), Returned)
            finally:
                engine.close()
