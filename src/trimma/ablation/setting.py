"""`tm.Setting`: settings as components. Leaving one out gives the objective another value for an argument."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from trimma.ablation.question import Component
from trimma.ablation.selection import unknown
from trimma.ablation.values import listed, same
from trimma.errors import UsageError
from trimma.objective import ON_REQUEST
from trimma.program import Inputs
from trimma.space.plain import fresh

KIND = "setting"

Pairs = tuple[tuple[str, Any], ...]

_Kind = TypeVar("_Kind")


@dataclass(frozen=True, init=False, repr=False, eq=False)
class Setting:
    """Arguments of the objective, each as a component, with the value that it has where it is left out.

    ``Setting(dropout=0.0, augment=False)`` makes the components *dropout* and *augment*. `together` makes one component
    of several settings.

    Raises `UsageError` if no value is given. When the study is started, raises `UsageError` for an argument that the
    objective doesn't have, and for a value that is the same in the whole.
    """

    changes = ()

    parts: tuple[tuple[str, Pairs], ...]
    """The name of each component, and the arguments with the values that they have without it."""

    def __init__(self, *unnamed: Any, **values: Any) -> None:
        if unnamed or not values:
            raise UsageError(
                f"Setting({', '.join(map(repr, unnamed))}): name each setting, with the value that it has when it is "
                "left out, as in Setting(dropout=0.0)"
            )
        object.__setattr__(self, "parts", tuple((key, ((key, value),)) for key, value in values.items()))

    @classmethod
    def together(cls, name: str, /, **values: Any) -> "Setting":
        """One component of several settings: ``Setting.together("no-regularisation", dropout=0.0, decay=0.0)``.

        Raises `UsageError` for fewer than two settings.
        """
        if not is_text(name):
            raise UsageError(f"Setting.together({name!r}, ...): the name of a group is a text that isn't empty")
        if len(values) < 2:
            raise UsageError(
                f"Setting.together({name!r}, {listed(values)}): a group of {len(values)}; a setting by itself is "
                f"Setting({listed(values) or 'dropout=0.0'}), or Variant({name!r}, {listed(values) or 'dropout=0.0'}) "
                "where it needs a name"
            )
        return cls._of(((name, tuple(values.items())),))

    @classmethod
    def _of(cls, parts: tuple[tuple[str, Pairs], ...]) -> "Setting":
        made = object.__new__(cls)
        object.__setattr__(made, "parts", parts)
        return made

    def components(self, inputs: Inputs) -> Sequence[Component]:
        for name, pairs in self.parts:
            refuse_unknown(dict(pairs), inputs.params)
            refuse_same(f"the setting {name!r}", dict(pairs), inputs.params)
        return [Component(name=name, kind=KIND, members=tuple(key for key, _ in pairs)) for name, pairs in self.parts]

    def remove(self, inputs: Inputs, components: Sequence[Component]) -> Inputs:
        removed = {component.name for component in components}
        values = {key: fresh(value) for name, pairs in self.parts if name in removed for key, value in pairs}
        return replace(inputs, params={**inputs.params, **values})

    def renamed(self, names: Mapping[str, str]) -> "Setting":
        """The same settings, with other names for some of the components."""
        return self._of(tuple((names.get(name, name), pairs) for name, pairs in self.parts))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Setting):
            return NotImplemented
        return [name for name, _ in self.parts] == [name for name, _ in other.parts] and all(
            same_values(dict(mine), dict(theirs))
            for (_, mine), (_, theirs) in zip(self.parts, other.parts, strict=True)
        )

    def __hash__(self) -> int:
        return hash(tuple((name, tuple(key for key, _ in pairs)) for name, pairs in self.parts))

    def __repr__(self) -> str:
        groups = [(name, pairs) for name, pairs in self.parts if len(pairs) > 1]
        if groups:
            return f"Setting.together({groups[0][0]!r}, {listed(dict(groups[0][1]))})"
        return f"Setting({listed(dict(pair for _, pairs in self.parts for pair in pairs))})"


def named_apart(kinds: Iterable[_Kind]) -> list[_Kind]:
    """The same kinds. If a setting comes several times, its values are put into the names, as in ``dropout=0.1``."""
    kinds = list(kinds)
    settings = [kind for kind in kinds if isinstance(kind, Setting)]
    times = Counter(name for setting in settings for name, _ in setting.parts)
    apart: list[Any] = []
    for kind in kinds:
        if isinstance(kind, Setting):
            several = {name: listed(dict(pairs)) for name, pairs in kind.parts if times[name] > 1 and len(pairs) == 1}
            apart.append(kind.renamed(several) if several else kind)
        else:
            apart.append(kind)
    return apart


def is_text(name: object) -> bool:
    """Whether ``name`` can be the name of a component: a text that isn't empty."""
    return isinstance(name, str) and bool(name)


def refuse_unknown(values: Mapping[str, Any], whole: Mapping[str, Any]) -> None:
    """Raise `UsageError` if the objective lacks one of these arguments."""
    for key in values:
        if key in ON_REQUEST:
            raise UsageError(
                f"{key!r} is no argument that can be set: Variant('name', model=..., data=...) replaces the model or "
                "the data"
            )
        if key not in whole:
            raise unknown("argument of the objective", key, whole)


def refuse_same(what: str, values: Mapping[str, Any], whole: Mapping[str, Any]) -> None:
    """Raise `UsageError` if all values are the same in the whole."""
    if same_values(values, {key: whole[key] for key in values}):
        raise UsageError(
            f"{what}: the whole has {listed(values)} too, so that equal things would be compared; give the value that "
            "stands for leaving it out"
        )


def same_values(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two sets of arguments are the same."""
    return one.keys() == other.keys() and all(same(value, other[key]) for key, value in one.items())
