"""Successive halving by promotion, held against its definition."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest

from trimma.engines import Simulated
from trimma.events import PauseRequested, Reported, TrialPaused, TrialResumed
from trimma.ledger import Ledger
from trimma.ports import History
from trimma.schedule import Asha
from trimma.search import RandomSearch
from trimma.testing.schedulers import rough
from trimma.testing.studies import METRIC, SPACE, run_study
from trimma.trial import State

SETTINGS = Asha(max_steps=10, reduction_factor=2, promote=True)


def promotable(history: History, settings: Asha) -> list[int]:
    """The trials that may go on, in their order, computed anew from the whole history."""
    sign, found = 1 if history.maximize else -1, []
    for rung in reversed(settings.rungs):
        first: dict[int, tuple[float, int]] = {}
        scores = history.scores
        for place in range(len(scores)):
            if scores.steps[place] >= rung:
                first.setdefault(scores.trials[place], (sign * scores.values[place], place))
        finite = {trial: entry for trial, entry in first.items() if math.isfinite(entry[0])}
        ranked = sorted(finite, key=lambda trial: (-finite[trial][0], finite[trial][1]))
        above = [each for each in settings.rungs if each > rung]
        for trial in ranked[: int(len(first) / settings.reduction_factor)]:
            curve = history.trials[trial].curve
            if trial in history.paused and not (above and curve.steps[-1] >= above[0]):
                found.append(trial)
    return found


@pytest.mark.parametrize("maximize", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_what_goes_on_are_the_best_of_the_highest_rung(maximize: bool, seed: int) -> None:
    engine = Simulated(4, straggle=0.5, crash=0.02, seed=seed)
    study = run_study(RandomSearch(), SETTINGS, objective=rough, trials=40, engine=engine, maximize=maximize)
    ledger, scheduler = Ledger(), SETTINGS.bind(RandomSearch().bind(SPACE, 0, 40))
    seen = 0
    for event in study.events:
        ledger.fold(event)
        history = ledger.history
        if isinstance(event, TrialPaused | Reported):
            expected = promotable(history, SETTINGS)
            plan = scheduler.plan(history, 3, np.random.default_rng(0))
            assert [each.resume for each in plan if each.resume is not None] == expected[:3]
            seen += len(expected)
    assert seen > 0


def test_a_trial_that_would_go_on_at_once_is_not_paused() -> None:
    """Of one worker's trials, each that is among the best when it reports goes on without a pause."""
    study = run_study(RandomSearch(), SETTINGS, objective=rough, trials=30, engine=Simulated(1))
    pauses = [event for event in study.events if isinstance(event, PauseRequested)]
    on = [event for event in study.events if isinstance(event, TrialResumed)]
    assert pauses
    assert on
    for place, event in enumerate(study.events):
        if isinstance(event, TrialPaused):
            following = next((each for each in study.events[place + 1 :] if isinstance(each, TrialResumed)), None)
            started = study.events[place + 1]
            assert not (started is following and following is not None and following.trial == event.trial)


def test_no_step_is_made_twice_and_each_trial_that_is_done_made_all() -> None:
    study = run_study(RandomSearch(), SETTINGS, objective=rough, trials=40, engine=Simulated(4, straggle=0.4, seed=1))
    done = [trial for trial in study.history.trials if trial.state is State.DONE]
    assert done
    for trial in study.history.trials:
        steps: Sequence[int] = trial.curve.steps
        assert list(steps) == list(range(1, len(steps) + 1))
        assert trial.lost_steps == 0
    assert all(len(trial.curve) == SETTINGS.max_steps for trial in done)
    assert all(METRIC in trial.curve.metrics for trial in done)
