"""Branch: names, configs, derived and hidden values."""

import json
import re

import numpy as np
import pytest

from trimma.errors import SpaceError
from trimma.space import Choice, Derived, Float, Grid, Int, Space


def only(space):
    (branch,) = space.branches
    return branch


def test_names_are_paths_in_order_of_first_appearance():
    branch = only(Space(lr=Float(0, 1), opt={"momentum": Float(0, 1)}, layers=[Int(1, 2), {"n": [1, Int(1, 2)]}]))
    assert list(branch.variables) == ["lr", "opt.momentum", "layers[0]", "layers[1].n[1]"]


def test_hidden_variables_are_named_after_their_place():
    inner = Derived(lambda a, b: a + b, Int(1, 2), Int(3, 4))
    branch = only(Space(a=Int(0, 1), width=Derived(lambda n, k, m: n + k + m, 5, Int(8, 9), inner), z=Int(0, 1)))
    assert list(branch.variables) == ["a", "width~1", "width~2~0", "width~2~1", "z"]
    values = {"a": 0, "width~1": 8, "width~2~0": 1, "width~2~1": 3, "z": 1}
    assert branch.config(values) == {"a": 0, "width": 5 + 8 + 1 + 3, "z": 1}
    assert branch.hidden(values) == {"width~1": 8, "width~2~0": 1, "width~2~1": 3}


def test_a_variable_that_stands_anywhere_is_not_hidden():
    exponent = Int(4, 8)
    branch = only(Space(width=Derived(lambda e: 2**e, exponent), late=[exponent]))
    assert list(branch.variables) == ["late[0]"]
    assert branch.config({"late[0]": 5}) == {"width": 32, "late": [5]}
    assert branch.hidden({"late[0]": 5}) == {}


def test_a_hidden_grid_is_a_dimension():
    assert list(Space(width=Derived(lambda e: 2**e, Grid(1, 2, 3)))) == [{"width": 2}, {"width": 4}, {"width": 8}]


def test_derived_is_computed_once_though_linked():
    calls = []
    width = Derived(lambda n: calls.append(n) or [n], Int(1, 9))
    branch = only(Space(a=width, b=[width], c=Derived(lambda w: w * 2, width)))
    config = branch.config({"a~0": 3})
    assert calls == [3]
    assert config == {"a": [3], "b": [[3]], "c": [3, 3]}
    assert config["a"] is not config["b"][0]


def test_derived_results_become_plain():
    branch = only(Space(w=Derived(lambda n: (np.float64(n), np.arange(3)[1]), Int(1, 9))))
    assert json.dumps(branch.config({"w~0": 2})) == '{"w": [2.0, 1]}'


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda _: {1}, "opt.w (the result of Derived(lambda, Int(1, 9))) is of type set"),
        (lambda _: [float("nan")], "opt.w (the result of Derived(lambda, Int(1, 9)))[0] is nan"),
        (lambda n: 1 / (n - 2), "opt.w (the result of Derived(lambda, Int(1, 9))) can't be computed from (2): ZeroDiv"),
    ],
)
def test_derived_errors_name_the_place(function, message):
    with pytest.raises(SpaceError, match=re.escape(message)):
        only(Space(opt={"w": Derived(function, Int(1, 9))})).config({"opt.w~0": 2})


def test_the_cause_of_a_failing_derived_is_kept():
    with pytest.raises(SpaceError) as caught:
        only(Space(w=Derived(lambda n: 1 / n, Int(0, 9)))).config({"w~0": 0})
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


def test_a_function_that_changes_its_argument_does_no_harm():
    layers = Choice([1, 2], [3])
    branch = only(Space(layers=layers, last=Derived(lambda given: given.pop(), layers)))
    for _ in range(2):
        assert branch.config({"layers": [1, 2]}) == {"layers": [1, 2], "last": 2}


def test_configs_share_nothing():
    space = Space(grid=Grid([1], [2]), choice=Choice([3], [4]), constant={"a": [5]}, empty=[])
    branch = space.branches[0]
    option = branch.variables["choice"].dimension.from_unit(0)
    config = branch.config({"choice": option})
    for part in (config["grid"], config["choice"], config["constant"]["a"], config["empty"]):
        part.append("changed")
    assert branch.config({"choice": option}) == {"grid": [1], "choice": [3], "constant": {"a": [5]}, "empty": []}


def test_values_become_plain():
    branch = only(Space(a=Float(0, 1), b=Choice((1, 2), 3)))
    assert json.dumps(branch.config({"a": np.float64(0.5), "b": (1, 2)})) == '{"a": 0.5, "b": [1, 2]}'
    with pytest.raises(SpaceError, match="a is nan"):
        branch.config({"a": float("nan"), "b": 3})


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({}, "branch 1 misses lr, opt.momentum. Its variables: lr, opt.momentum."),
        ({"lr": 1}, "branch 1 misses opt.momentum."),
        (
            {"lr": 1, "opt.momentun": 2},
            "misses opt.momentum and doesn't know opt.momentun; did you mean 'opt.momentum'?",
        ),
        ({"lr": 1, "opt.momentum": 1, "g": 2}, "branch 1 doesn't know g."),
    ],
)
def test_missing_and_unknown_names(values, message):
    space = Space(g=Grid(1, 2), lr=Float(0, 1), opt={"momentum": Float(0, 1)})
    with pytest.raises(SpaceError, match=re.escape(message)):
        space.branches[1].config(values)


def test_fixed_branch():
    branch = Space(g=Grid(1, 2)).branches[1]
    assert branch.is_fixed
    assert dict(branch.variables) == {}
    assert branch.config({}) == branch.config() == {"g": 2}
    with pytest.raises(SpaceError, match="Its variables: none"):
        branch.config({"g": 1})


def test_values_are_read_back():
    lr = Float(0, 1)
    branch = only(Space(a=[lr, {"b": Int(1, 9)}], lr=lr, w=Derived(lambda n: n + 1, Int(1, 9))))
    values = {"a[0]": 0.5, "a[1].b": 3, "w~0": 7}
    assert branch.values(branch.config(values), branch.hidden(values)) == values


@pytest.mark.parametrize(
    ("config", "hidden", "message"),
    [
        ({"w": 8}, {"w~0": 7}, "the config has no a[0]"),
        ({"a": None, "w": 8}, {"w~0": 7}, "the config has no a[0]; is it from another space or branch?"),
        ({"a": [1], "w": 8}, {}, "w~0 shows in no config; give its value as hidden={'w~0': ...}"),
    ],
)
def test_values_that_cannot_be_read_back(config, hidden, message):
    branch = only(Space(a=[Int(1, 9)], w=Derived(lambda n: n + 1, Int(1, 9))))
    with pytest.raises(SpaceError, match=re.escape(message)):
        branch.values(config, hidden)


def test_repr():
    branch = Space(kernel=Grid("rbf", "linear"), c=Float(0, 1)).branches[1]
    assert repr(branch) == "Branch(1, kernel='linear', c=Float(0.0, 1.0))"


def test_variables_cannot_be_changed():
    with pytest.raises(TypeError):
        only(Space(a=Int(0, 1))).variables["b"] = Int(0, 1)
