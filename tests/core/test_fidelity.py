"""Only values of the same fidelity are compared, and a trial's value is its last one or its best one."""

import math
from collections.abc import Iterator
from typing import Any

import pytest

from trimma.engines import Simulated
from trimma.errors import StudyError
from trimma.schedule import Asha, MedianRule
from trimma.search import GridSearch, RandomSearch
from trimma.space import Float, Grid, Space
from trimma.stopping import Patience, Target, Timeout
from trimma.testing import StudyRun, run_study
from trimma.trial import State
from trimma.views import importance, leaderboard, parallel, slices, table

EASE = (0.10, 0.05, 0.0, -0.05, -0.10)


def folds(x: float) -> Iterator[float]:
    """The running mean over the folds of a cross-validation, whose first folds are easy."""
    total = 0.0
    for fold, ease in enumerate(EASE, start=1):
        total += 0.85 - (x - 0.5) ** 2 * 0.1 + ease
        yield total / fold


def over_folds(scheduler: Any, **more: Any) -> StudyRun:
    more = {"trials": 24, "engine": Simulated(1)} | more
    return run_study(
        RandomSearch(), scheduler, space=Space(x=Float(0, 1)), objective=folds, maximize=True, seed=1, **more
    )


@pytest.mark.parametrize("scheduler", [Asha(max_steps=5), MedianRule()], ids=str)
def test_a_trial_that_was_stopped_on_the_way_is_never_best_where_one_is_done(scheduler: Any) -> None:
    history = over_folds(scheduler).history
    stopped = [trial for trial in history.trials if trial.state is State.STOPPED]
    done = [trial for trial in history.trials if trial.state is State.DONE]
    assert history.best is max(done, key=lambda trial: trial.value or 0)
    assert max(trial.value or 0 for trial in stopped) > (history.best.value or 0), "a trap indeed"
    assert abs(history.best.config["x"] - 0.5) == min(abs(trial.config["x"] - 0.5) for trial in done)
    rows = leaderboard(history)
    assert rows[0].trial == history.best.id
    assert [row.rank is not None for row in rows] == [row.state is State.DONE for row in rows]
    assert [row.steps for row in rows] == sorted((row.steps for row in rows), reverse=True)
    assert [row["comparable"] for row in table(history)] == [trial.state is State.DONE for trial in history.trials]
    for line in (*parallel(history), *slices(history)[0].points):
        assert line.comparable == (line.state is State.DONE)


UNEVEN = Simulated(8, seconds=lambda config, step: 1 + config["x"])


def test_where_none_is_done_those_that_came_furthest_are_compared() -> None:
    study = over_folds(None, engine=UNEVEN, until=Timeout(4.9), trials=None)
    history = study.history
    assert not history.counts[State.DONE]
    furthest = max(trial.curve.steps[-1] for trial in history.trials if len(trial.curve))
    compared = [trial for trial in history.trials if len(trial.curve) and trial.curve.steps[-1] == furthest]
    assert history.fidelity == furthest
    assert history.best is max(compared, key=lambda trial: trial.value or 0)
    assert {row.trial for row in leaderboard(history) if row.rank} == {trial.id for trial in compared}
    assert all(map(math.isnan, history.best_by_end))


def test_importance_does_not_take_what_was_stopped_for_good() -> None:
    """``wild`` is good for the first steps, and only ``x`` matters in the end."""

    def fit(x: float, wild: float) -> Iterator[float]:
        for step in range(1, 10):
            yield wild * 10 if step < 9 else x

    space = Space(x=Float(0, 1), wild=Float(0, 1))
    history = run_study(RandomSearch(), MedianRule(), space=space, objective=fit, maximize=True, trials=80).history
    assert history.counts[State.STOPPED] > 20
    done = [trial for trial in history.trials if trial.state is State.DONE]
    assert history.best is max(done, key=lambda trial: trial.config["x"])
    assert importance(history)[0].name == "x"


def test_patience_and_target_wait_for_trials_that_are_done() -> None:
    free = over_folds(Asha(max_steps=5)).history
    with_target = over_folds(Asha(max_steps=5), until=Target(0.9)).history
    assert max(free.scores.values) > 0.9
    assert len(with_target.trials) == 24, "no trial keeps what its first fold promises"
    patient = over_folds(Asha(max_steps=5), until=Patience(3)).history
    best = patient.best_by_end
    assert patient.closed is not None
    assert "no better" in patient.closed.reason
    assert best[-1] == best[-4]
    assert not math.isnan(best[-4])


def up_and_down(peak: int) -> Iterator[float]:
    """The best value is ``peak``, at that step."""
    for step in range(1, 10):
        yield float(peak - abs(peak - step))


def over_peaks(objective: Any = up_and_down, value: Any = "best", **more: Any) -> StudyRun:
    peaks = Space(peak=Grid(2, 5, 9, 7))
    return run_study(GridSearch(), space=peaks, objective=objective, trials=None, maximize=True, value=value, **more)


def test_the_best_step_of_a_curve_counts_where_that_is_asked_for() -> None:
    def values(value: Any) -> list[float | None]:
        study = over_peaks(value=value, engine=Simulated(2))
        assert study.history.best is max(study.history.trials, key=lambda trial: trial.value or 0)
        return [trial.value for trial in study.history.trials]

    assert values("best") == [2, 5, 9, 7]
    assert values("last") == [-5, 1, 9, 5]


@pytest.mark.parametrize("seed", range(5))
def test_the_best_value_is_the_same_after_crashes(seed: int) -> None:
    engine = Simulated(3, straggle=0.5, crash=0.15, seed=seed)
    study = over_peaks(engine=engine, max_attempts=99)
    assert sum(trial.crashes for trial in study.history.trials), "a run without a crash tests nothing"  # type: ignore[misc]
    assert [trial.value for trial in study.history.trials] == [2, 5, 9, 7]


def test_a_returned_value_that_is_worse_leaves_the_best_as_it_is() -> None:
    def fit(peak: int) -> Iterator[float]:
        yield from up_and_down(peak)
        return float("nan") if peak == 5 else -1.0 if peak == 2 else 100.0

    study = over_peaks(fit)
    assert [trial.value for trial in study.history.trials] == [2, 5, 100, 100]


def test_a_target_is_met_on_the_way_where_the_best_value_counts() -> None:
    study = over_peaks(until=Target(4.0))
    assert study.history.counts[State.STOPPED], "it ended at once"
    assert study.history.best_reached is not None
    assert study.history.best_reached >= 4.0


def test_asha_compares_the_best_values_at_its_rungs_where_these_count() -> None:
    """At step 3 the trial with the early peak is past it."""

    def fit(seed: int, early: bool) -> Iterator[float]:
        yield 10.0 if early else 1.0
        for step in range(2, 10):
            yield 0.0 if early else float(step)

    def stopped(value: Any) -> set[bool]:
        space = Space(early=Grid(False, True), seed=Grid(1, 2, 3))
        study = run_study(
            GridSearch(),
            Asha(max_steps=9, grace_steps=3),
            space=space,
            objective=fit,
            trials=None,
            maximize=True,
            value=value,
            engine=Simulated(1),
        )
        return {trial.config["early"] for trial in study.history.trials if trial.state is State.STOPPED}

    assert stopped("last") == {True}
    assert True not in stopped("best")


def test_no_best_where_no_value_is_finite() -> None:
    study = run_study(RandomSearch(), space=Space(x=Float(0, 1)), objective=lambda x: math.inf, trials=3)
    assert study.history.best is None
    assert study.history.fidelity == -math.inf
    assert not [row for row in leaderboard(study.history) if row.rank]
    with pytest.raises(StudyError, match="finite"):
        importance(study.history)
