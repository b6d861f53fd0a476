"""`check` and `tune` say the same of an objective: what is an error for one is an error for the other."""

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import trimma as tm
from trimma.errors import TrimmaError
from trimma.trial import State

X = {"x": tm.Float(0, 1)}


def yields(x: float) -> Iterator[float]:
    yield x
    yield x


def yields_text(x: float) -> Iterator[str]:
    yield "a"


def yields_text_beside(x: float) -> Iterator[dict[str, Any]]:
    yield {"loss": x, "note": "text"}


def yields_another_and_returns(x: float) -> Iterator[Any]:
    yield {"other": 1}
    return x


def yields_another(x: float) -> Iterator[dict[str, float]]:
    yield {"other": x}


def yields_nothing(x: float) -> Iterator[float]:
    yield from ()


def the_metric_comes_late(x: float, report: Any) -> None:
    for epoch in range(10):
        report(**{"loss" if epoch > 5 else "other": x})


def returns_after_other_reports(x: float, report: Any) -> dict[str, float]:
    for _ in range(10):
        report(other=x)
    return {"loss": x}


def heeds_its_budget(x: float, report: Any, trial: Any) -> None:
    for _ in range(trial.budget):
        report(loss=x)


def refuses_a_budget(x: float, trial: Any) -> float:
    if trial.budget is not None:
        raise RuntimeError
    return x


def stops_itself(x: float) -> None:
    raise tm.StopTrial("it is flat")


def reports_and_stops_itself(x: float, report: Any) -> None:
    report(loss=x)
    raise tm.StopTrial


def exits(x: float) -> None:
    sys.exit(0)


def reports_and_exits(x: float, report: Any) -> None:
    report(loss=x)
    sys.exit(0)


def exits_with_a_code(x: float) -> None:
    sys.exit(3)


def dies(x: float) -> None:
    os._exit(3)


def swallows(x: float, report: Any) -> None:
    for _ in range(10):
        with contextlib.suppress(BaseException):
            report(loss=x)


def fails_at_first(x: float, trial: Any) -> float:
    if trial.attempt == 1:
        raise OSError
    return x


def steps_that_shrink(x: float, report: Any) -> None:
    report(loss=x, step=2)
    report(loss=x, step=1)


async def coroutine(x: float) -> float:
    return x


def positional(x: float, /) -> float:
    return x


Case = tuple[Callable[..., Any], dict[str, Any]]
GOOD: dict[str, Case] = {
    "returns": (lambda x: x, {}),
    "yields": (yields, {}),
    "yields another and returns": (yields_another_and_returns, {}),
    "generator expression": (lambda x: (x * i for i in range(3)), {}),
    "notes": (lambda x: {"loss": x, "text": "a", "nothing": None}, {}),
    "nan": (lambda x: float("nan"), {}),
    "inf": (lambda x, report: report(loss=float("inf")), {}),
    "True": (lambda x: True, {}),
    "metric comes late": (the_metric_comes_late, {}),
    "returns after other reports": (returns_after_other_reports, {}),
    "refuses a budget": (refuses_a_budget, {}),
    "reports and stops itself": (reports_and_stops_itself, {}),
    "reports and exits": (reports_and_exits, {}),
    "swallows": (swallows, {}),
    "open": (lambda **given: given["x"], {}),
    "tuples to choose from": (lambda x: x[0], {"space": {"x": tm.Choice((1, 2), (3, 4))}}),
    "grid": (lambda x: x, {"space": {"x": tm.Grid(1, 2)}}),
    "data and model": (lambda x, data, model: x + data + model, {"data": 1, "model": 2}),
    "heeds its budget": (heeds_its_budget, {"scheduler": tm.Asha(max_steps=9)}),
    "tried again": (fails_at_first, {"retry": 1}),
    "tried again after some": (fails_at_first, {"retry": (OSError,)}),
    "not pickled": (lambda x, file=sys.stdout: x, {"engine": "driver"}),
}
BAD: dict[str, Case] = {
    "another metric": (lambda x: {"other": x}, {}),
    "yields another": (yields_another, {}),
    "yields nothing": (yields_nothing, {}),
    "yields text": (yields_text, {}),
    "yields text beside": (yields_text_beside, {}),
    "None": (lambda x: None, {}),
    "only notes": (lambda x: {"text": "a"}, {}),
    "metric is None": (lambda x: {"loss": None}, {}),
    "metric is text": (lambda x: {"loss": "1"}, {}),
    "text": (lambda x: "good", {}),
    "reports text": (lambda x, report: report(loss=x, note="a"), {}),
    "reports None": (lambda x, report: report(loss=x, note=None), {}),
    "list": (lambda x: [x, x], {}),
    "tuple": (lambda x: (x, {"a": 1}), {}),
    "coroutine": (coroutine, {}),
    "raises": (lambda x: 1 / 0, {}),
    "heeds a budget that isn't there": (heeds_its_budget, {}),
    "stops itself": (stops_itself, {}),
    "exits": (exits, {}),
    "exits with a code": (exits_with_a_code, {}),
    "dies": (dies, {}),
    "steps that shrink": (steps_that_shrink, {}),
    "tried again after others": (fails_at_first, {"retry": (ValueError,)}),
    "not tried again": (fails_at_first, {}),
    "positional": (positional, {}),
    "unknown argument": (lambda y=1: y, {}),
    "missing argument": (lambda x, width: x, {}),
    "asks for data": (lambda x, data: x, {}),
    "asks for a model": (lambda x, model: x, {}),
    "reserved": (lambda report: 1.0, {"space": {"report": 1}}),
    "ambiguous": (lambda x: 1.0, {"space": {"x": (0, 1)}}),
    "derived": (lambda x: 1.0, {"space": {"x": tm.Derived(lambda y: 1 / 0, tm.Float(0, 1))}}),
    "no space": (lambda x: 1.0, {"space": None}),
    "infinite grid": (lambda x: x, {"searcher": "grid"}),
    "unknown scheduler": (lambda x: x, {"scheduler": "ashar"}),
    "unknown engine": (lambda x: x, {"engine": "nowhere"}),
    "can't be pickled": (lambda x, file=sys.stdout: x, {}),
    "bad retry": (lambda x: x, {"retry": -1}),
    "bad metric": (lambda x: x, {"minimize": 3}),
    "both directions": (lambda x: x, {"maximize": "loss"}),
    "no number": (lambda x: x, {"data": (each for each in (1, 2))}),
}


def tuned(objective: Callable[..., Any], space: Any = X, **given: Any) -> bool:
    """Whether a study of one trial gets a value."""
    try:
        study = tm.tune(
            objective,
            space,
            trials=1,
            store="memory",
            progress=False,
            **{"minimize": "loss", "engine": tm.Local(1), "failures": "skip", **given},
        )
    except TrimmaError:
        return False
    (trial,) = study.trials
    return trial.state in (State.DONE, State.STOPPED) and trial.value is not None


@pytest.mark.parametrize(("case", "good"), [(name, True) for name in GOOD] + [(name, False) for name in BAD])
def test_both_say_the_same(case: str, good: bool) -> None:
    objective, given = (GOOD if good else BAD)[case]
    space = given.get("space", X)
    how = {name: value for name, value in given.items() if name != "space"}
    assert tuned(objective, space, **how) is good
    found = tm.check(objective, space, **{"minimize": "loss", **how})
    assert bool(found) is good, str(found)
    assert (not found.problems) is good
