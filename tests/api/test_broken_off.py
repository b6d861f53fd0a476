"""A searcher or scheduler that raises: its study is closed, what was told is kept, and it can go on."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

import trimma as tm
from trimma.errors import SpaceError
from trimma.events import Outcome
from trimma.ports import CONTINUE, History, Suggestion, Verdict
from trimma.trial import Trial

BROKEN: set[str] = set()
"""What raises at the moment."""


class Shaky(tm.RandomSearch):
    """A searcher that raises when it is asked for the fourth trial, and says that it is slow where ``slow`` is set."""

    def bind(self, space: Any, seed: int, trials: int | None) -> Any:
        inner = super().bind(space, seed, trials)

        class Bound:
            def suggest(self, history: History, free: int, rng: Any) -> Sequence[Suggestion]:
                if "slow" in BROKEN:
                    time.sleep(0.3)
                if "searcher" in BROKEN and history.trial_count >= 3:
                    raise RuntimeError("no idea\nwhat to try next")
                return inner.suggest(history, 1, rng)

        return Bound()


class Scheduler:
    """A scheduler that raises at the third trial's report."""

    def __repr__(self) -> str:
        return "Scheduler()"

    def bind(self, searcher: Any) -> Any:
        return Bound(searcher)


class Bound:
    def __init__(self, searcher: Any) -> None:
        self.searcher = searcher

    def plan(self, history: History, free: int, rng: Any) -> Sequence[Suggestion]:
        return self.searcher.suggest(history, free, rng)

    def verdict(self, history: History, trial: Trial) -> Verdict:
        if "scheduler" in BROKEN and trial.id == 2:
            raise ZeroDivisionError
        return CONTINUE


def fit(x: float, report: Any) -> float:
    report(loss=x)
    return x


def tuned(path: Path, **more: Any) -> tm.Study:
    settings: dict[str, Any] = {"engine": tm.Simulated(workers=1), "searcher": Shaky(), "trials": 6} | more
    return tm.tune(
        fit, tm.Space(x=tm.Float(0.0, 1.0)), minimize="loss", name="s", store=path, seed=1, progress=False, **settings
    )


@pytest.fixture
def broken() -> Iterator[set[str]]:
    yield BROKEN
    BROKEN.clear()


@pytest.mark.parametrize("what", [("searcher",), ("scheduler",), ("searcher", "slow")], ids=" and ".join)
def test_a_study_whose_policy_raises_is_closed_and_goes_on(
    what: tuple[str, ...], tmp_path: Path, broken: set[str]
) -> None:
    broken.update(what)
    engine = tm.Driver(threads=1) if "slow" in broken else tm.Simulated(workers=1)
    kind = ZeroDivisionError if "scheduler" in broken else RuntimeError
    with pytest.raises(kind) as raised:
        tuned(tmp_path / "s.db", scheduler=Scheduler(), engine=engine)
    (note,) = raised.value.__notes__
    assert "all trials are kept; to go on: tm.load('s'" in note
    study = tm.load("s", tmp_path / "s.db")
    assert study.status == "failed"
    closed = study.history.closed
    assert closed is not None
    assert closed.outcome is Outcome.FAILED
    assert closed.reason == ("ZeroDivisionError" if "scheduler" in broken else "RuntimeError: no idea")
    if "scheduler" in broken:
        # the report before which it raised is kept
        assert [str(trial.state) for trial in study.trials] == ["done", "done", "queued"]
        assert study.trials[2].lost_steps == 1
    else:
        # the end of the third trial was told in the turn in which the searcher raised
        assert [str(trial.state) for trial in study.trials] == ["done"] * 3
    broken.clear()
    tuned(tmp_path / "s.db", scheduler=Scheduler(), resume=True)
    assert study.status == "finished"
    assert [str(trial.state) for trial in study.trials] == ["done"] * 6


class Strange:
    """A searcher that suggests ``value`` for ``x``."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def suggest(self, history: History, free: int, rng: Any) -> Sequence[Suggestion]:
        return [Suggestion(config={"x": self.value})]


@pytest.mark.parametrize("value", [math.nan, -math.inf, {"deep": [math.nan]}, {1, 2}, 2**70], ids=repr)
def test_what_a_config_can_not_hold_is_refused_with_the_name_of_the_parameter(value: Any, tmp_path: Path) -> None:
    with pytest.raises(SpaceError, match="the value of 'x' in a suggestion"):
        tuned(tmp_path / "s.db", searcher=Strange(value))
    study = tm.load("s", tmp_path / "s.db")
    assert study.status == "failed"
    assert not study.trials
