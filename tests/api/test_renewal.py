"""Workers whose process is spoiled, on real processes: a fresh one goes on, and the trial is tried again."""

import builtins
import os
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

import trimma as tm
from trimma.errors import UsageError
from trimma.trial import State


def tune(objective: Any, trials: int = 12, workers: int = 2, renew: Any = "failure", **more: Any) -> tm.Study:
    given = {"engine": tm.Local(workers, renew=renew), "failures": "skip", "store": "memory", "progress": False} | more
    return tm.tune(objective, {"x": tm.Float(0, 1)}, maximize="y", trials=trials, seed=0, **given)


def spoils(x: float, trial: Any) -> float:
    """Trial 3 spoils its process, always; everything after it in that process fails."""
    if trial.id == 3:
        builtins.spoiled = True  # type: ignore[attr-defined]
    if getattr(builtins, "spoiled", False):
        raise RuntimeError("CUDA error: device-side assert triggered")
    time.sleep(0.02)
    return x


def test_a_spoiled_process_fails_no_other_trial() -> None:
    study = tune(spoils)
    assert {trial.id for trial in study.trials if trial.failure} == {3}
    assert study.trials[3].spoiled == study.trials[3].attempt - 1 <= 1
    assert "tried again in a fresh process" in study.output(3) or study.trials[3].attempt == 1


def test_without_renewals_it_eats_the_queue() -> None:
    study = tune(spoils, workers=1, renew=None)
    assert [trial.id for trial in study.trials if trial.failure] == list(range(3, 12))


def innocent(x: float, trial: Any) -> float:
    """Trial 2 leaves its process spoiled, and does well itself. Nothing in the failures says that."""
    if getattr(builtins, "spoiled", False):
        raise ValueError("the session is closed")
    builtins.spoiled = trial.id == 2  # type: ignore[attr-defined]
    time.sleep(0.02)
    return x


def test_failures_alike_in_a_row_renew_a_worker() -> None:
    study = tune(innocent)
    failed = [trial for trial in study.trials if trial.failure]
    assert len(failed) == 2
    assert sum(stay.renewed for stay in study.history.stays) == 1
    (retried,) = [trial for trial in study.trials if trial.spoiled]
    assert (retried.state, retried.attempt) == (State.DONE, 2)
    assert "raised, and is tried again in a fresh process: ValueError: the session is closed" in study.output(
        retried.id
    )


def test_a_trial_that_needs_too_much_is_tried_twice_at_most(tmp_path: Path) -> None:
    def greedy(x: float, trial: Any) -> float:
        if trial.id == 1:
            with (tmp_path / "tally").open("a") as file:
                file.write(f"{os.getpid()}\n")
            raise MemoryError
        return x

    study = tune(greedy, workers=1)
    assert [trial.id for trial in study.trials if trial.failure] == [1]
    pids = (tmp_path / "tally").read_text().split()
    assert len(pids) == len(set(pids)) == 2


def pid(x: float) -> dict[str, float]:
    return {"y": x, "pid": os.getpid()}


@pytest.mark.parametrize(("renew", "most"), [(1, 1), (4, 4), ("failure", 12), (None, 12)])
def test_a_fresh_process_after_each_number_of_trials(renew: Any, most: int) -> None:
    study = tune(pid, workers=1, renew=renew)
    per_process = Counter(trial.result["pid"] for trial in study.trials)
    assert set(per_process.values()) == {most}
    assert not any(trial.lost_steps or trial.attempt > 1 for trial in study.trials)


@pytest.mark.parametrize("renew", ["never", 0, 2.5, True])
def test_what_else_it_may_be_is_refused(renew: Any) -> None:
    with pytest.raises(UsageError, match=r"renew=.* must be 'failure', a number of trials from 1 on, or None"):
        tm.Local(2, renew=renew)


def test_it_is_shown_where_it_was_set() -> None:
    assert repr(tm.Local(2)) == "Local(workers=2, cpus=1)"
    assert repr(tm.Local(2, renew=5)) == "Local(workers=2, cpus=1, renew=5)"
    assert repr(tm.Local(2, renew=None)) == "Local(workers=2, cpus=1, renew=None)"


def test_threads_of_this_process_are_never_renewed() -> None:
    def fit(x: float, trial: Any) -> float:
        if trial.id == 2:
            raise MemoryError
        return x

    study = tune(fit, engine=tm.Driver(threads=1))
    assert [trial.id for trial in study.trials if trial.failure] == [2]
    assert not any(stay.renewed for stay in study.history.stays)


def leaks(x: float) -> dict[str, float]:
    kept = vars(builtins).setdefault("kept", [])
    kept.append(b"x" * 100 * 2**20)
    return {"y": x, "pid": os.getpid()}


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="the system doesn't tell what a process holds")
@pytest.mark.parametrize("renew", ["failure", None])
def test_memory_that_grows_from_trial_to_trial(renew: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trimma.engines.local.allowed_growth", lambda slots: 350 * 2**20)
    study = tune(leaks, workers=1, trials=9, renew=renew)
    assert study.history.counts[State.DONE] == 9
    first = study.history.stays[0]
    assert first.growth is not None
    assert first.growth.exceeded
    assert (first.growth.trials, first.growth.more // (100 * 2**20)) == (6, 5)
    per_process = Counter(trial.result["pid"] for trial in study.trials)
    assert list(per_process.values()) == ([9] if renew is None else [6, 3])
    if renew:
        assert (first.renewed, first.cause) == (True, f"it held {first.growth}")
