"""Savings, busy share, gaps, time left, importance, summary: numbers worked out by hand."""

import math

import numpy as np
import pytest

from histories import Log, drawn, large, opened, returned, simulated
from trimma.errors import StudyError, UsageError
from trimma.events import Outcome
from trimma.space import Choice, Float, Grid, Int, Space
from trimma.stopping import All, Patience, Timeout, TrialCount
from trimma.views import (
    attempts,
    busy,
    busy_over_time,
    eta,
    gaps,
    importance,
    leaderboard,
    savings,
    status,
    stays,
    summary,
    table,
)


def test_savings_count_to_the_budget():
    log = opened("a")
    done = log.start("a", budget=10)
    log.curve(done, *[1.0] * 10)
    log.finish(done)
    stopped = log.start("a", budget=10)
    log.curve(stopped, *[1.0] * 3)
    log.stop(stopped)
    failed = log.start("a", budget=10)
    log.curve(failed, 1.0, 1.0)
    log.fail(failed)
    never = log.queue(budget=10)
    log.stop(never)
    found = savings(log.history)
    assert (found.run, found.full, found.saved, found.share) == (15, 22, 7, 7 / 22)
    assert (found.done, found.stopped, found.failed, found.lost) == (1, 2, 1, 0)


def test_without_a_budget_the_end_is_the_median_of_the_done_trials():
    log = opened("a")
    for steps in (4, 6, 20):
        trial = log.start("a")
        log.curve(trial, *[1.0] * steps)
        log.finish(trial)
    for steps in (2, 9):
        trial = log.start("a")
        log.curve(trial, *[1.0] * steps)
        log.stop(trial)
    found = savings(log.history)
    assert (found.run, found.full) == (41, 30 + 6 + 9)


def test_lost_steps_were_run_but_not_saved():
    log = opened("a")
    trial = log.start("a", budget=5)
    log.curve(trial, 1.0, 1.0)
    log.lose(trial)
    log.restart(trial, "a")
    log.curve(trial, *[1.0] * 5)
    log.finish(trial)
    found = savings(log.history)
    assert (found.run, found.full, found.saved, found.lost) == (7, 7, 0, 2)


def test_nothing_run_saves_nothing():
    found = savings(opened("a").history)
    assert (found.run, found.saved, found.share) == (0, 0, None)


def schedule():
    """Worker a: 0-4 done, 6-10 lost when it leaves; b, there from 2: 2-8 stopped. Closed at 12."""
    log = opened("a")
    first = log.start("a")
    log.at(2).join("b")
    second = log.start("b")
    log.at(4).finish(first, loss=1.0)
    third = log.at(6).start("a")
    log.at(8).stop(second)
    log.at(10).leave("a")
    log.lose(third)
    log.at(12).close()
    return log


def test_the_busy_share_of_a_known_schedule():
    found = busy(schedule().history)
    assert (found.busy, found.present, found.share) == (4 + 4 + 6, 10 + 10, 0.7)


def test_attempts_stays_and_gaps_of_a_known_schedule():
    history = schedule().history
    assert [(row.trial, row.worker, row.start, row.end, row.outcome) for row in attempts(history)] == [
        (0, "a", 0.0, 4.0, "done"),
        (1, "b", 2.0, 8.0, "stopped"),
        (2, "a", 6.0, 10.0, "lost"),
    ]
    assert [(row.worker, row.start, row.end, row.cause) for row in stays(history)] == [
        ("a", 0, 10, "gone"),
        ("b", 2, 12, ""),
    ]
    assert [(gap.worker, gap.start, gap.end) for gap in gaps(history)] == [("a", 4.0, 6.0)]


def test_the_busy_share_over_time_adds_up():
    rows = busy_over_time(schedule().history, bins=6)
    assert [row.busy for row in rows] == pytest.approx([2, 4, 2, 4, 2, 0])
    assert [row.present for row in rows] == pytest.approx([2, 4, 4, 4, 4, 2])
    assert rows[-1].share == 0.0


def test_a_worker_that_was_away_has_no_gap():
    log = opened("a")
    log.at(1).finish(log.start("a"), loss=1.0)
    log.at(2).leave("a")
    log.at(5).join("a")
    log.at(6).finish(log.start("a"), loss=1.0)
    assert gaps(log.history) == []


def test_the_time_between_sessions_is_nobodys():
    log = opened("a")
    trial = log.start("a")
    log.at(4).report(trial, 1, loss=1.0)
    log.at(1000).open()
    log.lose(trial)
    log.join("a")
    log.restart(trial, "a")
    log.at(1006).finish(trial, loss=1.0)
    log.close()
    assert [(row.start, row.end, row.outcome) for row in attempts(log.history)] == [(0, 4, "lost"), (4, 10, "done")]
    assert busy(log.history).share == 1.0
    assert summary(log.history).elapsed == 10.0


@pytest.mark.parametrize(("saves", "first"), [(True, "paused"), (False, "lost")])
def test_an_attempt_that_made_room_was_paused_or_in_vain(saves, first):
    log = opened("a", "b")
    trial = log.start("a")
    log.at(2).curve(trial, 3.0, 2.0)
    log.at(4).pause(trial, saves=saves)
    assert [row.outcome for row in attempts(log.history)] == ["paused"]
    log.at(6).go_on(trial, "b")
    log.report(trial, 3, loss=1.0)
    log.at(9).finish(trial)
    rows = [(row.worker, row.start, row.end, row.outcome) for row in attempts(log.history)]
    assert rows == [("a", 0, 4, first), ("b", 6, 9, "done")]


def test_what_runs_is_busy_until_now():
    log = opened("a", "b")
    log.start("a")
    assert busy(log.history).share is None
    assert busy(log.history, now=5.0).share == 0.5
    assert attempts(log.history, now=5.0)[0].outcome == "running"


def test_time_left_by_the_rate_of_this_session():
    log = opened("a", trials=10)
    assert eta(log.history, 5.0) is None
    log.at(4).finish(log.start("a"), loss=1.0)
    log.at(8).finish(log.start("a"), loss=1.0)
    assert eta(log.history, 8.0) == 32.0
    log.at(100).open()
    assert eta(log.history, 100.0) is None
    log.join("a")
    log.at(101).finish(log.start("a"), loss=1.0)
    assert eta(log.history, 101.0) == 7.0
    log.close()
    assert eta(log.history, 200.0) == 0.0


def test_time_left_is_not_told_from_the_first_trials_alone():
    workers = ["a", "b", "c", "d"]
    log = opened(*workers, trials=200)
    first = [log.start(worker) for worker in workers]
    for at, trial in zip((10.0, 10.1, 10.2, 10.3), first, strict=True):
        assert eta(log.history, at) is None, "the first trials began with the workers, and took their start-up"
        log.at(at).finish(trial, loss=1.0)
    assert eta(log.history, 10.3) == pytest.approx(196 * 10.3 / 4)
    for at in (10.4, 10.5, 10.6, 10.7):
        log.at(at).finish(log.start("a"), loss=1.0)
    assert eta(log.history, 10.7) == pytest.approx(192 * 0.1)


@pytest.mark.parametrize(
    ("until", "left"),
    [
        (Timeout(60.0), 52.0),
        (Timeout(6.0), 0.0),
        (Patience(3), None),
        (Timeout(60.0) | Patience(3), 52.0),
        (Timeout(60.0) & Patience(3), None),
        (All(rules=(Timeout(60.0), TrialCount(4))), 52.0),
        (TrialCount(4) | Timeout(60.0), 8.0),
    ],
)
def test_time_left_by_rules(until, left):
    log = opened("a", until=until)
    for end in (4, 8):
        log.at(end).finish(log.start("a"), loss=1.0)
    assert eta(log.history, 8.0) == left


SPACE = Space(lr=Float(1e-4, 1.0, log=True), act=Choice("relu", "gelu", "tanh"), dropout=Float(0.0, 1.0))


def sampled(loss, n=200, space=SPACE, seed=3):
    rng = np.random.default_rng(seed)
    configs = [drawn(space, rng) for _ in range(n)]
    return returned(configs, [loss(config) for config in configs], space)


@pytest.mark.parametrize(
    ("name", "loss"),
    [
        ("lr", lambda config: abs(math.log10(config["lr"]) + 2)),
        (
            "act",
            lambda config: (
                {"relu": 0.0, "gelu": 1.0, "tanh": 2.0}[config["act"]] + 0.1 * math.sin(1e5 * config["dropout"])
            ),
        ),
        ("dropout", lambda config: (config["dropout"] - 0.3) ** 2),
    ],
)
def test_importance_finds_the_one_that_matters(name, loss):
    rows = importance(sampled(loss))
    assert rows[0].name == name
    assert rows[0].share > 0.7
    assert math.fsum(row.share for row in rows) == pytest.approx(1.0)
    assert [row.share for row in rows] == sorted((row.share for row in rows), reverse=True)


def test_importance_counts_each_scale_as_it_is():
    """Half of the good values of a log scale lie in a hundredth of its length."""
    rows = {row.name: row.share for row in importance(sampled(lambda config: config["lr"]))}
    assert rows["lr"] > 0.8


def test_importance_of_an_ordered_choice_and_a_grid():
    space = Space(size=Choice(1, 2, 4, 8, 16, ordered=True), seed=Grid(*range(4)), noise=Float(0, 1))
    rng = np.random.default_rng(1)
    configs = [drawn(space, rng, place % 4) for place in range(200)]
    history = returned(configs, [abs(config["size"] - 4) + 0.1 * config["noise"] for config in configs], space)
    rows = {row.name: row.share for row in importance(history)}
    assert rows["size"] > 0.6 > 0.2 > rows["seed"]


def test_importance_of_what_only_some_trials_have():
    space = Space(kind="svm", c=Float(0, 1)) + Space(kind="forest", trees=Int(1, 100))
    rng = np.random.default_rng(1)
    configs = [drawn(space, rng, place % 2) for place in range(200)]
    history = returned(configs, [float(config["kind"] == "svm") for config in configs], space)
    rows = {row.name: row.share for row in importance(history)}
    assert set(rows) == {"kind", "c", "trees"}
    assert rows["kind"] > 0.3


def test_importance_is_zero_where_all_values_are_the_same():
    assert [row.share for row in importance(sampled(lambda config: 1.0))] == [0.0, 0.0, 0.0]


def test_importance_needs_trials_and_something_that_varies():
    with pytest.raises(StudyError, match=r"at least 10 trials .* 'fashion' has 9"):
        importance(sampled(lambda config: config["lr"], n=9))
    with pytest.raises(StudyError, match="no hyperparameter that varies"):
        importance(returned([{"a": 1}] * 12, [float(place) for place in range(12)], Space(a=1)))
    with pytest.raises(UsageError, match="between 0 and 1"):
        importance(sampled(lambda config: 1.0), top=10)


def test_importance_ignores_what_is_not_finite():
    values = sampled(lambda config: math.nan if config["dropout"] > 0.5 else abs(math.log10(config["lr"]) + 2))
    assert importance(values)[0].name == "lr"


def test_the_summary_of_a_study():
    log = schedule()
    found = summary(log.history)
    assert (found.status, found.reason, found.trials, found.ended) == ("finished", "all trials were run", 3, 2)
    assert (found.best.trial, found.best.value, found.elapsed, found.workers) == (0, 1.0, 12.0, 0)
    assert (found.busy.share, found.eta, found.sessions) == (0.7, 0.0, 1)


def test_one_word_for_how_a_study_stands():
    log = opened("a", trials=9)
    log.start("a")
    assert status(log.history) == summary(log.history).status == "running"
    assert status(log.history, lost=True) == "lost", "only its store knows that nobody writes it any more"
    found = summary(log.history, lost=True)
    assert (found.status, found.reason, found.workers, found.eta) == ("lost", "its driver died", 0, None)
    for outcome in Outcome:
        closed = opened("a")
        closed.close(outcome, "because")
        assert status(closed.history) == status(closed.history, lost=True) == outcome.value
        assert summary(closed.history).reason == "because"


def test_a_reason_that_only_repeats_the_status_is_none():
    log = opened("a")
    log.close(Outcome.INTERRUPTED, "interrupted")
    assert (summary(log.history).status, summary(log.history).reason) == ("interrupted", "")


def test_a_limit_below_the_number_of_trials_is_that_number():
    log = opened("a", trials=2)
    for _ in range(3):
        log.finish(log.start("a"), loss=1.0)
    assert (summary(log.history).limit, summary(log.history).ended) == (3, 3)


def test_everything_of_an_empty_study():
    for history in (Log().history, opened().history, opened("a").history):
        assert (
            leaderboard(history)
            == table(history)
            == attempts(history)
            == busy_over_time(history)
            == gaps(history)
            == []
        )
        found = summary(history)
        assert (found.status, found.best, found.eta, found.busy.share) == ("running", None, None, None)


def test_everything_of_a_simulated_study_adds_up():
    history = simulated(60, crash=0.02, straggle=0.3, start_up=2.0)
    found, rows = summary(history), attempts(history)
    assert found.busy.busy == pytest.approx(sum(row.end - row.start for row in rows))
    assert sum(row.busy for row in busy_over_time(history, 7)) == pytest.approx(found.busy.busy)
    assert sum(row.present for row in busy_over_time(history, 7)) == pytest.approx(found.busy.present)
    assert len([row for row in rows if row.outcome == "lost"]) == sum(trial.attempt - 1 for trial in history.trials)
    assert 0 < found.savings.share < 1
    assert sum(row["steps"] for row in table(history)) + found.savings.lost == found.savings.run


def test_five_thousand_trials():
    history = large()
    assert summary(history).savings.share == pytest.approx(0.35)
    assert len(table(history)) == len(attempts(history)) == len(leaderboard(history)) == 5000
    assert math.fsum(row.share for row in importance(history)) == pytest.approx(1.0)
