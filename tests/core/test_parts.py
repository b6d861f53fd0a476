"""A part of a study is a history of the same shape, whenever it is first asked for."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trimma.engines import Simulated
from trimma.errors import IllegalMove, SpaceError
from trimma.events import (
    PauseRequested,
    Reported,
    StudyCreated,
    StudyOpened,
    TrialFinished,
    TrialPaused,
    TrialQueued,
    TrialStarted,
    WorkerJoined,
)
from trimma.ledger import Ledger
from trimma.ledger.part import Part
from trimma.loop import replay
from trimma.ports import CONTINUE, Decision, History, Suggestion, Verdict
from trimma.schedule import Asha
from trimma.search import RandomSearch
from trimma.spec import Metric, StudySpec
from trimma.testing import run_study
from trimma.testing.searchers import rough
from trimma.trial import ENDED, State, Trial, fidelity

SPEC = StudySpec(name="s", metrics=(Metric(name="m", maximize=True),), seed=0)
PLACES: list[dict[str, Any]] = [{}, {"group": "a"}, {"group": "a", "repeat": 1}, {"group": 1}, {"group": True}]
ASKED: list[dict[str, Any]] = [
    {"group": "a"},
    {"group": 1},
    {"group": True},
    {"repeat": 1},
    {"group": "a", "repeat": 1},
    {"group": "nobody"},
]


class Placed:
    """Random search whose trials belong to one place after the other."""

    def bind(self, space: Any, seed: int, trials: int | None) -> "Placed":
        self.searcher = RandomSearch().bind(space, seed, trials)
        return self

    def suggest(self, history: History, free: int, rng: Any) -> list[Suggestion]:
        found = self.searcher.suggest(history, free, rng)
        place = PLACES[history.trial_count % len(PLACES)]
        return [Suggestion(config=each.config, place=place) for each in found[:1]]


def belongs(place: dict[str, Any], asked: dict[str, Any]) -> bool:
    return all(name in place and repr(place[name]) == repr(value) for name, value in asked.items())


def shown(history: History) -> dict[str, Any]:
    """All that a history says of its trials."""
    scores = history.scores
    return {
        "trials": [trial.id for trial in history.trials],
        "count": history.trial_count,
        "chosen": history.chosen,
        "scores": [*zip(scores.trials, scores.steps, map(repr, scores.values), strict=True)],
        "ended": list(history.ended),
        "best": history.best.value if history.best else None,
        "fidelity": history.fidelity,
        "by end": [repr(value) for value in history.best_by_end],
        "reached": history.best_reached,
        "counts": dict(history.counts),
        "states": [list(each) for each in (history.queued, history.running, history.pausing, history.paused)],
        "live": history.live_count,
        "before": (history.trials_before, history.ended_before),
    }


def expected(whole: History, asked: dict[str, Any]) -> dict[str, Any]:
    """The same, found by going through the whole study."""
    trials = [trial for trial in whole.trials if belongs(dict(trial.place), asked)]
    ids = {trial.id for trial in trials}
    scores = whole.scores
    ended = [number for number in whole.ended if number in ids]
    finite = [trial for trial in trials if trial.id in ended and trial.state is not State.FAILED]
    finite = [trial for trial in finite if trial.value is not None and math.isfinite(trial.value)]
    highest = max(map(fidelity, finite), default=-math.inf)
    compared = [trial.value for trial in finite if fidelity(trial) == highest]
    done = [
        [trial.value for trial in finite if trial.state is State.DONE and trial.id in ended[: count + 1]]
        for count in range(len(ended))
    ]
    rows = [*zip(scores.trials, scores.steps, scores.values, strict=True)]
    before = whole.ended[: whole.ended_before]
    return {
        "trials": sorted(ids),
        "count": len(ids),
        "chosen": sum(1 + trial.resumed for trial in trials),  # type: ignore[attr-defined]
        "scores": [(trial, step, repr(value)) for trial, step, value in rows if trial in ids],
        "ended": ended,
        "best": min(compared, default=None),
        "fidelity": highest,
        "by end": [repr(min(values, default=math.nan)) for values in done],
        "reached": min(done[-1], default=None) if done else None,
        "counts": {state: sum(trial.state is state for trial in trials) for state in State},
        "states": [
            [number for number in each if number in ids]
            for each in (whole.queued, whole.running, whole.pausing, whole.paused)
        ],
        "live": sum(trial.state not in ENDED and trial.state is not State.PAUSED for trial in trials),
        "before": (sum(number < whole.trials_before for number in ids), sum(number in ids for number in before)),
    }


EVENTS = run_study(
    Placed(), Asha(max_steps=8), objective=rough, trials=25, engine=Simulated(4, straggle=0.5, crash=0.03, seed=3)
).events


@given(st.integers(1, len(EVENTS)), st.integers(0, len(EVENTS)))
def test_a_part_is_what_its_trials_are(upto: int, first_asked: int) -> None:
    """It doesn't matter when it is first asked for, and reopened studies know what there was before."""
    ledger = Ledger()
    again = StudyOpened(at=EVENTS[-1].at)
    for number, event in enumerate([*EVENTS[:upto], *([again] if upto == len(EVENTS) else [])]):
        ledger.fold(event)
        if number == first_asked:
            for asked in ASKED:
                ledger.history.part(**asked)
    for asked in ASKED:
        assert shown(ledger.history.part(**asked)) == expected(ledger.history, asked)
    assert shown(ledger.history.part()) == shown(ledger.history)


def test_what_one_part_costs_does_not_grow_with_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """An event changes the whole and the parts that its trial belongs to, and looks at no other."""
    ledger = Ledger()
    for event in (StudyCreated(at=0.0, spec=SPEC), StudyOpened(at=0.0), WorkerJoined(at=0.0, worker="a")):
        ledger.fold(event)
    groups = 300
    for number in range(groups):
        ledger.history.part(group=number)
        ledger.fold(TrialQueued(at=0.0, trial=number, config={}, place={"group": number}))
    ledger.fold(TrialStarted(at=0.0, trial=7, attempt=1, workers=("a",)))
    touched: list[Part] = []
    for name in ("score", "move", "end", "add"):
        method = getattr(Part, name)

        def noted(part: Part, *given: Any, method: Any = method) -> Any:
            touched.append(part)
            return method(part, *given)

        monkeypatch.setattr(Part, name, noted)
    ledger.fold(Reported(at=1.0, trial=7, attempt=1, step=1, metrics={"m": 1.0}))
    assert len(touched) == len(set(touched)) == 2
    ledger.fold(TrialFinished(at=2.0, trial=7, attempt=1))
    ledger.fold(TrialQueued(at=2.0, trial=groups, config={}, place={"group": 7}))
    assert len(set(touched)) == 2
    assert ledger.history.part(group=7).best is ledger.history.best
    assert ledger.history.part(group=8).best is None


def test_a_part_that_is_asked_for_late_has_its_trials_in_the_same_order() -> None:
    """Longest paused first, whenever somebody first looks."""
    early, late = Ledger(), Ledger()
    key = {"at": 1.0, "attempt": 1}
    log: list[Any] = [StudyCreated(at=0.0, spec=SPEC), StudyOpened(at=0.0)]
    for number in range(2):
        log += [
            WorkerJoined(at=0.0, worker=str(number)),
            TrialQueued(at=0.0, trial=number, config={}, place={"group": "a"}),
            TrialStarted(at=0.0, trial=number, attempt=1, workers=(str(number),)),
        ]
    for number in (1, 0):
        log += [PauseRequested(trial=number, reason="", **key), TrialPaused(trial=number, **key)]
    for place, event in enumerate(log):
        early.fold(event)
        late.fold(event)
        if place == 1:
            early.history.part(group="a")
    orders = [list(ledger.history.part(group="a").paused) for ledger in (early, late)]
    assert orders == [[1, 0], [1, 0]] == [list(early.history.paused)] * 2


def test_a_part_of_a_part_is_narrower() -> None:
    ledger = Ledger()
    for event in EVENTS:
        ledger.fold(event)
    part = ledger.history.part(group="a")
    assert part.part(group="a") is part
    nothing = part.part(group=1)
    assert (nothing.trial_count, list(nothing.trials), nothing.best) == (0, [], None)


@pytest.mark.parametrize(
    ("place", "kept"),
    [
        ({"fold": np.int64(3), "cells": (1, 2)}, {"fold": 3, "cells": (1, 2)}),
        ({"a": {"b": [None]}}, {"a": {"b": [None]}}),
    ],
)
def test_a_place_is_kept_as_plain_values(place: dict[str, Any], kept: dict[str, Any]) -> None:
    done = run_study(Somewhere(place), trials=1)  # type: ignore[arg-type]
    (trial,) = done.history.trials
    assert trial.place == kept == replay(done.store, "study").history.trials[0].place


@pytest.mark.parametrize("place", [{"a": math.nan}, {"a": {1: 2}}, {"a": object()}])
def test_a_place_that_json_can_not_hold_is_refused(place: dict[str, Any]) -> None:
    with pytest.raises(SpaceError, match="the place"):
        run_study(Somewhere(place), trials=1)  # type: ignore[arg-type]


class Somewhere:
    def __init__(self, place: dict[str, Any]) -> None:
        self.place = place

    def bind(self, space: Any, seed: int, trials: int | None) -> "Somewhere":
        return self

    def suggest(self, history: History, free: int, rng: Any) -> list[Suggestion]:
        return [Suggestion(config={"x": 1}, place=self.place)]


def test_the_same_part_is_the_same_object() -> None:
    ledger = Ledger()
    for event in EVENTS:
        ledger.fold(event)
    history = ledger.history
    part = history.part(group="a")
    assert history.part(group="a") is part
    assert part.part(repeat=1) is history.part(repeat=1, group="a")
    assert history.part(group=1) is not history.part(group=True)
    assert part.trials[1].id == 1
    with pytest.raises(KeyError):
        part.trials[3]
    assert part.spec is history.spec
    assert list(part.workers) == list(history.workers)
    assert part.room == history.room == 0


class Heir:
    """Trial 0 is paused at its third report; trial 1 begins from what it has saved."""

    def bind(self, searcher: Any) -> "Heir":
        return self

    def plan(self, history: History, free: int, rng: Any) -> list[Suggestion]:
        if history.trial_count == 0:
            return [Suggestion(config={"lr": 0.1}, rungs=(3,), place={"generation": 0})]
        if history.trial_count == 1 and 0 in history.paused:
            return [Suggestion(config={"lr": 0.2}, parent=0, place={"generation": 1})]
        return []

    def verdict(self, history: History, trial: Trial) -> Verdict:
        step = trial.curve.steps[-1]
        return Verdict(Decision.PAUSE) if trial.id == 0 and step == 3 else CONTINUE


@pytest.mark.parametrize("crash", [0.0, 0.2])
def test_a_child_begins_from_the_checkpoint_of_its_parent(crash: float) -> None:
    engine = Simulated(2, crash=crash, seed=8)
    history = run_study(RandomSearch(), Heir(), trials=2, engine=engine, max_attempts=50).history  # type: ignore[arg-type]
    parent, child = history.trials
    assert list(parent.curve.steps) == [1, 2, 3]
    assert list(child.curve.steps) == [4, 5, 6, 7, 8, 9, 10]
    assert (child.parent, child.place, child.config) == (0, {"generation": 1}, {"lr": 0.2})
    assert bool(child.crashes) == bool(crash)
    assert child.state is State.DONE


def test_a_parent_must_be_there_before_its_child() -> None:
    ledger = Ledger()
    ledger.fold(StudyCreated(at=0.0, spec=SPEC))
    ledger.fold(StudyOpened(at=0.0))
    with pytest.raises(IllegalMove, match="names trial 0, which was never queued"):
        ledger.fold(TrialQueued(at=0.0, trial=0, config={}, parent=0))
