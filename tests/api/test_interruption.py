"""A study whose driver is interrupted or killed: nothing is lost, nothing is left over, and it goes on."""

import fcntl
import os
import signal
import subprocess
import sys
import termios
import time
from array import array
from contextlib import contextmanager
from pathlib import Path

import pytest

import trimma as tm
from trimma.api.observers import FLUSH_SECONDS
from trimma.errors import StudyBusy

# run as __main__, so that the stored program holds a function of a script
SCRIPT = """
import sys, time
import trimma as tm

def fit(lr, trial, report):
    for step in range(4):
        time.sleep(0.02)
        report(loss=lr / (step + 1))
    if trial.id == {hang_at}:
        with open({marker!r}, "w") as file:
            file.write(str(__import__("os").getpid()))
        try:
            time.sleep(600)
        finally:
            open({marker!r} + ".cleaned", "w").close()

tm.tune(fit, tm.Space(lr=tm.Float(0, 1)), minimize="loss", trials=12, seed=5, workers=2, name="study", store={store!r})
"""


class Driver:
    """A script that tunes in a process of its own, and hangs in one trial until it is ended."""

    def __init__(self, folder: Path, hang_at: int = 5):
        self.store, self.marker, self.folder = folder / "s.db", folder / "marker", folder
        script = folder / "script.py"
        script.write_text(SCRIPT.format(hang_at=hang_at, marker=str(self.marker), store=str(self.store)))
        self.process = subprocess.Popen(
            [sys.executable, str(script)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def __enter__(self):
        return self

    def __exit__(self, *error):
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.communicate()

    def wait_until_hanging(self) -> int:
        """Wait until only the hanging trial is left; the id of its runner's process."""
        until(lambda: self.marker.exists() and self.marker.read_text())
        until(lambda: len(tm.load("study", self.store).history.ended) == 11)
        return int(self.marker.read_text())


def until(condition, seconds=30.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.01)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # a zombie that nobody has reaped yet runs no more
    stat = Path(f"/proc/{pid}/stat")
    return not (stat.exists() and stat.read_text().rpartition(")")[2].split()[0] == "Z")


def test_a_killed_driver_loses_only_what_was_in_flight_and_leaves_no_runner(tmp_path):
    with Driver(tmp_path) as driver:
        runner = driver.wait_until_hanging()
        before = tm.load("study", driver.store)
        assert before.status == "running"
        driver.process.kill()
        driver.process.wait()
        until(lambda: not alive(runner))
        assert before.status == "lost"
    study = tm.load("study", driver.store).resume(
        objective=lambda lr, report: report(loss=lr), workers=2, progress=False
    )
    assert study.status == "finished"
    assert len(study.trials) == 12
    assert study.history.counts["done"] == 12
    assert [trial.attempt for trial in study.trials] == [2 if trial.id == 5 else 1 for trial in study.trials]
    assert study.trials[5].crashes == 0, "the driver's death is not the trial's doing"


def test_ctrl_c_once_stops_the_workers_keeps_everything_and_says_how_to_resume(tmp_path):
    with Driver(tmp_path) as driver:
        runner = driver.wait_until_hanging()
        driver.process.send_signal(signal.SIGINT)
        _, said = driver.process.communicate(timeout=20)
    assert driver.process.returncode in (-signal.SIGINT, 130)
    assert "everything is kept" in said
    last = said.rstrip().splitlines()[-1]
    assert f"to go on: tm.load('study', store={str(driver.store)!r}).resume(), or: " in last, "no traceback follows"
    assert last.endswith(f" resume study --store {driver.store}")
    assert not alive(runner)
    assert Path(f"{driver.marker}.cleaned").exists(), "the objective's finally block ran"
    study = tm.load("study", driver.store)
    assert study.status == "interrupted"
    assert len(study.history.ended) == 11
    study.resume(objective=lambda lr, report: report(loss=lr), workers=1, progress=False)
    assert study.history.counts["done"] == 12


def test_a_second_process_that_would_write_is_refused_and_told_who_writes(tmp_path):
    with Driver(tmp_path) as driver:
        driver.wait_until_hanging()
        study = tm.load("study", driver.store)
        with pytest.raises(StudyBusy, match=rf"'study' is being written by process {driver.process.pid} on "):
            study.resume(engine=tm.Simulated(1))
        for writes in (lambda: study.resume(engine=tm.Simulated(1)), lambda: tm.delete("study", driver.store)):
            with pytest.raises(StudyBusy) as busy:
                writes()
            assert str(busy.value).endswith(f"; tm.load('study', store={str(driver.store)!r}) reads it meanwhile")
        assert study.best.value is not None, "reading goes on meanwhile"


def test_ctrl_c_twice_ends_at_once(tmp_path):
    stubborn = SCRIPT.replace(
        "        try:", "        import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n        try:"
    )
    script = tmp_path / "script.py"
    script.write_text(stubborn.format(hang_at=0, marker=str(tmp_path / "marker"), store=str(tmp_path / "s.db")))
    process = subprocess.Popen([sys.executable, str(script)], stderr=subprocess.PIPE, text=True, start_new_session=True)
    try:
        until((tmp_path / "marker").exists)
        until(lambda: (tmp_path / "marker").read_text())
        process.send_signal(signal.SIGINT)
        until(lambda: tm.load("study", tmp_path / "s.db").status in ("interrupted", "lost"))
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)
        assert time.monotonic() - began < 2.5, "it did not wait for the grace that a stop gives"
        until(lambda: not alive(int((tmp_path / "marker").read_text())))
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()


OBSERVED = """
import sys, threading, time
import trimma as tm

def fit(lr, report):
    report(loss=lr)
    open({folder!r} + "/running", "w").close()
    time.sleep(600)

def write(events, history, now):
    with open({folder!r} + "/events", "a") as file:
        for event in events:
            print(type(event).__name__, file=file)

def never(events, history, now):
    threading.Event().wait()

tm.tune(fit, tm.Space(lr=tm.Float(0, 1)), minimize="loss", trials=4, workers=1, name="study",
        store={folder!r} + "/s.db", progress=False, observers=[{observers}])
"""


@contextmanager
def interrupted(folder, observers):
    """A script whose study has been interrupted while a trial hung, and is closed."""
    script = folder / "script.py"
    script.write_text(OBSERVED.format(folder=str(folder), observers=observers))
    process = subprocess.Popen([sys.executable, str(script)], stderr=subprocess.PIPE, text=True, start_new_session=True)
    try:
        until((folder / "running").exists)
        process.send_signal(signal.SIGINT)
        until(lambda: tm.load("study", folder / "s.db").status == "interrupted")
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def test_ctrl_c_once_lets_observers_know_everything(tmp_path):
    with interrupted(tmp_path, "write") as process:
        _, said = process.communicate(timeout=20)
    assert f"to go on: tm.load('study', store={str(tmp_path / 's.db')!r}).resume()" in said
    written = (tmp_path / "events").read_text().split()
    assert written == [type(event).__name__ for event in tm.SQLiteStore(tmp_path / "s.db").read("study")]
    assert written[-1] == "StudyClosed"


def test_ctrl_c_twice_does_not_wait_for_observers(tmp_path):
    with interrupted(tmp_path, "never, write") as process:
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)
        assert time.monotonic() - began < FLUSH_SECONDS / 3
    assert process.returncode in (-signal.SIGINT, 130)


WRITING = """
import sys
from trimma.api.stop_signals import StopSignals

with StopSignals() as signalled:
    for _ in range(4000):
        sys.stderr.write("x" * 50 + "\\n")
    assert signalled()
    signalled.tell()
    signalled.tell()
"""


def test_ctrl_c_may_come_in_the_middle_of_what_is_written_to_standard_error():
    # with a buffer, as it is by default
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    script = subprocess.Popen([sys.executable, "-c", WRITING], stderr=subprocess.PIPE, env=environment)
    waiting = array("i", [0])

    def is_full() -> bool:
        before = waiting[0]
        fcntl.ioctl(script.stderr, termios.FIONREAD, waiting)
        return before == waiting[0] > 60_000

    until(is_full)
    script.send_signal(signal.SIGINT)
    said = script.communicate(timeout=30)[1].decode()
    assert script.returncode == 0, said[-2000:]
    assert said.count("stopping the workers; everything is kept") == 1
