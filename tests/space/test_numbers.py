"""Float and Int: which values they take, how likely each is, and what they refuse."""

import math
import operator
import re

import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from trimma.errors import SpaceError
from trimma.space import Float, Int, Space

units = st.floats(0, 1)
bounds = st.floats(-1e12, 1e12)


def values_of(variable):
    return list(dict.fromkeys(variable.dimension.from_unit(u) for u in np.linspace(0, 1, 20 * variable.size + 1)))


@st.composite
def stepped_floats(draw):
    log = draw(st.booleans())
    low = draw(st.floats(1e-6, 1e6) if log else st.floats(-1e6, 1e6))
    step = draw(st.floats(1e-4, 1e5))
    return Float(low, low + step * draw(st.floats(0, 1e6)), step=step, log=log)


@st.composite
def ints(draw):
    log = draw(st.booleans())
    low = draw(st.integers(1 if log else -(2**40), 2**40))
    high = low + draw(st.integers(0, 2**41))
    return Int(low, high, log=log, step=draw(st.integers(1, 1000)))


# What they are


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        (Float(1e-4, 1e-1, log=True), "Float(0.0001, 0.1, log=True)"),
        (Float(0, 1, step=0.25), "Float(0.0, 1.0, step=0.25)"),
        (Float(np.float32(0.5), np.array(2)), "Float(0.5, 2.0)"),
        (Int(1, 6), "Int(1, 6)"),
        (Int(1, 6, log=True, step=2), "Int(1, 6, log=True, step=2)"),
        (Int(1e3, np.int64(5000)), "Int(1000, 5000)"),
    ],
)
def test_repr(expression, text):
    assert repr(expression) == text


def test_equal_only_to_itself():
    one, other = Float(0, 1), Float(0, 1)
    assert one != other
    assert len({one, other, one}) == 2


@pytest.mark.parametrize("expression", [Float(0, 1), Int(0, 1)])
def test_immutable(expression):
    with pytest.raises(AttributeError):
        expression.low = 5


def test_values_are_plain_python():
    assert type(Float(np.float64(0), 1).dimension.from_unit(np.float64(0.5))) is float
    assert type(Float(0, 1, step=np.float32(0.5)).dimension.from_unit(0.5)) is float
    assert type(Int(np.int8(0), np.int16(9)).dimension.from_unit(np.float32(0.5))) is int
    assert type(Int(0, 9, log=False, step=np.uint8(2)).low) is int


# Which values they take


@pytest.mark.parametrize(
    ("variable", "values"),
    [
        (Float(-2, 3, step=2.5), [-2.0, 0.5, 3.0]),
        (Float(0, 1, step=0.1), [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0]),
        (Float(0.1, 0.5, step=0.15), [0.1, 0.25, 0.4]),
        (Float(0.9, 1.0, step=0.1), [0.9, 1.0]),
        (Float(0, 0.9, step=0.1 + 0.2), [0.0, 0.1 + 0.2, 0.6000000000000001, 0.9]),
        (Float(0, 1, step=1 / 3), [0.0, 1 / 3, 2 / 3, 1.0]),
        (Float(1e-7, 5e-7, step=2e-7), [1e-7, 3e-7, 5e-7]),
        (Float(0.1, 0.7, step=0.2, log=True), [0.1, 0.3, 0.5, 0.7]),
        (Float(2, 2), [2.0]),
        (Float(2, 2, log=True), [2.0]),
        (Float(0, 1, step=5), [0.0]),
        (Int(1, 6, step=2), [1, 3, 5]),
        (Int(1, 6, step=2, log=True), [1, 3, 5]),
        (Int(-1, 1), [-1, 0, 1]),
        (Int(7, 7), [7]),
        (Int(0, 10**10 - 1, step=10**10), [0]),
    ],
)
def test_values(variable, values):
    assert variable.size == len(values)
    assert values_of(variable) == values


def test_both_ends_of_a_continuous_range():
    for variable in (Float(-1, 0.3), Float(1e-4, 0.1, log=True), Float(1e-300, 1e300, log=True), Float(-1e300, 1e300)):
        assert variable.size is None
        assert variable.dimension.from_unit(0) == variable.low
        assert variable.dimension.from_unit(1) == variable.high


def test_log_is_uniform_in_the_exponent():
    assert Float(1e-4, 1, log=True).dimension.from_unit(0.5) == pytest.approx(1e-2)


@pytest.mark.parametrize("variable", [Int(1, 6), Int(-4, 50, step=7), Float(0, 1, step=0.1)])
def test_steps_are_equally_likely(variable):
    edges = [(index + 0.5) / variable.size for index in range(variable.size)]
    assert [variable.dimension.to_unit(variable.dimension.from_unit(u)) for u in edges] == edges


@pytest.mark.parametrize("variable", [Int(1, 100, log=True), Int(1, 6, log=True, step=2), Int(40, 90, log=True)])
def test_log_int_cells(variable):
    """The share of a value is the log of the ratio of its cell's edges."""
    low, step = variable.low, variable.step
    last = low + step * (variable.size - 1)
    bottom, top = max(low - step / 2, low / 2), last + step / 2
    drawn = [variable.dimension.from_unit(u) for u in np.linspace(0, 1, 100_001)]
    for value in (low, low + step, last):
        share = math.log((value + step / 2) / (bottom if value == low else value - step / 2)) / math.log(top / bottom)
        assert drawn.count(value) / len(drawn) == pytest.approx(share, abs=1e-4)


def test_lowest_cell_of_a_log_scale_stays_finite():
    assert values_of(Int(1, 9, log=True, step=4)) == [1, 5, 9]
    assert Int(1, 9, log=True, step=4).dimension.from_unit(0.2) == 1


def test_samples_are_drawn_one_after_the_other():
    variables = {"a": Int(0, 1000), "b": Float(0, 1)}
    drawn = [value for config in Space(variables).sample(5, seed=3) for value in config.values()]
    again = np.random.default_rng(3)
    assert drawn == [variable.dimension.from_unit(again.random()) for _ in range(5) for variable in variables.values()]


# Properties


@given(bounds, bounds, units)
@example(5 * math.ulp(0.0), math.ulp(0.0), 0.31)
def test_continuous_stays_within_bounds_and_comes_back(one, other, u):
    variable = Float(min(one, other), max(one, other))
    value = variable.dimension.from_unit(u)
    assert variable.low <= value <= variable.high
    assert variable.dimension.from_unit(variable.dimension.to_unit(value)) == value


@given(st.floats(1e-9, 1e9), st.floats(1, 1e9), units)
@example(0.0010711424219233114, 12.367957738410663, 0.4811243831963554)
@example(0.125, 1.0000000000000002, 0.0)
def test_log_stays_within_bounds_and_comes_back(low, ratio, u):
    variable = Float(low, low * ratio, log=True)
    value = variable.dimension.from_unit(u)
    assert variable.low <= value <= variable.high
    assert variable.dimension.from_unit(variable.dimension.to_unit(value)) == value


@given(stepped_floats(), units)
def test_stepped_float_is_on_its_grid_and_comes_back(variable, u):
    value = variable.dimension.from_unit(u)
    assert variable.low <= value <= variable.high
    steps = (value - variable.low) / variable.step
    assert steps == pytest.approx(round(steps), abs=1e-5)
    assert variable.dimension.from_unit(variable.dimension.to_unit(value)) == value
    assert variable.dimension.from_unit(0) == variable.low


@given(ints(), units)
def test_int_is_on_its_grid_and_comes_back(variable, u):
    value = variable.dimension.from_unit(u)
    assert variable.low <= value <= variable.high
    assert (value - variable.low) % variable.step == 0
    assert variable.dimension.from_unit(variable.dimension.to_unit(value)) == value
    assert variable.dimension.from_unit(0) == variable.low
    assert variable.dimension.from_unit(1) == variable.low + variable.step * (variable.size - 1)


@given(st.one_of(stepped_floats(), ints()), units, units)
def test_from_unit_never_falls(variable, one, other):
    assume(one <= other)
    below, above = variable.dimension.from_unit(one), variable.dimension.from_unit(other)
    assert below <= above
    assert variable.dimension.to_unit(below) <= variable.dimension.to_unit(above)


# What they refuse


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Float(1, 0), "Float(1, 0): high 0.0 is below low 1.0; give the lower bound first"),
        (lambda: Int(5, 4), "Int(5, 4): high 4 is below low 5"),
        (lambda: Float(0, 1, step=0), "Float(0, 1): the step 0.0 must be above zero"),
        (lambda: Float(0, 1, step=-0.1), "the step -0.1 must be above zero"),
        (lambda: Int(0, 1, step=0), "the step 0 must be above zero"),
        (lambda: Float(0, 1, log=True), "a log scale needs a low above zero; raise low, or leave out log=True"),
        (lambda: Float(-1, 1, log=True), "Float(-1, 1, log=True): a log scale needs a low above zero"),
        (lambda: Int(0, 8, log=True), "Int(0, 8, log=True): a log scale needs a low above zero"),
        (lambda: Float(math.nan, 1), "low must be finite"),
        (lambda: Float(0, math.inf), "high must be finite"),
        (lambda: Float(0, 1, step=math.inf), "step must be finite"),
        (lambda: Int(0, math.inf), "Int(0, inf): high must be finite"),
        (lambda: Float(0, 10**400), "high must be finite and within 1e+300"),
        (lambda: Int(0, 2.5), "high is 2.5, which isn't a whole number; round it, or use Float"),
        (lambda: Int(0, 10, step=0.5), "step is 0.5, which isn't a whole number"),
        (lambda: Float("0", 1), "low is '0', which isn't a number"),
        (lambda: Float(False, 1), "low is False, which isn't a number"),
        (lambda: Int(None, 1), "low is None, which isn't a number"),
        (lambda: Float([0], 1), "low is [0], which isn't a number"),
        (lambda: Int(0, 2**62), "the step 1 is too fine for bounds of this size; use a larger one"),
        (lambda: Float(1e15, 1e15 + 1, step=0.1), "the step 0.1 is too fine"),
    ],
)
def test_constructor_errors(make, message):
    with pytest.raises(SpaceError, match=re.escape(message)):
        make()


@pytest.mark.parametrize("u", [-0.1, 1.0000001, math.nan, math.inf])
@pytest.mark.parametrize("variable", [Float(0, 1), Float(1, 2, log=True, step=0.5), Int(0, 4)])
def test_outside_of_the_unit_interval(variable, u):
    with pytest.raises(SpaceError, match="give a number from 0 to 1"):
        variable.dimension.from_unit(u)


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        (Float(0, 1), 1.5, "1.5 is outside of Float(0.0, 1.0)"),
        (Float(0, 1, step=0.5), 0.3, "0.3 is between the steps of Float(0.0, 1.0, step=0.5)"),
        (Float(0, 0.9, step=0.5), 0.9, "0.9 is between the steps"),
        (Int(0, 9, step=2), 3, "3 isn't a value of Int(0, 9, step=2)"),
        (Int(0, 9, step=2), 10, "10 isn't a value of"),
        (Int(0, 9), 0.5, "the value is 0.5, which isn't a whole number"),
        (Float(0, 1), "x", "the value is 'x', which isn't a number"),
        (Float(0, 1), math.nan, "the value must be finite"),
    ],
)
def test_to_unit_of_what_is_no_value(variable, value, message):
    with pytest.raises(SpaceError, match=re.escape(message)):
        variable.dimension.to_unit(value)


def test_keyword_only():
    with pytest.raises(TypeError):
        operator.call(Float, 0, 1, True)
