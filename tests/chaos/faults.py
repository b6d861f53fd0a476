"""What happens to a run: each fault of its plan, done to the process, the network or the disk that it names."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from chaos import processes
from chaos.clusters import Cluster
from chaos.disk import Disk
from chaos.network import Network
from chaos.plan import ENDING, Fault

_SEARCH = 1.5
"""For how many seconds a process is looked for to which something is to happen."""


@dataclass(slots=True)
class Stage:
    """All to which something may happen."""

    mark: str
    cluster: Cluster
    network: Network | None
    disk: Disk
    driver: subprocess.Popen[bytes] | None = None


@dataclass(slots=True)
class Faults:
    """The faults of one session, done when their time has come.

    ``made`` holds those that there was something for. ``ending_since`` is when the first was done that ends a session.
    """

    stage: Stage
    waiting: list[Fault]
    made: list[Fault] = field(default_factory=list)
    ending_since: float | None = None
    _passing: list[tuple[float, Callable[[], None]]] = field(default_factory=list)

    def act(self, since_start: float, since_begin: float | None) -> None:
        """Do what is due, so many seconds after the driver's start and after the first trial has begun."""
        for fault in list(self.waiting):
            since = since_start if fault.early else since_begin
            if since is None or since < fault.at:
                continue
            if self._do(fault):
                self.made.append(fault)
                if fault.kind in ENDING and self.ending_since is None:
                    self.ending_since = time.monotonic()
                self.waiting.remove(fault)
            elif since > fault.at + _SEARCH:
                self.waiting.remove(fault)
        now = time.monotonic()
        for passing in list(self._passing):
            when, undo = passing
            if when <= now:
                self._passing.remove(passing)
                undo()

    def end(self) -> None:
        """Let all pass that lasts."""
        passing, self._passing = self._passing, []
        for _, undo in passing:
            undo()

    def _later(self, seconds: float, undo: Callable[[], None]) -> bool:
        self._passing.append((time.monotonic() + seconds, undo))
        return True

    def _do(self, fault: Fault) -> bool:
        """Whether there was something to which it could be done."""
        stage, driver = self.stage, self.stage.driver
        assert driver is not None
        match fault.kind.split(" ", 1):
            case ["ctrl-C"]:
                return processes.send(driver.pid, signal.SIGINT)
            case ["ctrl-C", "twice"]:
                self._later(min(fault.lasts, 1.0), lambda: self._to_driver(signal.SIGINT))
                return processes.send(driver.pid, signal.SIGINT)
            case ["SIGTERM" | "SIGHUP" as name]:
                return processes.send(driver.pid, signal.Signals[name])
            case ["full", _]:
                stage.disk.fill(driver.pid)
                return self._later(min(fault.lasts, 2.0), self._make_room)
            case ["clock", where]:
                self._tell(3600 if where == "forward" else -3600)
                return self._later(fault.lasts, lambda: self._tell(0))
            case [state, "network"]:
                assert stage.network is not None
                stage.network.become(state)
                return self._later(fault.lasts, lambda: self._network_is_fine())
            case ["kill" | "stop" as what, kind]:
                return self._to_process(what, kind, fault)
        raise ValueError(fault.kind)

    def _to_process(self, what: str, kind: str, fault: Fault) -> bool:
        stage = self.stage
        assert stage.driver is not None
        if kind == "driver":
            found = [stage.driver.pid]
        elif kind in ("machine", "master", "nanny", "scheduler"):
            found = stage.cluster.named(kind)
        else:
            found = processes.named(kind, processes.of_run(stage.mark))
        if not found:
            return False
        pid = found[int(fault.which * len(found))]
        if what == "kill":
            return processes.send(pid, signal.SIGKILL)
        self._later(fault.lasts, lambda: processes.send(pid, signal.SIGCONT) and None)
        return processes.send(pid, signal.SIGSTOP)

    def _to_driver(self, number: signal.Signals) -> None:
        driver = self.stage.driver
        if driver is not None and driver.poll() is None:
            driver.send_signal(number)

    def _make_room(self) -> None:
        self.stage.disk.make_room([each.pid for each in processes.of_run(self.stage.mark)])

    def _network_is_fine(self) -> None:
        if self.stage.network is not None:
            self.stage.network.become("fine")

    def _tell(self, seconds: float) -> None:
        driver = self.stage.driver
        if driver is not None and driver.stdin is not None and driver.poll() is None:
            try:
                driver.stdin.write(f"clock {seconds}\n".encode())
                driver.stdin.flush()
            except BrokenPipeError:
                # it has ended meanwhile
                pass
