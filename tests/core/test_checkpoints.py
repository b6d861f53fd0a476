"""What the core makes of checkpoints: what a trial goes on from, and what happens when one can't be saved or read."""

from __future__ import annotations

from collections.abc import Sequence

from numpy.random import Generator

from stage import PAUSE, Again, Plan, Stage, kinds, measured, paused, returned
from trimma.checkpoint import Checkpoint
from trimma.commands import Start
from trimma.core import next_deadline
from trimma.events import Failure
from trimma.facts import Joined, Left, NotSaved, Saved, Saving, WentBack
from trimma.ports import History, Suggestion
from trimma.trial import State

FULL = Failure(kind="OSError", message="no space left on device")


def saved(step: int, attempt: int = 1) -> Saved:
    return Saved(trial=0, attempt=attempt, step=step, size=8, seconds=0.1)


def test_a_lost_trial_goes_on_from_what_it_has_saved_on_the_way() -> None:
    stage = Stage(Plan(total=1), trials=1)
    stage.tell(measured(step=1, m=1.0), measured(step=2, m=2.0), saved(2), measured(step=3, m=3.0))
    turn = stage.tell(Left(worker="w0", cause="gone"), Joined(worker="w0"))
    (start,) = [command for command in turn.commands if isinstance(command, Start)]
    assert start.job.checkpoints == (Checkpoint(trial=0, attempt=1, step=2),)
    assert (list(stage.trial().curve.steps), stage.trial().lost_steps) == ([1, 2], 1)


def test_the_last_two_checkpoints_are_kept_and_a_job_is_given_both() -> None:
    stage = Stage(Plan(total=1), trials=1)
    for step in (1, 2, 3):
        stage.tell(measured(step=step, m=1.0), saved(step))
    turn = stage.tell(Left(worker="w0", cause="gone"), Joined(worker="w0"))
    (start,) = [command for command in turn.commands if isinstance(command, Start)]
    assert [checkpoint.step for checkpoint in start.job.checkpoints] == [2, 3]
    assert start.job.checkpoint == stage.trial().checkpoint


def test_who_finds_its_checkpoint_damaged_has_its_later_reports_taken_back() -> None:
    stage = Stage(Plan(total=1), trials=1)
    for step in (1, 2, 3):
        stage.tell(measured(step=step, m=float(step)), saved(step))
    stage.tell(Left(worker="w0", cause="gone"), Joined(worker="w0"))
    turn = stage.tell(WentBack(trial=0, attempt=2, step=2, cause="damaged"))
    assert kinds(turn.events) == ["WentBackFurther"]
    trial = stage.trial()
    assert (list(trial.curve.steps), trial.value, trial.lost_steps) == ([1, 2], 2.0, 1)
    stage.tell(measured(attempt=2, step=3, m=9.0), returned(attempt=2))
    assert list(stage.trial().curve.series("m").values) == [1.0, 2.0, 9.0]


def test_who_finds_all_of_them_damaged_begins_anew() -> None:
    stage = Stage(Plan(total=1), trials=1)
    stage.tell(measured(step=1, m=1.0), saved(1))
    stage.tell(Left(worker="w0", cause="gone"), Joined(worker="w0"))
    stage.tell(WentBack(trial=0, attempt=2, step=None, cause="damaged"))
    assert (len(stage.trial().curve), stage.trial().value, stage.trial().checkpoint) == (0, None, None)


def test_a_trial_that_can_t_save_goes_on_instead_of_pausing() -> None:
    stage = Stage(Again(total=2), trials=2)
    stage.tell(measured(step=1, m=PAUSE), Saving(trial=0, attempt=1, step=1))
    turn = stage.tell(NotSaved(trial=0, attempt=1, step=1, failure=FULL, pausing=True))
    assert kinds(turn.events) == ["PauseFailed"]
    assert stage.trial().state is State.RUNNING
    stage.tell(measured(step=2, m=3.0), returned())
    assert (stage.trial().state, stage.trial().attempt) == (State.DONE, 1)


def test_to_save_may_take_longer_than_to_react() -> None:
    stage = Stage(Again(total=2), trials=2, stop_grace=5.0)
    stage.tell(measured(step=1, m=PAUSE), now=1.0)
    assert next_deadline(stage.history, 1.0) == 6.0
    stage.tell(Saving(trial=0, attempt=1, step=1), now=2.0)
    assert next_deadline(stage.history, 2.0) is None
    assert stage.tell(now=100.0).events == []
    turn = stage.tell(*paused(saved=1), now=101.0)
    assert kinds(turn.events)[:2] == ["CheckpointSaved", "TrialPaused"]


class Heirs(Plan):
    """Has each trial but the first begin from the checkpoint of the first one."""

    def plan(self, history: History, free: int, rng: Generator) -> Sequence[Suggestion]:
        number = history.trial_count
        return [Suggestion(config={"n": number}, parent=0 if number else None)] if number < self.total else []


def test_a_child_is_given_the_checkpoints_that_its_parent_had() -> None:
    stage = Stage(Heirs(total=2), trials=2)
    for step in (1, 2):
        stage.tell(measured(step=step, m=1.0), saved(step))
    turn = stage.tell(returned())
    (start,) = [command for command in turn.commands if isinstance(command, Start)]
    assert start.job.trial == 1
    assert start.job.checkpoints == tuple(Checkpoint(trial=0, attempt=1, step=step) for step in (1, 2))
    stage.tell(WentBack(trial=1, attempt=1, step=1, cause="damaged"))
    assert [checkpoint.step for checkpoint in stage.trial(1).checkpoints] == [1]
    assert [checkpoint.step for checkpoint in stage.trial(0).checkpoints] == [1, 2]


def test_who_hangs_while_it_saves_is_killed_when_a_trial_may_not_run_longer() -> None:
    stage = Stage(Again(total=1), trials=1, stop_grace=5.0, trial_timeout=60.0)
    stage.tell(measured(step=1, m=PAUSE), Saving(trial=0, attempt=1, step=1), now=1.0)
    assert next_deadline(stage.history, 1.0) == 61.0
    assert stage.tell(now=60.0).events == []
    turn = stage.tell(now=61.0)
    assert kinds(turn.events) == ["KillRequested"]
    assert stage.trial().reason == "a rest"


def test_a_trial_that_is_to_pause_still_pauses_when_an_earlier_save_has_failed() -> None:
    stage = Stage(Again(total=2), trials=2)
    stage.tell(measured(step=1, m=PAUSE), Saving(trial=0, attempt=1, step=1))
    stage.tell(NotSaved(trial=0, attempt=1, step=1, failure=FULL))
    assert stage.trial().state is State.PAUSING
    turn = stage.tell(*paused(saved=2))
    assert kinds(turn.events)[:2] == ["CheckpointSaved", "TrialPaused"]


def test_who_pauses_unasked_is_lost_and_begins_anew() -> None:
    stage = Stage(Plan(total=1), trials=1)
    turn = stage.tell(measured(step=1, m=1.0), *paused())
    assert kinds(turn.events) == ["Reported", "TrialLost", "TrialStarted"]
