"""What a trial has started ends with its runner, also what has left its session or was orphaned."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import trimma as tm
from trimma.testing.engines import is_running, wait_until

ESCAPES = pytest.mark.parametrize(
    "how",
    [
        "stays",
        pytest.param("new session", marks=pytest.mark.skipif(sys.platform != "linux", reason="needs a subreaper")),
        pytest.param("clan", marks=pytest.mark.skipif(sys.platform != "linux", reason="needs a subreaper")),
    ],
)
ENDS = pytest.mark.parametrize("end", ["returns", "crashes", "kills its group"])


def start(how: str, folder: Path) -> None:
    """Start a process, or several, that heed no signal but SIGKILL, and tell their numbers by files."""
    code = """
import os, pathlib, signal, sys, time
for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
    signal.signal(number, signal.SIG_IGN)
how, folder = sys.argv[1:]
if how != "stays":
    os.setsid()
if how == "clan" and os.fork():
    os._exit(0)
if how == "clan":
    os.setsid()
    os.fork()
    os.fork()
pathlib.Path(folder, f"draft-{os.getpid()}").write_text(str(os.getpid()))
pathlib.Path(folder, f"draft-{os.getpid()}").rename(pathlib.Path(folder, str(os.getpid())))
time.sleep(600)
"""
    subprocess.Popen([sys.executable, "-c", code, how, str(folder)])
    many = 4 if how == "clan" else 1
    while sum(path.name.isdecimal() for path in folder.iterdir()) < many:
        time.sleep(0.01)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    found = tmp_path / "pids"
    found.mkdir()
    yield found
    for pid in started(found):
        if is_running(pid):
            os.kill(pid, signal.SIGKILL)


def started(folder: Path) -> list[int]:
    return [int(path.name) for path in folder.iterdir() if path.name.isdecimal()]


@ESCAPES
@ENDS
def test_it_ends_with_its_runner(folder: Path, how: str, end: str) -> None:
    def fit(x: float, trial: Any) -> float:
        if x == 2:
            return x
        start(how, folder)
        match end:
            case "crashes":
                os.kill(os.getpid(), signal.SIGSEGV)
            case "kills its group":
                os.killpg(0, signal.SIGKILL)
        return x

    study = tm.tune(
        fit,
        {"x": tm.Grid(1.0, 2.0)},
        minimize="x",
        engine=tm.Local(1),
        max_attempts=1,
        failures="skip",
        store="memory",
        progress=False,
    )
    assert study.history.counts["done"] == (2 if end == "returns" else 1)
    told = {"returns": "None", "crashes": "SIGSEGV", "kills its group": "SIGKILL"}[end]
    assert told in str(study.trials[0].failure)
    assert started(folder)
    wait_until(lambda: not any(map(is_running, started(folder))))


@ESCAPES
def test_it_ends_with_a_trial_that_is_killed(folder: Path, how: str) -> None:
    def fit(x: float) -> float:
        if x == 1:
            start(how, folder)
            time.sleep(600)
        return x

    study = tm.tune(
        fit,
        {"x": tm.Grid(1.0, 2.0)},
        minimize="x",
        engine=tm.Local(1),
        trial_timeout=3.0,
        failures="skip",
        store="memory",
        progress=False,
    )
    assert study.history.counts["failed"] == 1
    assert started(folder)
    wait_until(lambda: not any(map(is_running, started(folder))))


DRIVER = """
import sys, time
import trimma as tm
sys.path.insert(0, {tests!r})
from test_orphan_guard import start
from pathlib import Path

def fit(x):
    start({how!r}, Path({folder!r}))
    Path({folder!r}, "begun").touch()
    time.sleep(600)

tm.tune(fit, {{"x": tm.Grid(1.0)}}, minimize="x", engine=tm.Local(1), store="memory", progress=False)
"""


@ESCAPES
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_it_ends_with_a_driver_that_is_ended(folder: Path, how: str, number: signal.Signals) -> None:
    script = DRIVER.format(tests=str(Path(__file__).parent), how=how, folder=str(folder))
    with subprocess.Popen([sys.executable, "-c", script]) as driver:
        wait_until((folder / "begun").exists)
        assert all(map(is_running, started(folder)))
        driver.send_signal(number)
    wait_until(lambda: not any(map(is_running, started(folder))))


def test_an_objective_meets_no_process_that_it_hasn_t_started() -> None:
    def fit(x: float) -> float:
        with pytest.raises(ChildProcessError):
            os.wait()
        return x

    study = tm.tune(fit, {"x": tm.Grid(1.0)}, minimize="x", engine=tm.Local(1), store="memory", progress=False)
    assert study.best.value == 1.0


def test_orphans_that_end_by_themselves_leave_nothing() -> None:
    """The guard, which adopts them, collects their ends."""

    def fit(x: float) -> float:
        for _ in range(20):
            subprocess.run([sys.executable, "-c", "import os; os.fork() or os.setsid()"], check=True)
        guard = os.getppid()
        children = Path(f"/proc/{guard}/task/{guard}/children")
        while children.exists() and children.read_text().split() != [str(os.getpid())]:
            time.sleep(0.01)
        return x

    study = tm.tune(fit, {"x": tm.Grid(1.0)}, minimize="x", engine=tm.Local(1), store="memory", progress=False)
    assert study.best.value == 1.0
