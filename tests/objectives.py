"""Small objectives, each of which does one thing in one way, for engines that are to treat them alike."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from trimma.errors import ObjectiveError
from trimma.objective import StopTrial


def returns(report: Any, trial: Any) -> float:
    return 0.5


def returns_a_dict(report: Any, trial: Any) -> dict[str, float]:
    return {"score": 0.5, "more": 2}


def reports(report: Any, trial: Any) -> None:
    for step in range(1, 7):
        report(1 / step, accuracy=step)


def reports_by_trial(report: Any, trial: Any) -> float:
    for step in range(1, 7):
        trial.report(1 / step, accuracy=step)
    return 0.1


def reports_with_steps(report: Any, trial: Any) -> float:
    for step in (0, 1, 5, 6):
        trial.report(score=step, step=step)
    return 0.1


def reports_with_checkpoints(report: Any, trial: Any) -> float:
    def save(folder: Path) -> None:
        raise AssertionError("nothing is saved without a pause")

    for step in range(1, 4):
        report(1 / step, save=save)
    return float(trial.checkpoint is None)


def yields(report: Any, trial: Any) -> Iterator[Any]:
    for step in range(1, 7):
        yield 1 / step


def yields_with_steps(report: Any, trial: Any) -> Iterator[Any]:
    for step in (2, 4, 6):
        yield {"score": 1 / step, "step": step}


def yields_and_returns(report: Any, trial: Any) -> Any:
    yield {"score": 1.0, "accuracy": 2}
    yield None
    yield 0.25
    return {"score": 0.125, "more": 3}


def yields_and_reports(report: Any, trial: Any) -> Iterator[Any]:
    for step in range(1, 4):
        trial.report(1 / step)
        yield 1.5 / step


def iterates(report: Any, trial: Any) -> Iterator[float]:
    return iter([3.0, 2.0, 1.0])


def tells_of_itself(report: Any, trial: Any) -> float:
    trial.log(trial.id, trial.attempt, sorted(trial.config), trial.budget, trial.checkpoint)
    return 0.5


def changes_its_config(report: Any, trial: Any) -> float:
    trial.config["kind"] = "another"
    trial.config["more"] = 1
    return 0.5


def prints(report: Any, trial: Any) -> float:
    print("to be", end=" ")
    report(1.0)
    print("or not")
    print("that is", file=sys.stderr)
    trial.log("the", "question", 1)
    trial.log("\ud800")
    print("unfinished: ü", end="")
    return 0.5


def prints_between(report: Any, trial: Any) -> Iterator[float]:
    for step in range(1, 5):
        print("before", step)
        yield 1 / step
        trial.log("after", step)


def prints_much(report: Any, trial: Any) -> float:
    for number in range(3):
        print(str(number) * 40_000)
    return 0.5


def raises(report: Any, trial: Any) -> None:
    report(1.0)
    raise ValueError("no such luck")


def raises_from_below(report: Any, trial: Any) -> None:
    try:
        raises(report, trial)
    except ValueError as error:
        raise RuntimeError("it was bound to") from error


def raises_while_it_yields(report: Any, trial: Any) -> Iterator[float]:
    yield 1.0
    raise ValueError("later")


def raises_stop_iteration(report: Any, trial: Any) -> float:
    raise StopIteration(3)


def raises_stop_trial(report: Any, trial: Any) -> float:
    report(1.0)
    raise StopTrial("by itself")


def raises_stop_trial_while_it_yields(report: Any, trial: Any) -> Iterator[float]:
    yield 1.0
    raise StopTrial("by itself")


def returns_text(report: Any, trial: Any) -> str:
    return "good"


def reports_text(report: Any, trial: Any) -> None:
    report(1.0)
    trial.report(accuracy="good")


def reports_a_step_again(report: Any, trial: Any) -> None:
    report(1.0, step=3)
    trial.report(1.0, step=3)


def reports_half_a_step(report: Any, trial: Any) -> None:
    report(1.0, step=0.5)


def yields_text(report: Any, trial: Any) -> Iterator[Any]:
    yield 1.0
    yield "good"


def yields_and_returns_text(report: Any, trial: Any) -> Any:
    yield 1.0
    return "good"


def survives_a_bad_report(report: Any, trial: Any) -> float:
    try:
        report(loss="bad")
    except ObjectiveError as error:
        print(type(error).__name__, error)
    report(0.75)
    return 0.5


def cleans_up(report: Any, trial: Any) -> Iterator[float]:
    try:
        for step in range(1, 7):
            yield 1 / step
    finally:
        print("cleaning up", trial.id)
        trial.log("cleaned up")


def reports_while_it_cleans_up(report: Any, trial: Any) -> Iterator[float]:
    try:
        for step in range(1, 7):
            yield 1 / step
    finally:
        try:
            trial.report(9.0)
        except StopTrial as stop:
            print(type(stop).__name__)


def fails_while_it_cleans_up(report: Any, trial: Any) -> Iterator[float]:
    try:
        for step in range(1, 7):
            yield 1 / step
    finally:
        raise OSError("the disk is full")


def yields_when_it_is_closed(report: Any, trial: Any) -> Iterator[float]:
    try:
        for step in range(1, 7):
            yield 1 / step
    except GeneratorExit:
        print("no")
        yield 9.0


def cleans_up_after_its_reports(report: Any, trial: Any) -> None:
    try:
        for step in range(1, 7):
            report(1 / step)
    finally:
        print("cleaning up")


def returns_after_its_budget(report: Any, trial: Any) -> float:
    try:
        for step in range(1, 7):
            report(1 / step)
    except StopTrial as stop:
        trial.log(type(stop).__name__)
    return 0.125


def reports_after_its_budget(report: Any, trial: Any) -> float:
    ends = 0
    for step in range(1, 7):
        try:
            report(1 / step)
        except StopTrial:
            ends += 1
    return float(ends)


def fails_after_its_budget(report: Any, trial: Any) -> None:
    try:
        for step in range(1, 7):
            report(1 / step)
    finally:
        raise OSError("the disk is full")


GENERATORS = [
    yields,
    yields_with_steps,
    yields_and_returns,
    prints_between,
    cleans_up,
    reports_while_it_cleans_up,
    fails_while_it_cleans_up,
    yields_when_it_is_closed,
    yields_and_reports,
]
"""They can be cut off after any report."""

FUNCTIONS = [
    returns,
    returns_a_dict,
    reports,
    reports_by_trial,
    reports_with_steps,
    reports_with_checkpoints,
    iterates,
    tells_of_itself,
    changes_its_config,
    prints,
    prints_much,
    returns_text,
    reports_text,
    reports_a_step_again,
    reports_half_a_step,
    survives_a_bad_report,
    raises,
    raises_from_below,
    raises_stop_iteration,
    raises_stop_trial,
    cleans_up_after_its_reports,
    returns_after_its_budget,
    reports_after_its_budget,
    fails_after_its_budget,
]

BROKEN_GENERATORS = [
    yields_text,
    yields_and_returns_text,
    raises_while_it_yields,
    raises_stop_trial_while_it_yields,
]

ALL: dict[str, Callable[[Any, Any], Any]] = {
    objective.__name__: objective for objective in [*GENERATORS, *FUNCTIONS, *BROKEN_GENERATORS]
}


def run_one(kind: str, report: Any, trial: Any) -> Any:
    """The objective whose hyperparameter is the name of one of these."""
    return ALL[kind](report, trial)
