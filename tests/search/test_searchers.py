"""Grid, random and quasi-random search: order, coverage, branches."""

import inspect
import itertools
import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import qmc

from trimma.errors import UsageError
from trimma.ports import BindsSpace
from trimma.search import GridSearch, QuasiRandomSearch, RandomSearch
from trimma.search.visits import Visits
from trimma.space import Choice, Derived, Float, Grid, Int, Space
from trimma.testing import run_study


def grid(space: Space, points: int | None = None) -> list[dict[str, Any]]:
    return run_study(GridSearch(points), space=space, trials=None).configs


def test_the_last_key_is_the_fastest() -> None:
    space = Space(a=Choice("x", "y"), b=Int(1, 3), c=Grid(True, False))
    # the Grid's branches come first, as the space numbers them
    assert [(config["c"], config["a"], config["b"]) for config in grid(space)] == list(
        itertools.product([True, False], "xy", [1, 2, 3])
    )


def test_grids_and_choices_alone() -> None:
    assert grid(Space(a=Grid(1, 2), b=Grid(3, 4))) == list(Space(a=Grid(1, 2), b=Grid(3, 4)))
    assert [tuple(config.values()) for config in grid(Space(a=Choice(1, 2), b=Choice(3, 4)))] == [
        (1, 3),
        (1, 4),
        (2, 3),
        (2, 4),
    ]


@pytest.mark.parametrize(
    ("variable", "values"),
    [
        (Int(1, 5), [1, 2, 3, 4, 5]),
        (Int(1, 6, step=2), [1, 3, 5]),
        (Int(1, 16, log=True), list(range(1, 17))),
        (Int(1, 100, log=True, step=7), list(range(1, 101, 7))),
        (Float(0, 1, step=0.25), [0, 0.25, 0.5, 0.75, 1.0]),
        (Float(0.1, 0.7, step=0.1, log=True), [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7]),
        (Choice([1, 2], {"a": 1}, None, True, 1), [[1, 2], {"a": 1}, None, True, 1]),
        (Float(3, 3), [3.0]),
    ],
    ids=repr,
)
def test_every_value_of_a_countable_variable_once(variable: Any, values: list[Any]) -> None:
    assert [config["v"] for config in grid(Space(v=variable))] == values


@pytest.mark.parametrize(
    ("variable", "points", "values"),
    [
        (Float(0, 1), 3, [0.0, 0.5, 1.0]),
        (Float(1e-4, 1.0, log=True), 3, [1e-4, 1e-2, 1.0]),
        (Int(1, 100), 2, [1, 100]),
        (Int(1, 3), 5, [1, 2, 3]),
        (Float(0, 1, step=0.1), 3, [0.0, 0.5, 1.0]),
        (Int(1, 9, log=True), 3, [1, 2, 9]),
        (Choice([1], [2], [3]), 2, [[1], [3]]),
        (Choice(1, True, 0), 2, [1, 0]),
    ],
    ids=repr,
)
def test_points_are_spread_evenly_over_the_scale(variable: Any, points: int, values: list[Any]) -> None:
    found = [config["v"] for config in grid(Space(v=variable), points)]
    assert found == values or found == pytest.approx(values)


def test_a_grid_over_a_large_whole_number_is_lazy() -> None:
    study = run_study(GridSearch(), space=Space(n=Int(0, 10**12)), trials=3)
    assert [config["n"] for config in study.configs] == [0, 1, 2]


def test_an_endless_grid_says_what_to_do() -> None:
    with pytest.raises(UsageError, match=r"lr=Float\(0.0, 1.0\) has no end: .*GridSearch\(points=") as error:
        GridSearch().bind(Space(n=Int(1, 2), lr=Float(0, 1)), 0, None)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("points", [1, 0, -3])
def test_too_few_points(points: int) -> None:
    with pytest.raises(UsageError, match="two or more"):
        GridSearch(points)


def test_a_union_is_searched_part_by_part() -> None:
    space = Space(kernel="linear") + Space(kernel="rbf", gamma=Choice(1, 2))
    assert grid(space) == [{"kernel": "linear"}, {"kernel": "rbf", "gamma": 1}, {"kernel": "rbf", "gamma": 2}]


def test_derived_values_and_their_hidden_variables() -> None:
    study = run_study(GridSearch(), space=Space(width=Derived(lambda n: 2**n, Int(3, 5))), trials=None)
    assert study.configs == [{"width": 8}, {"width": 16}, {"width": 32}]
    assert [trial.hidden for trial in study.history.trials] == [{"width~0": n} for n in (3, 4, 5)]


def test_the_empty_space_has_one_config() -> None:
    assert grid(Space()) == [{}]
    assert run_study(RandomSearch(), space=Space(), trials=None).configs == [{}]


SAMPLERS = [RandomSearch(), QuasiRandomSearch(), QuasiRandomSearch("halton")]


@pytest.mark.parametrize("searcher", SAMPLERS, ids=repr)
def test_draws_do_not_repeat_and_cover_the_space(searcher: BindsSpace) -> None:
    draws = [
        config["x"] for config in run_study(searcher, space=Space(x=Float(0, 1), y=Float(0, 1)), trials=512).configs
    ]
    assert len(set(draws)) == 512
    counts = np.histogram(draws, bins=8, range=(0, 1))[0]
    # 64 to a bin is even; independent draws deviate by 7.5, the sequences by a few
    assert counts.min() >= (30 if isinstance(searcher, RandomSearch) else 60)


@pytest.mark.parametrize("sequence", ["sobol", "halton"])
def test_the_points_are_the_same_by_an_older_scipy(monkeypatch: pytest.MonkeyPatch, sequence: Any) -> None:
    """Before 1.15 the source of randomness was named seed, and was no list."""

    name = "rng" if "rng" in inspect.signature(qmc.Halton).parameters else "seed"

    def older(kind: Any) -> Any:
        def make(d: int, *, scramble: bool = True, seed: np.random.Generator | None = None) -> Any:
            assert isinstance(seed, np.random.Generator)
            return kind(d, scramble=scramble, **{name: seed})

        return make

    space = Space(x=Float(0, 1), y=Choice("a", "b", "c"))
    configs = run_study(QuasiRandomSearch(sequence), space=space, trials=8).configs
    monkeypatch.setattr(qmc, "Sobol", older(qmc.Sobol))
    monkeypatch.setattr(qmc, "Halton", older(qmc.Halton))
    assert run_study(QuasiRandomSearch(sequence), space=space, trials=8).configs == configs


@pytest.mark.parametrize("sequence", ["sobol", "halton"])
@pytest.mark.parametrize("start", [0, 1, 63, 64, 65, 130])
def test_blocks_are_the_same_cold(sequence: Any, start: int) -> None:
    space = Space(x=Float(0, 1), y=Choice("a", "b", "c"))
    whole = run_study(QuasiRandomSearch(sequence), space=space, trials=140)
    history = whole.history
    searcher = QuasiRandomSearch(sequence).bind(space, 0, 140)

    class At:
        trial_count = start

    (suggestion,) = searcher.suggest(At(), 1, np.random.default_rng(0))  # type: ignore[arg-type]
    assert suggestion.config == history.trials[start].config


@pytest.mark.parametrize("searcher", SAMPLERS, ids=repr)
def test_seeds_differ(searcher: BindsSpace) -> None:
    first, second = (run_study(searcher, trials=20, seed=seed).configs for seed in (0, 1))
    assert not {json.dumps(config) for config in first} & {json.dumps(config) for config in second}


def test_an_unknown_sequence() -> None:
    with pytest.raises(UsageError, match="'sobol' or 'halton'"):
        QuasiRandomSearch("random")  # type: ignore[arg-type]


@pytest.mark.parametrize("searcher", SAMPLERS, ids=repr)
def test_branches_share_the_trials_in_turn(searcher: BindsSpace) -> None:
    space = Space(g=Grid("a", "b", "c"), x=Float(0, 1))
    study = run_study(searcher, space=space, trials=10)
    assert [config["g"] for config in study.configs] == [*"abcabcabca"]
    points = {}
    for config in study.configs:
        points.setdefault(config["g"], []).append(config["x"])
    assert len({*points["a"], *points["b"], *points["c"]}) == 10


@pytest.mark.parametrize("searcher", SAMPLERS, ids=repr)
def test_a_fixed_part_of_a_union_is_run_once(searcher: BindsSpace) -> None:
    space = Space(kind="baseline") + Space(kind="net", lr=Float(0, 1)) + Space(kind="tree")
    counts = Counter(config["kind"] for config in run_study(searcher, space=space, trials=20).configs)
    assert counts == {"baseline": 1, "tree": 1, "net": 18}


@pytest.mark.parametrize("searcher", SAMPLERS, ids=repr)
def test_more_branches_than_trials_are_spread(searcher: BindsSpace) -> None:
    space = Space(a=Grid(range(10)), b=Grid(range(10)), x=Float(0, 1))
    configs = run_study(searcher, space=space, trials=20).configs
    assert len({(config["a"], config["b"]) for config in configs}) == 20
    assert len({config["a"] for config in configs}) >= 8
    assert len({config["b"] for config in configs}) >= 8


@given(st.integers(1, 300), st.integers(1, 300) | st.none())
def test_every_branch_is_visited_once_before_any_twice(branches: int, trials: int | None) -> None:
    visits = Visits(Space(a=Grid(range(branches)), x=Float(0, 1)), trials)
    first: Sequence[Any] = [visits[number] for number in range(branches)]
    assert sorted(visit.branch for visit in first) == list(range(branches))
    assert {visit.turn for visit in first} == {0}
    second = [visits[branches + number] for number in range(branches)]
    assert [(visit.branch, visit.turn) for visit in second if visit] == [(n, 1) for n in range(branches)]


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 4)), min_size=1, max_size=4))
def test_visits_of_unions(parts: list[tuple[bool, int]]) -> None:
    spaces = [Space(g=Grid(range(size)), x=Float(0, 1) if free else 0) for free, size in parts]
    space = spaces[0]
    for other in spaces[1:]:
        space = space + other
    visits = Visits(space, None)
    seen = Counter[int]()
    for number in range(len(space) * 3):
        visit = visits[number]
        if visit is None:
            assert space.is_fixed
            assert number >= len(space)
            return
        assert visit.turn == seen[visit.branch]
        seen[visit.branch] += 1
        if visit.turn:
            assert not space.branches[visit.branch].is_fixed
