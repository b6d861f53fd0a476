"""What holds for every space."""

import itertools
import json
import math

import cloudpickle
from hypothesis import given
from hypothesis import strategies as st

from spaces import grids, mappings
from trimma.space import Choice, Derived, Float, Grid, Int, Space, differences
from trimma.tuples_in_json import mark_tuples, restore_tuples


def expressions_in(node):
    match node:
        case dict():
            return [found for part in node.values() for found in expressions_in(part)]
        case list() | tuple():
            return [found for part in node for found in expressions_in(part)]
        case Derived():
            return [node, *(found for part in node.arguments for found in expressions_in(part))]
        case Float() | Int() | Choice() | Grid():
            return [node]
        case _:
            return []


def expected(node, chosen):
    """The config, computed in the plainest way."""
    match node:
        case dict():
            return {key: expected(part, chosen) for key, part in node.items()}
        case list() | tuple():
            return type(node)(expected(part, chosen) for part in node)
        case Derived():
            return [expected(part, chosen) for part in node.arguments]
        case Float() | Int() | Choice() | Grid():
            return chosen[node]
        case _:
            return node


@given(mappings(), st.floats(0, 1))
def test_configs_are_what_they_say(mapping, u):
    space = Space(mapping)
    found = dict.fromkeys(expressions_in(mapping))
    grid_objects = [expression for expression in found if isinstance(expression, Grid)]
    assert len(space) == math.prod(len(grid.values) for grid in grid_objects)
    for branch in space.branches:
        assert set(branch.variables.values()) == {each for each in found if isinstance(each, Float | Int | Choice)}
        values = {name: variable.dimension.from_unit(u) for name, variable in branch.variables.items()}
        config = branch.config(values)
        chosen = {variable: values[name] for name, variable in branch.variables.items()}
        options = itertools.product(*(grid.values for grid in grid_objects))
        assert any(config == expected(mapping, chosen | dict(zip(grid_objects, cell, strict=True))) for cell in options)
        assert restore_tuples(json.loads(json.dumps(mark_tuples(config)))) == config
        assert branch.values(config, branch.hidden(values)) == values


@given(mappings(kinds=grids))
def test_every_cell_of_a_grid_comes_once_and_the_size_counts_them(mapping):
    space = Space(mapping)
    assert space.is_fixed
    assert space.size == len(space) == len(list(space))
    assert list(space) == [branch.config() for branch in space.branches]


@given(mappings(), mappings(), mappings("uvwxyz"))
def test_sizes_add_and_multiply(one, two, three):
    a, b, c = Space(one), Space(two), Space(three)
    assert len(a + b) == len(a) + len(b)
    assert list(map(repr, a + b)) == [*map(repr, a), *map(repr, b)]
    assert len(a * c) == len(a) * len(c)
    assert list(map(repr, a * c)) == [repr(x | y) for x in a for y in c]
    assert len((a + b) * c) == len(a * c + b * c)


@given(mappings(), st.integers(1, 4), st.integers(0, 99))
def test_samples(mapping, n, seed):
    space = Space(mapping)
    sampled = space.sample(n, seed)
    assert sampled.is_fixed
    assert len(sampled) == len(space) * (1 if space.is_fixed else n)
    assert list(sampled) == list(space.sample(n, seed))


@given(mappings())
def test_survives_pickling(mapping):
    space = Space(mapping)
    again = cloudpickle.loads(cloudpickle.dumps(space))
    assert again.describe() == space.describe()
    assert differences(again.describe(), space.describe()) == []
    assert list(again.branches[0].variables) == list(space.branches[0].variables)
    assert list(again.sample(2, 0)) == list(space.sample(2, 0))


@given(mappings())
def test_descriptions_are_json(mapping):
    description = Space(mapping).describe()
    assert restore_tuples(json.loads(json.dumps(mark_tuples(description)))) == description
