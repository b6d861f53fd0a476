"""No config of a finite space is tried twice before all were tried."""

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trimma.engines import Simulated
from trimma.ports import BindsSpace
from trimma.search import QuasiRandomSearch, RandomSearch
from trimma.space import Choice, Float, Grid, Int, Space
from trimma.stopping import Timeout
from trimma.testing import StudyRun, cut, run_study

SEARCHERS = [RandomSearch(), QuasiRandomSearch()]
SPACES = [
    Space(a=Choice(1, 2, 3)),
    Space(n=Int(1, 40, log=True), flag=Choice(True, False)),
    Space(ngram=Choice([1, 1], [1, 2]), layers=Grid(1, 2, 3), n=Int(1, 3)),
    Space(kind="a", n=Int(1, 2)) + Space(kind="b", c=Choice("x", "y", "z"), n=Grid(7, 8)) + Space(kind="c"),
]


def run(space: Space, searcher: BindsSpace = SEARCHERS[0], **more: Any) -> StudyRun:
    more = {"engine": Simulated(3, straggle=0.5), "trials": None} | more
    return run_study(searcher, space=space, objective=lambda params: 0.0, **more)


def times(study: StudyRun) -> Counter[str]:
    return Counter(repr(trial.config) for trial in study.history.trials)


@pytest.mark.parametrize("searcher", SEARCHERS, ids=str)
@pytest.mark.parametrize("space", SPACES, ids=str)
def test_a_finite_space_ends_when_all_was_tried(space: Space, searcher: BindsSpace) -> None:
    for until in (None, Timeout(1e9)):
        study = run(space, searcher, until=until)
        assert set(times(study).values()) == {1}
        assert len(study.history.trials) == space.size
        assert study.history.closed is not None
        assert study.history.closed.reason == "there was nothing more to try"


@pytest.mark.parametrize("searcher", SEARCHERS, ids=str)
@pytest.mark.parametrize("space", SPACES[:3], ids=str)
def test_more_trials_than_configs_try_all_equally_often(space: Space, searcher: BindsSpace) -> None:
    assert space.size
    study = run(space, searcher, trials=2 * space.size + 2, seed=5)
    assert len(times(study)) == space.size
    assert Counter(times(study).values()) == {2: space.size - 2, 3: 2}


@given(st.integers(0, 30), st.integers(0, 10))
def test_it_goes_on_as_if_nothing_had_happened(events: int, seed: int) -> None:
    whole = run(SPACES[1], trials=30, seed=seed, engine=Simulated(1))
    first = cut(whole.events, 2 + events)
    again = run(SPACES[1], trials=30, seed=seed, engine=Simulated(1), store=first)
    assert [trial.config for trial in again.history.trials] == [trial.config for trial in whole.history.trials]


@pytest.mark.parametrize("searcher", SEARCHERS, ids=str)
def test_a_finite_branch_makes_room_for_one_that_has_no_end(searcher: BindsSpace) -> None:
    space = Space(kind="few", n=Int(1, 2)) + Space(kind="many", x=Float(0, 1))
    study = run(space, searcher, trials=20)
    kinds = Counter(trial.config["kind"] for trial in study.history.trials)
    assert kinds == {"few": 2, "many": 18}
    assert set(times(study).values()) == {1}, "and no point of a sequence is taken twice"


def test_draws_keep_their_distribution() -> None:
    """The first draws of a log scale are mostly small."""
    space = Space(n=Int(1, 1000, log=True))
    early = [trial.config["n"] for trial in run(space, trials=60).history.trials]
    assert len(set(early)) == 60
    assert sum(n <= 100 for n in early) > 30


def test_configs_are_drawn_independently_on_request() -> None:
    study = run(Space(a=Choice(1, 2, 3)), RandomSearch(repeat=True), trials=60)
    assert len(set(times(study).values())) > 1
    assert len(times(study)) == 3
