"""What can happen to remote workers, done to real processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
import pytest

from trimma.events import Reported, TrialFailed, TrialFinished, TrialStopped, WorkerLost
from trimma.facts import Left, Measured, Returned
from trimma.search import RandomSearch
from trimma.testing.engines import in_a_process, is_running, wait_until
from trimma.testing.studies import StudyRun, run_study
from trimma.wire.leases import Timing

STEPS = 20


def steps(params: Any, trial: Any) -> Any:
    """An objective whose last step tells which trial it is."""
    for _ in range(STEPS - 1):
        time.sleep(0.005)
        yield {"score": 1.0}
    yield {"score": float(trial.id)}


def study(engine: Any, trials: int = 16, **more: Any) -> StudyRun:
    return run_study(RandomSearch(), objective=steps, engine=engine, trials=trials, **more)


def assert_each_trial_ended_once(done: StudyRun, trials: int = 16) -> None:
    """And with everything that its last attempt has told, in order, and nothing else."""
    ends = [event for event in done.events if isinstance(event, TrialFinished | TrialFailed | TrialStopped)]
    assert Counter(event.trial for event in ends) == dict.fromkeys(range(trials), 1)
    assert all(isinstance(event, TrialFinished) for event in ends)
    for end in ends:
        reports = [event for event in done.events if isinstance(event, Reported) and event.trial == end.trial]
        last = [event for event in reports if event.attempt == end.attempt]
        assert [event.step for event in last] == list(range(1, STEPS + 1))
        assert last[-1].metrics == {"score": float(end.trial)}
        assert reports[-STEPS:] == last


def lost(done: StudyRun) -> list[WorkerLost]:
    return [event for event in done.events if isinstance(event, WorkerLost)]


def left(driver: Any) -> Left:
    return driver.until(lambda facts: next((fact for fact in facts if isinstance(fact, Left)), None))


def test_an_agent_that_is_killed_is_replaced(site: Any) -> None:
    done = study(site.meddled((40, lambda: site.send(signal.SIGKILL)), (150, lambda: site.send(signal.SIGKILL, 1))))
    assert_each_trial_ended_once(done)
    assert len(lost(done)) == 2
    assert all("its task ended" in event.cause for event in lost(done))


def test_a_killed_agent_takes_its_runner_with_it(site: Any, tmp_path: Path) -> None:
    driver = site.driver(in_a_process)
    driver.start(0, driver.joined(1)[0], do="hang", pid_file=str(tmp_path / "pid"))
    driver.until(lambda facts: driver.measured(0))
    site.send(signal.SIGKILL)
    gone = left(driver)
    assert not gone.crashed, "the trial is not to blame"
    runner = int((tmp_path / "pid").read_text(encoding="utf-8"))
    wait_until(lambda: not is_running(runner))


def test_a_runner_that_is_killed_costs_one_attempt(site: Any, tmp_path: Path) -> None:
    driver = site.driver(in_a_process)
    worker = driver.joined(1)[0]
    driver.start(0, worker, do="hang", pid_file=str(tmp_path / "pid"))
    driver.until(lambda facts: driver.measured(0))
    killed = time.monotonic()
    os.kill(int((tmp_path / "pid").read_text(encoding="utf-8")), signal.SIGKILL)
    gone = left(driver)
    assert gone.crashed
    assert "SIGKILL" in gone.cause
    assert time.monotonic() < killed + 5.0
    driver.joins(worker, 2)
    assert isinstance(driver.run(0, worker, attempt=2), Returned)


def test_a_zombie_comes_back_with_nothing(site: Any) -> None:
    driver = site.driver(in_a_process)
    worker = driver.joined(1)[0]
    driver.start(0, worker, do="hang")
    driver.until(lambda facts: driver.measured(0))
    site.send(signal.SIGSTOP)
    gone = left(driver)
    assert not gone.crashed
    assert "nothing was heard of it for 1.5 s" in gone.cause
    before = len(driver.of(0))
    site.send(signal.SIGCONT)
    driver.joins(worker, 2)
    assert isinstance(driver.run(1, worker), Returned)
    assert len(driver.of(0)) == before, "what it still said counts for nothing"


def test_a_zombie_that_was_replaced_is_sent_away(site: Any) -> None:
    driver = site.driver(in_a_process)
    worker = driver.joined(1)[0]
    zombie = site.agent()
    os.kill(zombie, signal.SIGSTOP)
    left(driver)
    driver.joins(worker, 2)
    assert site.agent() != zombie
    os.kill(zombie, signal.SIGCONT)
    driver.until(lambda facts: not is_running(zombie))
    assert isinstance(driver.run(0, worker), Returned)
    assert sum(isinstance(fact, Left) for fact in driver.facts) == 1


def test_a_study_with_a_zombie(site: Any) -> None:
    done = study(
        site.meddled((40, lambda: site.send(signal.SIGSTOP)), (200, lambda: site.send(signal.SIGCONT))), trials=24
    )
    assert_each_trial_ended_once(done, 24)


def test_nothing_is_lost_when_the_connection_is_cut_for_a_moment(site: Any) -> None:
    def cut() -> None:
        site.proxied.proxy.cut()
        site.proxied.proxy.restore()

    done = study(site.meddled(*((at, cut) for at in range(30, 300, 30)), through_proxy=True))
    assert_each_trial_ended_once(done)
    assert lost(done) == []
    assert all(trial.attempt == 1 for trial in done.history.trials)


def test_a_connection_that_is_down_for_less_than_a_lease_costs_nothing(site: Any) -> None:
    driver = site.driver(in_a_process, through_proxy=True)
    worker = driver.joined(1)[0]
    site.proxied.proxy.cut()
    driver.start(0, worker)
    until = time.monotonic() + 0.8
    while time.monotonic() < until:
        driver.facts += driver.engine.poll(0.1)
    assert not driver.of(0)
    site.proxied.proxy.restore()
    assert isinstance(driver.end(0), Returned)
    assert [fact.step for fact in driver.measured(0)] == [1]
    assert not any(isinstance(fact, Left) for fact in driver.facts)


def test_one_that_is_cut_off_past_its_lease_begins_afresh(site: Any) -> None:
    patient = Timing(heartbeat=0.2, lease=1.0, dial=5.0, orphan=30.0)
    driver = site.driver(in_a_process, through_proxy=True, timing=patient)
    worker = driver.joined(1)[0]
    driver.start(0, worker, do="hang")
    driver.until(lambda facts: driver.measured(0))
    site.proxied.proxy.cut()
    left(driver)
    site.proxied.proxy.restore()
    driver.joins(worker, 2)
    assert isinstance(driver.run(1, worker), Returned)


def test_a_driver_that_stood_still_loses_nobody(site: Any) -> None:
    driver = site.driver(in_a_process)
    worker = driver.joined(1)[0]
    time.sleep(2.5)  # longer than the lease: what the driver does between two polls is its own affair
    assert isinstance(driver.run(0, worker), Returned)
    assert not any(isinstance(fact, Left) for fact in driver.facts)


DRIVER = """
import sys
from trimma.engines.remote.engine import Remote
from trimma.testing.engines import OpenEngine, in_a_process
from trimma.testing.processes import Processes
from trimma.wire.leases import Timing

timing = Timing(heartbeat=0.2, lease=1.5, orphan=1.0)
launcher = Processes()
driver = OpenEngine(Remote(launcher, 2, timing=timing), in_a_process)
one, two = driver.joined(2)
driver.start(0, one, do="child", pid_file=sys.argv[1] + "/runner", child_file=sys.argv[1] + "/child")
driver.start(1, two, do="hang", pid_file=sys.argv[1] + "/other")
driver.reaches(0, 1)
driver.reaches(1, 1)
print(*launcher.pids.values(), flush=True)
driver.until(lambda facts: False)
"""


def test_everything_ends_when_the_driver_is_killed(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", DRIVER, str(tmp_path)], stdout=subprocess.PIPE) as driver:
        assert driver.stdout
        agents = list(map(int, driver.stdout.readline().split()))
        runners = [int((tmp_path / name).read_text(encoding="utf-8")) for name in ("runner", "child", "other")]
        assert len(agents) == 2
        assert all(map(is_running, [*agents, *runners]))
        driver.kill()
    wait_until(lambda: not any(map(is_running, [*agents, *runners])))


def test_idle_workers_are_given_back_and_come_again(site: Any) -> None:
    driver = site.driver(in_a_process, workers=2, linger=0.2)
    driver.joined(2)
    facts: list[Any] = []
    wait_until(lambda: facts.extend(driver.engine.poll(0.05, 1)) or any(isinstance(fact, Left) for fact in facts))
    (gone,) = facts
    assert gone == Left(worker=gone.worker, cause="it was not needed any more", crashed=False)
    wait_until(lambda: driver.engine.poll(0.05, 1) or not is_running(site.agent(1)))
    assert not facts[1:]
    driver.joins(gone.worker, 2)


def test_all_that_is_measured_arrives_however_much_it_is(site: Any) -> None:
    driver = site.driver(lambda report: [report(float(step)) for step in range(30_000)] and 0.0)
    driver.run(0, driver.joined(1)[0])
    told = [fact for fact in driver.of(0) if isinstance(fact, Measured)]
    assert [fact.metrics["score"] for fact in told] == list(map(float, range(30_000)))


def test_a_large_program_reaches_every_worker(site: Any) -> None:
    ballast = os.urandom(5_000_000)
    driver = site.driver(lambda: float(sum(ballast)), workers=2)
    for trial, worker in enumerate(driver.joined(2)):
        end = driver.run(trial, worker)
        assert end.metrics == {"score": float(sum(ballast))}


def test_named_variables_reach_trials_and_no_ticket(site: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN", "723154")
    seen: list[bytes] = []
    launch = site.launcher.launch
    monkeypatch.setattr(
        site.launcher, "launch", lambda slot, ticket, ended: (seen.append(ticket), launch(slot, ticket, ended))
    )
    driver = site.driver(lambda: float(os.environ["TOKEN"]), env=["TOKEN"])
    monkeypatch.delenv("TOKEN")
    assert driver.run(0, driver.joined(1)[0]).metrics == {"score": 723154.0}
    assert b"723154" not in seen[0]
    assert b"723154" not in msgspec.json.encode(repr(driver.engine))
