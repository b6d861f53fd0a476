"""The median stopping rule against Vizier's definition."""

import math
from statistics import fmean, median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trimma import events as ev
from trimma.errors import UsageError
from trimma.ledger import Ledger
from trimma.ports import Decision
from trimma.schedule import MedianRule
from trimma.search import RandomSearch
from trimma.space import Float, Space
from trimma.spec import Metric, StudySpec

Reports = list[tuple[int, float | None]]
"""Steps, each with the metric's value or None where the report lacks it."""


def by_definition(own: Reports, others: list[Reports], grace: int, enough: int) -> bool:
    """Whether a trial that has just reported goes on; greater is better.

    "The median stopping rule stops a pending trial at step s if the trial's best objective value by step s is
    strictly worse than the median value of the running averages of all completed trials' objectives reported up
    to step s" (Golovin et al. 2017, 3.2.2).
    """
    step = own[-1][0]
    if step < grace:
        return True
    averages = []
    for other in others:
        told = [(at, value) for at, value in other if value is not None]
        upto = [value for at, value in told if at <= step]
        if upto and told[-1][0] >= step:
            averages.append(-math.inf if -math.inf in upto else fmean(upto))
    if len(averages) < enough:
        return True
    best = max(value for _, value in own if value is not None)
    return best >= median(averages)


values = st.integers(-8, 8).map(float) | st.just(math.nan) | st.just(math.inf)


@st.composite
def curves(draw: st.DrawFn) -> Reports:
    steps = sorted(draw(st.sets(st.integers(0, 12), min_size=1, max_size=6)))
    return [(step, draw(values | st.none())) for step in steps]


ends = st.sampled_from(["done", "stopped", "failed"])


@given(st.lists(st.tuples(curves(), ends), max_size=8), curves(), st.integers(1, 4), st.integers(1, 3), st.booleans())
def test_by_definition(
    others: list[tuple[Reports, str]], own: Reports, grace: int, enough: int, maximize: bool
) -> None:
    settings = MedianRule(grace_steps=grace, min_trials=enough)
    scheduler = settings.bind(RandomSearch().bind(Space(x=Float(0, 1)), 0, None))
    ledger, sign = Ledger(), 1 if maximize else -1
    ledger.fold(
        ev.StudyCreated(at=0.0, spec=StudySpec(name="s", metrics=(Metric(name="m", maximize=maximize),), seed=0))
    )
    ledger.fold(ev.StudyOpened(at=0.0))
    ledger.fold(ev.WorkerJoined(at=0.0, worker="w"))

    def turned(reports: Reports) -> Reports:
        return [
            (step, value if value is None else sign * value if math.isfinite(value) else -math.inf)
            for step, value in reports
        ]

    def report(trial: int, step: int, value: float | None) -> None:
        metrics = {"other": 1.0} if value is None else {"m": value}
        ledger.fold(ev.Reported(at=0.0, trial=trial, attempt=1, step=step, metrics=metrics))

    for trial, (reports, end) in enumerate([*others, (own, "")]):
        ledger.fold(ev.TrialQueued(at=0.0, trial=trial, config={}))
        ledger.fold(ev.TrialStarted(at=0.0, trial=trial, attempt=1, workers=("w",)))
        key = {"at": 0.0, "trial": trial, "attempt": 1}
        for place, (step, value) in enumerate(reports):
            report(trial, step, value)
            if value is None:
                continue
            ended = [turned(curve) for curve, how in others[:trial] if how != "failed"]
            expected = by_definition(turned(reports[: place + 1]), ended, grace, enough)
            verdict = scheduler.verdict(ledger.history, ledger.history.trials[trial])
            assert (verdict.decision is Decision.CONTINUE) is expected
            assert expected or verdict.reason
        match end:
            case "done":
                ledger.fold(ev.TrialFinished(metrics={}, **key))  # type: ignore[arg-type]
            case "stopped":
                ledger.fold(ev.StopRequested(reason="", **key))  # type: ignore[arg-type]
                ledger.fold(ev.TrialStopped(**key))  # type: ignore[arg-type]
            case "failed":
                ledger.fold(ev.TrialFailed(failure=ev.Failure(kind="E", message=""), **key))  # type: ignore[arg-type]


@pytest.mark.parametrize("wrong", [{"grace_steps": 0}, {"min_trials": 0}], ids=repr)
def test_settings_that_make_no_sense(wrong: dict[str, int]) -> None:
    with pytest.raises(UsageError, match="MedianRule"):
        MedianRule(**wrong)
