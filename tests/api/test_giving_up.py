"""When a study is given up because its first trials fail alike."""

from typing import Any

import pytest

import trimma as tm
from trimma import Choice, Float, Grid, Space
from trimma.errors import StudyFailed, UsageError
from trimma.events import Failure, Outcome
from trimma.trial import State
from trimma.views import failures

WITH_BAD = Space(a=Grid("bad", "good"), b=Grid(*range(8)))


def picky(a: str, b: int) -> float:
    if a == "bad":
        raise ValueError(f"{a} does not go with {b}")
    return float(b)


def run(objective: Any, space: tm.Space, workers: int = 1, **more: Any) -> tm.Study:
    """The study, whatever its outcome."""
    store = tm.MemoryStore()
    try:
        return tm.tune(
            objective, space, maximize="y", engine=tm.Simulated(workers), store=store, progress=False, name="s", **more
        )
    except StudyFailed:
        return tm.load("s", store)


def outcome(study: tm.Study) -> tuple[Outcome, str, int]:
    closed = study.history.closed
    assert closed is not None
    return closed.outcome, closed.reason, len(study.history.ended)


def test_a_grid_whose_first_cells_are_invalid_goes_on() -> None:
    study = run(picky, WITH_BAD, workers=2)
    assert study.history.counts[State.DONE] == study.history.counts[State.FAILED] == 8
    assert outcome(study)[0] is Outcome.FINISHED


def test_a_choice_that_came_first_by_chance_is_no_reason() -> None:
    space = Space(a=Choice("bad", "good"), x=Float(0, 1))
    for seed in range(20):
        study = run(lambda a, x: picky(a, 1), space, trials=12, seed=seed)
        assert study.history.counts[State.DONE]


def test_failures_in_all_corners_are_a_reason() -> None:
    def broken(a: str, b: int) -> float:
        raise ValueError(f"broken at {a} {b}"[:9])

    what, why, ended = outcome(run(broken, WITH_BAD))
    assert what is Outcome.FAILED
    assert why == "the first 9 trials all failed with ValueError"
    assert ended == 9, "the first cell with another a"


def test_an_error_of_the_code_is_a_reason_at_once() -> None:
    def misspelt(a: str, b: int) -> float:
        return undefined + b  # type: ignore[name-defined,no-any-return]  # noqa: F821

    assert outcome(run(misspelt, WITH_BAD))[1:] == (
        "the first 3 trials all failed with NameError",
        3,
    )


def test_random_configs_that_fail_alike_are_a_reason() -> None:
    def diverges(x: float) -> float:
        raise RuntimeError(f"diverged at {x} after {int(100 * x)} steps")

    study = run(diverges, Space(x=Float(0, 1)), trials=50)
    assert outcome(study)[1:] == ("the first 3 trials all failed with RuntimeError", 3), "numbers make no difference"


def two_ways(x: float) -> float:
    if x > 0.5:
        raise RuntimeError("simulator exit 3: mesh diverged")
    raise RuntimeError("simulator exit -11 (segfault)")


def test_the_same_type_with_other_words_is_another_failure() -> None:
    study = run(two_ways, Space(x=Grid(0.9, 0.1, 0.8, 0.2)), trials=4)
    groups = failures(study.history)
    assert [(group.message, group.trials) for group in groups] == [
        ("simulator exit 3: mesh diverged", [0, 2]),
        ("simulator exit -11 (segfault)", [1, 3]),
    ]
    assert outcome(study)[2] == 4


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        (("E", "size 10 of 0x7f3a", ""), ("E", "size 1e-3 of 0xFF", ""), True),
        (("E", "m", 'File "a.py", line 3, in f'), ("E", "m", 'File "a.py", line 9, in f'), False),
        (("E", "m", ""), ("F", "m", ""), False),
        (("E", "no l2 here", ""), ("E", "no such here", ""), False),
    ],
)
def test_what_is_alike(one: tuple[str, str, str], other: tuple[str, str, str], alike: bool) -> None:
    def likeness(kind: str, message: str, place: str) -> Any:
        return Failure(kind=kind, message=message, traceback=f"Traceback:\n  {place}\n    code\nE: m\n").likeness

    assert (likeness(*one) == likeness(*other)) == alike


def test_a_study_may_skip_all_failures_or_stop_at_the_first() -> None:
    skipped = run(two_ways, Space(x=Float(0.6, 1)), trials=20, failures="skip")
    assert outcome(skipped) == (Outcome.FAILED, "all 20 trials were run, and every trial failed", 20)
    stopped = run(picky, WITH_BAD, failures="stop")
    assert outcome(stopped) == (Outcome.FAILED, "trial 0 failed with ValueError", 1)
    late = Space(a=Grid("good", "bad"), b=Grid(1, 2))
    assert outcome(run(picky, late, failures="stop"))[1] == "trial 2 failed with ValueError"


def test_what_else_failures_may_be_is_refused() -> None:
    for failures_ in ("ignore", 0, 1.5):
        with pytest.raises(UsageError, match="failures="):
            run(picky, WITH_BAD, failures=failures_)
