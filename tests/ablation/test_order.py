"""In which order cells are run, on virtual time: each once, whatever happens, and evenly over components."""

from collections import Counter
from typing import Any

import numpy as np
import pytest

from trimma.ablation import order
from trimma.ablation.designs import LeaveOneOut
from trimma.ablation.measured import Cells, cells
from trimma.ablation.places import CellKey, keys_of
from trimma.ablation.protocols import Design
from trimma.ablation.repeats import AdaptiveRepeats, Repeats
from trimma.ablation.retune import Retune
from trimma.effects import Cell
from trimma.engines import Simulated
from trimma.events import Outcome
from trimma.ports import History
from trimma.search import GridSearch, RandomSearch
from trimma.space import Float, Grid, Space
from trimma.stopping import Timeout
from trimma.testing.ablations import key, keys, run_ablation, seconds
from trimma.testing.studies import StudyRun
from trimma.trial import State


def study(design: Design | None = None, repeats: int | Repeats = 3, **more: Any) -> StudyRun:
    return run_ablation(design or LeaveOneOut(), repeats, **more)


def test_repeats_come_one_after_the_other_and_the_baseline_first() -> None:
    found = [(trial.place["repeat"], tuple(trial.place["without"])) for trial in study().history.trials]
    assert [repeat for repeat, _ in found] == [0] * 5 + [1] * 5 + [2] * 5
    assert [arm for repeat, arm in found if arm == ()] == [found[0][1], found[5][1], found[10][1]]


def test_after_the_first_repeat_the_longest_comes_first() -> None:
    found = [tuple(trial.place["without"]) for trial in study(engine=Simulated(1, seconds=seconds)).history.trials]
    assert found[:5] == [(), ("a",), ("b",), ("c",), ("d",)]
    assert found[5:7] == found[10:12] == [(), ("b",)]


def test_no_worker_waits_at_the_end_of_a_repeat() -> None:
    history = study(repeats=6, engine=Simulated(4, seconds=seconds)).history
    ends = sorted(span.end for trial in history.trials for span in trial.spans if span.end)
    starts = sorted(span.start for trial in history.trials for span in trial.spans)
    # after the first four, each trial starts at the moment when another ends
    assert set(starts[4:]) <= set(ends)


@pytest.mark.parametrize("smallest", [None, 0.5])
def test_adaptive_repeats_end_where_a_component_is_settled(smallest: float | None) -> None:
    history = study(repeats=AdaptiveRepeats(smallest=smallest)).history
    often = Counter(place.arm for place in keys(history))
    # three repeats are too few to tell which arms are noisy, six are enough; and a worker that was idle before the look
    # may have begun the next repeat
    assert max(often["a",], often["b",], often["d",]) <= 7
    assert often[()] - 1 <= often["c",] <= often[()]
    assert 3 <= often["c",] < 24


def test_more_repeats_later() -> None:
    first = study(repeats=2)
    more = study(repeats=4, store=first.store)
    assert keys(more.history) == dict.fromkeys(keys(study(repeats=4).history), 1)
    assert [trial.place for trial in more.history.trials][:10] == [trial.place for trial in first.history.trials]


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


def test_the_next_cell_is_found_as_quickly_among_many() -> None:
    class Counting(dict[CellKey, list[int]]):
        looked = 0

        def get(self, key: CellKey, default: Any = None) -> Any:
            Counting.looked += 1
            return super().get(key, default)

    history = study(repeats=1).history
    for repeat, ended in ((0, 0), (1, 7)):
        Counting.looked, many = 0, Cells(history)
        many.trials, many.ended_in[0] = Counting(), ended
        queue = order.CellQueue([(), *((str(place),) for place in range(2000))], repeat)
        found = []
        while (key := next(queue.missing(many, 1), None)) is not None:
            many.trials[key] = [len(found)]
            found.append(key)
        assert len(set(found)) == 2001
        assert Counting.looked < 4 * 2001


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
        (tuple(trial.place["without"]), trial.place["repeat"])
        for trial in again.history.trials
        if trial.state is State.DONE
    ]
    assert len(ended) == len(set(ended)) == 15
    assert sorted((cell.arm, cell.repeat) for cell in cells(again.history)) == sorted(ended)


def test_several_baselines_come_first_in_each_repeat() -> None:
    history = study(LeaveOneOut(baselines=3), 2).history
    order = [key(trial) for trial in history.trials]
    assert order[:4] == [CellKey((), 0), CellKey((), 0, 1), CellKey((), 0, 2), CellKey(("a",), 0)]
    assert order[7:10] == [CellKey((), 1), CellKey((), 1, 1), CellKey((), 1, 2)]
    assert len(order) == len(set(order)) == 14
    assert [cell.arm for cell in cells(history)].count(()) == 6
    assert "again" not in history.trials[0].place


def test_each_of_several_baselines_has_a_search_of_its_own() -> None:
    retune = Retune(Space(rate=Float(0, 1)), 4, RandomSearch())
    history = study(LeaveOneOut(baselines=2), 2, retune=retune).history
    assert keys(history) == dict.fromkeys([*keys(study(LeaveOneOut(baselines=2), 2).history)], 4)


def test_a_race_has_fewer_baselines_with_fewer_components() -> None:
    """Four components have two baselines; when only *c*, which is worth nothing, is left, one is enough."""
    history = study(LeaveOneOut(baselines=2), AdaptiveRepeats(), engine=Simulated(1, seconds=seconds)).history
    places = keys(history)
    assert set(places.values()) == {1}
    last = max(place.repeat for place in places)
    assert last >= 3
    assert [CellKey((), each, 1) in places for each in range(last + 1)] == [True] * 3 + [False] * (last - 2)
    assert all({CellKey((), each), CellKey(("c",), each)} <= set(places) for each in range(last + 1))


@pytest.mark.parametrize("workers", [2, 5])
def test_a_race_waits_for_all_baselines_before_it_looks(workers: int) -> None:
    def slow(config: Any, step: int) -> float:
        return 40.0 if config.get("again") else 1.0

    history = study(LeaveOneOut(baselines=2), AdaptiveRepeats(), engine=Simulated(workers, seconds=slow)).history
    ended = {key(trial): trial.spans[-1].end or 0.0 for trial in history.trials}
    look = max(ended[CellKey((), each, 1)] for each in range(3))
    dropped = {place for place in ended if place.arm == ("a",)}
    # until then nobody has dropped out
    begun = [key(trial) for trial in history.trials if trial.spans[0].start < look]
    assert {place.arm for place in begun if place.repeat == 2} == {(), ("a",), ("b",), ("c",), ("d",)}
    assert all(place in begun for place in dropped)


def test_a_look_takes_its_own_cells_and_no_others() -> None:
    """A baseline that was begun before the race needed fewer of them neither hastens a look nor changes its answer."""
    names = [f"c{place}" for place in range(9)]
    arms = [(), (), (), *((name,) for name in names)]
    chance = np.random.default_rng(1)
    seen = [
        Cell(
            arm=place.arm,
            repeat=place.repeat,
            again=place.again,
            value=float(chance.normal()) - 90.0 * (place.arm in arms[3:9]),
        )
        for each in range(6)
        for place in keys_of(arms, each)
    ]
    adaptive = AdaptiveRepeats(looks=(3, 6, 12))
    left = adaptive.pending(arms, 3, seen, maximize=True)
    assert left == [(), *((name,) for name in names[6:])]
    worth = [cell for cell in seen if cell.repeat < 3 or (cell.arm in left and not cell.again)]
    early = Cell(arm=(), repeat=3, again=2, value=1e9)
    after = adaptive.pending(arms, 6, worth, maximize=True)
    assert adaptive.pending(arms, 6, [early, *worth], maximize=True) == after
    waiting = [early, *(cell for cell in worth if (cell.arm, cell.repeat) != ((), 3))]
    assert adaptive.pending(arms, 6, waiting, maximize=True) == left


def test_each_cell_has_a_search_of_its_own() -> None:
    retune = Retune(Space(rate=Float(0, 1)), 4, RandomSearch())
    history = study(repeats=2, retune=retune).history
    assert set(keys(history).values()) == {4}
    assert len(cells(history)) == 10
    tried: dict[Any, list[float]] = {}
    for trial in history.trials:
        tried.setdefault(key(trial), []).append(trial.config["rate"])
    # the arms of a repeat try the same, and repeats differ
    assert len({tuple(rates) for place, rates in tried.items() if place.repeat == 0}) == 1
    assert tried[CellKey((), 0)] != tried[CellKey((), 1)]
    best = {(cell.arm, cell.repeat): cell.value for cell in cells(history)}
    values = [trial.value for trial in history.trials if trial.place["without"] == ["a"] and trial.place["repeat"] == 1]
    assert best[("a",), 1] == max(value for value in values if value is not None)


class Watched:
    """A grid search that notes what it was shown."""

    def __init__(self) -> None:
        self.shown: list[tuple[CellKey, list[CellKey], float | None]] = []

    def bind(self, space: Space, seed: int, trials: int | None) -> Any:
        inner, shown = GridSearch().bind(space, seed, trials), self.shown

        class Bound:
            def suggest(self, history: History, free: int, rng: np.random.Generator) -> Any:
                known = [key(trial) for trial in history.trials]
                assert len(known) == len(history.trials) == history.trial_count
                best = history.best.value if history.best else None
                shown.append((known[0], known, best) if known else (CellKey((), -1), [], best))
                return inner.suggest(history, free, rng)

        return Bound()


def test_the_searcher_of_a_cell_sees_that_cell_as_its_history() -> None:
    watched = Watched()
    retune = Retune(Space(rate=Grid(1, 2, 3)), 3, watched)
    history = study(LeaveOneOut(baselines=2), 2, retune=retune).history
    assert all(set(known) <= {cell} for cell, known, _ in watched.shown)
    assert max(len(known) for _, known, _ in watched.shown) == 2
    last = {cell: best for cell, known, best in watched.shown if len(known) == 2}
    assert len(last) == 12
    for cell, best in last.items():
        tried = [trial for trial in history.trials if key(trial) == cell]
        # what ended before the last suggestion
        assert best is None or best in [trial.value for trial in tried]
    assert [trial.config["rate"] for trial in history.trials if key(trial) == CellKey((), 1, 1)] == [1, 2, 3]


def test_what_the_end_of_a_session_stopped_is_suggested_to_its_cell_again() -> None:
    retune = Retune(Space(rate=Grid(1, 2, 3)), 3, GridSearch())
    first = study(retune=retune, until=Timeout(5), engine=Simulated(3, seconds=lambda config, step: 4.0))
    assert first.history.counts[State.STOPPED] == 3
    again = study(retune=retune, store=first.store)
    tried: dict[CellKey, list[int]] = {}
    for trial in again.history.trials:
        if trial.state is State.DONE:
            tried.setdefault(key(trial), []).append(trial.config["rate"])
    assert len(tried) == 15
    assert all(len(rates) == 3 for rates in tried.values())
    assert len(cells(again.history)) == 15
