"""Limits that are given at a resume mean more, and those that were reached are lifted."""

from typing import Any

import pytest

import trimma as tm
from trimma.api.new_limits import limits_from_here
from trimma.stopping import Either, Patience, Target, Timeout, TrialCount, unmet


def fit(x: float, report: Any) -> None:
    """A loss that gets no better after the first trials. Each of its 10 steps takes a second of virtual time."""
    for _ in range(10):
        report(1.0 + 0 * x)


def run(**limits: Any) -> tm.Study:
    return tm.tune(
        fit, {"x": tm.Float(0, 1)}, minimize="loss", engine=tm.Simulated(1), store="memory", progress=False, **limits
    )


def resumed(study: tm.Study, **limits: Any) -> tuple[int, str]:
    """How many trials ended in all, and why the study did."""
    study.resume(engine=tm.Simulated(1), progress=False, **limits)
    assert study.history.closed
    return len(study.history.ended), study.history.closed.reason


def test_more_trials_after_a_timeout() -> None:
    study = run(trials=20, timeout=45)
    assert len(study.trials) < 20
    ended, why = resumed(study, trials=20)
    assert (ended, why) == (20, "all 20 trials were run")


def test_more_seconds_after_a_timeout() -> None:
    study = run(timeout=45)
    before, spent = len(study.history.ended), study.history.active_seconds(0)
    ended, why = resumed(study, timeout=30)
    assert why.startswith("the study has run for")
    assert ended > before
    assert study.history.active_seconds(0) == pytest.approx(spent + 30, abs=1)
    assert resumed(study) == (ended, why), "without a limit it has nothing left to run"


def test_more_seconds_after_all_trials() -> None:
    study = run(trials=3)
    ended, why = resumed(study, timeout=35)
    assert ended > 3
    assert "has run for" in why


def test_a_number_of_trials_that_is_not_reached_stays() -> None:
    study = run(trials=6, timeout=25)
    assert resumed(study, timeout=1000) == (6, "all 6 trials were run")


def test_more_trials_after_patience_and_after_a_target() -> None:
    for reached in ({"patience": 2}, {"target": 1.5}):
        study = run(trials=50, **reached)
        assert len(study.trials) < 10
        assert resumed(study, trials=12)[0] == 12


def test_a_rule_that_is_not_met_yet_stays() -> None:
    study = run(timeout=25, patience=5)
    ended, why = resumed(study, trials=100)
    assert "no better" in why
    assert ended < 20


def test_a_new_rule_replaces_the_old_ones() -> None:
    study = run(trials=100, patience=2)
    before = len(study.history.ended)
    ended, why = resumed(study, until=tm.TrialCount(before + 4))
    assert ended == before + 4
    assert "no better" not in why


def test_what_is_left_of_a_rule() -> None:
    history = run(trials=3).history
    now = history.sessions[-1].end
    met, open_ = TrialCount(3), Timeout(1e9)
    assert unmet(None, history, now) is unmet(met, history, now) is None
    assert unmet(open_, history, now) is open_
    assert unmet(met | open_, history, now) == open_
    assert unmet(met | open_ | Patience(9), history, now) == Either(rules=(open_, Patience(9)))
    assert unmet(met & open_, history, now) == met & open_
    assert unmet(Target(2.0) & met, history, now) is None


def test_no_limit_leaves_the_limits_as_they_were() -> None:
    study = run(trials=3, timeout=1e6)
    assert limits_from_here(study.history, None, None, None) == (3, Timeout(1e6))


def test_the_value_that_counts_stays_at_a_resume() -> None:
    study = run(trials=2, value="best")
    study.resume(trials=3, minimize="loss", engine=tm.Simulated(1), progress=False)
    assert study.metric.value == "best"
    assert len(study.trials) == 3
