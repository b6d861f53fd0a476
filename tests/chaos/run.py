"""One run: a study is begun, disturbed, resumed as often as it takes, and judged."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from msgspec import json

from chaos import driver as driving
from chaos import leftovers, processes, truth
from chaos.clusters import cluster_of
from chaos.disk import Disk
from chaos.driver import Outcome
from chaos.engines import Site
from chaos.faults import Faults, Stage
from chaos.judge import Question, judge
from chaos.network import Network, free_port
from chaos.plan import ENDING, Fault, Plan
from chaos.results import Result
from trimma.events import Event, StudyClosed
from trimma.stores import SQLiteStore

TESTS = Path(__file__).parents[1]
_LONGEST = {"local": 45, "driver": 45, "agents": 60, "dask": 90, "spark": 120, "standalone": 120}
"""How many seconds a session may take, from the start of its driver to its end."""
_GRACE = 20.0
"""How many seconds a session may take to end after ctrl-C and the like, on a busy machine and a busy cluster."""
_LOST = ("EngineError",)
"""What a study ends with whose cluster is gone."""
_TAKES_CLUSTER = ("kill scheduler", "stop scheduler", "kill master", "kill machine", "kill executor", "cut network")


def run(plan: Plan, where: Path) -> Result:
    """Carry out a plan in a new folder below ``where``. The folder stays if there is a violation."""
    begin = time.monotonic()
    folder = where / plan.name
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "temporary").mkdir(parents=True)
    mark = f"{plan.name}-{os.getpid()}"
    environment = {
        **os.environ,
        processes.VARIABLE: mark,
        "TMPDIR": str(folder / "temporary"),
        "PYTHONPATH": os.pathsep.join([str(TESTS), str(TESTS.parent / "src")]),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    one = _Run(plan, folder, environment, mark)
    try:
        one.go()
    finally:
        one.close()
    if not one.violations:
        shutil.rmtree(folder)
    return Result(
        engine=plan.engine,
        seed=plan.seed,
        number=plan.number,
        question=plan.question,
        sessions=one.sessions,
        faults=one.made,
        violations=one.violations,
        seconds=round(time.monotonic() - begin, 1),
    )


class _Run:
    """The parts of one run, from the first to the last of its sessions."""

    def __init__(self, plan: Plan, folder: Path, environment: dict[str, str], mark: str) -> None:
        self.plan, self.folder, self.environment, self.mark = plan, folder, environment, mark
        self.violations: list[str] = []
        self.made: list[str] = []
        self.sessions = 0
        self._killed = self._has_begun = False
        self._resources = contextlib.ExitStack()
        self._stage: Stage | None = None

    def go(self) -> None:
        stage = self._set_up()
        for faults in (*self.plan.sessions, ()):
            stage.cluster.mend()
            self._session(stage, faults)
            if self.violations or self._is_over(self._events()):
                break
        self._judge(stage)

    def _set_up(self) -> Stage:
        plan, folder = self.plan, self.folder
        disk = Disk(folder / "disk")
        self._resources.callback(self._let_disk_go, disk)
        cluster = cluster_of(plan.engine, folder, self.environment)
        self._resources.callback(cluster.close)
        port = free_port()
        network = None
        if plan.engine not in ("local", "driver"):
            network = Network(port, plan.name)
            self._resources.callback(network.close)
        (folder / "plan.json").write_bytes(json.encode(plan))
        (folder / "site.json").write_bytes(json.encode(Site(port=port, cluster=cluster.address)))
        self._stage = Stage(self.mark, cluster, network, disk)
        return self._stage

    def _let_disk_go(self, disk: Disk) -> None:
        disk.close(self.folder / "stored" if self.violations else None)

    def _session(self, stage: Stage, planned: tuple[Fault, ...]) -> None:
        """Run a driver to its end, with the faults of a session."""
        self.sessions += 1
        number, begun = self.sessions, len(self._notes())
        with (self.folder / f"output-{number}").open("wb") as output:
            stage.driver = driver = subprocess.Popen(
                [sys.executable, "-m", "chaos.driver", str(self.folder), str(number)],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=self.environment,
                cwd=self.folder,
                start_new_session=True,
            )
        faults = Faults(stage, list(planned))
        start, first = time.monotonic(), None
        while driver.poll() is None:
            now = time.monotonic()
            if first is None and len(self._notes()) > begun:
                first = now
            faults.act(now - start, None if first is None else now - first)
            if now - start > _LONGEST[self.plan.engine]:
                self._is_stuck(driver)
                break
            time.sleep(0.01)
        faults.end()
        driver.communicate()
        self._took(time.monotonic(), faults)
        self._has_begun = first is not None
        self.made += [fault.kind for fault in faults.made]
        self._hear(number, driver.returncode, [fault.kind for fault in faults.made])

    def _took(self, now: float, faults: Faults) -> None:
        """Judge how long a session took to end after it was to end."""
        excused = _GRACE + 2 * sum(fault.lasts for fault in faults.made)
        if faults.ending_since is not None and now > faults.ending_since + excused:
            kinds = [fault.kind for fault in faults.made]
            self.violations.append(
                f"session {self.sessions} took {now - faults.ending_since:.0f} s to end ({', '.join(kinds)})"
            )

    def _is_stuck(self, driver: subprocess.Popen[bytes]) -> None:
        driver.send_signal(signal.SIGCONT)
        driver.send_signal(signal.SIGUSR1)
        time.sleep(0.5)
        self.violations.append(f"session {self.sessions} doesn't end (see stacks-{self.sessions})")
        for each in processes.of_run(self.mark):
            processes.send(each.pid, signal.SIGKILL)

    def _hear(self, number: int, code: int, made: list[str]) -> None:
        """Judge how a session has ended."""
        said = self.folder / f"outcome-{number}.json"
        outcome = json.decode(said.read_bytes(), type=Outcome) if said.exists() else None
        # the next session clears away what a killed one has left
        self._killed = outcome is None
        ended_by = [kind for kind in made if kind in ENDING]
        if self.violations:
            return
        if code and not self._may_fail(outcome, made):
            last = (self.folder / f"output-{number}").read_text(errors="replace")[-2000:]
            self.violations.append(f"session {number} ended with code {code}: {outcome and outcome.error} {last}")
        if outcome is not None:
            self.violations += leftovers.left_in_driver(outcome)
        elif not ended_by:
            self.violations.append(f"session {number} ended without a word, with code {code}")

    def _may_fail(self, outcome: Outcome | None, made: list[str]) -> bool:
        """Whether what happened in a session explains that it didn't end well."""
        error = "" if outcome is None else outcome.error
        if not error and ("kill driver" in made or not self._has_begun):
            # before the study has begun, a signal does what it does to any process
            return any(kind in ENDING for kind in made)
        if any(kind in ENDING for kind in made) and error.startswith(("KeyboardInterrupt", "SystemExit")):
            return True
        return (error.startswith(_LOST) and any(kind in _TAKES_CLUSTER for kind in made)) or (
            error.startswith(("StoreFull", "StoreError")) and "full disk" in made
        )

    def _notes(self) -> list[truth.Note]:
        return truth.read(self.folder / "truth")

    def _events(self) -> list[Event]:
        path = self.folder / "disk" / "studies.db"
        if not path.exists():
            return []
        store = SQLiteStore(path)
        try:
            return list(store.read(driving.NAME))
        finally:
            store.close()

    def _is_over(self, events: list[Event]) -> bool:
        return bool(events) and isinstance(events[-1], StudyClosed) and events[-1].outcome != "interrupted"

    def _judge(self, stage: Stage) -> None:
        plan = self.plan
        events = self._events()
        if not self.violations:
            is_search = plan.question != "ablation"
            scheduler = driving.SCHEDULERS[plan.question]
            asked = Question(scheduler, driving.METRIC, driving.SPACE, driving.SEED, is_search=is_search)
            self.violations += judge(events, self._notes(), plan, asked)
            self.violations += leftovers.left_of_trials(events, self.folder / "disk")
        stage.cluster.close()
        self.violations += leftovers.left_running(self.mark)
        self.violations += leftovers.left_in_temporary_folder(self.folder / "temporary", killed=self._killed)

    def close(self) -> None:
        for each in processes.of_run(self.mark):
            processes.send(each.pid, signal.SIGKILL)
        self._resources.close()


def runs_of(engines: list[str], seconds: float) -> Iterator[str]:
    """The engines in turn, as long as there is time."""
    deadline = time.monotonic() + seconds
    while True:
        for engine in engines:
            if time.monotonic() > deadline:
                return
            yield engine
