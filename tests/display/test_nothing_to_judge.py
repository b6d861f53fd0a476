"""A scheduler that never gets a report of its metric says so."""

import io
from typing import Any

import pytest

import trimma as tm
from trimma.display.nothing_to_judge import nothing_to_judge
from trimma.display.terminal.closing_summary import closing_text
from trimma.display.terminal.line_view import LineView


def misnamed(x: float, report: Any) -> dict[str, float]:
    for _ in range(9):
        report(**{"acc ": x})
    return {"acc": x}


def only_returned(x: float) -> float:
    return x


def reported(x: float, report: Any) -> None:
    for _ in range(9):
        report(acc=x)


def run(objective: Any, scheduler: Any, view: Any = False) -> tm.Study:
    return tm.tune(
        objective,
        {"x": tm.Float(0, 1)},
        maximize="acc",
        trials=5,
        scheduler=scheduler,
        engine=tm.Simulated(1),
        store="memory",
        progress=view,
    )


@pytest.mark.parametrize("scheduler", [tm.Asha(max_steps=9), tm.MedianRule()], ids=str)
def test_it_is_said_where_nothing_is_reported(scheduler: Any) -> None:
    said = nothing_to_judge(run(only_returned, scheduler).history)
    assert said is not None
    assert said.startswith(f"{scheduler} had nothing to judge by and stopped no trial: 'acc' is never reported")
    assert "(nothing is)" in said
    other = run(misnamed, scheduler).history
    assert "(only 'acc ' is). Report it at each step, as in report(acc=...)." in str(nothing_to_judge(other))
    assert "had nothing to judge by" in " ".join(closing_text(other).split())


def test_it_is_said_where_steps_have_another_unit() -> None:
    def by_hundreds(x: float, report: Any) -> None:
        for step in range(100, 1000, 100):
            report(step=step, acc=x)

    said = str(nothing_to_judge(run(by_hundreds, tm.Asha(max_steps=9)).history))
    assert "the first reports are of step 100 or the like, and a trial ends when it has reached step 9." in said
    assert nothing_to_judge(run(by_hundreds, tm.Asha(max_steps=900)).history) is None
    assert nothing_to_judge(run(by_hundreds, "median").history) is None


def test_it_is_not_said_otherwise() -> None:
    assert nothing_to_judge(run(reported, tm.Asha(max_steps=9)).history) is None
    assert nothing_to_judge(run(only_returned, "run-all").history) is None


def test_lines_say_it_once_and_early() -> None:
    stream = io.StringIO()

    class Shown:
        def __init__(self, engine: str) -> None:
            self.view = LineView("simulated", stream=stream)

        def __enter__(self) -> Any:
            return self.view

        def __exit__(self, *_: object) -> None:
            pass

    run(only_returned, "median", Shown)
    lines = stream.getvalue().splitlines()
    assert sum("nothing to judge by" in line for line in lines) == 1
    assert "nothing to judge by" not in lines[-1]
