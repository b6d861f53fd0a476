"""Trials are tried again after exceptions, on request."""

from typing import Any

import pytest

import trimma as tm
from trimma.errors import UsageError
from trimma.trial import State

ENGINES = [tm.Simulated(1), tm.Driver(threads=1), tm.Local(1)]


class Flaky(OSError):
    pass


def fit(x: float, trial: Any, report: Any) -> float:
    """Fails in the first two attempts, after its first report."""
    report(y=x)
    if trial.attempt < 3:
        raise Flaky(f"attempt {trial.attempt}")
    return x + 1


def tune(objective: Any = fit, engine: Any = ENGINES[0], **more: Any) -> tm.Study:
    given = {"trials": 3, "failures": "skip", "store": "memory", "maximize": "y", "progress": False} | more
    return tm.tune(objective, {"x": tm.Float(0, 1)}, engine=engine, **given)


@pytest.mark.parametrize("engine", ENGINES, ids=["simulated", "driver", "local"])
@pytest.mark.parametrize("retry", [2, OSError, (ValueError, OSError)], ids=str)
def test_what_raises_is_tried_again(engine: Any, retry: Any) -> None:
    study = tune(engine=engine, retry=retry)
    for trial in study.trials:
        assert (trial.state, trial.attempt, trial.retries, trial.crashes) == (State.DONE, 3, 2, 0)
        assert trial.value == trial.config["x"] + 1
        assert len(trial.curve) == 1, "what lost attempts reported is gone"
        said = study.output(trial.id)
        assert "raised, and is tried again: Flaky: attempt 1" in said
        assert "Flaky: attempt 2" in said


def test_it_fails_when_it_was_tried_often_enough() -> None:
    def sometimes(x: float, trial: Any) -> float:
        return fit(x, trial, lambda **_: None) if trial.id else x

    study = tune(sometimes, retry=1)
    assert [trial.state for trial in study.trials] == [State.DONE, State.FAILED, State.FAILED]
    assert {(trial.attempt, str(trial.failure)) for trial in study.trials[1:]} == {(2, "Flaky: attempt 2")}
    study = tune(sometimes, retry=OSError, max_attempts=2)
    assert [trial.attempt for trial in study.trials] == [1, 2, 2]


def test_another_type_fails_at_once() -> None:
    def typed(x: float, trial: Any) -> float:
        if trial.id:
            raise KeyError("x")
        return x

    study = tune(typed, retry=(OSError,))
    assert [(trial.state, trial.attempt) for trial in study.trials][1] == (State.FAILED, 1)


def test_retries_are_counted_over_sessions(tmp_path: Any) -> None:
    def never(x: float, trial: Any) -> float:
        if trial.id == 1:
            raise Flaky(f"attempt {trial.attempt}")
        return x

    study = tune(never, retry=2, store=tmp_path / "s.db", name="s")
    assert [trial.attempt for trial in study.trials] == [1, 3, 1]
    study.resume(trials=4, engine=ENGINES[0], progress=False)
    assert [trial.attempt for trial in tm.load("s", store=tmp_path / "s.db").trials] == [1, 3, 1, 1]


@pytest.mark.parametrize("retry", [-1, "twice", KeyboardInterrupt, (), (OSError, 3), int])
def test_what_else_it_may_be_is_refused(retry: Any) -> None:
    with pytest.raises(UsageError, match="retry="):
        tune(retry=retry)
