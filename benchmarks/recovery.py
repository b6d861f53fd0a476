"""How soon does work go on after something was killed?

Everything is killed by SIGKILL while a trial runs, and what is timed ends when an objective begins again.

* **A runner**, on the local engine and on Spark, one worker each: from the kill until the next attempt of its trial
  begins in the same slot. The trials kill their own process.
* **An executor** of Spark (``local-cluster`` with one executor, a JVM of its own): from the kill until the trial begins
  again on the executor that takes its place. The peer is Spark itself: the same for the task of a plain job, on the
  same session, in turns. What counts is how much longer ours takes. Spark starts the new executor; until it is there,
  nobody could do anything.
* **The driver** of a study on the local engine: from the start of the new driver until the first trial of the resumed
  study begins. The new driver is started as soon as the old one is dead. The peer is a process that does nothing but
  import the same modules. Again the difference counts.
"""

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

from harness import OURS, Claim, Goal, Report, in_turns, main, run_part, versions
from sessions import spark

LOCAL = "local engine"
SPARK = "Spark"
PLAIN = "the task of a plain job"
IMPORTS = "Python with the same imports"
PATIENCE = 60.0


def stamps(path: Path) -> list[list[Any]]:
    """What was noted in a file, line by line."""
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def note(path: Path, *what: Any) -> None:
    """Add a line that begins with the moment; the clock is the same in all processes of a machine."""
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(file, json.dumps([time.monotonic(), *what]).encode() + b"\n")
    os.close(file)


def until(found: Callable[[], Any]) -> Any:
    """What ``found`` returns, as soon as it returns something."""
    deadline = time.monotonic() + PATIENCE
    while not (it := found()):
        if time.monotonic() > deadline:
            raise RuntimeError(f"nothing happened for {PATIENCE:g} s")
        time.sleep(0.005)
    return it


def tune(objective: Callable[..., Any], folder: str, engine: Any, **more: Any) -> Any:
    """A study with its events in a file."""
    import trimma as tm

    return tm.tune(
        objective, tm.Space(a=tm.Float(0, 1)), minimize="loss", engine=engine, store=Path(folder) / "studies.db",
        searcher="random", seed=1, progress=False, **more,
    )  # fmt: skip


# a runner


def runner_killed(where: str, kills: int) -> list[float]:
    """The seconds from the end of each runner until the trial begins again."""
    import trimma as tm

    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        path = Path(folder) / "stamps"

        def objective(a: float, trial: Any) -> float:
            note(path, trial.id, trial.attempt)
            if trial.attempt == 1:
                time.sleep(0.1)
                note(path, trial.id, 0)
                os.kill(os.getpid(), 9)
            return a

        if where == LOCAL:
            tune(objective, folder, tm.Local(1), trials=kills)
        else:
            with spark(1) as session:
                tune(objective, folder, tm.Spark(session, workers=1), trials=kills)
        moments = {(trial, attempt): moment for moment, trial, attempt in stamps(path)}
    return [moments[trial, 2] - moments[trial, 0] for trial in range(kills)]


# an executor


def executor_killed(rounds: int) -> dict[str, list[float]]:
    """The seconds from the end of an executor until there is work on the next, for ours and for a plain job."""
    import trimma as tm

    with (
        spark(1, warm=1, master="local-cluster[1,1,1024]") as session,
        tempfile.TemporaryDirectory(prefix="bench-") as folder,
    ):
        jvm = session.sparkContext._gateway.proc.pid

        def ours(name: str) -> float:
            path, ends = Path(folder) / name, Path(folder) / f"{name}-ends"

            def objective(a: float) -> float:
                note(path)
                until(ends.exists)
                return a

            engine = tm.Spark(session, workers=1)
            return killed(jvm, path, ends, partial(tune, objective, folder, engine, name=name, trials=1))

        def plain(name: str) -> float:
            path, ends = Path(folder) / name, Path(folder) / f"{name}-ends"

            def task(number: int) -> int:
                note(path)
                until(ends.exists)
                return number

            return killed(jvm, path, ends, session.sparkContext.parallelize([0], 1).map(task).collect)

        names = iter(map(str, range(2 * rounds)))
        found, _ = in_turns(rounds, {OURS: lambda: ours(next(names)), PLAIN: lambda: plain(next(names))})
    return found


def killed(jvm: int, path: Path, ends: Path, work: Callable[[], Any]) -> float:
    """Kill the executor under ``work``, and return the seconds until it has begun again."""
    moments: list[float] = []

    def meddle() -> None:
        until(lambda: stamps(path))
        (executor,) = executors(jvm)
        moments.append(time.monotonic())
        os.kill(executor, 9)
        moments.append(until(lambda: stamps(path)[1:])[0][0])
        ends.touch()

    meddler = threading.Thread(target=meddle, daemon=True)
    meddler.start()
    work()
    meddler.join()
    begin, end = moments
    return end - begin


def executors(jvm: int) -> list[int]:
    """The executors that a driver's JVM has started."""
    listed = subprocess.run(["ps", "-eo", "pid,ppid,args"], capture_output=True, text=True, check=True).stdout
    rows = [line.split(None, 2) for line in listed.splitlines()[1:]]
    return [int(pid) for pid, parent, text in rows if int(parent) == jvm and "CoarseGrainedExecutorBackend" in text]


# the driver


def driver_killed(modules: str = "") -> float:
    """The seconds from the start of a driver that resumes a killed study until its first trial begins."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        path = Path(folder) / "stamps"
        first = driver("begin", folder)
        until(lambda: len(stamps(path)) >= 3)
        first.kill()
        first.wait()
        before = len(stamps(path))
        called = time.monotonic()
        second = driver("resume", folder, modules)
        began = until(lambda: stamps(path)[before:])[0][0]
        if second.wait(PATIENCE):
            raise RuntimeError("the resumed study has failed")
    return float(began - called)


def driver(what: str, folder: str, *more: str) -> "subprocess.Popen[bytes]":
    """A process that runs a function of this file."""
    return subprocess.Popen([sys.executable, __file__, what, folder, *more])


def begin(folder: str) -> None:
    """A study, which somebody will kill."""
    path = Path(folder) / "stamps"

    def objective(a: float) -> float:
        note(path)
        time.sleep(0.2)
        return a

    tune(objective, folder, "local", workers=1, name="killed", trials=8)


def resume(folder: str, modules: str = "") -> None:
    """Go on with that study. ``modules`` is a file in which to note what was imported."""
    import trimma as tm

    tm.load("killed", store=Path(folder) / "studies.db").resume(workers=1, progress=False)
    if modules:
        found = [name for name, module in sys.modules.items() if getattr(module, "__spec__", None) is not None]
        Path(modules).write_text(json.dumps(found))


def imports(modules: str) -> float:
    """The seconds that it takes Python to start, and to import what a resumed study does."""
    called = time.monotonic()
    ended = subprocess.run([sys.executable, __file__, "load", modules], stdout=subprocess.PIPE, text=True, check=True)
    return float(ended.stdout) - called


def load(modules: str) -> None:
    """Import the modules that a file names, and tell when that is done."""
    for name in json.loads(Path(modules).read_text()):
        import_module(name)
    print(time.monotonic())


ROLES = {function.__name__: function for function in (begin, resume, load)}
PARTS = {function.__name__: function for function in (runner_killed, executor_killed)}
part = partial(run_part, __file__)


def measure(quick: bool) -> Report:
    """Kill all of it, again and again."""
    kills, rounds = (8, 2) if quick else (30, 10)
    runners = {where: part("runner_killed", where=where, kills=kills) for where in (LOCAL, SPARK)}
    executor = part("executor_killed", rounds=1 if quick else 5)
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        modules = str(Path(folder) / "modules")
        driver_killed(modules)
        drivers, _ = in_turns(rounds, {OURS: driver_killed, IMPORTS: partial(imports, modules)})
    claims = [
        *(claim for where, each in runners.items() for claim in _median_and_most(where, each)),
        *_beyond("an executor killed until its trial begins again", executor[OURS], PLAIN, executor[PLAIN], 5),
        *_beyond("a driver started again until its first trial", drivers[OURS], IMPORTS, drivers[IMPORTS], 1),
    ]
    settings = {
        "kills": kills,
        "rounds": rounds,
        "versions": versions("trimma", "pyspark", "pyzmq"),
    }
    return Report(claims=claims, settings=settings)


def _median_and_most(where: str, seconds: list[float]) -> Iterator[Claim]:
    what, goal = f"a runner killed until its slot is busy again, {where}", Goal(bound=0.5, at="below")
    yield Claim(what=f"{what}, median", unit="s", ours=seconds, goal=goal)
    yield Claim(what=f"{what}, maximum", unit="s", ours=[max(seconds)], goal=goal)


def _beyond(what: str, ours: list[float], peer: str, theirs: list[float], bound: float) -> Iterator[Claim]:
    more = [mine - other for mine, other in zip(ours, theirs, strict=True)]
    goal = Goal(bound=bound, at="below")
    yield Claim(what=what, unit="s", ours=ours, peer=peer, theirs=theirs)
    yield Claim(what=f"{what}, beyond {peer}, median", unit="s", ours=more, goal=goal)
    yield Claim(what=f"{what}, beyond {peer}, maximum", unit="s", ours=[max(more)], goal=goal)


if __name__ == "__main__":
    if sys.argv[1:] and sys.argv[1] in ROLES:
        ROLES[sys.argv[1]](*sys.argv[2:])
    else:
        main(__file__, measure, PARTS)
