"""Plain values: what a config may hold, which is what JSON can hold, and tuples."""

import math
from collections.abc import Hashable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from trimma.errors import SpaceError

NOTHING: Mapping[str, Any] = MappingProxyType({})
SCALARS = frozenset((str, bool, type(None)))
SMALLEST_INT, LARGEST_INT = -(2**63), 2**64 - 1  # the whole numbers that can be sent to a worker


class Expression:
    """What stands in a space for a value that is chosen later: Float, Int, Choice, Grid or Derived."""

    __slots__ = ()


def plain(value: object, where: str) -> Any:
    """The value as JSON holds it, except that tuples stay tuples.

    Numpy scalars become those of Python, and enums of numbers or strings become plain numbers or strings. It is always
    a copy, so that a space doesn't change with what it was built from. Raises SpaceError, in
    which ``where`` names the value, for what JSON can't hold. That includes NaN and infinity.
    """
    kind = type(value)
    # the first is the usual case, and to ask for the type alone is much quicker
    if (kind is float and math.isfinite(value)) or kind in SCALARS:  # type: ignore[arg-type]
        return value
    if isinstance(value, float | np.floating):
        if not math.isfinite(value):
            raise SpaceError(f"{where} is {float(value)}, but JSON holds finite numbers only; use None instead.")
        return float(value)
    if isinstance(value, np.bool_):
        return bool(value)
    if isinstance(value, int | np.integer):
        if not SMALLEST_INT <= value <= LARGEST_INT:
            raise SpaceError(f"{where} is {value}, which needs more than 64 bits; use a string or a float.")
        return int(value)
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, list | tuple):
        items = [plain(item, f"{where}[{place}]") for place, item in enumerate(value)]
        return items if isinstance(value, list) else tuple(items)
    if isinstance(value, Mapping):
        return {key_in(where, key): plain(item, f"{where}.{key}") for key, item in value.items()}
    if isinstance(value, np.ndarray) and value.ndim == 0:
        return plain(value[()], where)
    if isinstance(value, Expression):
        raise SpaceError(
            f"{where} is {value!r}, where only plain values can stand; for a conditional space use A + B, "
            "for a value computed from others use Derived."
        )
    raise SpaceError(
        f"{where} is of type {type(value).__name__}, which JSON can't hold; use strings, numbers, booleans, "
        "None, lists, tuples or dicts, or give it a name here and look that up in the objective."
    )


def key_in(where: str, key: object) -> str:
    """The key as a plain string. Raises SpaceError, which says in which mapping the key stands."""
    if not isinstance(key, str) or not key:
        raise SpaceError(f"{where or 'the space'} has the key {key!r}; keys must be strings that aren't empty.")
    return str.__str__(key)


def fresh(value: Any) -> Any:
    """A copy of a plain value, so that a trial that changes its config doesn't change that of another trial."""
    if type(value) is list or type(value) is tuple:
        return type(value)(map(fresh, value))
    if type(value) is dict:
        return {key: fresh(item) for key, item in value.items()}
    return value


def identity(value: Any) -> Hashable:
    """A key that is equal for equal plain values. As in JSON, 1 and 1.0 are the same number, and True isn't 1.

    A list isn't equal to a tuple.
    """
    match value:
        case bool():
            return ("bool", value)
        case list() | tuple():
            return (type(value).__name__, *map(identity, value))
        case dict():
            return ("dict", frozenset((key, identity(item)) for key, item in value.items()))
        case number_or_text:
            return number_or_text  # type: ignore[no-any-return]


def call_text(name: str, *arguments: object, **options: object) -> str:
    """A call as it is written in Python. Options that are off are left out."""
    named = (f"{option}={value!r}" for option, value in options.items() if value)
    return f"{name}({', '.join([*map(repr, arguments), *named])})"


def fill_in(expression: Expression, **fields: Any) -> None:
    """Set fields of a frozen value while it is being built."""
    for name, value in fields.items():
        object.__setattr__(expression, name, value)
