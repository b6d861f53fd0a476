"""Descriptions of spaces, and their differences in words."""

import json
import math

import pytest

from trimma.space import Choice, Derived, Float, Grid, Int, Space, differences, label
from trimma.tuples_in_json import mark_tuples, restore_tuples


def changes(old, new):
    """As a study has it: the old one comes out of a store."""
    return differences(restore_tuples(json.loads(json.dumps(mark_tuples(old.describe())))), new.describe())


def test_every_kind():
    lr = Float(1e-4, 1e-1, log=True)
    space = Space(
        lr=lr,
        opt={"name": "adam", "lr": lr},
        n=Int(1, 9, step=2),
        layers=[Choice("a", [1]), Grid(1, None), 3],
        sizes=(1, 2, 3),
        width=Derived(math.pow, 2, Int(4, 8), lr),
        nothing={},
    )
    assert space.describe() == [
        {
            "lr": {"kind": "float", "low": 0.0001, "high": 0.1, "log": True, "step": None},
            "opt.name": {"kind": "constant", "value": "adam"},
            "opt.lr": {"kind": "linked", "to": "lr"},
            "n": {"kind": "int", "low": 1, "high": 9, "log": False, "step": 2},
            "layers[0]": {"kind": "choice", "options": ["a", [1]], "ordered": False},
            "layers[1]": {"kind": "grid", "values": [1, None]},
            "layers[2]": {"kind": "constant", "value": 3},
            "sizes": {"kind": "constant", "value": (1, 2, 3)},
            "width": {"kind": "derived", "function": "pow", "of": ["width~0", "width~1", "lr"]},
            "nothing": {"kind": "constant", "value": {}},
            "width~0": {"kind": "constant", "value": 2},
            "width~1": {"kind": "int", "low": 4, "high": 8, "log": False, "step": 1},
        }
    ]


def test_one_dict_for_each_part_and_sampled_values():
    first, second = (Space(a=Grid(1, 2)) + Space(b=Int(0, 1), c=Choice([1], [2]))).sample(3, 0).describe()
    assert first == {"a": {"kind": "grid", "values": [1, 2]}}
    assert second["b"]["kind"] == second["c"]["kind"] == "sampled"
    assert len(second["b"]["values"]) == len(second["c"]["values"]) == 3


def test_a_description_is_json_and_nobody_elses():
    space = Space(a=Choice([1], [2]), b=Grid([1], [2]), c=[1, {"d": (2,)}], e=Derived(len, [1]))
    description = space.describe()
    assert restore_tuples(json.loads(json.dumps(mark_tuples(description)))) == description
    description[0]["a"]["options"][0].append(9)
    description[0]["c"]["value"].append(9)
    assert space.describe() != description
    assert space.branches[0].outline()["c"] == [1, {"d": (2,)}]


@pytest.mark.parametrize(
    "expression",
    [
        Float(1e-4, 1e-1, log=True),
        Float(0, 1, step=0.1),
        Int(1, 9),
        Int(1, 9, log=True, step=2),
        Choice("a", 1, ordered=True),
        Grid(1, 2),
    ],
)
def test_label_is_the_repr(expression):
    assert label(Space(x=expression).describe()[0]["x"]) == repr(expression)


@pytest.mark.parametrize(
    ("description", "text"),
    [
        ({"kind": "constant", "value": "adam"}, "'adam'"),
        ({"kind": "linked", "to": "lr"}, "linked to lr"),
        ({"kind": "derived", "function": "pow", "of": ["lr", "n~1"]}, "Derived(pow, lr, n~1)"),
        ({"kind": "sampled", "values": [1, 2]}, "2 sampled values (1, 2)"),
        ({"kind": "sampled", "values": [*range(9)]}, "9 sampled values (0, 1, 2, 3, 4, 5, 6, 7, ...)"),
        ({"kind": "from a later version"}, "{'kind': 'from a later version'}"),
    ],
)
def test_other_labels(description, text):
    assert label(description) == text


def test_no_differences():
    make = lambda: Space(lr=Float(0, 1), g=Grid(1, 2), n=Derived(lambda n: n, Int(1, 2)))  # noqa: E731
    assert changes(make(), make()) == []
    assert changes(make() + make().sample(3, 0), make() + make().sample(3, 0)) == []


def test_differences_in_words():
    old = Space(lr=Float(1e-4, 1e-1, log=True), width=8, same=1, flag=True, exponent=Derived(math.pow, 2, Int(1, 2)))
    new = Space(
        lr=Float(1e-3, 1e-1, log=True), dropout=Float(0, 1), same=1, flag=1, exponent=Derived(math.pow, 3, Int(1, 2))
    )
    assert changes(old, new) == [
        "lr was Float(0.0001, 0.1, log=True), is Float(0.001, 0.1, log=True)",
        "width is gone",
        "flag was True, is 1",
        "exponent~0 was 2, is 3",
        "dropout is new",
    ]


def test_differences_of_unions():
    a, b = Space(a=1), Space(b=1)
    assert changes(a + b, a + Space(b=2)) == ["part 2 of the union: b was 1, is 2"]
    assert changes(a + b, a) == ["part 2 of the union is gone"]
    assert changes(a, a + b + b) == ["part 2 of the union is new", "part 3 of the union is new"]


def test_the_order_of_grids_is_a_difference_and_that_of_other_keys_is_not():
    assert changes(Space(a=Grid(1, 2), b=Grid(3)), Space(b=Grid(3), a=Grid(1, 2))) == [
        "the order of grids was a, b, is b, a"
    ]
    assert changes(Space(a=1, b=Float(0, 1)), Space(b=Float(0, 1), a=1)) == []


def test_other_draws_are_a_difference():
    space = Space(lr=Float(0, 1))
    (said,) = changes(space.sample(2, 0), space.sample(2, 1))
    assert said.startswith("lr was 2 sampled values (0.6")
    assert changes(space.sample(20, 0), space.sample(21, 0)) != []


def test_a_difference_that_the_labels_leave_out():
    def sampled(last):
        return [{"n": {"kind": "sampled", "values": [*range(9), last]}}]

    assert differences(sampled(1), sampled(2)) == [
        "n has changed within 10 sampled values (0, 1, 2, 3, 4, 5, 6, 7, ...)"
    ]
