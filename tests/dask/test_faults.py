"""What can happen to workers on Dask, done to real processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from trimma.engines.dask.engine import Dask
from trimma.engines.dask.launcher import DaskLauncher
from trimma.engines.remote.engine import Remote
from trimma.errors import EngineError
from trimma.events import Event, TrialFailed, TrialFinished, TrialStopped, WorkerLost
from trimma.facts import Left, Returned
from trimma.search import RandomSearch
from trimma.testing.engines import OpenEngine, agent, in_a_process, is_running, parent_of, wait_until
from trimma.testing.studies import run_study
from trimma.wire.leases import Timing

QUICK = Timing(heartbeat=0.2, lease=1.5, dial=5.0, orphan=1.5, silence=20.0)
TRIALS = 12


class Meddled:
    """An engine to which something is done, once, as soon as so many trials have ended."""

    def __init__(self, engine: Any, after: int, meddle: Callable[[], None]) -> None:
        self._engine, self._left, self._meddle = engine, after, meddle
        self.capacity, self.clock = engine.capacity, engine.clock
        self.open, self.carry_out, self.tell, self.close = engine.open, engine.carry_out, engine.tell, engine.close

    def poll(self, timeout: float | None, demand: int | None = None) -> Any:
        facts = self._engine.poll(timeout, demand)
        before, self._left = self._left, self._left - sum(isinstance(fact, Returned) for fact in facts)
        if before > 0 >= self._left:
            self._meddle()
        return facts


def remote(client: Any, workers: int = 2) -> Remote:
    return Remote(DaskLauncher(client, workers, None, None), workers, timing=QUICK)


def steps(trial: Any) -> Any:
    for _ in range(10):
        time.sleep(0.02)
        yield {"score": float(agent())}


def ends(events: list[Event]) -> Counter[int]:
    return Counter(event.trial for event in events if isinstance(event, TrialFinished | TrialFailed | TrialStopped))


def test_a_dask_worker_that_is_killed_costs_no_trial(client: Any, workers: dict[str, int], tmp_path: Path) -> None:
    def tells_its_agent(trial: Any) -> Any:
        (tmp_path / str(trial.id)).write_text(str(agent()), encoding="utf-8")
        for _ in range(10):
            time.sleep(0.02)
            yield {"score": 1.0}

    def kill() -> None:
        # one that has joined, since a trial has run there
        agents = [text for file in tmp_path.iterdir() if (text := file.read_text(encoding="utf-8"))]
        assert int(agents[0]) in workers.values()
        os.kill(int(agents[0]), signal.SIGKILL)

    engine = Meddled(remote(client), 3, kill)
    done = run_study(RandomSearch(), objective=tells_its_agent, engine=engine, trials=TRIALS, max_attempts=1)
    assert ends(done.events) == dict.fromkeys(range(TRIALS), 1)
    assert any(isinstance(event, WorkerLost) for event in done.events)
    assert not any(isinstance(event, TrialFailed) for event in done.events), "no trial is to blame"


def test_a_trial_that_always_kills_its_process_fails_alone(client: Any, tmp_path: Path) -> None:
    tally = str(tmp_path / "tally")

    def objective(trial: Any) -> float:
        if trial.id == 2:
            with open(tally, "a") as file:  # noqa: PTH123 - it travels by value, and what it needs with it
                file.write("x")
            os.kill(os.getpid(), signal.SIGKILL)
        return 1.0

    done = run_study(RandomSearch(), objective=objective, engine=remote(client), trials=6, max_attempts=2)
    assert ends(done.events) == dict.fromkeys(range(6), 1)
    failed = [event for event in done.events if isinstance(event, TrialFailed)]
    assert [event.trial for event in failed] == [2]
    assert "SIGKILL" in str(failed[0].failure)
    assert Path(tally).read_text(encoding="utf-8") == "xx"


def test_a_spoiled_process_is_renewed_beside_its_agent(client: Any) -> None:
    def spoils(trial: Any) -> dict[str, float]:
        if getattr(os, "spoiled", False) or (trial.id == 2 and trial.attempt == 1):
            os.spoiled = True  # type: ignore[attr-defined]
            raise RuntimeError("CUDA error: device-side assert triggered")
        return {"score": float(os.getpid()), "agent": float(agent())}

    done = run_study(RandomSearch(), objective=spoils, engine=remote(client, 1), trials=TRIALS)
    trials = list(done.history.trials)
    assert ends(done.events) == dict.fromkeys(range(TRIALS), 1)
    assert [trial.attempt for trial in trials] == [1, 1, 2, *[1] * (TRIALS - 3)]
    assert len({trial.result["score"] for trial in trials}) == 2
    assert len({trial.result["agent"] for trial in trials}) == 1, "only the runner was started again"
    numbered = run_study(RandomSearch(), objective=spoils, engine=Dask(client, workers=1, renew=3), trials=6)
    per_process = Counter(trial.result["score"] for trial in numbered.history.trials)
    assert sorted(per_process.values()) == [1, 2, 3], "two before it was spoiled, then three, then the rest"
    assert sum(stay.asked for stay in numbered.history.stays) == 1


def test_a_zombie_comes_back_with_nothing(client: Any, workers: dict[str, int], tmp_path: Path) -> None:
    engine = remote(client, 1)
    driver = OpenEngine(engine, in_a_process)
    try:
        worker = driver.joined(1)[0]
        driver.start(0, worker, do="hang", pid_file=str(tmp_path / "pid"))
        driver.until(lambda facts: driver.measured(0))
        runner = int((tmp_path / "pid").read_text(encoding="utf-8"))
        zombie = parent_of(parent_of(runner))
        assert zombie in workers.values()
        os.kill(zombie, signal.SIGSTOP)
        try:
            left = driver.until(lambda facts: next((fact for fact in facts if isinstance(fact, Left)), None))
        finally:
            os.kill(zombie, signal.SIGCONT)
        assert not left.crashed
        told = len(driver.of(0))
        driver.until(lambda facts: not is_running(runner))
        driver.joins(worker, 2)
        assert isinstance(driver.run(1, worker), Returned)
        assert len(driver.of(0)) == told
    finally:
        engine.close()


def test_a_cluster_that_is_shut_down_ends_the_study_with_a_clear_error() -> None:
    from distributed import Client, LocalCluster

    with LocalCluster(n_workers=1, threads_per_worker=2, dashboard_address="127.0.0.1:0") as cluster:
        client = Client(cluster, set_as_default=False)
        engine = Meddled(remote(client), 3, cluster.close)
        with pytest.raises(EngineError, match="the connection with Dask's scheduler is lost"):
            run_study(RandomSearch(), objective=steps, engine=engine, trials=1000)
        client.close()


def test_a_client_that_is_killed_leaves_no_agent_and_no_runner(client: Any, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        f"""
import os, pathlib, time
from distributed import Client
import trimma as tm

def fit(x, trial):
    pathlib.Path({str(tmp_path)!r}, f"pid-{{trial.id}}").write_text(str(os.getpid()))
    time.sleep(600)
    return 1.0

if __name__ == "__main__":
    client = Client({client.scheduler.address!r})
    tm.tune(fit, tm.Space(x=tm.Float(0, 1)), minimize="x", trials=2, engine=tm.Dask(workers=2), store="memory")
""",
        encoding="utf-8",
    )
    study = subprocess.Popen([sys.executable, str(script)])
    try:
        files = wait_until(lambda: len(found := [*tmp_path.glob("pid-*")]) == 2 and found)
        runners = wait_until(lambda: (texts := [file.read_text() for file in files]) and all(texts) and texts)
    finally:
        study.kill()
        study.wait()
    wait_until(lambda: not any(is_running(int(pid)) for pid in runners))
    wait_until(lambda: not any(client.run(lambda dask_worker: dask_worker.state.executing_count).values()))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_ctrl_c_ends_a_study_on_a_cluster_of_its_own_in_good_order(tmp_path: Path, number: signal.Signals) -> None:
    begun = tmp_path / "begun"
    script = tmp_path / "script.py"
    script.write_text(
        f"""
import pathlib, time
import trimma as tm

def fit(x):
    pathlib.Path({str(begun)!r}).touch()
    time.sleep(0.05)
    return x

if __name__ == "__main__":
    tm.tune(fit, tm.Space(x=tm.Float(0, 1)), minimize="x", trials=10**6, engine=tm.Dask(workers=1), store="memory")
""",
        encoding="utf-8",
    )
    study = subprocess.Popen([sys.executable, str(script)], stderr=subprocess.PIPE, text=True, start_new_session=True)
    try:
        wait_until(begun.exists)
    finally:
        # as a terminal does: to everybody
        os.killpg(study.pid, number)
        said = study.communicate()[1]
    how = "interrupted" if number is signal.SIGINT else "interrupted by SIGHUP"
    assert f"was {how}; to go on: tm.load(" in said
    assert "distributed" not in said
    # SIGHUP also ends a helper process of multiprocessing's own, which then complains to the terminal that is gone
    assert number is signal.SIGHUP or "Traceback" not in said


def test_a_default_engine_s_lease_is_not_needed_to_notice_a_lost_task(client: Any, workers: dict[str, int]) -> None:
    engine = Dask(client, workers=1)
    driver = OpenEngine(engine, in_a_process)
    try:
        worker = driver.joined(1)[0]
        client.cancel(next(iter(engine._launcher._futures)))
        left = driver.until(lambda facts: next((fact for fact in facts if isinstance(fact, Left)), None))
        assert left == Left(worker=worker, cause="its task ended: Dask has cancelled its task", crashed=False)
        driver.joins(worker, 2)
    finally:
        engine.close()
