"""Numbers to search over: Float and Int."""

from dataclasses import dataclass, field
from decimal import Decimal

import numpy as np

from trimma.errors import SpaceError
from trimma.space import scale
from trimma.space.plain import Expression, call_text, fill_in, plain


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Float(Expression):
    """A real number from low to high, both included.

    ``log=True`` spreads it evenly over orders of magnitude. With a ``step`` it takes low, low + step, ...
    (the last may stop short of high). ``size`` is the number of values, None where it is continuous.
    Raises SpaceError for bounds or a step that make no sense.

    >>> Float(1e-4, 1e-1, log=True).from_unit(1.0)
    0.1
    """

    low: float
    high: float
    log: bool = field(default=False, kw_only=True)
    step: float | None = field(default=None, kw_only=True)
    size: int | None = field(init=False)
    _digits: int = field(init=False)

    def __post_init__(self) -> None:
        low, high = _number(self, "low", self.low), _number(self, "high", self.high)
        step = None if self.step is None else _number(self, "step", self.step)
        scale.check_bounds(repr(self), low, high, self.log)
        size = 1 if low == high else None
        if step is not None:
            scale.check_step(repr(self), low, high, step)
            size = scale.count_steps(low, high, step) + 1
        fill_in(self, low=low, high=high, step=step, log=bool(self.log), size=size)
        fill_in(self, _digits=_decimals(low, step or 0.0))

    def from_unit(self, u: float) -> float:
        """The value at ``u`` from 0 to 1: uniform, or log-uniform; with a step, the one whose cell ``u`` is in."""
        u = scale.unit(u)
        if self.step is None or self.size is None:
            return scale.between(u, self.low, self.high, self.log)
        if self.log:
            return self._value(scale.log_cell(u, self.low, self.step, self.size))
        return self._value(scale.cell(u, self.size))

    def to_unit(self, value: float) -> float:
        """The opposite of from_unit, with a step the middle of the cell. SpaceError if it isn't a value."""
        number = _number(self, "the value", value)
        if not self.low <= number <= self.high:
            raise SpaceError(f"{number!r} is outside of {self!r}.")
        if self.step is None or self.size is None:
            return scale.place_between(number, self.low, self.high, self.log)
        index = round((number - self.low) / self.step)
        if index >= self.size or abs(self._value(index) - number) > 1e-6 * self.step:
            raise SpaceError(f"{number!r} is between the steps of {self!r}.")
        if self.log:
            return scale.log_cell_middle(index, self.low, self.step, self.size)
        return scale.cell_middle(index, self.size)

    def sample(self, rng: np.random.Generator) -> float:
        """One value at random."""
        return self.from_unit(rng.random())

    def _value(self, index: int) -> float:
        if not self.step or not index:
            return self.low
        return min(round(self.low + index * self.step, self._digits), self.high)

    def __repr__(self) -> str:
        return call_text("Float", self.low, self.high, log=self.log, step=self.step)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Int(Expression):
    """A whole number from low to high, both included: low, low + step, ... (the last may stop short of high).

    ``log=True`` spreads it evenly over orders of magnitude. ``size`` is the number of values.
    Raises SpaceError for bounds or a step that make no sense.

    >>> Int(1, 6, step=2).from_unit(1.0)
    5
    """

    low: int
    high: int
    log: bool = field(default=False, kw_only=True)
    step: int = field(default=1, kw_only=True)
    size: int = field(init=False)

    def __post_init__(self) -> None:
        low, high, step = (_whole(self, name, getattr(self, name)) for name in ("low", "high", "step"))
        scale.check_bounds(repr(self), low, high, self.log)
        scale.check_step(repr(self), low, high, step)
        fill_in(self, low=low, high=high, step=step, log=bool(self.log), size=(high - low) // step + 1)

    def from_unit(self, u: float) -> int:
        """The value at ``u`` from 0 to 1: equal cells, or with log cells of equal density in log space."""
        u = scale.unit(u)
        if self.log:
            return self.low + self.step * scale.log_cell(u, self.low, self.step, self.size)
        return self.low + self.step * scale.cell(u, self.size)

    def to_unit(self, value: int) -> float:
        """The middle of the value's cell. SpaceError for a value that isn't one of ours."""
        number = _whole(self, "the value", value)
        index, rest = divmod(number - self.low, self.step)
        if rest or not 0 <= index < self.size:
            raise SpaceError(f"{number!r} isn't a value of {self!r}.")
        if self.log:
            return scale.log_cell_middle(index, self.low, self.step, self.size)
        return scale.cell_middle(index, self.size)

    def sample(self, rng: np.random.Generator) -> int:
        """One value at random."""
        return self.from_unit(rng.random())

    def __repr__(self) -> str:
        return call_text("Int", self.low, self.high, log=self.log, step=self.step if self.step != 1 else None)


def _number(expression: Float | Int, name: str, value: object) -> float:
    number = value if isinstance(value, float | int) else plain(value, f"{name} of {expression!r}")
    if isinstance(number, bool) or not isinstance(number, int | float):
        raise SpaceError(f"{expression!r}: {name} is {value!r}, which isn't a number.")
    if not abs(number) <= scale.LARGEST:
        raise SpaceError(
            f"{expression!r}: {name} must be finite and within {scale.LARGEST:g}; rescale it, or search its exponent."
        )
    return float(number)


def _whole(expression: Int, name: str, value: object) -> int:
    number = _number(expression, name, value)
    if not number.is_integer():
        raise SpaceError(f"{expression!r}: {name} is {value!r}, which isn't a whole number; round it, or use Float.")
    return int(plain(int(value), f"{name} of {expression!r}"))  # type: ignore[call-overload]


def _decimals(*numbers: float) -> int:
    """How many decimals write all these numbers out, so that 3 * 0.1 can be rounded to 0.3."""
    exponents = (Decimal(repr(number)).as_tuple().exponent for number in numbers)
    return max(0, *(-exponent for exponent in exponents if isinstance(exponent, int)))
