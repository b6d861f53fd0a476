"""What happens next: facts in, events and commands out."""

import math
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.random import Generator

from stage import PAUSE, Again, Plan, Stage, kinds, measured, paused, raised, returned
from trimma import events as ev
from trimma.checkpoint import Checkpoint
from trimma.commands import Close, Send, Signal, Start
from trimma.core import Policy, failing_alike, next_deadline, reopen
from trimma.core.retries import MAX_LOSSES
from trimma.errors import IllegalMove
from trimma.events import Logged
from trimma.facts import (
    Fact,
    Grown,
    Halted,
    Joined,
    Left,
    Measured,
    NotSaved,
    Paused,
    Printed,
    Raised,
    Returned,
    Saved,
    Saving,
    WentBack,
)
from trimma.ledger import Ledger
from trimma.ports import History, Suggestion
from trimma.requests import EndStudy
from trimma.spec import Metric, StudySpec
from trimma.stopping import Patience, Rule, Target, Timeout, TrialCount
from trimma.trial import ENDED, ON_WORKER, State


def test_a_worker_that_joins_gets_a_trial() -> None:
    stage = Stage(Plan(rungs=(1, 3)))
    assert kinds(stage.events) == ["StudyOpened", "WorkerJoined", "TrialQueued", "TrialStarted"]
    (start,) = stage.commands
    assert isinstance(start, Start)
    assert (start.job.trial, start.job.attempt, start.job.worker) == (0, 1, "w0")
    assert start.job.config == {"n": 0}
    assert start.job.rungs == (1, 3)


def test_the_next_trial_starts_in_the_turn_in_which_one_ends() -> None:
    stage = Stage()
    turn = stage.tell(returned(m=0.5))
    assert kinds(turn.events) == ["TrialFinished", "TrialQueued", "TrialStarted"]
    assert stage.history.best is stage.trial(0)


@pytest.mark.parametrize("workers", [1, 2, 7])
@pytest.mark.parametrize("batch", [None, 1, 100])
def test_exactly_as_many_trials_as_asked_for(workers: int, batch: int | None) -> None:
    stage = Stage(Plan(batch=batch), workers=workers, trials=5)
    while running := list(stage.history.running):
        stage.tell(returned(running[0], m=0.0))
    assert stage.history.trial_count == 5
    assert stage.history.counts[State.DONE] == 5
    assert stage.history.closed
    assert stage.history.closed.outcome is ev.Outcome.FINISHED
    assert stage.commands[-1] == Close()


@pytest.mark.parametrize("workers", [1, 2, 7])
@pytest.mark.parametrize("rule", [TrialCount(5), TrialCount(5) | Timeout(100), TrialCount(5) & TrialCount(3)])
def test_a_count_among_the_rules_is_exact_too(workers: int, rule: Rule) -> None:
    stage = Stage(workers=workers, trials=None, until=rule)
    while running := list(stage.history.running):
        stage.tell(returned(running[0], m=0.0))
    assert stage.history.trial_count == 5
    assert stage.history.closed


def test_nothing_to_try_and_nothing_live_is_the_end() -> None:
    stage = Stage(Plan(total=2), workers=3, trials=None)
    assert stage.history.closed is None
    stage.tell(returned(0, m=1.0))
    assert stage.history.closed is None
    stage.tell(returned(1, m=1.0))
    assert stage.history.closed
    assert stage.history.closed.reason == "there was nothing more to try"


@pytest.mark.parametrize(
    "fact",
    [
        measured(attempt=1, m=-1.0),
        returned(attempt=1, m=9.0),
        raised(attempt=1),
        Halted(trial=0, attempt=1),
        Printed(trial=0, attempt=1, text="late"),
        measured(attempt=3, m=-1.0),
        measured(trial=7, m=1.0),
        measured(trial=-1, m=1.0),
        Left(worker="stranger", cause=""),
    ],
    ids=repr,
)
def test_what_an_earlier_attempt_still_sends_is_dropped(fact: Fact) -> None:
    stage = Stage()
    stage.tell(Left(worker="w0", cause="gone"), Joined(worker="w0"))
    assert stage.trial().attempt == 2
    turn = stage.tell(fact)
    assert (turn.events, turn.commands) == ([], [])


def test_a_result_delivered_twice_counts_once() -> None:
    stage = Stage(trials=1)
    turn = stage.tell(returned(m=0.5), returned(m=0.7), raised())
    assert kinds(turn.events) == ["TrialFinished", "StudyClosed"]
    assert stage.trial().value == 0.5


def test_a_stop_is_sent_once_and_what_is_reported_until_then_counts() -> None:
    stage = Stage()
    turn = stage.tell(measured(step=1, m=-1.0), measured(step=2, m=5.0), measured(step=3, m=-2.0))
    assert kinds(turn.events) == ["Reported", "StopRequested", "Reported", "Reported"]
    assert turn.commands == [Send(trial=0, attempt=1, signal=Signal.STOP)]
    assert stage.trial().state is State.STOPPING
    stage.tell(Halted(trial=0, attempt=1))
    assert stage.trial().state is State.STOPPED
    assert (stage.trial().reason, stage.trial().value) == ("below zero", -2.0)


def test_a_trial_that_ends_before_it_heeds_the_stop_is_done() -> None:
    stage = Stage()
    stage.tell(measured(m=-1.0), returned(m=2.0))
    assert stage.trial().state is State.DONE
    assert (stage.trial().value, stage.trial().reason) == (2.0, "")


def test_a_trial_that_had_reported_all_before_it_was_asked_to_stop_is_done_with_its_whole_curve() -> None:
    stage = Stage()
    stage.tell(measured(step=1, m=-1.0), measured(step=2, m=1.0), measured(step=3, m=3.0), returned())
    assert stage.trial().state is State.DONE
    assert (stage.trial().value, len(stage.trial().curve)) == (3.0, 3)


def test_a_trial_may_stop_itself() -> None:
    stage = Stage()
    turn = stage.tell(measured(m=4.0), Halted(trial=0, attempt=1))
    assert kinds(turn.events)[:3] == ["Reported", "StopRequested", "TrialStopped"]
    assert (stage.trial().state, stage.trial().reason) == (State.STOPPED, "it stopped itself")
    assert stage.history.best is stage.trial()


def test_an_exception_while_stopping_is_kept_as_output() -> None:
    stage = Stage()
    turn = stage.tell(measured(m=-1.0), raised())
    assert stage.trial().state is State.STOPPED
    (text,) = (event.text for event in turn.events if isinstance(event, Logged))
    assert "ValueError: no\nhere" in text


def test_a_rung_is_released_and_only_there() -> None:
    stage = Stage(Plan(rungs=(2, 5)))
    sent = [stage.tell(measured(step=number, m=1.0)).commands for number in (1, 2, 3, 4, 7, 8)]
    go_on = [Send(trial=0, attempt=1, signal=Signal.CONTINUE)]
    assert sent == [[], go_on, [], [], go_on, []]


def test_a_rung_is_released_when_the_metric_is_missing_there() -> None:
    stage = Stage(Plan(rungs=(1,)))
    assert stage.tell(measured(step=1, other=1.0)).commands == [Send(trial=0, attempt=1, signal=Signal.CONTINUE)]


def test_a_failed_trial_is_recorded_and_the_study_goes_on() -> None:
    stage = Stage()
    stage.tell(raised())
    assert stage.trial().state is State.FAILED
    assert stage.trial().failure == ev.Failure(kind="ValueError", message="no", traceback="here\n")
    assert list(stage.history.running) == [1]


def test_a_metric_that_was_never_reported() -> None:
    stage = Stage(failures_to_give_up=9, trials=9)
    stage.tell(measured(loss=1.0, b=2.0), returned(accuracy=1.0))
    failure = stage.trial().failure
    assert failure
    assert failure.kind == "MetricMissing"
    assert failure.message == "the metric 'm' was never reported; what was: accuracy, b, loss"
    stage.tell(returned(1))
    assert "nothing was" in stage.trial(1).failure.message  # type: ignore[union-attr]


def test_the_last_report_stands_for_what_is_not_returned() -> None:
    stage = Stage()
    stage.tell(measured(step=1, m=3.0), measured(step=2, m=2.0), returned())
    assert stage.trial().state is State.DONE
    assert stage.trial().value == 2.0
    assert stage.history.best_reached == 2.0


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_is_recorded_and_never_best(value: float) -> None:
    stage = Stage()
    stage.tell(returned(0, m=value))
    assert stage.trial().state is State.DONE
    assert repr(stage.trial().value) == repr(value)
    assert stage.history.best is None
    assert stage.history.best_reached is None
    stage.tell(returned(1, m=-5.0))
    assert stage.history.best is stage.trial(1)


def test_a_lost_worker_costs_an_attempt() -> None:
    stage = Stage()
    stage.tell(measured(step=1, m=9.0))
    turn = stage.tell(Left(worker="w0", cause="out of memory"))
    assert kinds(turn.events) == ["WorkerLost", "TrialLost"]
    assert stage.trial().state is State.QUEUED
    assert (stage.trial().value, len(stage.trial().curve), stage.trial().lost_steps) == (None, 0, 1)
    turn = stage.tell(Joined(worker="w0"))
    assert kinds(turn.events) == ["WorkerJoined", "TrialStarted"]
    assert stage.trial().attempt == 2


def test_a_trial_that_keeps_crashing_fails_with_the_cause() -> None:
    stage = Stage(max_attempts=3)
    for attempt in (1, 2, 3):
        assert stage.trial().attempt == attempt
        stage.tell(Left(worker="w0", cause="it was killed by SIGSEGV"), Joined(worker="w0"))
    failure = stage.trial().failure
    assert failure
    assert failure.kind == "Crash"
    assert failure.message == "it was killed by SIGSEGV (3 of 3 attempts crashed)"
    assert list(stage.history.running) == [1]


def test_a_driver_that_ends_is_no_crash_of_the_trial() -> None:
    stage = Stage(max_attempts=1)
    for _ in range(3):
        reopen(stage.ledger, 3, None, 1.0)
        stage.tell(Joined(worker="w0"), now=1.0)
    assert stage.trial().state is State.RUNNING
    assert (stage.trial().attempt, stage.trial().crashes) == (4, 0)


def test_a_trial_that_runs_too_long_is_killed_and_fails() -> None:
    stage = Stage(trial_timeout=10.0)
    assert next_deadline(stage.history, 0.0) == 10.0
    assert stage.tell(now=math.nextafter(10.0, 0)).commands == []
    turn = stage.tell(now=10.0)
    assert turn.commands == [Send(trial=0, attempt=1, signal=Signal.KILL)]
    assert stage.tell(now=11.0).commands == []
    stage.tell(Left(worker="w0", cause="killed"), Joined(worker="w0"), now=11.0)
    assert stage.trial().state is State.FAILED
    assert stage.trial().failure.kind == "Timeout"  # type: ignore[union-attr]
    assert "trial_timeout=10 s" in stage.trial().failure.message  # type: ignore[union-attr]
    assert next_deadline(stage.history, 11.0) == 21.0


def test_an_overdue_trial_of_a_dead_driver_is_not_run_again() -> None:
    stage = Stage(trial_timeout=10.0)
    stage.tell(now=10.0)
    reopen(stage.ledger, 3, None, 12.0)
    assert stage.trial().failure.kind == "Timeout"  # type: ignore[union-attr]


def test_a_stop_that_is_not_heeded_ends_in_a_kill() -> None:
    stage = Stage(stop_grace=4.0)
    stage.tell(measured(m=-1.0), now=3.0)
    assert next_deadline(stage.history, 3.0) == 7.0
    assert stage.tell(now=6.9).commands == []
    assert stage.tell(now=7.0).commands == [Send(trial=0, attempt=1, signal=Signal.KILL)]
    assert stage.tell(now=8.0).commands == []
    assert next_deadline(stage.history, 8.0) is None
    stage.tell(Left(worker="w0", cause="killed"), now=8.0)
    assert stage.trial().state is State.STOPPED
    assert stage.trial().reason == "below zero"


def test_ctrl_c_keeps_everything_and_ends_nothing_for_good() -> None:
    stage = Stage(workers=2)
    stage.tell(measured(0, step=1, m=0.5), measured(1, step=1, m=-1.0))
    turn = stage.tell(returned(0, m=0.7), EndStudy(), returned(1, m=0.1))
    assert kinds(turn.events) == ["TrialFinished", "TrialStopped", "StudyClosed"]
    assert turn.commands == [Close()]
    assert stage.history.closed.outcome is ev.Outcome.INTERRUPTED  # type: ignore[union-attr]
    reopen(stage.ledger, 3, None, 5.0)
    turn = stage.tell(Joined(worker="w0"), now=5.0)
    assert kinds(turn.events) == ["WorkerJoined", "TrialQueued", "TrialStarted"]


def test_ctrl_c_queues_what_ran() -> None:
    stage = Stage()
    stage.tell(EndStudy())
    assert stage.trial().state is State.QUEUED
    assert stage.trial().crashes == 0


def test_it_gives_up_when_the_first_trials_all_fail_the_same_way() -> None:
    stage = Stage(workers=2, trials=100)
    stage.tell(raised(0))
    stage.tell(raised(1))
    assert stage.history.closed is None
    turn = stage.tell(raised(2))
    assert turn.commands[-1] == Close()
    assert stage.history.closed.outcome is ev.Outcome.FAILED  # type: ignore[union-attr]
    assert stage.history.closed.reason == "the first 3 trials all failed with ValueError"  # type: ignore[union-attr]


@pytest.mark.parametrize("spoiler", [raised(1, kind="KeyError"), returned(1, m=0.0)], ids=["another error", "a result"])
def test_it_does_not_give_up_while_there_is_hope(spoiler: Fact) -> None:
    stage = Stage(trials=100)
    stage.tell(raised(0))
    stage.tell(spoiler)
    for trial in range(2, 20):
        stage.tell(raised(trial))
    assert stage.history.closed is None


def test_a_study_all_of_whose_trials_failed_has_failed() -> None:
    stage = Stage(trials=2, failures_to_give_up=9)
    stage.tell(raised(0, kind="KeyError"))
    stage.tell(raised(1))
    assert stage.history.closed.outcome is ev.Outcome.FAILED  # type: ignore[union-attr]


def test_a_resumed_study_with_results_has_not_failed_by_one_more_failure() -> None:
    stage = Stage(trials=2)
    stage.tell(returned(0, m=1.0))
    stage.tell(returned(1, m=1.0))
    reopen(stage.ledger, 3, None, 1.0)
    stage.tell(Joined(worker="w0"), now=1.0)
    stage.tell(raised(2), now=2.0)
    assert stage.history.closed
    assert "every trial failed" not in stage.history.closed.reason
    assert "the first" not in stage.history.closed.reason
    assert stage.history.closed.outcome is ev.Outcome.FINISHED


def test_a_target_that_is_reached_stops_what_runs() -> None:
    stage = Stage(workers=3, trials=None, until=Target(1.0))
    stage.tell(Left(worker="w2", cause="gone"))
    assert not stage.tell(measured(0, m=1.5)).commands, "a value that is reported on the way can be lost again"
    turn = stage.tell(returned(0, m=1.5))
    assert [command for command in turn.commands if isinstance(command, Send)] == [
        Send(trial=1, attempt=1, signal=Signal.STOP)
    ]
    assert stage.trial(2).state is State.STOPPED, "what was queued never starts"
    assert stage.history.closed is None
    stage.tell(Halted(trial=1, attempt=1))
    assert stage.history.closed.outcome is ev.Outcome.FINISHED  # type: ignore[union-attr]
    assert "the target of 1 was reached with 1.5" in stage.history.closed.reason  # type: ignore[union-attr]


def test_patience_ends_the_study() -> None:
    stage = Stage(trials=None, until=Patience(2))
    for trial, value in enumerate([1.0, 3.0, 2.0, 3.0]):
        assert stage.history.closed is None
        stage.tell(returned(trial, m=value))
    assert stage.history.closed


def test_a_timeout_wakes_once_and_counts_all_sessions() -> None:
    stage = Stage(trials=None, until=Timeout(10.0))
    assert next_deadline(stage.history, 0.0) == 10.0
    stage.tell(measured(m=1.0), now=4.0)
    reopen(stage.ledger, None, Timeout(10.0), 100.0)
    stage.tell(Joined(worker="w0"), now=100.0)
    assert next_deadline(stage.history, 100.0) == 106.0
    turn = stage.tell(now=106.0)
    assert turn.commands == [Send(trial=0, attempt=2, signal=Signal.STOP)]
    assert next_deadline(stage.history, 106.5) == 116.0, "now it is the stop's grace that counts"


def test_queued_trials_come_before_new_ones() -> None:
    stage = Stage(workers=2, trials=10)
    stage.tell(Left(worker="w0", cause=""), returned(1, m=0.0))
    assert {trial.id: trial.workers for trial in stage.history.running.values()} == {0: ("w1",)}


def test_after_the_limit_lost_trials_are_still_run() -> None:
    stage = Stage(trials=1)
    stage.tell(Left(worker="w0", cause=""))
    assert stage.history.closed is None
    stage.tell(Joined(worker="w0"))
    stage.tell(returned(0, 2, m=1.0))
    assert stage.history.closed


def test_a_pause_frees_the_worker_and_the_trial_goes_on_from_its_checkpoint() -> None:
    stage = Stage(Again(total=2), trials=2)
    turn = stage.tell(measured(step=1, m=1.0), measured(step=3, m=PAUSE))
    assert turn.commands == [Send(trial=0, attempt=1, signal=Signal.PAUSE)]
    assert (stage.trial().state, stage.trial().reason) == (State.PAUSING, "a rest")
    turn = stage.tell(*paused(saved=3))
    assert kinds(turn.events) == ["CheckpointSaved", "TrialPaused", "TrialResumed", "TrialStarted"]
    (start,) = turn.commands
    assert isinstance(start, Start)
    assert start.job.checkpoint == Checkpoint(trial=0, attempt=1, step=3)
    assert (start.job.attempt, start.job.rungs, start.job.budget) == (2, (8,), 9)
    assert list(stage.trial().curve.steps) == [1, 3]
    stage.tell(measured(attempt=2, step=4, m=2.0), returned(attempt=2))
    assert (stage.trial().state, stage.trial().value, stage.trial().reason) == (State.DONE, 2.0, "")
    assert (list(stage.trial().curve.steps), stage.trial().lost_steps) == ([1, 3, 4], 0)


def test_without_a_checkpoint_it_begins_at_the_beginning() -> None:
    stage = Stage(Again(total=1), trials=1)
    turn = stage.tell(measured(step=1, m=1.0), measured(step=2, m=PAUSE), *paused())
    (start,) = [command for command in turn.commands if isinstance(command, Start)]
    assert start.job.checkpoint is None
    assert (len(stage.trial().curve), stage.trial().lost_steps, stage.trial().value) == (0, 2, None)


def test_a_lost_worker_costs_what_came_after_the_checkpoint() -> None:
    stage = Stage(Again(total=1), trials=1)
    stage.tell(measured(step=1, m=1.0, n=5.0), measured(step=2, m=PAUSE), *paused(saved=2))
    stage.tell(measured(attempt=2, step=3, m=2.0), measured(attempt=2, step=4, m=3.0))
    turn = stage.tell(Left(worker="w0", cause="gone"), Joined(worker="w0"))
    (start,) = turn.commands
    assert isinstance(start, Start)
    assert start.job.checkpoint == Checkpoint(trial=0, attempt=1, step=2)
    assert (list(stage.trial().curve.steps), stage.trial().lost_steps, stage.trial().value) == ([1, 2], 2, PAUSE)
    assert list(stage.trial().curve.series("n").values) == [5.0]


def test_what_is_paused_does_not_hold_up_the_others_nor_the_end() -> None:
    stage = Stage(Plan(total=2), trials=2)
    turn = stage.tell(measured(m=PAUSE), *paused())
    assert kinds(turn.events)[-2:] == ["TrialQueued", "TrialStarted"]
    turn = stage.tell(returned(1, m=1.0))
    assert kinds(turn.events) == ["TrialFinished", "TrialStopped", "StudyClosed"]
    assert stage.trial().state is State.STOPPED
    assert "never chosen to go on" in stage.trial().reason
    assert stage.history.best is stage.trial(1), "it came to its end"


def test_a_paused_trial_goes_on_after_the_last_new_one() -> None:
    stage = Stage(Again(total=9), workers=2, trials=2)
    stage.tell(measured(0, m=PAUSE), *paused())
    assert stage.trial().state is State.RUNNING
    assert stage.history.closed is None


def test_a_halt_ends_what_is_paused() -> None:
    stage = Stage(workers=2, trials=None, until=Target(9.0))
    stage.tell(measured(0, m=PAUSE), *paused(), measured(1, m=PAUSE))
    stage.tell(returned(2, m=9.0))
    assert stage.trial(0).state is State.STOPPED
    stage.tell(*paused(1))
    assert stage.trial(1).state is State.STOPPED
    assert "the target of 9 was reached" in stage.trial(1).reason
    assert stage.history.closed


def test_ctrl_c_keeps_what_is_paused() -> None:
    stage = Stage(Again(total=2), trials=2)
    stage.tell(measured(m=PAUSE), EndStudy())
    assert stage.trial().state is State.PAUSED, (
        "it was being paused: there is no checkpoint, and none is needed to wait"
    )
    reopen(stage.ledger, 2, None, 1.0)
    turn = stage.tell(Joined(worker="w0"), now=1.0)
    assert kinds(turn.events) == ["WorkerJoined", "TrialResumed", "TrialStarted"]


def test_a_pause_that_is_not_heeded_ends_in_a_kill() -> None:
    stage = Stage(Plan(total=1), stop_grace=4.0, trials=1)
    stage.tell(measured(m=PAUSE))
    assert next_deadline(stage.history, 0.0) == 4.0
    turn = stage.tell(now=4.0)
    assert turn.commands == [Send(trial=0, attempt=1, signal=Signal.KILL)]
    assert next_deadline(stage.history, 4.0) is None
    stage.tell(Left(worker="w0", cause="killed"), now=5.0)
    assert stage.trial().crashes == 0


def test_reports_while_pausing_are_kept_and_not_judged() -> None:
    stage = Stage()
    turn = stage.tell(measured(step=1, m=PAUSE), measured(step=2, m=-1.0))
    assert kinds(turn.events) == ["Reported", "PauseRequested", "Reported"]
    stage.tell(*paused(saved=2))
    assert stage.trial().checkpoint == Checkpoint(trial=0, attempt=1, step=2)


def test_a_scheduler_may_go_on_only_with_what_is_paused() -> None:
    class Wrong(Plan):
        def plan(self, history: History, free: int, rng: Generator) -> Sequence[Suggestion]:
            return [Suggestion(resume=5)]

    with pytest.raises(IllegalMove, match="trial 5, which isn't paused"):
        Stage(Wrong())


def test_workers_that_are_lost_again_and_again_are_no_chance() -> None:
    stage = Stage(max_attempts=2)
    for _ in range(MAX_LOSSES - 1):
        stage.tell(Left(worker="w0", cause="preempted", crashed=False), Joined(worker="w0"))
    assert (stage.trial().state, stage.trial().crashes) == (State.RUNNING, 0)
    stage.tell(Left(worker="w0", cause="preempted", crashed=False))
    failure = stage.trial().failure
    assert failure
    assert failure.kind == "WorkerLost"
    assert "preempted (10 workers were lost" in failure.message


def test_a_new_driver_counts_lost_workers_anew() -> None:
    stage = Stage()
    for _ in range(MAX_LOSSES - 1):
        stage.tell(Left(worker="w0", cause="preempted", crashed=False), Joined(worker="w0"))
    reopen(stage.ledger, 3, None, 1.0)
    assert stage.trial().losses <= 1


@pytest.mark.parametrize(
    ("trials", "workers", "demand"),
    [(None, 2, None), (5, 2, 5), (2, 2, 2)],
    ids=["endless", "more to come", "the last"],
)
def test_the_demand_for_workers(trials: int | None, workers: int, demand: int | None) -> None:
    stage = Stage(workers=workers, trials=trials)
    assert stage.tell().demand == demand
    stage.tell(returned(0, m=1.0))
    assert stage.tell().demand == (None if demand is None else demand - 1)


def test_the_demand_when_there_is_nothing_more_to_try() -> None:
    stage = Stage(Plan(total=3), workers=4, trials=None)
    assert stage.tell().demand == 3
    assert stage.tell(returned(0, m=1.0)).demand == 2
    assert stage.tell(EndStudy()).demand == 0


def test_who_never_gives_up() -> None:
    stage = Stage(workers=1, trials=5, failures_to_give_up=0)
    for trial in range(4):
        stage.tell(raised(trial))
    assert stage.history.closed is None


def test_giving_up_after_a_resume_says_so() -> None:
    stage = Stage(trials=9)
    stage.tell(returned(0, m=1.0))
    reopen(stage.ledger, 9, None, 1.0)
    stage.tell(Joined(worker="w0"))
    stage.tell(raised(1, 2))
    stage.tell(raised(2))
    stage.tell(raised(3))
    assert stage.history.closed
    assert stage.history.closed.reason == "the first 3 trials since it was resumed all failed with ValueError"


ids = {"trial": st.integers(-1, 4), "attempt": st.integers(0, 3)}
workers = st.sampled_from(["w0", "w1", "w2"])
facts = st.one_of(
    st.builds(Joined, worker=workers),
    st.builds(Left, worker=workers, cause=st.just("gone"), crashed=st.booleans()),
    st.builds(
        Measured,
        step=st.integers(0, 9),
        metrics=st.dictionaries(st.sampled_from("mn"), st.floats() | st.just(PAUSE), max_size=2),
        **ids,
    ),
    st.builds(Printed, text=st.text(max_size=3), **ids),
    st.builds(Grown, more=st.just(1), trials=st.just(3), exceeded=st.booleans(), **ids),
    st.builds(Returned, metrics=st.dictionaries(st.sampled_from("mn"), st.floats(), max_size=2), **ids),
    st.builds(Raised, failure=st.builds(ev.Failure, kind=st.sampled_from(["A", "B"]), message=st.just("")), **ids),
    st.builds(Halted, **ids),
    st.builds(Paused, **ids),
    st.builds(Saving, step=st.integers(0, 9), **ids),
    st.builds(Saved, step=st.integers(0, 9), size=st.just(1), seconds=st.just(1.0), **ids),
    st.builds(NotSaved, step=st.integers(0, 9), failure=st.just(ev.Failure(kind="E", message="")), **ids),
    st.builds(WentBack, step=st.none() | st.integers(0, 9), cause=st.just("damaged"), **ids),
    st.just(EndStudy()),
)
turns = st.lists(st.tuples(st.lists(facts, max_size=4), st.floats(0, 3)), max_size=25)
rules = st.sampled_from([None, Target(2.0), Timeout(20.0), Patience(2), TrialCount(3), Timeout(9.0) & TrialCount(2)])


@given(turns, rules, st.sampled_from([None, 4]), st.sampled_from([None, 5.0]), st.integers(1, 3), st.booleans())
def test_facts_in_any_order_give_a_legal_state_or_an_illegal_move(
    turns: list[tuple[list[Fact], float]],
    until: Rule | None,
    trials: int | None,
    timeout: float | None,
    attempts: int,
    again: bool,
) -> None:
    stage = Stage(
        Again(6, rungs=(2,)) if again else Plan(6, rungs=(2,)),
        workers=2,
        until=until,
        trials=trials,
        trial_timeout=timeout,
        max_attempts=attempts,
    )
    now = 0.0
    for batch, elapsed in turns:
        now += elapsed
        try:
            if stage.history.closed:
                stage.events += reopen(stage.ledger, trials, until, now).events
            stage.tell(*batch, now=now)
        except IllegalMove:
            joining = [fact.worker for fact in batch if isinstance(fact, Joined)]
            assert joining, "only a worker that joins twice is refused"
            return
        history = stage.history
        assert sum(history.counts.values()) == history.trial_count <= (trials or 6)
        on_workers = history.on_workers()
        assert sorted([*history.queued, *history.paused, *history.ended, *(trial.id for trial in on_workers)]) == list(
            range(history.trial_count)
        )
        busy = [worker for trial in on_workers for worker in trial.workers]
        assert len(busy) == len(set(busy)), "a worker runs one trial at a time"
        assert set(busy) | set(history.idle) == set(history.workers) or history.closed
        if history.closed:
            assert stage.commands[-1] == Close()
            assert not on_workers
        for trial in history.trials:
            assert trial.crashes <= attempts
            assert (trial.state is State.FAILED) == (trial.failure is not None)
            assert bool(trial.workers) == (trial.state in ON_WORKER)
            assert trial.state in ENDED or trial.id not in history.ended
    again = Ledger()
    again.fold(ev.StudyCreated(at=0.0, spec=StudySpec(name="s", metrics=(Metric(name="m", maximize=True),), seed=0)))
    for event in stage.events:
        again.fold(event)
    assert again.history.counts == stage.history.counts
    assert list(again.history.ended) == list(stage.history.ended)
    assert repr(again.history.best_by_end) == repr(stage.history.best_by_end)


def test_a_policy_may_give_up_for_a_reason_of_its_own() -> None:
    stage = Stage(hopeless=lambda history: "a bad start" if history.ended else None, workers=2)
    stage.tell(Raised(trial=0, attempt=1, failure=ev.Failure(kind="ValueError", message="no")))
    closed = stage.history.closed
    assert closed is not None
    assert (closed.outcome, closed.reason) == (ev.Outcome.FAILED, "a bad start")
    assert isinstance(stage.commands[-1], Close)


def test_a_searcher_that_knows_when_there_is_no_hope_is_asked_instead_of_the_general_rule() -> None:
    class Pessimist:
        def hopeless(self, history: History) -> str | None:
            return "never any hope"

    assert Policy.of(Plan(), Pessimist()).hopeless(Stage().history) == "never any hope"
    assert Policy.of(Plan(), Plan()).hopeless is failing_alike


def test_a_study_may_ask_for_more_of_its_policy() -> None:
    stage = Stage(kind="riddle", asked={"repeats": 2}, planned=4)
    stage.ledger.fold(ev.StudyExtended(at=1.0, asked={"repeats": 3}, planned=6, program=b"more"))
    for spec in (stage.history.spec, stage.history.original):
        assert (spec.kind, spec.asked, spec.planned) == ("riddle", {"repeats": 3}, 6)
    assert stage.history.program == b"more"


def test_a_trial_that_raises_while_it_is_being_paused_is_not_tried_again() -> None:
    stage = Stage(Plan(total=1), trials=1, retry=5)
    stage.tell(measured(m=PAUSE), Raised(trial=0, attempt=1, failure=ev.Failure(kind="E", message="m"), again=True))
    assert stage.trial().state is State.FAILED


def test_a_trial_that_raises_is_queued_again_for_an_idle_worker() -> None:
    stage = Stage(Plan(total=1), trials=1, retry=1)
    failure = ev.Failure(kind="E", message="m")
    turn = stage.tell(Raised(trial=0, attempt=1, failure=failure, again=True))
    assert kinds(turn.events) == ["Logged", "TrialLost", "TrialStarted"]
    turn = stage.tell(Raised(trial=0, attempt=2, failure=failure, again=True))
    assert kinds(turn.events)[0] == "TrialFailed"
