"""What trials do: most of them report and return, some get into trouble, and all note what they do."""

from __future__ import annotations

import ctypes
import os
import random
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from chaos.truth import Truth
from trimma.objective import StopTrial

STEPS = 9
GENTLE = ("steady", "quick", "silent")
PYTHON_ONLY = ("raises", "hangs", "prints", "threads", "late thread", "saves", "deaf")
CRASHES = ("segfault", "segfault once", "exits", "exits with 3", "leaks", "floods", "out of memory", "forks")

FAILURES = {
    "raises": {"ValueError"},
    "hangs": {"Timeout"},
    "deaf": {"Timeout"},
    "segfault": {"Crash"},
    "exits with 3": {"Crash"},
    "out of memory": {"MemoryError"},
}
"""How the trials that behave so fail, if nothing else happens to them."""


def behaviour(data: dict[str, Any], trial: int) -> str:
    """How a trial of this number behaves."""
    weights = data["behaviours"]
    (chosen,) = random.Random(f"{data['name']} {trial}").choices(list(weights), list(weights.values()))
    return str(chosen)


class Attempt:
    """One attempt: what it has been given, and how it speaks."""

    def __init__(self, trial: Any, report: Callable[..., None], data: dict[str, Any], level: float) -> None:
        self.trial, self.pace, self.level = trial, data["pace"], level
        self.truth = Truth(Path(data["folder"], "truth"), trial.id, trial.attempt)
        self._report, self._step = report, 0

    def say(self) -> None:
        """Report the next loss, with a mark that no other report has."""
        self._step += 1
        mark = self.truth.next_mark()
        self.truth.note("reports", mark=mark)
        self._report(loss=self.level + 1 / self._step, mark=float(mark))
        self.truth.note("reported", mark=mark)

    def steps(self, count: int = STEPS) -> None:
        for _ in range(count):
            time.sleep(self.pace)
            self.say()


def search(x: float, trial: Any, report: Any, data: Any) -> dict[str, float]:
    """The objective of a search."""
    return _run(Attempt(trial, report, data, (x - 0.3) ** 2), data)


def ablated(trial: Any, report: Any, data: Any, seed: int, a: float = 1.0, b: float = 1.0) -> dict[str, float]:
    """The objective of an ablation."""
    return _run(Attempt(trial, report, data, 3 - a - b / 2 + seed % 7 / 100), data)


def _run(attempt: Attempt, data: dict[str, Any]) -> dict[str, float]:
    truth, process = attempt.truth, os.getpid()
    truth.note("begins")
    try:
        DOES[behaviour(data, attempt.trial.id)](attempt)
    except StopTrial:
        truth.note("is stopped")
        raise
    except BaseException:
        if os.getpid() == process:
            truth.note("raises")
        raise
    truth.note("returns", value=attempt.level)
    return {"loss": attempt.level}


def _steady(attempt: Attempt) -> None:
    attempt.steps()


def _quick(attempt: Attempt) -> None:
    for _ in range(STEPS):
        attempt.say()


def _silent(attempt: Attempt) -> None:
    time.sleep(attempt.pace * STEPS)


def _raises(attempt: Attempt) -> None:
    attempt.steps(4)
    raise ValueError(f"trial {attempt.trial.id} can't")


def _hangs(attempt: Attempt) -> None:
    attempt.steps(2)
    while True:
        time.sleep(0.01)


def _deaf(attempt: Attempt) -> None:
    """It takes no notice of being asked to stop."""
    while True:
        try:
            attempt.steps(1)
        except StopTrial:
            time.sleep(0.05)
        if attempt.trial.id < 0:
            return


def _prints(attempt: Attempt) -> None:
    attempt.steps(2)
    for _ in range(40):
        print("a line of a trial that has much to say " * 30)
    print("x" * 300_000)
    print("also this", file=sys.stderr)
    attempt.steps(2)


def _floods(attempt: Attempt) -> None:
    """It writes megabytes past Python."""
    attempt.steps(2)
    for _ in range(40):
        os.write(1, b"y" * 65_536 + b"\n")
    attempt.steps(2)


def _threads(attempt: Attempt) -> None:
    def tell() -> None:
        for _ in range(3):
            attempt.say()

    threads = [threading.Thread(target=tell) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    attempt.steps(2)


def _late_thread(attempt: Attempt) -> None:
    """It leaves a thread behind that goes on reporting until it is told that the trial has ended."""

    def tell() -> None:
        for _ in range(30):
            time.sleep(0.01)
            attempt.say()

    threading.Thread(target=tell, daemon=True).start()
    time.sleep(0.05)


def _saves(attempt: Attempt) -> None:
    attempt.steps(3)
    (attempt.trial.folder / "model").write_bytes(b"z" * 1000)
    attempt.steps(3)


def _segfault(attempt: Attempt) -> None:
    attempt.steps(2)
    ctypes.string_at(0)


def _segfault_once(attempt: Attempt) -> None:
    attempt.steps(2)
    if attempt.trial.attempt == 1:
        ctypes.string_at(0)
    attempt.steps(2)


def _exits(attempt: Attempt) -> None:
    attempt.steps(3)
    attempt.truth.note("exits")
    os._exit(0)


def _exits_with_3(attempt: Attempt) -> None:
    attempt.steps(2)
    os._exit(3)


def _leaks(attempt: Attempt) -> None:
    """It leaves a process behind."""
    subprocess.Popen(["sleep", "600"])
    attempt.steps(3)


def _out_of_memory(attempt: Attempt) -> None:
    attempt.steps(2)
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (1 << 28, before[1]))
    try:
        bytearray(1 << 30)
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


def _forks(attempt: Attempt) -> None:
    """A forked child tries to report, and another one returns."""
    attempt.steps(2)
    child = os.fork()
    if not child:
        try:
            attempt.say()
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    attempt.steps(2)


DOES: dict[str, Callable[[Attempt], None]] = {
    "steady": _steady,
    "quick": _quick,
    "silent": _silent,
    "raises": _raises,
    "hangs": _hangs,
    "deaf": _deaf,
    "prints": _prints,
    "floods": _floods,
    "threads": _threads,
    "late thread": _late_thread,
    "saves": _saves,
    "segfault": _segfault,
    "segfault once": _segfault_once,
    "exits": _exits,
    "exits with 3": _exits_with_3,
    "leaks": _leaks,
    "out of memory": _out_of_memory,
    "forks": _forks,
}
