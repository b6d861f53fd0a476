"""The leaves of a search space that aren't constants.

Expressions are immutable and compare by identity. The same object at two places of a space is one linked variable with
one value. Two objects that look equal are two variables.
"""

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

import numpy as np

from trimma.errors import SpaceError
from trimma.space.dimension import Dimension
from trimma.space.numeric import Float, Int
from trimma.space.plain import Expression, call_text, fill_in, identity, plain


@dataclass(frozen=True, slots=True, eq=False, repr=False, init=False)
class Choice(Expression):
    """One of several plain values. ``ordered=True`` says that neighbours are alike (default: False).

    A single list, tuple or range is taken as the options. ``size`` is their number, and ``dimension`` is their scale.
    Raises SpaceError when there is no option, when an option stands there twice, and for an option that JSON can't
    hold.

    >>> Choice("relu", "gelu").dimension.from_unit(0.0)
    'relu'
    """

    options: tuple[Any, ...]
    ordered: bool
    dimension: Dimension

    def __init__(self, *options: Any, ordered: bool = False) -> None:
        values = _listed("Choice", options)
        fill_in(self, options=values, ordered=bool(ordered))
        fill_in(self, dimension=Dimension(kind="category", options=values, ordered=self.ordered))

    @property
    def size(self) -> int:
        """The number of options."""
        return len(self.options)

    def __repr__(self) -> str:
        return call_text("Choice", *self.options, ordered=self.ordered)


@dataclass(frozen=True, slots=True, eq=False, repr=False, init=False)
class Grid(Expression):
    """Plain values that are all tried, each in a branch of its own.

    The values are given as for Choice, and are refused for the same reasons.

    >>> Grid(range(3)).values
    (0, 1, 2)
    """

    values: tuple[Any, ...]

    def __init__(self, *values: Any) -> None:
        fill_in(self, values=_listed("Grid", values))

    def __repr__(self) -> str:
        return call_text("Grid", *self.values)


@dataclass(frozen=True, slots=True, eq=False, repr=False, init=False)
class Derived(Expression):
    """A value computed from others: ``function(*arguments)``, once per config.

    Arguments are constants or expressions. An expression that also stands elsewhere in the space is linked with that
    place. One that stands only here is searched, but doesn't show in the config. The function must return the same
    plain value for the same arguments. Raises SpaceError when ``function`` can't be called, and for a constant that
    JSON can't hold.

    >>> Derived(lambda exponent: 2**exponent, Int(4, 8))
    Derived(lambda, Int(4, 8))
    """

    function: Callable[..., Any]
    arguments: tuple[Any, ...]

    def __init__(self, function: Callable[..., Any], *arguments: Any) -> None:
        if not callable(function):
            raise SpaceError(f"Derived needs a function first, not {function!r}: Derived(lambda n: 2**n, Int(4, 8)).")
        kept = tuple(
            argument if isinstance(argument, Expression) else plain(argument, f"argument {place} of Derived")
            for place, argument in enumerate(arguments)
        )
        fill_in(self, function=function, arguments=kept)

    @property
    def label(self) -> str:
        """The function's name, or ``lambda`` if it has none."""
        name = getattr(self.function, "__qualname__", type(self.function).__qualname__)
        return str(name).rpartition("<locals>.")[2].replace("<lambda>", "lambda")

    def __repr__(self) -> str:
        return f"Derived({', '.join([self.label, *map(repr, self.arguments)])})"


Variable = Float | Int | Choice


def _listed(name: str, values: tuple[Any, ...]) -> tuple[Any, ...]:
    """The options of a Choice or the values of a Grid: plain, at least one, none twice."""
    if len(values) == 1 and (
        isinstance(values[0], list | tuple | range) or (isinstance(values[0], np.ndarray) and values[0].ndim == 1)
    ):
        values = tuple(values[0])
    listed = tuple(plain(value, f"value {place} of {name}") for place, value in enumerate(values))
    if not listed:
        raise SpaceError(f"{name}() has no values; give at least one, or leave the key out of the space.")
    seen: set[Hashable] = set()
    for value in listed:
        if identity(value) in seen:
            raise SpaceError(f"{name} has {value!r} twice; each value may stand there once.")
        seen.add(identity(value))
    return listed
