"""Space: nesting, linking, branches, union, product, sampling."""

import copy
import doctest
import importlib
import json
import math
import pickle
import pkgutil
import re
from collections import OrderedDict
from types import MappingProxyType

import cloudpickle
import numpy as np
import pytest

import trimma as tm
import trimma.space
from trimma.errors import SpaceError
from trimma.space import Choice, Derived, Float, Grid, Int, Space
from trimma.tuples_in_json import mark_tuples, restore_tuples


def middle(branch):
    return {name: variable.dimension.from_unit(0.5) for name, variable in branch.variables.items()}


def double(number):
    return 2 * number


# Building one


def test_exports_are_sorted_and_there():
    assert trimma.space.__all__ == sorted(trimma.space.__all__)
    assert all(hasattr(trimma.space, name) for name in trimma.space.__all__)


@pytest.mark.parametrize("module", [module.name for module in pkgutil.iter_modules(trimma.space.__path__)])
def test_docstring_examples(module):
    namespace = {name: getattr(trimma.space, name) for name in trimma.space.__all__}
    results = doctest.testmod(importlib.import_module(f"trimma.space.{module}"), extraglobs=namespace)
    assert results.failed == 0


def test_empty():
    space = Space()
    assert list(space) == [{}]
    assert (len(space), space.size, space.is_fixed, space.keys) == (1, 1, True, ())
    assert space.branches[0].config() == {}


@pytest.mark.parametrize(
    ("pair", "range_"),
    [
        ((0.001, 0.1), "tm.Float(0.001, 0.1)"),
        ((0.1, 0.001), "tm.Float(0.001, 0.1)"),
        ((0, 0.5), "tm.Float(0, 0.5)"),
        ((16, 256), "tm.Int(16, 256)"),
        ((np.int8(1), np.float32(2)), "tm.Float(1, 2.0)"),
    ],
)
def test_a_tuple_of_two_numbers_could_be_meant_as_a_range(pair, range_):
    first, second = (part.item() if isinstance(part, np.generic) else part for part in pair)
    hint = (
        f"({first}, {second}), which may mean several things: write {range_} for a range, "
        f"tm.Choice({first}, {second}) for one of the two, "
        f"or tm.Grid([({first}, {second})]) for the tuple itself, as a constant."
    )
    with pytest.raises(SpaceError, match=re.escape(f"lr is {hint}")):
        Space(lr=pair)
    with pytest.raises(SpaceError, match=re.escape(f"layers[0].opt.lr is {hint}")):
        Space({"layers": [{"opt": {"lr": pair}}]})
    assert list(Space(lr=Grid([pair]))) == [{"lr": pair}]


@pytest.mark.parametrize(
    ("given", "hint"),
    [
        (["adam", "sgd"], "tm.Choice('adam', 'sgd') for one of the two, or tm.Grid([['adam', 'sgd']])"),
        ([64, 32], "tm.Int(32, 64) for a range, tm.Choice(64, 32) for one of the two, or tm.Grid([[64, 32]])"),
        ([None, True, 1], "tm.Choice(None, True, 1) for one of these, or tm.Grid([[None, True, 1]])"),
        ([(1, 1), (1, 2)], "tm.Choice((1, 1), (1, 2)) for one of the two, or tm.Grid([[(1, 1), (1, 2)]])"),
        (range(3), "tm.Choice(0, 1, 2) for one of these, or tm.Grid([[0, 1, 2]])"),
        (np.array([0.5, 1, 2]), "tm.Choice(0.5, 1.0, 2.0) for one of these, or tm.Grid([[0.5, 1.0, 2.0]])"),
    ],
)
def test_a_list_could_be_meant_as_a_choice(given, hint):
    with pytest.raises(SpaceError, match=re.escape(hint)):
        Space(opt={"v": given})
    told = SpaceError("")
    try:
        Space(v=given)
    except SpaceError as error:
        told = error
    # what is advised can be followed to the letter
    options, constant = (
        eval(part, {"tm": tm}) for part in re.findall(r"tm\.(?:Choice|Grid)\(.*?\)(?= for)", str(told))
    )
    assert isinstance(options, tm.Choice)
    assert list(options.options) == list(given)
    (config,) = Space(v=constant)
    assert config == {"v": list(given)}


@pytest.mark.parametrize("constant", [(3, 3), (1, 2, 3), (0.5,), (), ("a", "b"), (True, 5), (1, "a"), ((1, 2, 3), 4)])
def test_other_tuples_are_constants(constant):
    assert list(Space(value=constant)) == [{"value": constant}]


@pytest.mark.parametrize("constant", [[], [64], [3, 3], [{"n": 1}, {"n": 2}], ([64, 32],), {"sizes": [[1, 2]]}])
def test_lists_that_can_not_be_meant_as_choices_are_constants(constant):
    assert list(Space(value=constant)) == [{"value": constant}]


def test_tuples_stay_tuples_with_and_without_expressions_in_them():
    space = Space(
        betas=(Float(0.8, 0.9), 0.999), sizes=Grid((8,), (8, 8)), twice=Derived(lambda s: s + s, Grid([(1,)]))
    )
    (first, second) = space.branches
    assert first.config({"betas[0]": 0.85}) == {"betas": (0.85, 0.999), "sizes": (8,), "twice": (1, 1)}
    assert second.values(second.config({"betas[0]": 0.85})) == {"betas[0]": 0.85}
    assert space.describe()[0]["sizes"] == {"kind": "grid", "values": [(8,), (8, 8)]}
    assert Choice([1, 2], (1, 2)).dimension.labels == ("[1, 2]", "(1, 2)")


def test_constants_become_plain():
    space = Space(
        a=(1, (2, np.float32(0.5))), b=np.array(3), c=OrderedDict(d=np.bool_(True)), e=MappingProxyType({}), f=None
    )
    (config,) = space
    assert config == {"a": (1, (2, 0.5)), "b": 3, "c": {"d": True}, "e": {}, "f": None}
    assert restore_tuples(json.loads(json.dumps(mark_tuples(config)))) == config
    assert type(config["c"]) is dict


def test_mapping_and_keywords():
    assert list(Space({"a b": 1}, c=2)) == [{"a b": 1, "c": 2}]
    assert list(Space(mapping=1, self=2)) == [{"mapping": 1, "self": 2}]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Space([1]), "Space takes a mapping, not [1]; write Space({'lr': ...}) or Space(lr=...)"),
        (lambda: Space(Float(0, 1)), "Space takes a mapping, not Float(0.0, 1.0)"),
        (lambda: Space({"lr": 1}, lr=2), "'lr' stands both in the mapping and among the keywords"),
        (lambda: Space({1: 2}), "the space has the key 1; keys must be strings that aren't empty"),
        (lambda: Space({"": 2}), "the space has the key ''"),
        (lambda: Space(opt={"": 2}), "opt has the key ''"),
        (lambda: Space(opt=[{"a": {2: 3}}]), "opt[0].a has the key 2"),
        (lambda: Space(opt={"lr": math.nan}), "opt.lr is nan, but JSON holds finite numbers only"),
        (lambda: Space(layers=[1, np.inf]), "layers[1] is inf"),
        (lambda: Space(opt={"lr": {1, 2}}), "opt.lr is of type set, which JSON can't hold"),
        (lambda: Space(layers=[1, print]), "layers[1] is of type builtin_function_or_method"),
        (lambda: Space(lr=Float), "lr is of type type"),
        (lambda: Space(opt=Space(lr=1)), "opt is of type Space"),
        (lambda: Space({"a.b": 1, "a": {"b": 2}}), "two places are both named 'a.b'; rename a key"),
        (lambda: Space({"a": Derived(abs, Int(0, 1)), "a~0": 1}), "two places are both named 'a~0'"),
    ],
)
def test_refused(make, message):
    with pytest.raises(SpaceError, match=re.escape(message)):
        make()


def test_keys():
    assert Space(b=1, a={"c": 2}).keys == ("b", "a")
    assert (Space(b=1, a=2) + Space(a=1, c=2)).keys == ("b", "a", "c")


def test_repr():
    space = Space(lr=Float(0, 1), opt={"n": [Int(1, 2), "x"]})
    assert repr(space) == "Space(lr=Float(0.0, 1.0), opt={'n': [Int(1, 2), 'x']})"
    assert repr(space + Space({"a b": 1})) == repr(space) + " + Space({'a b': 1})"
    assert repr(Space(lr=Float(0, 1)).sample(3, 0)) == "Space(lr=Float(0.0, 1.0)).sample(3, ...)"


# Branches


def test_grids_multiply_and_the_last_is_fastest():
    assert list(Space(a=Grid(1, 2), b=Grid(3, 4))) == [
        {"a": 1, "b": 3},
        {"a": 1, "b": 4},
        {"a": 2, "b": 3},
        {"a": 2, "b": 4},
    ]


def test_order_is_that_of_first_appearance():
    late = Grid(1, 2)
    space = Space(z=[{"y": Grid(1, 2)}], a=late, z2=late)
    assert [(config["z"][0]["y"], config["a"], config["z2"]) for config in space] == [
        (1, 1, 1),
        (1, 2, 2),
        (2, 1, 1),
        (2, 2, 2),
    ]


def test_iteration_leaves_free_expressions_in_place():
    lr, exponent, grid = Float(0, 1), Int(1, 3), Grid(5, 6)
    free, known = Derived(double, exponent), Derived(double, grid)
    first, second = Space(lr=lr, opt=[grid, lr], free=free, known=known)
    assert first == {"lr": lr, "opt": [5, lr], "free": free, "known": 10}
    assert second == {"lr": lr, "opt": [6, lr], "free": free, "known": 12}


def test_branches_are_a_lazy_sequence():
    space = Space({f"k{place}": Grid(range(10)) for place in range(9)})
    branches = space.branches
    assert len(space) == len(branches) == space.size == 10**9
    assert list(branches[123_456_789].config().values()) == [1, 2, 3, 4, 5, 6, 7, 8, 9]
    assert branches[-1].index == 10**9 - 1
    assert branches[np.int64(5)].index == 5
    assert [branch.index for branch in branches[10:40:10]] == [10, 20, 30]


def test_more_branches_than_an_index_can_count():
    space = Space({f"k{place}": Grid(range(10)) for place in range(30)})
    assert space.size == 10**30
    assert space.branches[10**30 - 1].config()["k0"] == 9


@pytest.mark.parametrize("index", [4, -5])
def test_no_such_branch(index):
    with pytest.raises(IndexError, match=f"there is no branch {index}; the space has 4"):
        Space(a=Grid(1, 2), b=Grid(3, 4)).branches[index]


def test_the_same_branch_comes_back():
    branches = Space(a=Grid(range(1000))).branches
    assert branches[3] is branches[3]
    assert [branch.index for branch in branches] == list(range(1000))
    assert branches[3].config() == {"a": 3}


def test_spans_cover_the_parts_of_a_union():
    space = Space(a=Grid(1, 2)) + Space(b=1) + Space(c=Grid(1, 2, 3))
    assert space.branches.spans() == [(0, 2), (2, 3), (3, 6)]


def test_size_and_is_fixed():
    assert Space(a=Grid(1, 2), b=Int(1, 5), c=Choice("x", "y"), d=Float(0, 1, step=0.5)).size == 2 * 5 * 2 * 3
    assert Space(a=Grid(1, 2), b=Float(0, 1)).size is None
    assert (Space(a=Grid(1, 2)) + Space(b=Int(1, 5))).size == 7
    assert (Space(a=Grid(1, 2)) + Space(b=Float(0, 1))).size is None
    assert Space(a=Grid(1, 2), b=3).is_fixed
    assert not Space(a=Grid(1, 2), b=Int(1, 1)).is_fixed
    assert not (Space(a=1) + Space(a=Int(0, 1))).is_fixed


# Linking


def test_the_same_object_is_one_variable_and_equal_ones_are_two():
    lr = Float(0, 1)
    (branch,) = Space(lr=lr, opt={"lr": lr}, layers=[lr, Float(0, 1)]).branches
    assert list(branch.variables) == ["lr", "layers[1]"]
    assert branch.config({"lr": 0.25, "layers[1]": 0.5}) == {"lr": 0.25, "opt": {"lr": 0.25}, "layers": [0.25, 0.5]}


def test_a_linked_grid_is_one_dimension():
    grid = Grid(1, 2)
    assert list(Space(a=grid, b=[grid])) == [{"a": 1, "b": [1]}, {"a": 2, "b": [2]}]


@pytest.mark.parametrize("dump", [pickle.dumps, cloudpickle.dumps], ids=["pickle", "cloudpickle"])
def test_pickle_keeps_links(dump):
    lr, grid = Float(1e-3, 1, log=True), Grid(1, 2)
    space = (Space(lr=lr, twice=Derived(double, lr), g=grid) * Space(lr2=lr, g2=grid)).sample(2, 0)
    again = pickle.loads(dump(space))
    assert list(again) == list(space)
    assert again.describe() == space.describe()
    free = pickle.loads(dump(Space(lr=lr, lr2=lr, choice=Choice([1], 2), twice=Derived(double, lr))))
    assert free.branches[0].config({"lr": 0.5, "choice": [1]}) == {"lr": 0.5, "lr2": 0.5, "choice": [1], "twice": 1.0}
    assert free.branches[0].variables["choice"].dimension.to_unit([1]) == 0.25


def test_cloudpickle_takes_lambdas():
    space = Space(width=Derived(lambda exponent: 2**exponent, Int(4, 8)))
    again = pickle.loads(cloudpickle.dumps(space))
    assert again.branches[0].config({"width~0": 5}) == {"width": 32}


def test_deep_copy_keeps_links():
    lr = Float(0, 1)
    again = copy.deepcopy(Space(lr=lr, lr2=lr))
    assert list(again.branches[0].variables) == ["lr"]


def test_branches_pickle_alone():
    branch = pickle.loads(pickle.dumps(Space(a=Grid(1, 2), b=Int(1, 3)).branches[1]))
    assert (branch.index, branch.config({"b": 2})) == (1, {"a": 2, "b": 2})
    assert len(pickle.loads(pickle.dumps(Space(a=Grid(1, 2)).branches))) == 2


# Union and product


def test_union_keeps_order():
    space = Space(kind="a", x=Grid(1, 2)) + Space(kind="b", y=Int(1, 9))
    assert [branch.index for branch in space.branches] == [0, 1, 2]
    assert [branch.config(middle(branch)) for branch in space.branches] == [
        {"kind": "a", "x": 1},
        {"kind": "a", "x": 2},
        {"kind": "b", "y": 5},
    ]
    assert [list(branch.variables) for branch in space.branches] == [[], [], ["y"]]


def test_sum_is_the_union():
    parts = [Space(a=Grid(1, 2)), Space(b=3), Space(c=Float(0, 1))]
    assert repr(sum(parts)) == repr(parts[0] + parts[1] + parts[2])
    for wrong in (1, 0.0, None):
        with pytest.raises(TypeError, match="unsupported operand"):
            wrong + parts[0]


def test_product_takes_every_pair_and_the_last_is_fastest():
    assert list(Space(a=Grid(1, 2)) * Space(b=Grid(3, 4))) == list(Space(a=Grid(1, 2), b=Grid(3, 4)))
    union = (Space(a=1) + Space(a=2)) * (Space(b=3) + Space(b=Grid(4, 5)))
    assert [(config["a"], config["b"]) for config in union] == [(1, 3), (1, 4), (1, 5), (2, 3), (2, 4), (2, 5)]


def test_product_refuses_a_shared_key():
    with pytest.raises(SpaceError, match="both sides of the product have the key 'lr', 'n'; rename it on one side"):
        Space(lr=1, n=2, a=3) * Space(n=4, lr=5, b=6)


def test_product_keeps_links():
    lr, grid = Float(0, 1), Grid(1, 2)
    space = Space(a=lr, g=grid) * Space(b=lr, h=grid)
    assert len(space) == 2
    assert space.branches[1].config({"a": 0.5}) == {"a": 0.5, "g": 2, "b": 0.5, "h": 2}


def test_what_was_hidden_may_show_after_a_product():
    exponent = Int(1, 3)
    space = Space(width=Derived(double, exponent)) * Space(exponent=exponent)
    assert list(space.branches[0].variables) == ["exponent"]
    assert space.branches[0].config({"exponent": 3}) == {"width": 6, "exponent": 3}


@pytest.mark.parametrize("other", [{"a": 1}, 3, Float(0, 1)])
def test_only_spaces_combine(other):
    with pytest.raises(TypeError):
        Space(b=1) + other
    with pytest.raises(TypeError):
        Space(b=1) * other


# Sampling


def test_samples_outermost_and_grids_fastest():
    space = Space(g=Grid(1, 2), lr=Float(0, 1), n=Int(1, 1000)).sample(3, seed=5)
    configs = list(space)
    assert space.is_fixed
    assert len(space) == space.size == 6
    assert [config["g"] for config in configs] == [1, 2] * 3
    draws = [(config["lr"], config["n"]) for config in configs]
    assert draws[0::2] == draws[1::2]
    assert len(set(draws)) == 3


def test_sample_depends_on_the_seed_alone():
    space = Space(lr=Float(0, 1))
    assert list(space.sample(3, 7)) == list(space.sample(np.int64(3), np.int64(7)))
    assert list(space.sample(3, 7)) != list(space.sample(3, 8))
    assert list(space.sample(3, 7)) == list(Space(lr=Float(0, 1)).sample(3, 7))


def test_sample_is_the_same_tomorrow():
    assert Space(n=Int(0, 999)).sample(4, seed=1).describe()[0]["n"]["values"] == [511, 950, 144, 948]


def test_sample_without_random_parts_changes_nothing():
    space = Space(a=Grid(1, 2))
    assert space.sample(5, 0) is space


def test_each_part_of_a_union_draws_its_own():
    lr = Float(0, 1)
    space = (Space(a=lr) + Space(fixed=Grid(1, 2)) + Space(b=lr)).sample(2, seed=0)
    configs = list(space)
    assert [list(config) for config in configs] == [["a"], ["a"], ["fixed"], ["fixed"], ["b"], ["b"]]
    assert len({*(config.get("a") for config in configs), *(config.get("b") for config in configs)} - {None}) == 4


def test_sample_keeps_links_and_derived_values():
    exponent = Int(1, 20)
    for config in Space(a=exponent, b=exponent, c=Derived(double, exponent), d=Derived(double, Int(1, 9))).sample(9, 0):
        assert config["a"] == config["b"] == config["c"] / 2
        assert config["d"] in range(2, 19, 2)


def test_sampled_spaces_multiply():
    one, two = Space(a=Float(0, 1), g=Grid(1, 2)).sample(2, 0), Space(b=Float(0, 1)).sample(3, 0)
    configs = list(one * two)
    assert [config["a"] for config in configs[::6]] == [config["a"] for config in list(one)[::2]]
    assert [config["b"] for config in configs[:3]] == [config["b"] for config in two]
    assert [config["g"] for config in configs] == [1, 1, 1, 2, 2, 2] * 2


def test_a_sampled_value_links_to_a_free_one():
    lr = Float(0, 1)
    for space in (Space(a=lr).sample(2, 0) * Space(b=lr), Space(b=lr) * Space(a=lr).sample(2, 0)):
        assert space.is_fixed
        assert [config["a"] == config["b"] for config in space] == [True, True]


def test_two_samples_of_one_variable_clash():
    lr = Float(0, 1)
    with pytest.raises(SpaceError, match=r"'a' is linked to the other side .* build the product first, then sample it"):
        Space(a=lr).sample(2, 0) * Space(b=lr).sample(2, 0)


@pytest.mark.parametrize(
    ("n", "seed", "message"),
    [
        (0, 0, "sample: n is 0; give a whole number of at least 1"),
        (-3, 0, "n is -3"),
        (1.5, 0, "n is 1.5; give a whole number"),
        (1, -1, "seed is -1; give a whole number of at least 0"),
        (1, "x", "seed is 'x'"),
    ],
)
def test_sample_refuses(n, seed, message):
    with pytest.raises(SpaceError, match=re.escape(message)):
        Space(lr=Float(0, 1)).sample(n, seed)
