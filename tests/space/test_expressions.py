"""Choice, Grid and Derived: what they hold, and what they refuse."""

import enum
import math
import re
from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trimma.errors import SpaceError
from trimma.space import Choice, Derived, Float, Grid, Int, Space
from trimma.space.plain import identity

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**60), 2**60)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(min_size=1), inner, max_size=3),
    max_leaves=5,
)


class Colour(enum.StrEnum):
    RED = "red"


def held(expression):
    return list(expression.options if isinstance(expression, Choice) else expression.values)


both = pytest.mark.parametrize("make", [Choice, Grid])


@both
@pytest.mark.parametrize(
    ("arguments", "values"),
    [
        (("a", "b"), ["a", "b"]),
        ((["a", "b"],), ["a", "b"]),
        ((("a", "b"),), ["a", "b"]),
        ((range(3),), [0, 1, 2]),
        ((np.arange(3),), [0, 1, 2]),
        ((np.array(["a", "b"]),), ["a", "b"]),
        (("adam",), ["adam"]),
        (([[1, 2]],), [[1, 2]]),
        (((1, 2), (3, 4)), [(1, 2), (3, 4)]),
        (({"n": 1}, None), [{"n": 1}, None]),
        ((0, False), [0, False]),
        ((1, True, "1"), [1, True, "1"]),
        ((np.float32(0.5), np.int8(3), np.bool_(True), np.str_("x"), np.array(7)), [0.5, 3, True, "x", 7]),
        ((Colour.RED,), ["red"]),
    ],
)
def test_values(make, arguments, values):
    assert held(make(*arguments)) == values
    assert [type(value) for value in held(make(*arguments))] == [type(value) for value in values]


@both
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "() has no values; give at least one, or leave the key out of the space"),
        (([],), "() has no values"),
        ((1, 2, 1), "has 1 twice; each value may stand there once"),
        ((1, 1.0), "has 1.0 twice"),
        (({"a": [1]}, {"a": [1]}), "has {'a': [1]} twice"),
        ((1, math.nan), "value 1 of "),
        ((math.inf,), "is inf, but JSON holds finite numbers only; use None instead"),
        (
            ([{1}],),
            "is of type set, which JSON can't hold; use strings, numbers, booleans, None, lists, tuples or dicts",
        ),
        (({"a": [object()]},), "value 0 of "),
        ((1j,), "is of type complex"),
        ((np.arange(2), 3), "is of type ndarray"),
        (({1: 2},), "has the key 1; keys must be strings that aren't empty"),
        ((1, Float(0, 1)), "where only plain values can stand; for a conditional space use A + B"),
        (({"lr": Int(0, 1)},), ".lr is Int(0, 1), where only plain values can stand"),
    ],
)
def test_refused(make, arguments, message):
    with pytest.raises(SpaceError, match=re.escape(message)) as caught:
        make(*arguments)
    assert make.__name__ in str(caught.value)


def test_path_and_type_of_a_nested_fault():
    with pytest.raises(SpaceError, match=re.escape("value 1 of Choice.a[0] is of type object")):
        Choice(1, {"a": [object()]})


def test_reprs():
    assert repr(Choice("a", 1)) == "Choice('a', 1)"
    assert repr(Choice(1, 2, ordered=True)) == "Choice(1, 2, ordered=True)"
    assert repr(Grid([1, 2])) == "Grid(1, 2)"
    assert repr(Derived(lambda e: 2**e, Int(4, 8))) == "Derived(lambda, Int(4, 8))"
    assert repr(Derived(math.sqrt, 4)) == "Derived(sqrt, 4)"
    assert repr(Derived(partial(max, 1), 4)) == "Derived(partial, 4)"


@pytest.mark.parametrize(
    ("make", "field"), [(Choice, "options"), (Grid, "values"), (partial(Derived, abs), "arguments")]
)
def test_identity_and_immutability(make, field):
    assert make(1) != make(1)
    with pytest.raises(AttributeError):
        setattr(make(1), field, ())


def test_later_changes_to_what_it_was_built_from_do_not_matter():
    layers = [1, 2]
    choice = Choice(layers, [3])
    layers.append(9)
    assert choice.options == ([1, 2], [3])


@given(st.lists(json_values, min_size=1, max_size=6, unique_by=identity), st.floats(0, 1))
def test_choice_comes_back(options, u):
    choice = Choice(options)
    assert choice.size == len(options)
    assert choice.dimension.from_unit(u) in options
    for option in choice.options:
        assert choice.dimension.from_unit(choice.dimension.to_unit(option)) is option


def test_choice_cells_are_equally_wide():
    choice = Choice("a", "b", "c", "d", ordered=True)
    assert [choice.dimension.from_unit(u) for u in (0, 0.24, 0.25, 0.5, 0.99, 1)] == ["a", "a", "b", "c", "d", "d"]
    assert choice.dimension.to_unit("b") == 0.375
    assert choice.ordered
    assert not Choice("a").ordered


def test_choice_tells_true_from_one():
    choice = Choice(1, True)
    assert choice.dimension.from_unit(choice.dimension.to_unit(True)) is True
    assert choice.dimension.from_unit(choice.dimension.to_unit(np.int64(1))) == 1


def test_choice_to_unit_of_another_value():
    with pytest.raises(SpaceError, match=re.escape("'c' isn't an option of Choice('a', 'b')")):
        Choice("a", "b").dimension.to_unit("c")


def test_choice_sample():
    assert {config["v"] for config in Space(v=Choice("a", "b")).sample(50, seed=0)} == {"a", "b"}


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Derived(2), "Derived needs a function first, not 2"),
        (lambda: Derived(abs, {1}), "argument 0 of Derived is of type set"),
        (lambda: Derived(abs, 1, [Float(0, 1)]), "argument 1 of Derived[0] is Float(0.0, 1.0)"),
    ],
)
def test_derived_refuses(make, message):
    with pytest.raises(SpaceError, match=re.escape(message)):
        make()
