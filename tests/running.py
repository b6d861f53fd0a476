"""A study that another process runs, on real workers, for as long as it takes."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import trimma as tm

SCRIPT = """
import time
import trimma as tm

def fit(lr, report):
    for _ in range(100_000):
        time.sleep(0.02)
        report(loss=lr)

study = tm.tune(fit, tm.Space(lr=tm.Float(0, 1)), minimize="loss", trials={trials}, workers={workers}, name="study",
                store={store!r}, progress=False)
print("returned:", study.status)
"""


class Running:
    """While the context lasts, a process runs a study of trials that don't end by themselves."""

    def __init__(self, folder: Path, *, trials: int = 50, workers: int = 2) -> None:
        self.store, self._workers = folder / "running.db", workers
        script = folder / "script.py"
        script.write_text(SCRIPT.format(trials=trials, workers=workers, store=str(self.store)))
        self.process = subprocess.Popen(
            [sys.executable, str(script)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def __enter__(self) -> Self:
        try:
            until(lambda: self.store.exists() and tm.studies(self.store))
            self.study = tm.load("study", self.store)
            self.until_running(*range(self._workers))
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *error: object) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.communicate()

    def until_running(self, *trials: int) -> None:
        """Wait until these trials run, and have reported."""
        until(lambda: set(trials) <= set(self.study.history.running))
        until(lambda: all(len(self.study.history.trials[trial].curve) for trial in trials))

    def ended(self) -> tuple[str, str]:
        """Wait until the process has ended by itself; what it wrote to its standard output and error."""
        said, warned = self.process.communicate(timeout=20)
        assert self.process.returncode == 0, warned
        return said, warned


def until(met: Callable[[], Any], seconds: float = 30.0) -> None:
    """Wait until it is so."""
    deadline = time.monotonic() + seconds
    while not met():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.01)
