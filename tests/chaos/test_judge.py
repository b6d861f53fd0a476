"""The judge finds each thing that can be wrong, in logs that were made wrong by hand."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

import trimma as tm
from chaos import behaviours, driver, processes, truth
from chaos.judge import Question, judge
from chaos.leftovers import left_in_driver, left_in_temporary_folder, left_of_trials, left_running
from chaos.plan import Plan
from trimma.events import (
    Event,
    Failure,
    Outcome,
    Reported,
    StopRequested,
    StudyClosed,
    TrialFailed,
    TrialFinished,
    TrialQueued,
    TrialStopped,
)

TRIALS = 15
PLAN = Plan(
    engine="driver",
    seed=0,
    number=17,
    question="asha",
    trials=TRIALS,
    workers=1,
    behaviours={"steady": 1, "raises": 1},
    pace=0.001,
    sessions=(),
    by_tune=False,
)
QUESTION = Question(driver.SCHEDULERS["asha"], driver.METRIC, driver.SPACE, driver.SEED, is_search=True)
Log = list[Event]


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> tuple[Log, list[truth.Note]]:
    """The log of a study to which nothing has happened, and what its trials have noted. It is always the same study."""
    folder = tmp_path_factory.mktemp("sound")
    store = tm.MemoryStore()
    tm.tune(
        behaviours.search,
        driver.SPACE,
        minimize=driver.METRIC,
        trials=TRIALS,
        scheduler=driver.SCHEDULERS["asha"],
        engine=tm.Driver(1),
        seed=driver.SEED,
        name="study",
        store=store,
        failures="skip",
        progress=False,
        data={"folder": str(folder), "name": PLAN.name, "behaviours": PLAN.behaviours, "pace": PLAN.pace},
    )
    return list(store.read("study")), truth.read(folder / "truth")


def found(events: Log, notes: list[truth.Note], plan: Plan = PLAN) -> str:
    return "\n".join(judge(events, notes, plan, QUESTION))


def place(events: Log, kind: type, which: int = 0, **wanted: Any) -> int:
    """The place of an event of a kind, whose fields have these values."""
    fits = [
        number
        for number, event in enumerate(events)
        if isinstance(event, kind) and all(getattr(event, name) == value for name, value in wanted.items())
    ]
    return fits[which]


def changed(events: Log, number: int, **fields: Any) -> Log:
    return [*events[:number], replace(events[number], **fields), *events[number + 1 :]]


def without(events: Log, number: int) -> Log:
    return [*events[:number], *events[number + 1 :]]


def test_a_sound_log_is_sound(sound: tuple[Log, list[truth.Note]]) -> None:
    events, notes = sound
    assert found(events, notes) == ""
    kinds = {type(event) for event in events}
    assert {Reported, StopRequested, TrialFailed, TrialFinished} <= kinds, "there is something to judge"


def _ended_twice(events: Log) -> Log:
    end = place(events, TrialFinished)
    return [*events[: end + 1], events[end], *events[end + 1 :]]


def _never_ended(events: Log) -> Log:
    return without(events, max(place(events, kind, -1) for kind in (TrialFinished, TrialStopped)))


def _one_too_few(events: Log) -> Log:
    last = TRIALS - 1
    return [event for event in events if getattr(event, "trial", None) != last]


def _left_open(events: Log) -> Log:
    return [event for event in events if not isinstance(event, StudyClosed)]


def _interrupted(events: Log) -> Log:
    return changed(events, place(events, StudyClosed), outcome=Outcome.INTERRUPTED)


def _a_report_is_lost(events: Log) -> Log:
    done = events[place(events, TrialFinished)]
    return without(events, place(events, Reported, -1, trial=done.trial))  # type: ignore[union-attr]


def _a_step_is_left_out(events: Log) -> Log:
    done = events[place(events, TrialFinished)]
    return without(events, place(events, Reported, 1, trial=done.trial))  # type: ignore[union-attr]


def _a_report_is_there_twice(events: Log) -> Log:
    done = events[place(events, TrialFinished)]
    last = place(events, Reported, -1, trial=done.trial)  # type: ignore[union-attr]
    again = replace(events[last], step=events[last].step + 1)  # type: ignore[union-attr, call-arg]
    return [*events[: last + 1], again, *events[last + 1 :]]


def _a_report_of_another_trial(events: Log) -> Log:
    ours, other = place(events, Reported, trial=0), place(events, Reported, trial=1)
    return changed(events, ours, metrics=events[other].metrics)  # type: ignore[union-attr]


def _a_report_that_nobody_made(events: Log) -> Log:
    ours = place(events, Reported, trial=0)
    metrics = events[ours].metrics  # type: ignore[union-attr]
    return changed(events, ours, metrics={**metrics, "mark": 77.0})


def _another_result(events: Log) -> Log:
    return changed(events, place(events, TrialFinished), metrics={"loss": 123.0})


def _done_though_it_raised(events: Log) -> Log:
    failed = place(events, TrialFailed)
    event: Any = events[failed]
    done = TrialFinished(at=event.at, trial=event.trial, attempt=event.attempt, metrics={"loss": 1.0})
    return [*events[:failed], done, *events[failed + 1 :]]


def _failed_though_it_returned(events: Log) -> Log:
    done = place(events, TrialFinished)
    event: Any = events[done]
    failure = Failure(kind="ValueError", message="made up")
    failed = TrialFailed(at=event.at, trial=event.trial, attempt=event.attempt, failure=failure)
    return [*events[:done], failed, *events[done + 1 :]]


def _crashed_for_no_reason(events: Log) -> Log:
    return changed(events, place(events, TrialFailed), failure=Failure(kind="Crash", message="made up"))


def _stopped_for_another_reason(events: Log) -> Log:
    return changed(events, place(events, StopRequested), reason="nobody knows why")


def _another_config(events: Log) -> Log:
    return changed(events, place(events, TrialQueued, 3), config={"x": 0.5})


@pytest.mark.parametrize(
    ("broken", "told"),
    [
        (_ended_twice, "can't follow those before it"),
        (_never_ended, "has ended 0 times"),
        (_one_too_few, f"{TRIALS} trials were asked for, and {TRIALS - 1} were chosen"),
        (_left_open, "the study isn't closed"),
        (_interrupted, "the study isn't closed"),
        (_a_report_is_lost, "was made and is lost"),
        (_a_step_is_left_out, "aren't consecutive"),
        (_a_report_is_there_twice, "is there 2 times"),
        (_a_report_of_another_trial, "was never made by it"),
        (_a_report_that_nobody_made, "was never made by it"),
        (_another_result, "the log has {'loss': 123.0}"),
        (_done_though_it_raised, "which has never returned"),
        (_failed_though_it_returned, "raised nothing"),
        (_crashed_for_no_reason, "(raises) has failed: Crash: made up"),
        (_stopped_for_another_reason, "nobody decides so: nobody knows why"),
        (_another_config, "aren't those that the same seed chooses"),
    ],
)
def test_a_broken_log_is_told(sound: tuple[Log, list[truth.Note]], broken: Callable[[Log], Log], told: str) -> None:
    events, notes = sound
    assert told in found(broken(events), notes)


def test_a_stop_that_was_decided_and_not_asked_for(sound: tuple[Log, list[truth.Note]]) -> None:
    """The trial has gone on to its end, as if nothing had been decided."""
    events, notes = sound
    asked: Any = events[place(events, StopRequested)]
    stopped = place(events, TrialStopped, trial=asked.trial)
    done = TrialFinished(at=asked.at, trial=asked.trial, attempt=asked.attempt, metrics={"loss": 1.0})
    meddled = [*events[:stopped], done, *events[stopped + 1 :]]
    meddled.remove(asked)
    begun = next(note for note in notes if note.trial == asked.trial)
    told = found(meddled, [*notes, replace(begun, what="returns", value=1.0)])
    assert re.fullmatch(rf"trial {asked.trial} was to be stopped at step \d: .*", told)


def test_an_attempt_that_ran_and_was_not_stored(sound: tuple[Log, list[truth.Note]]) -> None:
    events, notes = sound
    begun = next(note for note in notes if note.what == "begins")
    told = found(events, [*notes, replace(begun, attempt=2)])
    assert "the log doesn't know of it" in told
    assert "had ended with attempt 1, and ran again as attempt 2" in told


def test_an_attempt_that_ran_twice(sound: tuple[Log, list[truth.Note]]) -> None:
    events, notes = sound
    assert "ran 2 times" in found(events, [*notes, next(note for note in notes if note.what == "begins")])


def test_a_failure_is_excused_by_what_happened(sound: tuple[Log, list[truth.Note]]) -> None:
    from chaos.plan import Fault

    events, notes = sound
    plan = replace(PLAN, sessions=((Fault(kind="kill runner", at=0.0, lasts=0.0, which=0.0),),))
    assert found(_crashed_for_no_reason(events), notes, plan) == ""


def test_what_a_driver_leaves_behind() -> None:
    assert list(left_in_driver(driver.Outcome(status="finished"))) == []
    left = driver.Outcome(threads=["trimma-wait-1"], descriptors=["7: socket:[1]"], jobs=[3])
    assert len(list(left_in_driver(left))) == 3


def test_a_process_that_is_still_there() -> None:
    mark = f"test-{os.getpid()}"
    code = "import os, time; os.fork(); time.sleep(600)"
    environment = {**os.environ, processes.VARIABLE: mark}
    parent = subprocess.Popen([sys.executable, "-c", code], env=environment, start_new_session=True)
    try:
        while len(processes.of_run(mark)) < 2:
            assert parent.poll() is None
        told = left_running(mark, patience=0.0)
    finally:
        parent.kill()
        parent.wait()
    assert len(told) == 2, "also a child that was forked"
    assert all("is still there" in each for each in told)
    assert left_running(mark) == []


def test_a_folder_of_a_trial_that_is_not_kept(sound: tuple[Log, list[truth.Note]], tmp_path: Path) -> None:
    events, _ = sound
    folder = tmp_path / "studies.db-trials" / "study" / "1" / "attempt-1"
    folder.mkdir(parents=True)
    assert list(left_of_trials(events, tmp_path)) == [f"the folder {folder} is still there"]
    losses = {event.trial: event.metrics["loss"] for event in events if isinstance(event, TrialFinished)}
    best = place(events, TrialFinished, trial=min(losses, key=losses.__getitem__))
    assert list(left_of_trials(changed(events, best, folder=str(folder)), tmp_path)) == []


def test_what_stays_in_the_folder_for_temporary_files(tmp_path: Path) -> None:
    (tmp_path / "trimma-x").mkdir()
    (tmp_path / "trimma-x" / "program").touch()
    (tmp_path / "of-somebody-else").touch()
    (told,) = left_in_temporary_folder(tmp_path, killed=False)
    assert "trimma-x is still in the folder for temporary files: ['program']" in told
    assert list(left_in_temporary_folder(tmp_path, killed=True)) == []
