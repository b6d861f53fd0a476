"""In which order cells are run, on virtual time: each once, whatever happens, and evenly over components."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from trimma.ablation.blocks import Blocks
from trimma.ablation.designs import (
    Factorial,
    LeaveOneGroupOut,
    LeaveOneOut,
    OneIn,
    Pairwise,
    Path,
    Screening,
    Shapley,
)
from trimma.ablation.ports import Asked, Design
from trimma.ablation.repeats import AdaptiveRepeats, FixedRepeats, Repeats
from trimma.ablation.retune import Retune
from trimma.engines import Simulated
from trimma.errors import UsageError
from trimma.events import Outcome
from trimma.history import History
from trimma.program import derived
from trimma.search import RandomSearch
from trimma.space import Float, Space
from trimma.stopping import Timeout
from trimma.study import Ablation, Component
from trimma.testing import cut, run_study
from trimma.testing.studies import Study
from trimma.trial import State, Trial
from trimma.views import cells
from trimma.views.ablation import path_order

WORTH = {"a": 3.0, "b": 1.0, "c": 0.0, "d": -1.0}
COMPONENTS = tuple(Component(name=name, kind="setting", members=(name,)) for name in WORTH)
DESIGNS: list[Design] = [
    LeaveOneOut(),
    OneIn(),
    Pairwise(),
    Factorial(),
    Factorial(resolution=3),
    Screening(),
    Path(),
    Path(race=False),
    Shapley(),
]


def objective(params: Any) -> Iterator[float]:
    """Additive, noisy, and the slower the more is left in."""
    without, repeat = params["without"], params["repeat"]
    shift = derived("repeat", repeat) / 2**32
    noise = derived("noise", without, repeat, sorted(params.get("params", {}).items())) / 2**32
    yield 10 + shift + 0.3 * noise - sum(WORTH[name] for name in without)


def seconds(config: Any, step: int) -> float:
    return 4.0 - len(config["without"]) + ("b" in config["without"]) * 5


def ablation(design: Design, repeats: Repeats, tries: int = 1) -> Ablation:
    asked = Asked(seed=0, repeats=repeats.most, maximize=True)
    return Ablation(
        components=COMPONENTS,
        whole="",
        design=repr(design),
        analysis=design.analysis,
        reference=design.arms(COMPONENTS, 0, (), asked)[0],
        repeats=repeats.most,
        trainings=design.trainings(COMPONENTS, repeats.most),
        looks=getattr(repeats, "looks", ()),
        tries=tries,
    )


def study(
    design: Design | None = None,
    repeats: int | Repeats = 3,
    *,
    retune: Retune | None = None,
    engine: Simulated | None = None,
    **more: Any,
) -> Study:
    design = design or LeaveOneOut()
    times = FixedRepeats(repeats) if isinstance(repeats, int) else repeats
    given = {
        "objective": objective,
        "maximize": True,
        "trials": None,
        "failures_to_give_up": 0,
        "max_attempts": 20,
    } | more
    return run_study(
        Blocks(design, COMPONENTS, times, retune),
        engine=engine or Simulated(3, seconds=seconds),
        ablation=ablation(design, times, retune.trials if retune else 1),
        **given,
    )


def key(trial: Trial) -> tuple[tuple[str, ...], int]:
    return tuple(trial.config["without"]), trial.config["repeat"]


def keys(history: History) -> Counter[tuple[tuple[str, ...], int]]:
    return Counter(map(key, history.trials))


def component(name: str, *members: str) -> Component:
    return Component(name=name, kind="columns", members=members)


@pytest.mark.parametrize("design", DESIGNS, ids=repr)
def test_each_cell_is_run_once(design: Design) -> None:
    history = study(design).history
    assert history.closed
    assert history.closed.outcome is Outcome.FINISHED
    assert set(keys(history).values()) == {1}
    assert all(trial.state is State.DONE for trial in history.trials)
    expected = design.trainings(COMPONENTS, 3)
    assert history.trial_count == expected or (
        isinstance(design, Path) and design.race and history.trial_count < expected
    )
    assert len(cells(history)) == history.trial_count


@pytest.mark.parametrize("design", DESIGNS, ids=repr)
def test_a_study_can_be_resumed_from_every_prefix(design: Design) -> None:
    def crashing(seed: int) -> Simulated:
        return Simulated(3, seconds=seconds, straggle=0.5, crash=0.05, seed=seed)

    whole = study(design, 2, engine=crashing(1))
    for length in range(1, len(whole.events) + 1, 1 if len(whole.events) < 120 else 7):
        resumed = study(design, 2, engine=crashing(length), store=cut(whole.events, length))
        assert keys(resumed.history) == keys(whole.history)
        assert all(trial.state is State.DONE for trial in resumed.history.trials)


def test_the_same_seed_gives_the_same_log() -> None:
    for design in DESIGNS:
        assert study(design).records == study(design).records


def test_repeats_come_one_after_the_other_and_the_baseline_first() -> None:
    order = [(trial.config["repeat"], tuple(trial.config["without"])) for trial in study().history.trials]
    assert [repeat for repeat, _ in order] == [0] * 5 + [1] * 5 + [2] * 5
    assert [arm for repeat, arm in order if arm == ()] == [order[0][1], order[5][1], order[10][1]]


def test_after_the_first_repeat_the_longest_comes_first() -> None:
    order = [tuple(trial.config["without"]) for trial in study(engine=Simulated(1, seconds=seconds)).history.trials]
    assert order[:5] == [(), ("a",), ("b",), ("c",), ("d",)]
    assert order[5:7] == order[10:12] == [(), ("b",)]


def test_no_worker_waits_at_the_end_of_a_repeat() -> None:
    history = study(repeats=6, engine=Simulated(4, seconds=seconds)).history
    ends = sorted(span.end for trial in history.trials for span in trial.spans if span.end)
    starts = sorted(span.start for trial in history.trials for span in trial.spans)
    # after the first four, each trial starts at the moment when another ends
    assert set(starts[4:]) <= set(ends)


@pytest.mark.parametrize("smallest", [None, 0.5])
def test_adaptive_repeats_end_where_a_component_is_settled(smallest: float | None) -> None:
    history = study(repeats=AdaptiveRepeats(smallest=smallest)).history
    often = Counter(arm for arm, _ in keys(history))
    # a worker that was idle before the look may have begun the next repeat
    assert max(often["a",], often["b",], often["d",]) <= 4
    assert often[()] - 1 <= often["c",] <= often[()]
    if smallest is None:
        assert often["c",] == 24
    else:
        assert often["c",] in range(3, 14)


def test_more_repeats_later() -> None:
    first = study(repeats=2)
    more = study(repeats=4, store=first.store)
    assert keys(more.history) == dict.fromkeys(keys(study(repeats=4).history), 1)
    assert [trial.config for trial in more.history.trials][:10] == [trial.config for trial in first.history.trials]


@pytest.mark.parametrize("broken", [ValueError("no data"), float("nan")], ids=repr)
def test_a_baseline_that_fails_ends_the_study_at_once(broken: Any) -> None:
    def failing(params: Any) -> float:
        if params["without"]:
            return 1.0
        if isinstance(broken, Exception):
            raise broken
        return float(broken)

    done = study(objective=failing)
    closed = done.history.closed
    assert closed
    assert closed.outcome is Outcome.FAILED
    assert closed.reason in ("the baseline failed with ValueError", "the baseline's 'score' is nan")
    assert done.history.trial_count <= 5
    mended = study(store=done.store)
    assert mended.history.closed
    assert mended.history.closed.outcome is Outcome.FINISHED
    assert len({(cell.arm, cell.repeat) for cell in cells(mended.history)}) == 15
    assert all(cell.value is not None for cell in cells(mended.history))


def test_an_arm_that_fails_is_an_outcome() -> None:
    def failing(params: Any) -> float:
        if "a" in params["without"]:
            raise ValueError("nothing left")
        return 1.0

    history = study(objective=failing).history
    assert history.closed
    assert history.closed.outcome is Outcome.FINISHED
    assert [cell.value for cell in cells(history) if cell.arm == ("a",)] == [None] * 3


def test_a_cell_that_the_end_of_a_session_stopped_is_run_again() -> None:
    first = study(until=Timeout(5), engine=Simulated(3, seconds=lambda config, step: 4.0))
    assert first.history.counts[State.STOPPED] == 3
    again = study(store=first.store)
    ended = [
        (tuple(trial.config["without"]), trial.config["repeat"])
        for trial in again.history.trials
        if trial.state is State.DONE
    ]
    assert len(ended) == len(set(ended)) == 15
    assert sorted((cell.arm, cell.repeat) for cell in cells(again.history)) == sorted(ended)


def test_each_cell_has_a_search_of_its_own() -> None:
    retune = Retune(Space(rate=Float(0, 1)), 4, RandomSearch())
    history = study(repeats=2, retune=retune).history
    assert set(keys(history).values()) == {4}
    assert len(cells(history)) == 10
    tried: dict[Any, list[float]] = {}
    for trial in history.trials:
        tried.setdefault(key(trial), []).append(trial.config["params"]["rate"])
    # the arms of a repeat try the same, and repeats differ
    assert len({tuple(rates) for (_, repeat), rates in tried.items() if repeat == 0}) == 1
    assert tried[(), 0] != tried[(), 1]
    best = {(cell.arm, cell.repeat): cell.value for cell in cells(history)}
    values = [
        trial.value for trial in history.trials if trial.config["without"] == ["a"] and trial.config["repeat"] == 1
    ]
    assert best[("a",), 1] == max(value for value in values if value is not None)


def test_a_path_puts_the_best_in_first() -> None:
    history = study(Path(), 4).history
    assert path_order(cells(history), list(WORTH), maximize=True) == ["a", "b", "c", "d"]


def test_what_overlaps_is_not_left_out_together() -> None:
    shared = (
        Component(name="x", kind="columns", members=("x",)),
        Component(name="x+y", kind="columns", members=("x", "y")),
    )
    asked = Asked(seed=0, repeats=1, maximize=True)
    assert len(LeaveOneOut().arms(shared, 0, (), asked)) == 3
    for design in (OneIn(), Pairwise(), Factorial(), Screening(), Path(), Shapley()):
        with pytest.raises(UsageError, match=r"'x' and 'x\+y' overlap \(both have 'x'\)"):
            design.arms(shared, 0, (), asked)


def test_groups_alone() -> None:
    shared = (
        Component(name="x", kind="columns", members=("x",)),
        Component(name="g", kind="columns", members=("y", "z")),
    )
    asked = Asked(seed=0, repeats=1, maximize=True)
    assert LeaveOneGroupOut().arms(shared, 0, (), asked) == [(), ("g",)]
    with pytest.raises(UsageError, match="no group to leave out"):
        LeaveOneGroupOut().arms(shared[:1], 0, (), asked)


@pytest.mark.parametrize("count", [3, 5, 7, 11, 12, 20])
def test_screening_is_balanced(count: int) -> None:
    components = tuple(component(f"c{place}", f"c{place}") for place in range(count))
    arms = Screening().arms(components, 0, (), Asked(seed=0, repeats=1, maximize=True))
    assert arms[0] == ()
    table = np.array([[1 if each.name in arm else -1 for each in components] for arm in arms])
    gram = table.T @ table
    assert (gram == np.diag([len(arms)] * count)).all()
    assert len(arms) <= 2 * (count + 5)
