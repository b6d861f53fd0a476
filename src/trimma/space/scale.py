"""Converts between the unit interval and numbers.

With a step, value number ``index`` is ``low + index * step``, and has a cell of the unit interval. Without log all
cells are equally wide. With log, a cell reaches from half a step below its value to half a step above it, measured in
log space. The first cell begins at ``low / 2`` or above, so that its edge has a logarithm even if half a step is more
than ``low``.
"""

import math
from collections.abc import Callable, Iterator
from decimal import Decimal

from trimma.errors import SpaceError
from trimma.space.plain import plain

LARGEST = 1e300  # the largest size of a bound, which leaves room to add and to subtract
NEXT = 32  # so many neighbouring places to each side are tried for the last bit of a number
FINEST = 2**42  # beyond this ratio of bound to step, doubles can't tell the cells of a log scale apart


def unit(u: float) -> float:
    """``u`` as a Python float. Raises SpaceError when it isn't in [0, 1]."""
    number = float(u)
    if not 0.0 <= number <= 1.0:
        raise SpaceError(f"{number} isn't in the unit interval; give a number from 0 to 1.")
    return number


def check_bounds(expression: str, low: float, high: float, log: bool) -> None:
    """Raise SpaceError when high is below low, or when a log scale begins at or below zero."""
    if low > high:
        raise SpaceError(f"{expression}: high {high!r} is below low {low!r}; give the lower bound first.")
    if log and low < 1 / LARGEST:
        raise SpaceError(f"{expression}: a log scale needs a low above zero; raise low, or leave out log=True.")


def check_step(expression: str, low: float, high: float, step: float) -> None:
    """Raise SpaceError when the step isn't above zero, or is lost in the rounding of the bounds."""
    if step <= 0:
        raise SpaceError(f"{expression}: the step {step!r} must be above zero.")
    if max(abs(low), abs(high)) / step > FINEST:
        raise SpaceError(f"{expression}: the step {step!r} is too fine for bounds of this size; use a larger one.")


def count_steps(low: float, high: float, step: float) -> int:
    """How many steps of a float lead from low to high, with a tolerance for the rounding of the last one."""
    rounding = max(abs(low), abs(high)) / step * 2**-48
    return math.floor((high - low) / step + 1e-9 + rounding)


def between(u: float, low: float, high: float, log: bool) -> float:
    """The number at ``u`` between two bounds. At 0 and 1 it is exactly the bound."""
    if u in (0.0, 1.0):
        return high if u else low
    if log:
        return min(max(math.exp(between(u, math.log(low), math.log(high), log=False)), low), high)
    return min(max(low * (1 - u) + high * u, low), high)


def place_between(number: float, low: float, high: float, log: bool) -> float:
    """The inverse of ``between``: the place of a number. It leads back to the same number, if any place does."""
    if number in (low, high) and low < high:
        return float(number == high)
    bottom, top, height = (math.log(x) for x in (low, high, number)) if log else (low, high, number)
    if bottom == top:
        return 0.5
    place = min(max((height - bottom) / (top - bottom), 0.0), 1.0)
    # several times the rounding errors of the bounds, the number and the place
    width = 4 * (math.ulp(place) + math.ulp(max(abs(bottom), abs(top))) / (top - bottom))
    around = _around(place, width, lambda u: number - between(u, low, high, log))
    return next((u for u in around if 0.0 <= u <= 1.0 and between(u, low, high, log) == number), place)


def _around(place: float, width: float, missing: Callable[[float], float]) -> Iterator[float]:
    """Places to try: ``place``, then places by bisection within ``width`` on both sides of it, then its neighbours.

    ``missing`` says by how much the number at a place is too low. It falls as the place rises, except in its last bits,
    by which bisection may be misled. For that case the neighbours are tried.
    """
    yield place
    low, high = max(0.0, place - width), min(1.0, place + width)
    while low < (middle := low + (high - low) / 2) < high:
        yield middle
        low, high = (middle, high) if missing(middle) > 0 else (low, middle)
    for step in (math.ulp(place), 2**-54):
        for count in range(1, NEXT + 1):
            yield from (place - count * step, place + count * step)


def cell(u: float, count: int) -> int:
    """The index of the equally wide cell that ``u`` lies in."""
    return min(int(u * count), count - 1)


def cell_middle(index: int, count: int) -> float:
    """The middle of an equally wide cell."""
    return (index + 0.5) / count


def log_cell(u: float, low: float, step: float, count: int) -> int:
    """The index of the cell of a log scale that ``u`` lies in."""
    bottom, top = _log_edge(0, low, step), _log_edge(count, low, step)
    number = math.exp(bottom + u * (top - bottom))
    return min(max(int((number - low) / step + 0.5), 0), count - 1)


def log_cell_middle(index: int, low: float, step: float, count: int) -> float:
    """The middle, in log space, of a cell of a log scale."""
    bottom, top = _log_edge(0, low, step), _log_edge(count, low, step)
    middle = (_log_edge(index, low, step) + _log_edge(index + 1, low, step)) / 2
    return (middle - bottom) / (top - bottom)


def _log_edge(index: int, low: float, step: float) -> float:
    """The log of the lower edge of a cell, which is also the upper edge of the cell before it."""
    edge = low + (index - 0.5) * step
    return math.log(edge if index else max(edge, low / 2))


def number(expression: object, name: str, value: object) -> float:
    """The value as a float. Raises SpaceError, which says which value of which expression isn't a number."""
    found = value if isinstance(value, float | int) else plain(value, f"{name} of {expression}")
    if isinstance(found, bool) or not isinstance(found, int | float):
        raise SpaceError(f"{expression}: {name} is {value!r}, which isn't a number.")
    if not abs(found) <= LARGEST:
        raise SpaceError(
            f"{expression}: {name} must be finite and within {LARGEST:g}; rescale it, or search its exponent."
        )
    return float(found)


def whole(expression: object, name: str, value: object) -> int:
    """The value as an int. Raises SpaceError like ``number``."""
    found = number(expression, name, value)
    if not found.is_integer():
        raise SpaceError(f"{expression}: {name} is {value!r}, which isn't a whole number; round it, or use Float.")
    return int(plain(int(value), f"{name} of {expression}"))  # type: ignore[call-overload]


def decimals(*numbers: float) -> int:
    """How many decimals are needed to write all these numbers, so that 3 * 0.1 can be rounded to 0.3."""
    exponents = (Decimal(repr(one)).as_tuple().exponent for one in numbers)
    return max(0, *(-exponent for exponent in exponents if isinstance(exponent, int)))
