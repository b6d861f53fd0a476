"""Trials in real processes, and all that can happen to those."""

import ctypes
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from trimma.engines import Local
from trimma.errors import EngineError, ObjectiveError, SpaceError, UsageError
from trimma.events import KillRequested, Logged, Outcome
from trimma.requests import EndStudy
from trimma.schedule import Asha, RunAll
from trimma.search import GridSearch
from trimma.space import Float, Grid, Space
from trimma.testing import run_study
from trimma.testing.engines import is_running, wait_until
from trimma.testing.studies import StudyRun
from trimma.trial import State, Trial


def tune(objective: Callable[..., Any], *kinds: Any, workers: int = 2, **more: Any) -> StudyRun:
    """Try the objective on each kind."""
    more = {"trials": None, "scheduler": RunAll(), "failures_to_give_up": 99} | more
    scheduler = more.pop("scheduler")
    return run_study(
        GridSearch(), scheduler, space=Space(kind=Grid(*kinds)), objective=objective, engine=Local(workers), **more
    )


def one(objective: Callable[..., Any], kind: Any = 0, **more: Any) -> Trial:
    """Try the objective once."""
    return tune(objective, kind, workers=1, **more).history.trials[0]


def faulty(kind: str) -> float:
    match kind:
        case "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        case "segfault":
            ctypes.string_at(0)
        case "_exit":
            os._exit(3)
        case "exit":
            sys.exit(4)
        case "abort":
            os.abort()
        case "terminated":
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(30)
    return 1.0


def output(study: StudyRun, trial: int = 0) -> str:
    """What a trial has printed."""
    return "".join(event.text for event in study.events if isinstance(event, Logged) and event.trial == trial)


FAULTS = {
    "killed": "SIGKILL",
    "segfault": "SIGSEGV",
    "_exit": "exited with code 3",
    "exit": "exited with code 4",
    "abort": "SIGABRT",
    "terminated": f"exited with code {128 + signal.SIGTERM}",
}


def test_a_process_that_dies_costs_its_trial_and_nothing_else() -> None:
    study = tune(faulty, *FAULTS, "a", "b", "c", max_attempts=2)
    assert len(study.history.ended) == len(FAULTS) + 3
    for trial in study.history.trials:
        kind = trial.config["kind"]
        if kind in FAULTS:
            assert trial.state is State.FAILED
            assert trial.failure
            if trial.failure.kind == "Crash":
                assert FAULTS[kind] in trial.failure.message
                assert "2 of 2 attempts crashed" in trial.failure.message
                assert trial.attempt == 2
            else:
                assert (kind, trial.failure.kind) in {("exit", "SystemExit"), ("terminated", "SystemExit")}
        else:
            assert trial.state is State.DONE
    segfault = study.history.trials[list(FAULTS).index("segfault")]
    assert "string_at" in segfault.failure.message, "faulthandler says where"  # type: ignore[union-attr]


def ending(kind: str, report: Callable[..., None]) -> Any:
    if kind == "generator":
        return ending_generator()
    report(2.0)
    match kind:
        case "exit":
            sys.exit(0)
        case "quit":
            sys.exit()
        case "_exit":
            os._exit(0)
        case "forked":
            if os.fork() == 0:
                sys.exit(0)
            os.wait()
            report(3.0)
    return None


def ending_generator() -> Iterator[float]:
    yield 1.0
    yield 2.0
    sys.exit(0)


def test_an_exit_with_code_0_is_an_end_like_any_other() -> None:
    kinds = {"exit": 2.0, "quit": 2.0, "_exit": 2.0, "generator": 2.0, "forked": 3.0, "return": 2.0}
    for trial in tune(ending, *kinds).history.trials:
        assert (trial.state, trial.attempt, trial.crashes) == (State.DONE, 1, 0), trial.config
        assert trial.value == kinds[trial.config["kind"]]


def once(kind: str) -> float:
    """Dies in its first attempt only."""
    marker = Path(kind)
    if not marker.exists():
        marker.touch()
        os._exit(9)
    return 1.0


def test_a_crash_that_does_not_come_back_is_forgiven(tmp_path: Path) -> None:
    trial = one(once, str(tmp_path / "marker"))
    assert (trial.state, trial.attempt, trial.crashes) == (State.DONE, 2, 1)


def endless(kind: int) -> float:
    while kind:
        pass
    return 1.0


def test_an_endless_loop_is_killed_when_its_time_is_over() -> None:
    study = tune(endless, 1, 0, trial_timeout=1.0)
    looping, other = study.history.trials
    assert looping.failure
    assert looping.failure.kind == "Timeout"
    assert looping.attempt == 1
    assert other.state is State.DONE


def deaf(kind: int, report: Callable[..., None]) -> None:
    report(float(kind))
    while kind:
        time.sleep(0.01)


def test_a_trial_that_does_not_heed_a_stop_is_killed() -> None:
    from trimma.stopping import Target

    study = tune(deaf, 3, 2, until=Target(3.0), maximize=True, value="best", stop_grace=0.5)
    assert any(isinstance(event, KillRequested) for event in study.events)
    assert study.history.closed
    assert study.history.closed.outcome is Outcome.FINISHED
    assert study.history.trials[0].state is State.STOPPED


class Locked(Exception):
    def __init__(self) -> None:
        self.lock = threading.Lock()
        super().__init__(self.lock)


class Mute(Exception):
    def __str__(self) -> str:
        raise RuntimeError("even this fails")


def fails(kind: str) -> float:
    match kind:
        case "unpicklable":
            raise Locked
        case "mute":
            raise Mute
        case "surrogate":
            raise ValueError("file \udcff")
        case "endless":
            raise ValueError("x" * 50_000_000)
        case "chained":
            try:
                raise KeyError("first")
            except KeyError as error:
                raise ValueError("second") from error
        case "group":
            raise ExceptionGroup("several", [ValueError("one"), KeyError("two")])
        case "recursion":
            return fails(kind)
    return 1.0


def test_exceptions_of_all_sorts_are_told() -> None:
    sorts = {
        "unpicklable": "Locked",
        "mute": "Mute",
        "surrogate": "ValueError",
        "endless": "ValueError",
        "chained": "ValueError",
        "group": "ExceptionGroup",
        "recursion": "RecursionError",
    }
    study = tune(fails, *sorts, "none", max_attempts=1)
    failures = {trial.config["kind"]: trial.failure for trial in study.history.trials}
    assert failures.pop("none") is None
    assert {kind: failure.kind for kind, failure in failures.items() if failure} == sorts
    assert "KeyError: 'first'" in failures["chained"].traceback  # type: ignore[union-attr]
    assert failures["surrogate"].message == "file \\udcff"  # type: ignore[union-attr]
    assert "raise Mute" in failures["mute"].traceback  # type: ignore[union-attr]
    for failure in failures.values():
        assert failure
        assert len(failure.message) + len(failure.traceback) < 1_000_000
        assert "runner.py" not in failure.traceback


def loud(kind: str, trial: Any) -> float:
    match kind:
        case "much":
            for number in range(100_000):
                print("line", number)
        case "one line":
            print("x" * 50_000_000)
        case "log":
            trial.log("y" * 70_000_000)
        case "past Python":
            for _ in range(1000):
                os.write(1, b"z" * 999 + b"\n")
        case "surrogate":
            print("name \udcff")
        case "bytes":
            os.write(1, "ü".encode()[:1])
            os.write(1, b"\xff\n")
        case "progress":
            for number in range(1000):
                print(f"\r{number}", end="")
    return 1.0


def test_output_of_all_sorts_is_bounded() -> None:
    kinds = ["much", "one line", "log", "past Python", "surrogate", "bytes", "progress"]
    study = tune(loud, *kinds, max_attempts=1)
    for trial in study.history.trials:
        assert trial.state is State.DONE, (trial.config, trial.failure)
        assert 0 < len(output(study, trial.id)) < 300_000, trial.config


def chatty(kind: int, report: Callable[..., None]) -> None:
    print("before", kind, flush=True)
    os.write(1, f"past {kind}\n".encode())
    os.write(2, f"error {kind}\n".encode())
    subprocess.run([sys.executable, "-c", f"print('child {kind}')"], check=True)
    report(float(kind))
    print("after", kind)


def test_output_goes_to_the_trial_that_made_it() -> None:
    study = tune(chatty, *range(6))
    for number in range(6):
        lines = output(study, number).split("\n")
        words = ["before", "past", "error", "child", "after"]
        assert sorted(line for line in lines if line) == sorted(f"{word} {number}" for word in words)


def seen(kind: int, report: Callable[..., None]) -> None:
    names = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "CUDA_VISIBLE_DEVICES")
    print([os.environ.get(name) for name in names])
    report(1.0)
    time.sleep(0.05)


def environments(engine: Local, trials: int) -> set[str]:
    study = run_study(GridSearch(), space=Space(kind=Grid(range(trials))), objective=seen, trials=None, engine=engine)
    return {output(study, trial.id).strip() for trial in study.history.trials}


def test_threads_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        monkeypatch.delenv(name, raising=False)
    assert environments(Local(1), 1) == {str(["1", "1", "1", None])}
    assert environments(Local(1, cpus=2), 1) == {str(["2", "2", "2", None])}
    monkeypatch.setenv("OMP_NUM_THREADS", "8")
    assert environments(Local(1), 1) == {str(["8", "8", "8", None])}, "as it was set here"
    monkeypatch.setenv("MKL_NUM_THREADS", "3")
    assert environments(Local(1), 1) == {str(["8", "3", "8", None])}
    assert environments(Local(1, cpus=2), 1) == {str(["2", "2", "2", None])}, "what is asked for counts more"


def pools(kind: int) -> dict[str, float]:
    import joblib
    import polars as pl
    import sklearn.ensemble  # noqa: F401  loads OpenMP
    import threadpoolctl

    found = threadpoolctl.threadpool_info()
    return {
        "joblib": joblib.cpu_count(),
        "polars": pl.thread_pool_size(),
        "numerical": max(library["num_threads"] for library in found),
    }


@pytest.mark.parametrize("cpus", [1, 2])
def test_pools_of_libraries_have_as_many_threads_as_a_trial_may_use(cpus: int) -> None:
    for name in ("joblib", "polars", "threadpoolctl", "sklearn"):
        pytest.importorskip(name)
    (trial,) = run_study(
        GridSearch(),
        space=Space(kind=Grid(0)),
        objective=pools,
        metric="joblib",
        trials=None,
        engine=Local(1, cpus=cpus),
    ).history.trials
    assert trial.result == {"joblib": cpus, "polars": cpus, "numerical": cpus}


@pytest.mark.parametrize(
    ("workers", "gpus", "shares"),
    [(2, 1, {"3", "GPU-ab"}), (2, 0.5, {"3"}), (1, 2, {"3,GPU-ab"}), (4, 0.5, {"3", "GPU-ab"})],
)
def test_accelerators_are_shared_out(
    monkeypatch: pytest.MonkeyPatch, workers: int, gpus: float, shares: set[str]
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3,GPU-ab")
    assert environments(Local(workers, gpus=gpus), 4 * workers) == {str(["1", "1", "1", share]) for share in shares}


@pytest.mark.parametrize(
    ("cores", "cpus", "gpus", "workers"),
    [
        (16, 1, 1, 3),
        (16, 1, 0.5, 6),
        (16, 1, 1 / 3, 9),
        (16, 1, 2, 1),
        (16, 1, 3, 1),
        (16, 1, 0, 16),
        (2, 1, 1, 2),
        (4, 2, 0.5, 2),
        (1, 4, 1, 1),
    ],
)
def test_without_a_number_there_are_as_many_workers_as_cores_and_accelerators_allow(
    monkeypatch: pytest.MonkeyPatch, cores: int, cpus: int, gpus: float, workers: int
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1,2")
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: set(range(cores)), raising=False)
    assert Local(cpus=cpus, gpus=gpus).capacity == workers


@pytest.mark.parametrize(("workers", "gpus"), [(3, 1), (1, 3), (5, 0.5), (1, -1), (1, 0.3), (1, 1.5), (None, 3)])
def test_accelerators_that_are_not_there(monkeypatch: pytest.MonkeyPatch, workers: int | None, gpus: float) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3,GPU-ab")
    with pytest.raises(UsageError, match="gpus="):
        Local(workers, gpus=gpus)


def test_a_machine_without_accelerators(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    for workers in (None, 1):
        with pytest.raises(UsageError, match=r"gpus=0.5: this machine shows no GPU: .* CUDA_VISIBLE_DEVICES"):
            Local(workers, gpus=0.5)


@pytest.mark.parametrize("wrong", [{"workers": 0}, {"workers": 1.5}, {"cpus": 0}, {"cpus": 0.5}], ids=repr)
def test_settings_that_make_no_sense(wrong: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match=r"whole number"):
        Local(**wrong)


def test_lambdas_and_closures() -> None:
    offset = 5.0
    assert one(lambda kind: kind + offset, 1.0).value == 6.0

    def outer(kind: float) -> float:
        return inner(kind) + offset

    def inner(kind: float) -> float:
        return 2 * kind

    assert one(outer, 1.0).value == 7.0


def test_what_cannot_be_sent_is_said_before_anything_starts() -> None:
    lock = threading.Lock()
    engine = Local(1)
    with pytest.raises(ObjectiveError, match="can't be pickled"):
        run_study(GridSearch(), space=Space(kind=Grid(1)), objective=lambda kind: bool(lock), engine=engine)
    engine.close()


class Unloadable:
    """Arrives as something that raises."""

    def __call__(self, kind: int) -> float:
        return 1.0

    def __reduce__(self) -> Any:
        return int, ("not a number",)


def test_what_cannot_be_loaded_is_told_with_its_traceback() -> None:
    with pytest.raises(ObjectiveError, match="can't be loaded in a worker: ValueError: invalid literal"):
        one(Unloadable())


class Deadly:
    """Kills who loads it."""

    def __call__(self, kind: int) -> float:
        return 1.0

    def __reduce__(self) -> Any:
        return os._exit, (7,)


def test_workers_that_never_get_ready_are_given_up() -> None:
    with pytest.raises(EngineError, match=r"died 3 times before it was ready: .* exited with code 7"):
        one(Deadly())


class Unlucky:
    """An objective that only the first process can load; it kills the others."""

    def __init__(self, mark: str) -> None:
        self.mark = mark

    def __call__(self, kind: int) -> float:
        time.sleep(0.2)
        return float(kind)

    def __reduce__(self) -> Any:
        return _first_alone, (self.mark,)


def _first_alone(mark: str) -> Unlucky:
    try:
        Path(mark).mkdir()
    except FileExistsError:
        os._exit(5)
    return Unlucky(mark)


def test_one_worker_that_never_gets_ready_costs_only_itself(tmp_path: Path) -> None:
    with pytest.warns(RuntimeWarning, match=r"there are 1 workers left: worker local-. died 3 times before it was rea"):
        study = tune(Unlucky(str(tmp_path / "first")), *range(40))
    assert [trial.state for trial in study.history.trials] == [State.DONE] * 40


def test_one_study_at_a_time() -> None:
    from trimma.program import Program

    engine = Local(1)
    program = Program(objective=faulty, metric="score")
    engine.open(program)
    try:
        with pytest.raises(EngineError, match="engine of its own"):
            engine.open(program)
    finally:
        engine.close()


def slow(kind: int) -> Iterator[float]:
    for step in range(1, 31):
        time.sleep(0.001 if step > 1 else 0.01)
        yield kind + 1 / step


def test_asha_on_real_processes() -> None:
    study = tune(slow, *range(24), scheduler=Asha(max_steps=27), workers=3)
    counts = study.history.counts
    assert counts[State.DONE] + counts[State.STOPPED] == 24
    assert counts[State.STOPPED] > 8
    for trial in study.history.trials:
        if trial.state is State.STOPPED:
            assert trial.curve.steps[-1] in (1, 3, 9), "it stopped at the rung at which it was judged"


def tidy(kind: str, report: Callable[..., None]) -> None:
    try:
        report(1.0)
        time.sleep(60)
    finally:
        Path(kind).write_text("tidied up")


def test_closing_runs_finally_blocks(tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    running = iter(range(10_000))
    study = tune(tidy, str(marker), workers=1, requests=lambda: [EndStudy()] if study_has_begun(running) else [])
    assert study.history.closed.outcome is Outcome.INTERRUPTED  # type: ignore[union-attr]
    assert marker.read_text() == "tidied up"


def study_has_begun(polls: Iterator[int]) -> bool:
    # a poll takes at most a quarter of a second: by the eighth the trial has begun, or the test is told nothing
    return next(polls) >= 8


DRIVER = """
import ctypes, os, re, subprocess, sys, time
from pathlib import Path
from trimma.engines import Local
from trimma.commands import Job, Start
from trimma.facts import Joined
from trimma.program import Program
from trimma.requests import EndStudy
from trimma.requests import EndStudy

def objective(how, report):
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    path = Path({folder!r}) / "pids"
    path.with_suffix(".new").write_text(f"{{os.getpid()}} {{child.pid}}")
    path.with_suffix(".new").rename(path)
    if how == "sleep":
        time.sleep(600)
    elif how == "spin":
        while True:
            pass
    elif how == "lock":
        ctypes.PyDLL(None).sleep(600)
    elif how == "regex":
        re.match("(a+)+$", "a" * 60 + "b")

engine = Local(1)
engine.open(Program(objective=objective, metric="m"))
while not any(isinstance(fact, Joined) for fact in engine.poll(1)):
    pass
engine.carry_out(Start(job=Job(trial=0, attempt=1, workers=("local-0",), config={{"how": {how!r}}})))
while True:
    engine.poll(1)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a process that holds the interpreter lock lives on")
@pytest.mark.parametrize("how", ["sleep", "spin", "lock", "regex"])
def test_runners_die_with_a_driver_that_is_killed(tmp_path: Path, how: str) -> None:
    script = DRIVER.format(folder=str(tmp_path), how=how)
    driver = subprocess.Popen([sys.executable, "-c", script])
    pids = tmp_path / "pids"
    try:
        wait_until(pids.exists)
        runner, child = map(int, pids.read_text().split())
        assert is_running(runner)
    finally:
        driver.kill()
        driver.wait(20)
    try:
        wait_until(lambda: not is_running(runner) and not is_running(child), 10)
    finally:
        for pid in (runner, child):
            if is_running(pid):
                os.kill(pid, signal.SIGKILL)


def test_a_thread_may_run_a_study() -> None:
    done: list[StudyRun] = []
    thread = threading.Thread(target=lambda: done.append(tune(chatty, *range(3))))
    thread.start()
    thread.join(30)
    assert len(done[0].history.ended) == 3


def test_the_cause_of_a_death_holds_its_last_words() -> None:
    trial = one(dies_speaking, max_attempts=1)
    assert trial.failure
    assert re.search(r"exited with code 5; its last words: .*the disk is full", trial.failure.message, re.DOTALL)


def dies_speaking(kind: int) -> float:
    os.write(2, b"the disk is full\n")
    os._exit(5)


def forks(kind: int, report: Callable[..., None]) -> None:
    pid = os.fork()
    if pid == 0:
        print("the child speaks")
        os._exit(0)
    os.waitpid(pid, 0)
    report(1.0)
    print("the parent speaks")


def test_a_forked_child_may_print() -> None:
    said = output(tune(forks, 0))
    assert said.count("the child speaks") == said.count("the parent speaks") == 1


def threads(kind: int, report: Callable[..., None]) -> None:
    def work(place: int) -> None:
        for _ in range(50):
            print("thread", place)

    workers = [threading.Thread(target=work, args=(place,)) for place in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    report(1.0)


def test_threads_may_print() -> None:
    assert output(tune(threads, 0)).count("thread") == 200


def stops(kind: int, report: Callable[..., None]) -> None:
    from trimma.objective import StopTrial

    report(1.0)
    raise StopTrial


def test_an_objective_may_stop_itself() -> None:
    trial = one(stops)
    assert (trial.state, trial.value) == (State.STOPPED, 1.0)


def big(kind: int) -> float:
    return float(kind % 7)


@pytest.mark.parametrize("number", [2**63, 2**64 - 1, -(2**63)])
def test_large_whole_numbers_arrive(number: int) -> None:
    assert one(big, number).value == number % 7


@pytest.mark.parametrize("number", [2**64, 10**30, -(2**63) - 1])
def test_larger_ones_are_refused_by_the_space(number: int) -> None:
    with pytest.raises(SpaceError, match="more than 64 bits"):
        Space(kind=number)
    assert Space(kind=Float(0, number) if number > 0 else Float(number, 0))


_TRAP = "import os\nopen(os.path.join({folder!r}, 'was-run-' + __name__), 'w').close()\nraise SystemExit(9)\n"
_STUDY = """\
import trimma as tm
space, settings = {"x": tm.Float(0, 1)}, {"trials": 2, "workers": 1, "store": "memory", "progress": False}
study = tm.tune(lambda x: x, space, minimize="loss", **settings)
assert study.status == "finished"
"""


def test_modules_in_the_current_folder_are_not_run(tmp_path: Path) -> None:
    here, elsewhere = tmp_path / "here", tmp_path / "elsewhere"
    here.mkdir()
    elsewhere.mkdir()
    for name in ("json", "re", "enum", "socket", "signal", "msgspec", "numpy", "trimma", "random", "sitecustomize"):
        (here / f"{name}.py").write_text(_TRAP.format(folder=str(tmp_path)))
    script = elsewhere / "script.py"
    script.write_text(_STUDY)
    command = str(Path(sys.executable).with_name("trimma"))
    for program in ([sys.executable, str(script)], [command, "doctor"]):
        subprocess.run(program, cwd=here, check=True, timeout=50, stdout=subprocess.DEVNULL)
    assert not list(tmp_path.glob("was-run-*"))
