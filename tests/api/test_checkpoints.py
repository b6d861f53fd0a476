"""Checkpoints, from the front door: trials that pause, are killed or fall back go on from what they have saved."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import trimma as tm
from trimma.errors import StudyError, StudyFailed, UsageError
from trimma.events import CheckpointSaved, PauseFailed, TrialLost, TrialPaused, WentBackFurther
from trimma.testing.engines import wait_until

SPACE = tm.Space(rate=tm.Float(0.1, 1.0))
HALVING = tm.Asha(max_steps=8, reduction_factor=2, promote=True)


def count_of(folder: Path | None) -> int:
    return int((folder / "count").read_text(encoding="utf-8")) if folder else 0


def count_up(
    trial: Any, report: Any, made: str, rate: float, *, then: Callable[[int], Any] | None = None, saved: Any = None
) -> None:
    """Count to 8, note each step in a file of the trial's own, and save and load the count.

    ``then`` is called with the count after each report, and ``saved`` after each save.
    """

    def save(folder: Path) -> None:
        (folder / "count").write_text(str(count), encoding="utf-8")
        if saved is not None:
            saved(count)

    count = count_of(trial.checkpoint)
    while count < 8:
        count += 1
        with Path(made, str(trial.id)).open("a", encoding="utf-8") as file:
            file.write(f"{count}\n")
        report(score=rate * count, save=save)
        if then is not None:
            then(count)


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def function(rate: float, report: Any, trial: Any, made: str) -> None:
    count_up(trial, report, made, rate)


def generator(rate: float, trial: Any, made: str) -> Iterator[Any]:
    def save(folder: Path) -> None:
        (folder / "count").write_text(str(count), encoding="utf-8")

    for count in range(count_of(trial.checkpoint) + 1, 9):
        with Path(made, str(trial.id)).open("a", encoding="utf-8") as file:
            file.write(f"{count}\n")
        yield {"score": rate * count}, save


class Steps:
    def __init__(self, rate: float, trial: Any, made: str) -> None:
        self.rate, self.count = rate, 0
        self.file = Path(made, str(trial.id))

    def step(self) -> dict[str, float]:
        self.count += 1
        with self.file.open("a", encoding="utf-8") as file:
            file.write(f"{self.count}\n")
        return {"score": self.rate * self.count}

    def save(self, folder: Path) -> None:
        (folder / "count").write_text(str(self.count), encoding="utf-8")

    def load(self, folder: Path) -> None:
        self.count = count_of(folder)


def made_by(folder: Path) -> dict[int, list[int]]:
    """The steps that each trial has made, in order."""
    return {int(file.name): [int(line) for line in file.read_text().split()] for file in folder.iterdir()}


def tune(objective: Callable[..., Any], folder: Path, **more: Any) -> tm.Study:
    made = folder / "made"
    made.mkdir(exist_ok=True)
    asked: dict[str, Any] = {"engine": tm.Local(2), "trials": 12, "scheduler": HALVING, "seed": 3, "name": "study"}
    space = SPACE * tm.Space(made=str(made))
    return tm.tune(objective, space, maximize="score", store=folder / "s.db", progress=False, **asked | more)


def places(folder: Path) -> list[str]:
    place = folder / "s.db-checkpoints" / "study"
    return sorted(path.relative_to(place).as_posix() for path in place.glob("*/*"))


@pytest.mark.parametrize("objective", [function, generator, Steps])
def test_a_trial_that_pauses_makes_each_step_once(objective: Callable[..., Any], tmp_path: Path) -> None:
    study = tune(objective, tmp_path)
    events = list(study.store.read("study"))
    assert any(isinstance(event, TrialPaused) for event in events)
    done = [trial for trial in study.trials if trial.state == "done"]
    assert done
    assert len(done) < 12
    made = made_by(tmp_path / "made")
    for trial in study.trials:
        assert made[trial.id] == list(trial.curve.steps) == list(range(1, len(trial.curve) + 1))
        assert trial.lost_steps == 0
    assert all(len(trial.curve) == 8 for trial in done)
    assert not (tmp_path / "s.db-checkpoints").exists(), "nothing is kept that nobody has asked for"


@pytest.mark.parametrize("engine", [lambda: tm.Local(2), lambda: tm.Driver(2)], ids=["local", "driver"])
@pytest.mark.parametrize("place", ["folder", "address"])
def test_checkpoints_may_be_elsewhere(engine: Any, place: str, tmp_path: Path) -> None:
    root = tmp_path / "elsewhere"
    study = tune(function, tmp_path, engine=engine(), checkpoints=root if place == "folder" else f"file://{root}")
    assert any(trial.attempt > 1 for trial in study.trials)
    assert all(made == list(range(1, len(made) + 1)) for made in made_by(tmp_path / "made").values())
    assert not (root / "study").exists()


def dies(rate: float, report: Any, trial: Any, made: str) -> None:
    count_up(trial, report, made, rate, then=lambda count: die() if count == 5 and trial.attempt == 1 else None)


def test_a_trial_that_is_killed_goes_on_from_its_last_checkpoint(tmp_path: Path) -> None:
    every = tm.Checkpoints(every_steps=2)
    study = tune(dies, tmp_path, trials=3, scheduler="run-all", checkpoints=every)
    assert {trial.state for trial in study.trials} == {"done"}
    assert set(map(tuple, made_by(tmp_path / "made").values())) == {(1, 2, 3, 4, 5, 5, 6, 7, 8)}
    saved = [
        event.step for event in study.store.read("study") if isinstance(event, CheckpointSaved) and not event.trial
    ]
    assert saved == [2, 4, 6, 8]


def dies_while_it_saves(rate: float, report: Any, trial: Any, made: str) -> None:
    count_up(trial, report, made, rate, saved=lambda count: die() if count == 4 and trial.attempt == 1 else None)


def test_a_checkpoint_that_was_cut_off_does_not_count(tmp_path: Path) -> None:
    study = tune(
        dies_while_it_saves, tmp_path, trials=2, scheduler="run-all", checkpoints=tm.Checkpoints(every_steps=2)
    )
    assert {trial.state for trial in study.trials} == {"done"}
    events = list(study.store.read("study"))
    lost = next(event for event in events if isinstance(event, TrialLost))
    assert study.trials[lost.trial].lost_steps == 2, "it went on from step 2"
    assert not (tmp_path / "s.db-checkpoints").exists()


def damages(rate: float, report: Any, trial: Any, made: str) -> None:
    def then(count: int) -> None:
        if count == 5 and trial.attempt == 1:
            place = Path(made).parent / "s.db-checkpoints" / "study" / str(trial.id)
            (place / "step-4-attempt-1" / "count").write_text("nonsense", encoding="utf-8")
            die()

    count_up(trial, report, made, rate, then=then)


def test_a_damaged_checkpoint_is_replaced_by_the_one_before(tmp_path: Path) -> None:
    study = tune(damages, tmp_path, trials=1, scheduler="run-all", checkpoints=tm.Checkpoints(every_steps=2))
    (trial,) = study.trials
    assert (trial.state, list(trial.curve.steps)) == ("done", list(range(1, 9)))
    back = next(event for event in study.store.read("study") if isinstance(event, WentBackFurther))
    assert back.step == 2
    assert "step 4 is damaged: its file count has other contents" in back.cause


@pytest.mark.parametrize(("keep", "kept"), [("none", 0), ("best", 1), (2, 2), ("all", 12)])
def test_which_checkpoints_stay(keep: Any, kept: int, tmp_path: Path) -> None:
    study = tune(function, tmp_path, scheduler="run-all", checkpoints=tm.Checkpoints(keep=keep))
    ranked = sorted(study.trials, key=lambda trial: -(trial.value or 0.0))
    assert places(tmp_path) == sorted(f"{trial.id}/step-8-attempt-1" for trial in ranked[:kept])
    if kept:
        assert study.best is ranked[0]
        with study.checkpoint() as folder:
            assert count_of(folder) == 8
    with pytest.raises(StudyError, match="has (kept|saved) no checkpoint" if kept < 12 else "there is no trial 12"):
        study.checkpoint(ranked[-1].id if kept < 12 else 12).__enter__()
    tm.delete("study", store=tmp_path / "s.db")
    assert not (tmp_path / "s.db-checkpoints" / "study").exists()


def test_a_save_that_fails_costs_no_trial(tmp_path: Path) -> None:
    def fails(rate: float, report: Any, trial: Any, made: str) -> None:
        def save(folder: Path) -> None:
            raise OSError("no space left")

        assert trial.checkpoint is None
        for count in range(1, 9):
            report(score=rate * count, save=save)

    with pytest.warns(RuntimeWarning, match=r"couldn't be saved.*of trial \d+ at step 1: OSError: no space"):
        study = tune(fails, tmp_path, trials=4)
    assert {trial.state for trial in study.trials} == {"done"}
    failed = [event for event in study.store.read("study") if isinstance(event, PauseFailed)]
    assert failed
    assert {str(event.failure) for event in failed} == {"OSError: no space left"}


def without_save(rate: float, report: Any, trial: Any, made: str) -> None:
    for count in range(1, 9):
        report(score=rate * count)


def without_load(rate: float, report: Any, trial: Any, made: str) -> None:
    for count in range(1, 9):
        report(score=rate * count, save=lambda folder: None)


def without_trial(rate: float, report: Any, made: str) -> None:
    for count in range(1, 9):
        report(score=rate * count)


@pytest.mark.parametrize("objective", [without_save, without_trial])
def test_a_check_says_it_too(objective: Callable[..., Any]) -> None:
    found = tm.check(objective, SPACE * tm.Space(made=""), maximize="score", scheduler=HALVING)
    assert any("give each report a function that saves" in str(problem) for problem in found.problems)


@pytest.mark.parametrize("objective", [without_save, without_trial])
def test_a_scheduler_that_promotes_says_what_it_needs(objective: Callable[..., Any], tmp_path: Path) -> None:
    with pytest.raises(StudyFailed, match=r"the scheduler pauses trials .* give each report a function that saves"):
        tune(objective, tmp_path)


def test_an_objective_that_does_not_load_what_it_has_saved_is_told(tmp_path: Path) -> None:
    study = tune(without_load, tmp_path, failures="skip")
    failures = [str(trial.failure) for trial in study.trials if trial.failure]
    assert failures
    assert all("have it load what it has saved from trial.checkpoint" in failure for failure in failures)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (7, "must be a folder, an address"),
        ("nonsense://x", "checkpoints='nonsense://x'"),
        ("s3://bucket/runs", "checkpoints='s3://bucket/runs': Install s3fs"),
        (tm.Checkpoints(every_steps=0), "every_steps=0 must be a whole number"),
        (tm.Checkpoints(every_seconds=-1.0), "every_seconds=-1.0 must be"),
        (tm.Checkpoints(keep="some"), "keep='some' must be"),  # type: ignore[arg-type]
    ],
)
def test_what_makes_no_sense_is_refused(given: Any, message: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=message):
        tune(function, tmp_path, checkpoints=given)


def test_a_place_with_the_checkpoints_of_another_study_is_refused(tmp_path: Path) -> None:
    tune(function, tmp_path, checkpoints=tm.Checkpoints(place=str(tmp_path / "here"), keep="best"))
    with pytest.raises(UsageError, match="holds the checkpoints of another study"):
        tm.tune(
            function,
            SPACE * tm.Space(made=str(tmp_path)),
            maximize="score",
            trials=1,
            name="study",
            store=tmp_path / "other.db",
            checkpoints=tmp_path / "here",
            progress=False,
        )


SCRIPT = """
import os, pathlib, time
import trimma as tm

here = pathlib.Path({folder!r})


def fit(rate, report, trial):
    def save(folder):
        (folder / "count").write_text(str(count))
        if count == 4 and not (here / "begun").exists():
            (here / "begun").touch()
            time.sleep(600)
        (folder / "more").write_text(str(count))

    count = int((trial.checkpoint / "more").read_text()) if trial.checkpoint else 0
    while count < 8:
        count += 1
        with open(here / f"made-{{trial.id}}", "a") as file:
            file.write(f"{{count}}\\n")
        report(score=rate * count, save=save)


if __name__ == "__main__":
    tm.tune(fit, tm.Space(rate=tm.Float(0.1, 1)), maximize="score", trials=3, seed=1, name="study", resume=True,
            engine=tm.Local(1), checkpoints=tm.Checkpoints(every_steps=2, keep="all"), store=here / "s.db")
"""


def test_a_driver_that_is_killed_while_a_trial_saves_costs_two_steps(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT.format(folder=str(tmp_path)), encoding="utf-8")
    driver = subprocess.Popen([sys.executable, str(script)], stderr=subprocess.DEVNULL)
    try:
        wait_until((tmp_path / "begun").exists)
    finally:
        driver.kill()
        driver.wait()
    subprocess.run([sys.executable, str(script)], check=True, stderr=subprocess.DEVNULL)
    study = tm.load("study", store=tmp_path / "s.db")
    assert {trial.state for trial in study.trials} == {"done"}
    made = [(tmp_path / f"made-{trial}").read_text(encoding="utf-8").split() for trial in range(3)]
    assert [list(map(int, steps)) for steps in made] == [[1, 2, 3, 4, 3, 4, 5, 6, 7, 8], *[list(range(1, 9))] * 2]
    assert places(tmp_path) == ["0/step-8-attempt-2", "1/step-8-attempt-1", "2/step-8-attempt-1"]
