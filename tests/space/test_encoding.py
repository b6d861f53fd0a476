"""Configs to points of the unit cube and back, from a branch and from a description."""

import itertools
import json
import math
import re

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from spaces import mappings
from trimma.errors import SpaceError
from trimma.space import Choice, Derived, Dimension, Encoding, Float, Grid, Int, Space, encoding_from
from trimma.space.parts import dimension_of_values, dimensions_over
from trimma.tuples_in_json import mark_tuples, restore_tuples

units = st.floats(0, 1)


@st.composite
def steps(draw, kind):
    """A float or int with a step, on either scale."""
    low, count, log = draw(st.integers(1, 40)), draw(st.integers(0, 60)), draw(st.booleans())
    if kind is Int:
        step = draw(st.integers(1, 9))
        return Int(low, low + count * step + draw(st.integers(0, step - 1)), step=step, log=log)
    step = draw(st.sampled_from([0.001, 0.1, 0.25, 1.5]))
    return Float(low / 8, low / 8 + (count + draw(units) / 2) * step, step=step, log=log)


@st.composite
def continuous(draw):
    low, log = draw(st.floats(1e-6, 1e3)), draw(st.booleans())
    low = low if log or draw(st.booleans()) else -low
    return Float(low, low + abs(low) * draw(st.floats(1e-9, 1e6)), log=log)


options = st.none() | st.booleans() | st.integers(-3, 3) | st.text(max_size=2) | st.lists(st.integers(0, 2), max_size=2)
choices = st.builds(
    lambda values, ordered: Choice(values, ordered=ordered),
    st.lists(options, min_size=1, max_size=7, unique_by=json.dumps),
    st.booleans(),
)
numbers = continuous() | steps(Int) | steps(Float)
spaces = mappings(kinds=numbers | choices | st.just(Grid(1, 2))).map(Space)


@st.composite
def encodings(draw):
    """The encoding of a random branch of a random space, with the branch."""
    space = draw(st.lists(spaces, min_size=1, max_size=2).map(lambda parts: sum(parts[1:], parts[0])))
    branch = space.branches[draw(st.integers(0, len(space) - 1))]
    return space, branch, branch.encoding


def points_of(encoding, data, rows=3):
    row = st.lists(units, min_size=len(encoding.dimensions), max_size=len(encoding.dimensions))
    return np.array([data.draw(row) for _ in range(rows)]).reshape(rows, len(encoding.dimensions))


@given(encodings(), st.data())
def test_a_config_leads_to_its_point_and_the_point_to_the_config(found, data):
    _, branch, encoding = found
    points = points_of(encoding, data)
    values = [encoding.values(point) for point in points]
    configs, hidden = encoding.configs(points), [branch.hidden(one) for one in values]
    assert configs == [branch.config(one) for one in values]
    again = encoding.points(configs, hidden)
    assert again.shape == points.shape
    assert ((again >= 0) & (again <= 1)).all()
    assert [encoding.values(point) for point in again] == values
    assert [encoding.config(point) for point in again] == configs
    assert (again == [encoding.point(*one) for one in zip(configs, hidden, strict=True)]).all()


@given(encodings(), st.data())
def test_rounding_moves_to_the_point_of_the_same_config_and_then_stays(found, data):
    _, _, encoding = found
    points = points_of(encoding, data)
    rounded = encoding.rounded(points)
    assert encoding.configs(rounded) == encoding.configs(points)
    assert (encoding.rounded(rounded) == rounded).all()
    assert (rounded == [encoding.rounded(point) for point in points]).all()
    for column, dimension in zip(rounded.T, encoding.dimensions, strict=True):
        if dimension.size is not None:
            assert {dimension.to_unit(dimension.from_unit(u)) for u in column} == set(column)


@given(encodings(), st.data())
def test_the_encoding_from_the_description_is_that_of_the_branch(found, data):
    space, branch, encoding = found
    description = restore_tuples(json.loads(json.dumps(mark_tuples(space.describe()))))
    part = next(n for n, (_, stop) in enumerate(space.branches.spans()) if branch.index < stop)
    described = encoding_from(description[part])
    assert described.dimensions == encoding.dimensions
    points = points_of(encoding, data)
    assert described.configs(points) == [encoding.values(point) for point in points]
    for point in points:
        values = encoding.values(point)
        assert (described.point(values) == encoding.point(branch.config(values), branch.hidden(values))).all()


@given(encodings())
def test_dimensions_are_plain_and_are_the_variables_in_their_order(found):
    _, branch, encoding = found
    assert [dimension.name for dimension in encoding.dimensions] == list(branch.variables)
    for dimension, variable in zip(encoding.dimensions, branch.variables.values(), strict=True):
        assert str(dimension) == repr(variable)
        assert dimension.size == variable.size
        fields = {name: getattr(dimension, name) for name in dimension.__struct_fields__}
        assert Dimension(**json.loads(json.dumps(fields)) | {"options": dimension.options}) == dimension
        if isinstance(variable, Choice):
            assert (dimension.kind, dimension.ordered) == ("category", variable.ordered)
        else:
            assert (dimension.kind, dimension.ordered) == (type(variable).__name__.lower(), True)


@given(numbers, units, units)
def test_greater_numbers_lie_higher(variable, one, other):
    assume(one <= other)
    dimension = variable.dimension
    below, above = dimension.from_unit(one), dimension.from_unit(other)
    assert below <= above or below == pytest.approx(above, rel=1e-15)
    assert 0 <= dimension.to_unit(below) <= dimension.to_unit(above) + 1e-15 <= 1 + 1e-15


@given(st.floats(1e-6, 1e3), st.floats(1.001, 1e6), units, units, st.floats(0, 0.5))
def test_on_a_log_scale_equal_ratios_are_equally_far_apart(low, ratio, one, other, far):
    dimension = Float(low, low * ratio, log=True).dimension
    one, other = one / 2, other / 2
    ratios = [dimension.from_unit(place + far) / dimension.from_unit(place) for place in (one, other)]
    assert ratios[0] == pytest.approx(ratios[1], rel=1e-9)
    assert ratios[0] == pytest.approx(ratio**far, rel=1e-9)


@pytest.mark.parametrize(
    "variable",
    [
        Int(3, 20, step=4), Int(3, 21, step=4, log=True), Int(1, 1), Int(1, 64, log=True), Int(-9, 9, step=9),
        Float(0, 1, step=0.1), Float(0.001, 0.02, step=0.001, log=True), Float(0.1, 0.75, step=0.2, log=True),
        Choice("a", None, "None", 1, "1", True, "True", [1], {"a": 1}), Choice("s", "m", "l", ordered=True),
    ],
    ids=repr,
)  # fmt: skip
def test_each_value_has_a_cell_of_its_own_and_stands_in_the_middle(variable):
    dimension = variable.dimension
    values = [dimension.value_at(place) for place in range(dimension.size)]
    middles = [dimension.to_unit(value) for value in values]
    assert [dimension.from_unit(middle) for middle in middles] == values
    assert middles == sorted(set(middles))
    assert 0 < middles[0] == pytest.approx(1 - middles[-1]) or dimension.log
    assert [dimension.from_unit(u) for u in (0, 1)] == [values[0], values[-1]]
    assert [dimension.position(value) for value in values] == (
        list(range(len(values))) if dimension.kind == "category" else values
    )
    # a cell reaches from edge to edge around its middle
    lower = [0.0]
    for middle in middles:
        lower.append(2 * middle - lower[-1])
    assert lower[-1] == pytest.approx(1)
    for value, (below, above) in zip(values, itertools.pairwise(lower), strict=True):
        assert dimension.from_unit(below + 1e-9) == dimension.from_unit(min(above, 1) - 1e-9) == value


@pytest.mark.parametrize("edge", [0.0, 1.0])
@pytest.mark.parametrize(
    "variable", [Float(1e-5, 0.3, log=True), Float(-0.3, 0.7), Float(0.1, 0.3, step=0.1), Int(1, 9, log=True, step=3)]
)
def test_the_edges_come_back(variable, edge):
    encoding = Space(v=variable).branches[0].encoding
    config = encoding.config([edge])
    assert config == {"v": variable.high if edge and variable.size is None else variable.dimension.from_unit(edge)}
    assert encoding.config(encoding.point(config)) == config


def test_an_int_with_a_step_is_ordered_and_no_category():
    (dimension,) = Space(n=Int(2, 20, step=3)).branches[0].encoding.dimensions
    assert dimension == Dimension(name="n", kind="int", low=2, high=20, step=3, ordered=True)
    assert (dimension.size, dimension.options) == (7, ())


SHARED = Int(1, 4)
MIXED = Space(
    first=Derived(lambda n, m: n * m, Int(2, 5), 3), opt={"lr": Float(0.25, 4, log=True)}, layers=[SHARED, SHARED],
    act=Choice("relu", None), arm=Grid("a", "b"), last=Derived(lambda inner: inner, Derived(lambda x: -x, Float(0, 1))),
)  # fmt: skip


def test_linked_hidden_and_nested_places():
    encoding = MIXED.branches[1].encoding
    names = ["first~0", "opt.lr", "layers[0]", "act", "last~0~0"]
    assert [dimension.name for dimension in encoding.dimensions] == names
    assert [dimension.name for dimension in encoding_from(MIXED.describe()[0]).dimensions] == names
    values = encoding.values([0.0, 0.5, 1.0, 1.0, 0.25])
    assert values == {"first~0": 2, "opt.lr": 1.0, "layers[0]": 4, "act": None, "last~0~0": 0.25}
    config = encoding.config([0.0, 0.5, 1.0, 1.0, 0.25])
    assert config == {"first": 6, "opt": {"lr": 1.0}, "layers": [4, 4], "act": None, "arm": "b", "last": -0.25}
    hidden = {"first~0": 2, "last~0~0": 0.25}
    assert encoding.point(config, hidden).tolist() == [0.125, 0.5, 0.875, 0.75, 0.25]
    with pytest.raises(SpaceError, match="first~0 shows in no config"):
        encoding.point(config)


def test_a_trial_read_back_from_a_history_is_moved_to_the_nearest_values():
    encoding = Space(n=Int(10, 50, step=10), x=Float(0, 1), y=Float(0.1, 0.9, step=0.2, log=True)).branches[0].encoding
    off = [{"n": 24, "x": 1.5, "y": 0.31}, {"n": 99, "x": -1, "y": 0}]
    assert encoding.configs(encoding.points(off)) == [{"n": 20, "x": 1.0, "y": 0.3}, {"n": 50, "x": 0.0, "y": 0.1}]
    for wrong in ({"n": "many"}, {"x": None}, {"x": math.nan}, {"y": True}):
        with pytest.raises(SpaceError, match="the value"):
            encoding.point(off[0] | wrong)


def test_points_beyond_the_cube_are_rounded_onto_it():
    encoding = Space(n=Int(1, 4), x=Float(0, 1), k=Int(1, 3, log=True)).branches[0].encoding
    rounded = encoding.rounded([[-3.0, 1.5, 9.0], [0.3, 0.3, 0.0]])
    assert rounded[:, :2].tolist() == [[0.125, 1.0], [0.375, 0.3]]
    assert encoding.configs(rounded) == [{"n": 1, "x": 1.0, "k": 3}, {"n": 2, "x": 0.3, "k": 1}]
    assert encoding.rounded([-3.0, 1.5, 9.0]).tolist() == rounded[0].tolist()


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda encoding: encoding.config([0.5]), "points of shape (1,) don't fit 2 dimensions (a, b)"),
        (lambda encoding: encoding.configs([0.5, 0.5]), "points of shape (2,) don't fit 2 dimensions"),
        (lambda encoding: encoding.config([0.5, 1.5]), "outside of the unit cube"),
        (lambda encoding: encoding.rounded([0.5, math.nan]), "has NaN"),
        (lambda encoding: encoding.rounded(0.5), "points of shape () don't fit"),
        (lambda encoding: encoding.point({"a": 0.5, "b": "z"}), "'z' isn't an option of Choice('x', 'y')"),
        (lambda encoding: encoding.point({"a": 0.5}), "the config has no b; is it from another space or branch?"),
    ],
)
def test_what_does_not_fit(ask, message):
    space = Space(a=Float(0, 1), b=Choice("x", "y"))
    for encoding in (space.branches[0].encoding, encoding_from(space.describe()[0])):
        with pytest.raises(SpaceError, match=re.escape(message)):
            ask(encoding)


def test_nothing_to_vary():
    encoding = Space(a=1, b=Grid(1, 2)).branches[1].encoding
    assert encoding.dimensions == encoding_from(Space(a=1, b=Grid(1, 2)).describe()[0]).dimensions == ()
    assert encoding.config([]) == {"a": 1, "b": 2}
    assert encoding.point({"a": 1, "b": 2}).shape == (0,)
    assert encoding.points([{"a": 1, "b": 2}] * 3).shape == encoding.rounded(np.zeros((3, 0))).shape == (3, 0)
    assert encoding.points([]).shape == (0, 0)


def test_labels_are_distinct():
    encoding = Encoding((Choice(1, "1", None, "null", "a", [1], "[1]", "true").dimension,), form=None)
    (dimension,) = encoding.dimensions
    assert dimension.labels == ("1", '"1"', "null", '"null"', "a", "[1]", '"[1]"', "true")


# The dimensions of a whole space


def over(space):
    return {dimension.name: dimension for dimension in dimensions_over(space.describe())}


@given(st.lists(spaces, min_size=1, max_size=3).map(lambda parts: sum(parts[1:], parts[0])), units)
def test_every_value_of_a_space_has_a_place_on_its_dimensions(space, u):
    found = over(space)
    for branch in space.branches:
        values = branch.encoding.values([u] * len(branch.variables))
        for name, value in values.items():
            dimension = found[name]
            if math.isnan(dimension.position(value)):
                # a scale of numbers in one part, and what is no number in another
                assert (dimension.kind, type(value) in (int, float)) == ("category", True)
                assert any(type(option) not in (int, float) for option in dimension.options)
            else:
                assert 0 <= dimension.to_nearest(value) <= 1


def test_what_is_the_same_in_all_parts_stays_as_it_is():
    steps_, sizes = Int(1, 9, step=2), Choice("s", "l", ordered=True)
    found = over(Space(n=steps_, size=sizes, k="a") + Space(n=steps_, size=sizes, k="b"))
    assert (str(found["n"]), str(found["size"])) == ("Int(1, 9, step=2)", "Choice('s', 'l', ordered=True)")
    assert (found["k"].options, found["k"].ordered) == (("a", "b"), False)


def test_several_scales_become_one_that_holds_them_all():
    found = over(
        Space(n=Int(1, 9), m=Int(1, 9), x=Float(1, 2, log=True), y=Int(1, 4, log=True), z=Float(0, 1), c=Choice(1, "1"))
        + Space(n=Int(5, 20, step=5), m=0.5, x=Float(0, 5), y=Grid(16, 64), z="none", c=None)
    )
    assert [str(found[name]) for name in "nmxy"] == [
        "Int(1, 20)", "Float(0.5, 9.0)", "Float(0.0, 5.0)", "Int(1, 64, log=True)",
    ]  # fmt: skip
    assert (found["z"].options, found["c"].options) == (("none",), (1, "1", None))


def test_sampled_numbers_are_a_scale_where_there_are_many():
    assert str(over(Space(x=Float(0, 1)).sample(20, seed=0))["x"]).startswith("Float(")
    few = over(Space(x=Float(0, 1)).sample(5, seed=0))["x"]
    assert (few.size, few.ordered, few.options) == (5, True, tuple(sorted(few.options)))
    assert over(Space(n=Grid(range(40))))["n"].size == 40


def test_values_alone():
    assert dimension_of_values("a", [1, 1.0, 1]) is None
    assert str(dimension_of_values("a", [10.0**n for n in range(20)])) == "Float(1.0, 1e+19, log=True)"
    assert dimension_of_values("a", ["1", 1, True, "1"]).options == ("1", 1, True)
