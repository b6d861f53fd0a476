"""An agent with a real runner: what it tells, and what it must not."""

import gc
import os
import select
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from trimma.commands import Job, Signal
from trimma.facts import Joined, Left, Printed, Returned
from trimma.program import Program
from trimma.worker import bundle
from trimma.worker.keeper import Keeper


class Slot:
    """One agent, and what its owner does for it."""

    def __init__(self, folder, objective):
        program = bundle.write(Program(objective=objective, metric="loss"), folder / "program").path
        self.file = program.open("rb")
        self.dead = threading.Event()
        self.keeper = Keeper("w", self.file.fileno(), os.environ, lambda keeper: self.dead.set(), 2**30)
        self.until(Joined)

    def wait(self):
        select.select(self.keeper.descriptors, [], [], 20)

    def until(self, kind):
        """The facts up to the first of a kind."""
        facts = []
        while not any(isinstance(fact, kind) for fact in facts):
            self.wait()
            facts += self.keeper.read()
        return facts

    def start(self, trial=0, **config):
        self.keeper.start(Job(trial=trial, attempt=1, workers=("w",), config=config))


@pytest.fixture
def slot(tmp_path):
    slots = []

    def make(objective):
        slots.append(Slot(tmp_path, objective))
        return slots[-1]

    yield make
    for one in slots:
        one.keeper.kill()
        assert one.keeper.wait(20)
        one.file.close()


def test_what_an_attempt_manages_to_say_after_its_kill_counts_for_nothing(slot):
    one = slot(lambda: {"loss": 1.0})
    one.start()
    one.wait()  # its result has arrived, and is not read yet
    one.keeper.signal(0, 1, Signal.KILL)
    assert one.dead.wait(20)
    assert one.keeper.read() == []
    (left,) = one.keeper.collect_exit()
    assert left == Left(worker="w", cause=left.cause, stay=1)
    assert "SIGKILL" in left.cause


def test_a_signal_for_another_attempt_does_nothing(slot):
    one = slot(lambda: {"loss": 1.0})
    one.start()
    one.keeper.signal(0, 2, Signal.KILL)
    one.keeper.signal(1, 1, Signal.STOP)
    assert any(isinstance(fact, Returned) for fact in one.until(Returned))


def test_a_flood_past_python_is_cut(slot):
    def flood():
        for _ in range(64):
            os.write(1, b"x" * 65536)
        return {"loss": 1.0}

    one = slot(flood)
    one.start()
    facts = one.until(Returned)
    printed = sum(len(fact.text) for fact in facts if isinstance(fact, Printed))
    assert 0 < printed <= 2 * 65536


@pytest.mark.parametrize(
    "garbage",
    [
        b"\xff" * 64,
        struct.pack("!I", 5) + b"\x81\xa3a\xed\xa0",
        struct.pack("!I", 40_009) + b"\x82\xa4type\xa1x" + b"\x91" * 40_000 + b"\x01",
    ],
    ids=["no message", "no UTF-8", "nested deeply"],
)
def test_one_that_garbles_its_connection_costs_only_its_attempt(slot, garbage):
    def garble():
        import socket

        for descriptor in range(3, 4096):  # as high as a crowded test process had it
            try:
                end = socket.socket(fileno=descriptor)
                end.send(garbage)
                end.detach()
            except OSError:
                continue
        import time

        time.sleep(60)

    one = slot(garble)
    one.start()
    while len(one.keeper.descriptors) == 2:
        one.wait()
        one.keeper.read()
    assert one.dead.wait(20)
    (left,) = one.keeper.collect_exit()
    assert "can't be read" in left.cause


def test_a_runner_that_is_restarted_runs_the_next_trial(slot):
    one = slot(lambda trial: os._exit(4) if trial.id == 0 else 1.0)
    one.start(trial=0)
    assert one.dead.wait(20)
    (left,) = one.keeper.collect_exit()
    assert "exited with code 4" in left.cause
    one.dead.clear()
    one.keeper.restart()
    one.until(Joined)
    one.start(trial=1)
    (end,) = [fact for fact in one.until(Returned) if isinstance(fact, Returned)]
    assert (end.trial, end.attempt, end.metrics) == (1, 1, {"loss": 1.0})


def test_a_renewed_runner_ends_in_good_order_and_isnt_told(slot, tmp_path):
    said = tmp_path / "said"

    def fit():
        import atexit

        atexit.register(said.touch)
        return float(os.getpid())

    one = slot(fit)
    one.keeper.renew()  # it is fresh, so there is nothing to renew
    first = one.keeper.pid
    one.start()
    one.until(Returned)
    one.keeper.renew()
    assert one.dead.wait(20)
    assert one.keeper.collect_exit() == []
    assert said.exists(), "what was registered for its exit has run"
    one.dead.clear()
    one.keeper.restart()
    one.until(Joined)
    assert one.keeper.pid != first
    one.start(trial=1)
    assert any(isinstance(fact, Returned) for fact in one.until(Returned))


def test_a_runner_that_hangs_when_it_is_renewed_is_killed(slot):
    def fit():
        import atexit
        import time

        atexit.register(time.sleep, 600)
        return 1.0

    one = slot(fit)
    one.start()
    one.until(Returned)
    one.keeper.renew()
    assert one.dead.wait(20)
    assert one.keeper.collect_exit() == []


def test_one_that_dies_just_before_it_is_renewed_is_renewed_all_the_same(slot):
    one = slot(lambda: 1.0)
    one.start()
    one.until(Returned)
    one.keeper.kill()
    assert one.dead.wait(20)
    one.keeper.renew()
    assert one.keeper.collect_exit() == []
    one.dead.clear()
    one.keeper.restart()
    one.until(Joined)


def test_a_runner_that_still_starts_is_dismissed_at_once(tmp_path):
    class Slow:
        def __reduce__(self):
            return time.sleep, (600,)

    program = bundle.write(Program(objective=lambda data: 1.0, metric="loss", data=Slow()), tmp_path / "program").path
    with program.open("rb") as file:
        keeper = Keeper("w", file.fileno(), os.environ, lambda keeper: None, 2**30)
        keeper.dismiss()
        assert keeper.wait(20)


def test_a_runner_that_cannot_be_started_leaves_nothing_open(tmp_path, monkeypatch):
    program = bundle.write(Program(objective=lambda: 1.0, metric="loss"), tmp_path / "program").path
    monkeypatch.setattr("trimma.worker.runner_process.sys.executable", str(tmp_path / "no python"))
    before = {path.name for path in Path("/dev/fd").iterdir()}
    with program.open("rb") as file, pytest.raises(FileNotFoundError):
        Keeper("w", file.fileno(), os.environ, lambda keeper: None, 2**30)
    assert {path.name for path in Path("/dev/fd").iterdir()} <= before


def test_finally_blocks_are_not_interrupted_by_a_second_sigterm(slot, tmp_path):
    begun, cleaned = tmp_path / "begun", tmp_path / "cleaned"

    def fit():
        import signal
        import time

        try:
            begun.touch()
            time.sleep(600)
        finally:
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(0.05)
            cleaned.touch()

    one = slot(fit)
    one.start()
    while not begun.exists():
        time.sleep(0.01)
    one.keeper.dismiss()
    assert one.keeper.wait(20)
    assert cleaned.exists()


def test_a_runner_imports_nothing_that_it_may_never_need():
    """All of it together would take a third of its start."""
    dear = ("argparse", "difflib", "importlib.metadata", "numpy", "sysconfig", "tempfile", "zipfile")
    code = f"import sys, trimma.worker.runner; print(*[name for name in {dear!r} if name in sys.modules])"
    # without what an installation may import for itself
    command = [sys.executable, "-S", "-c", f"import sys; sys.path[:] = {sys.path!r}; {code}"]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout.split() == []


def test_garbage_is_collected_in_a_runner(slot):
    def collects():
        left_alone, collected = gc.get_freeze_count(), gc.isenabled()
        return {"loss": 1.0, "left alone": float(left_alone), "collected": float(collected)}

    one = slot(collects)
    one.start()
    returned = one.until(Returned)[-1]
    assert returned.metrics["collected"] == 1.0
    assert returned.metrics["left alone"] > 10_000, "what was imported stays to the end, and isn't looked at again"
