"""Branches of a space. In each, the grids and the sampled parts are fixed, and the rest is searched."""

import difflib
import operator
from bisect import bisect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, overload

from trimma.errors import SpaceError
from trimma.space.encoding import Encoding
from trimma.space.expressions import Variable
from trimma.space.plain import NOTHING, Expression, plain
from trimma.space.template import Template

CACHED = 256


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Branch:
    """A part of a space in which only free variables are left to choose.

    ``index`` is its place in ``space.branches``. Values go by the names of ``variables``.

    >>> branch = Space(kernel=Grid("rbf", "linear"), c=Float(0, 1)).branches[1]
    >>> branch.config({"c": 0.5})
    {'kernel': 'linear', 'c': 0.5}
    """

    index: int
    _template: Template
    _given: dict[Expression, Any]

    @property
    def variables(self) -> Mapping[str, Variable]:
        """The free variables by name, in the order of their places in the config.

        A name is a path such as ``lr``, ``opt.momentum`` or ``layers[0]``. A linked variable has the name of its first
        place. A hidden variable, which only a Derived uses, is named after its place among the Derived's arguments:
        ``width~0``.
        """
        return self._template.variables

    @property
    def encoding(self) -> Encoding:
        """The encoding of the branch's configs as points of the unit cube."""
        return Encoding(self._template.cube, self)

    @property
    def is_fixed(self) -> bool:
        """Whether nothing is left to choose."""
        return not self._template.variables

    def config(self, values: Mapping[str, Any] = NOTHING) -> dict[str, Any]:
        """A new config with these values, one for each variable.

        Raises SpaceError when a name is missing or unknown, and when a Derived fails or gives what JSON can't hold.
        """
        variables = self._template.variables
        if values.keys() != variables.keys():
            raise SpaceError(self._mismatch(values))
        known = self._given.copy()
        for name, variable in variables.items():
            known[variable] = plain(values[name], name)
        return self._template.build(known)

    def hidden(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Those of the values that don't show in the config, because only a Derived uses them."""
        return {name: value for name, value in values.items() if name in self._template.hidden}

    def values(self, config: Mapping[str, Any], hidden: Mapping[str, Any] = NOTHING) -> dict[str, Any]:
        """The inverse of ``config``: the variables' values, read from a config and its hidden values.

        Raises SpaceError when ``config`` lacks the place of a variable, or ``hidden`` the name of a hidden one.
        """
        return {
            name: hidden[name] if name in hidden else self._read(config, name, variable)
            for name, variable in self._template.variables.items()
        }

    def outline(self) -> dict[str, Any]:
        """The config of this branch, in which what isn't known yet is still an expression."""
        return self._template.build(self._given.copy())

    def _read(self, config: Any, name: str, variable: Variable) -> Any:
        if name in self._template.hidden:
            raise SpaceError(f"{name} shows in no config; give its value as hidden={{{name!r}: ...}}.")
        try:
            for part in self._template.locations[variable]:
                config = config[part]
        except (LookupError, TypeError) as error:
            raise SpaceError(f"the config has no {name}; is it from another space or branch?") from error
        return config

    def _mismatch(self, values: Mapping[str, Any]) -> str:
        known = list(self._template.variables)
        missing = [name for name in known if name not in values]
        unknown = [str(name) for name in values if name not in self._template.variables]
        faults = [f"misses {', '.join(missing)}"] if missing else []
        faults += [f"doesn't know {', '.join(unknown)}"] if unknown else []
        nearest = difflib.get_close_matches(unknown[0], missing or known, n=1) if unknown else []
        hint = f"; did you mean {nearest[0]!r}?" if nearest else "."
        return f"branch {self.index} {' and '.join(faults)}{hint} Its variables: {', '.join(known) or 'none'}."

    def __repr__(self) -> str:
        names = self._template.names.items()
        parts = [f"{name}={self._given[node]!r}" for node, name in names if node in self._given]
        parts += [f"{name}={variable!r}" for name, variable in self.variables.items()]
        return f"Branch({', '.join([str(self.index), *parts])})"


class Branches(Sequence[Branch]):
    """All branches of some templates, in order. Each branch is made when it is asked for."""

    __slots__ = ("_cache", "_ends", "_templates")

    def __init__(self, templates: tuple[Template, ...]) -> None:
        self._templates = templates
        self._ends = list(accumulate(template.branches for template in templates))
        self._cache: dict[int, Branch] = {}

    def __reduce__(self) -> tuple[Any, ...]:
        return Branches, (self._templates,)

    def __len__(self) -> int:
        return self._ends[-1]

    @overload
    def __getitem__(self, index: int) -> Branch: ...
    @overload
    def __getitem__(self, index: slice) -> list[Branch]: ...
    def __getitem__(self, index: int | slice) -> Branch | list[Branch]:
        if isinstance(index, slice):
            return [self[place] for place in range(*index.indices(self._ends[-1]))]
        return self._cache.get(index) or self._make(index)

    def spans(self) -> list[tuple[int, int]]:
        """The (start, stop) of the branches of each part of a union. All branches of a part have the same variables."""
        return list(zip([0, *self._ends], self._ends, strict=False))

    def _make(self, index: int) -> Branch:
        total = self._ends[-1]
        place = operator.index(index)
        place += total if place < 0 else 0
        if not 0 <= place < total:
            raise IndexError(f"there is no branch {index}; the space has {total}")
        part = bisect(self._ends, place)
        template = self._templates[part]
        start = self._ends[part] - template.branches
        if len(self._cache) >= CACHED:
            self._cache.clear()
        branch = self._cache[index] = Branch(place, template, template.given(place - start))
        return branch
