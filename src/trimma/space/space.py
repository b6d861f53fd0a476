"""The search space: what a config may be."""

import operator
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from trimma.errors import SpaceError
from trimma.space.branch import Branches
from trimma.space.describe import describe
from trimma.space.template import Expansion, Template, parse


class Space:
    """All configs that a study may try: nested dicts and lists with expressions for what varies.

    Everything else is a constant. Grids and sampled parts are expanded into ``branches``. Float, Int and Choice are
    searched within each branch. ``A + B`` is the union of two spaces (for conditional parts), ``sum(spaces)`` is that
    of several, and ``A * B`` is their product.

    Raises SpaceError, which names the place, for what makes no sense. What could be meant in several ways is refused,
    too: a key's value that is a list of different constants, or a tuple of two different numbers. Such a constant is
    written as a grid of one value: ``Grid([[64, 32]])``, ``Grid([(0.9, 0.999)])``.

    >>> list(Space(a=Grid(1, 2), b=Grid(3, 4)))
    [{'a': 1, 'b': 3}, {'a': 1, 'b': 4}, {'a': 2, 'b': 3}, {'a': 2, 'b': 4}]
    """

    __slots__ = ("_branches", "_templates")

    def __init__(self, mapping: Mapping[str, Any] | None = None, /, **params: Any) -> None:
        if mapping is None:
            mapping = {}
        if not isinstance(mapping, Mapping):
            raise SpaceError(f"Space takes a mapping, not {mapping!r}; write Space({{'lr': ...}}) or Space(lr=...).")
        if twice := [key for key in mapping if key in params]:
            raise SpaceError(f"{_listed(twice)} stands both in the mapping and among the keywords; keep one.")
        self._templates: tuple[Template, ...] = (Template(parse({**mapping, **params})),)
        self._branches = Branches(self._templates)

    def __reduce__(self) -> tuple[Any, ...]:
        return _space_of, (self._templates,)

    @property
    def branches(self) -> Branches:
        """The branches as a lazy sequence, in the order in which the keys first appear.

        The last grid changes fastest.
        """
        return self._branches

    @property
    def keys(self) -> tuple[str, ...]:
        """The names at the top level, of all parts of a union, in order of first appearance."""
        return tuple(dict.fromkeys(key for template in self._templates for key in template.tree))

    @property
    def size(self) -> int | None:
        """How many ways there are to choose all values, or None when one of them is continuous."""
        sizes = [template.size for template in self._templates]
        return None if None in sizes else sum(size for size in sizes if size)

    @property
    def is_fixed(self) -> bool:
        """Whether no branch has free variables, because all is a grid, sampled or constant."""
        return not any(template.variables for template in self._templates)

    def sample(self, n: int, seed: int) -> "Space":
        """Fix the random parts to ``n`` joint draws. Each draw is combined with all values of the grids.

        The draws change slowest in the order of branches. Each part of a union has ``n`` draws of its own. The same
        seed gives the same draws. A space without random parts is returned unchanged. Raises SpaceError for an ``n``
        below 1 or a negative seed.

        >>> len(Space(a=Float(0, 1), b=Grid(1, 2)).sample(3, seed=0))
        6
        """
        n, seed = _whole("n", n, 1), _whole("seed", seed, 0)
        rng = np.random.Generator(np.random.PCG64(seed))
        return self if self.is_fixed else _space_of(tuple(_sampled(part, n, rng) for part in self._templates))

    def describe(self) -> list[dict[str, dict[str, Any]]]:
        """What the space is, as plain JSON: one dict per part of a union, from path to description.

        >>> Space(lr=Float(0, 1), n=3).describe()[0]["n"]
        {'kind': 'constant', 'value': 3}
        """
        return [describe(template) for template in self._templates]

    def __add__(self, other: object) -> "Space":
        if not isinstance(other, Space):
            return NotImplemented
        return _space_of(self._templates + other._templates)

    def __radd__(self, other: object) -> "Space":
        """What ``sum`` needs, which begins with 0."""
        return self if type(other) is int and other == 0 else NotImplemented

    def __mul__(self, other: object) -> "Space":
        if not isinstance(other, Space):
            return NotImplemented
        if shared := [key for key in self.keys if key in other.keys]:
            raise SpaceError(f"both sides of the product have the key {_listed(shared)}; rename it on one side.")
        return _space_of(tuple(_product(one, two) for one in self._templates for two in other._templates))

    def __len__(self) -> int:
        return len(self._branches)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """The config of each branch, in which free variables are still expressions."""
        return (branch.outline() for branch in self._branches)

    def __repr__(self) -> str:
        return " + ".join(map(_written, self._templates))


def _space_of(templates: tuple[Template, ...]) -> Space:
    space = object.__new__(Space)
    space._templates = templates
    space._branches = Branches(templates)
    return space


def _product(one: Template, two: Template) -> Template:
    taken = {expression for expansion in one.expansions for expression in expansion.expressions}
    for draws in two.samples:
        if twice := [one.names[expression] for expression in draws.expressions if expression in taken]:
            raise SpaceError(
                f"{_listed(twice)} is linked to the other side of the product, but both have been sampled; "
                "build the product first, then sample it."
            )
    added = (expansion for expansion in two.expansions if taken.isdisjoint(expansion.expressions))
    return Template(one.tree | two.tree, (*one.expansions, *added))


def _sampled(template: Template, n: int, rng: np.random.Generator) -> Template:
    if not template.cube:
        return template
    points = rng.random((n, len(template.cube))).tolist()
    rows = tuple(tuple(each.from_unit(u) for each, u in zip(template.cube, point, strict=True)) for point in points)
    return Template(template.tree, (Expansion(tuple(template.variables.values()), rows), *template.expansions))


def _written(template: Template) -> str:
    keys = template.tree
    if all(key.isidentifier() for key in keys):
        text = f"Space({', '.join(f'{key}={value!r}' for key, value in keys.items())})"
    else:
        text = f"Space({keys!r})"
    return text + "".join(f".sample({len(draws.rows)}, ...)" for draws in template.samples)


def _listed(keys: list[str]) -> str:
    return ", ".join(map(repr, keys))


def _whole(name: str, value: object, least: int) -> int:
    try:
        number = operator.index(value)  # type: ignore[arg-type]
    except TypeError as error:
        raise SpaceError(f"sample: {name} is {value!r}; give a whole number.") from error
    if number < least:
        raise SpaceError(f"sample: {name} is {value!r}; give a whole number of at least {least}.")
    return number
