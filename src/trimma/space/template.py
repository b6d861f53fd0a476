"""A template of configs: a tree of constants and expressions, and the role of each expression in it.

A space holds one template for each part of its unions.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from msgspec.structs import replace

from trimma.errors import SpaceError
from trimma.space.dimension import Dimension
from trimma.space.expressions import Derived, Grid, Variable
from trimma.space.plain import Expression, fresh, identity, key_in, plain

Location = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Expansion:
    """Expressions whose values are given together, row by row. A branch takes one row of each expansion.

    A Grid is an expansion of its own. The joint values that ``Space.sample`` drew are another one. The numbers of the
    rows are the digits of a branch's index.
    """

    expressions: tuple[Expression, ...]
    rows: tuple[tuple[Any, ...], ...]


class Template:
    """A tree of expressions that have names, and are given by an expansion, free, or derived.

    ``names`` holds every expression once, with its name. ``leaves`` are all places of the tree. ``variables`` are the
    free expressions, which are searched, and ``cube`` holds their dimensions. ``hidden`` are the names that show in no
    config.
    """

    __slots__ = ("cube", "derived", "expansions", "hidden", "leaves", "locations", "names", "tree", "variables")

    def __init__(self, tree: dict[str, Any], expansions: tuple[Expansion, ...] | None = None) -> None:
        self.tree = tree
        self.leaves = tuple((location, written(location), node) for location, node in walk(tree))
        self.locations: dict[Expression, Location] = {}
        for location, _, node in self.leaves:
            if isinstance(node, Expression):
                self.locations.setdefault(node, location)
        self.names = self._name()
        self.hidden = frozenset(name for node, name in self.names.items() if node not in self.locations)
        self._check_names()
        self.derived = tuple(self._order())
        if expansions is None:
            expansions = tuple(expansion_of(node) for node in self.names if isinstance(node, Grid))
        self.expansions = expansions
        given = {expression for expansion in expansions for expression in expansion.expressions}
        self.variables: Mapping[str, Variable] = MappingProxyType(
            {name: node for node, name in self.names.items() if isinstance(node, Variable) and node not in given}
        )
        self.cube: tuple[Dimension, ...] = tuple(
            replace(variable.dimension, name=name) for name, variable in self.variables.items()
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return Template, (self.tree, self.expansions)

    @property
    def branches(self) -> int:
        """The number of branches."""
        return math.prod(len(expansion.rows) for expansion in self.expansions)

    @property
    def samples(self) -> tuple[Expansion, ...]:
        """The expansions that were sampled."""
        return tuple(each for each in self.expansions if not isinstance(each.expressions[0], Grid))

    @property
    def size(self) -> int | None:
        """The number of configs, or None when a variable is continuous."""
        sizes = [variable.size for variable in self.variables.values()]
        return None if None in sizes else self.branches * math.prod(size for size in sizes if size)

    def given(self, index: int) -> dict[Expression, Any]:
        """The values that branch number ``index`` gives. The last expansion changes fastest."""
        values: dict[Expression, Any] = {}
        for expansion in reversed(self.expansions):
            index, place = divmod(index, len(expansion.rows))
            values.update(zip(expansion.expressions, expansion.rows[place], strict=True))
        return values

    def build(self, values: dict[Expression, Any]) -> dict[str, Any]:
        """The tree with values in place of its expressions. An expression without a value stays.

        The values of derived expressions are added to ``values``.
        """
        for node, where in self.derived:
            arguments = [values.get(a, a) if isinstance(a, Expression) else a for a in node.arguments]
            if not any(isinstance(argument, Expression) for argument in arguments):
                values[node] = _evaluate(node, arguments, where)
        return _fill(self.tree, values)  # type: ignore[no-any-return]

    def _name(self) -> dict[Expression, str]:
        """Name each expression. A linked one has the name of its first place.

        An expression that only a Derived uses is named after the Derived.
        """
        names: dict[Expression, str] = {}

        def visit(node: Expression, name: str) -> None:
            if node in names:
                return
            names[node] = name
            if isinstance(node, Derived):
                for position, argument in enumerate(node.arguments):
                    if isinstance(argument, Expression) and argument not in self.locations:
                        visit(argument, f"{name}~{position}")

        for _, name, node in self.leaves:
            if isinstance(node, Expression):
                visit(node, name)
        return names

    def _check_names(self) -> None:
        """Raise SpaceError when two places have the same name, which keys with '.', '[' or '~' can cause."""
        seen: set[str] = set()
        for name in [*(name for _, name, _ in self.leaves), *self.hidden]:
            if name in seen:
                raise SpaceError(f"two places are both named {name!r}; rename a key that holds '.', '[' or '~'.")
            seen.add(name)

    def _order(self) -> Iterator[tuple[Derived, str]]:
        """The derived expressions, each after all that it needs, with words for its errors."""
        done: set[Derived] = set()

        def visit(node: Expression) -> Iterator[tuple[Derived, str]]:
            if isinstance(node, Derived) and node not in done:
                for argument in node.arguments:
                    if isinstance(argument, Expression):
                        yield from visit(argument)
                done.add(node)
                yield node, f"{self.names[node]} (the result of {node!r})"

        for node in self.names:
            yield from visit(node)


def expansion_of(grid: Grid) -> Expansion:
    """The expansion that a Grid spans."""
    return Expansion((grid,), tuple((value,) for value in grid.values))


def parse(node: object, where: str = "") -> Any:
    """A part of a space as its template keeps it: plain dicts, lists and tuples, constants and expressions."""
    if isinstance(node, Expression):
        return node
    if isinstance(node, Mapping):
        return {key_in(where, key): _value(part, f"{where}.{key}" if where else key) for key, part in node.items()}
    if isinstance(node, list | tuple):
        parts = [parse(part, f"{where}[{place}]") for place, part in enumerate(node)]
        return parts if isinstance(node, list) else tuple(parts)
    return plain(node, where)


def _value(node: object, where: str) -> Any:
    """The parsed value of a key.

    (0.001, 0.1) is refused, because it may be meant as a range, and ["adam", "sgd"], because it may be meant as a
    choice.
    """
    if isinstance(node, range) or (isinstance(node, np.ndarray) and node.ndim == 1):
        node = [*node]
    parsed = parse(node, where)
    if type(parsed) not in (list, tuple) or _has_expressions(parsed) or len({*map(identity, parsed)}) < 2:
        return parsed
    shown, options = repr(parsed), ", ".join(map(repr, parsed))
    pair = len(parsed) == 2 and all(type(part) in (int, float) for part in parsed)
    if (type(parsed) is tuple and not pair) or any(isinstance(part, dict) for part in parsed):
        return parsed
    meanings = [f"tm.Choice({options}) for one of {'the two' if len(parsed) == 2 else 'these'}"]
    if pair:
        low, high = sorted(parsed)
        kind = "Int" if type(low) is type(high) is int else "Float"
        meanings.insert(0, f"tm.{kind}({low!r}, {high!r}) for a range")
    raise SpaceError(
        f"{where} is {shown}, which may mean several things: write {', '.join(meanings)}, "
        f"or tm.Grid([{shown}]) for the {type(parsed).__name__} itself, as a constant."
    )


def walk(node: Any, location: Location = ()) -> Iterator[tuple[Location, Any]]:
    """Every leaf and its location, in order.

    A list or tuple without expressions is one leaf, and so is an empty dict.
    """
    if isinstance(node, dict) and (node or not location):
        for key, part in node.items():
            yield from walk(part, (*location, key))
    elif isinstance(node, list | tuple) and _has_expressions(node):
        for place, part in enumerate(node):
            yield from walk(part, (*location, place))
    else:
        yield location, node


def written(location: Location) -> str:
    """A location as it stands in names and messages: ``opt.layers[1]``."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location).removeprefix(".")


def _has_expressions(node: Any) -> bool:
    if isinstance(node, dict):
        return any(map(_has_expressions, node.values()))
    if isinstance(node, list | tuple):
        return any(map(_has_expressions, node))
    return isinstance(node, Expression)


def _evaluate(node: Derived, arguments: list[Any], where: str) -> Any:
    try:
        value = node.function(*map(fresh, arguments))
    except Exception as error:
        given = ", ".join(map(repr, arguments))
        raise SpaceError(f"{where} can't be computed from ({given}): {type(error).__name__}: {error}") from error
    return plain(value, where)


def _fill(node: Any, values: Mapping[Expression, Any]) -> Any:
    if isinstance(node, Expression):
        return fresh(values.get(node, node))
    if type(node) is dict:
        return {key: _fill(part, values) for key, part in node.items()}
    if type(node) is list or type(node) is tuple:
        return type(node)(_fill(part, values) for part in node)
    return node
