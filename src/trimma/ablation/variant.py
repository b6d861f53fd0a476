"""`tm.Variant`: variants as components. Something that the user has made replaces a part of the whole."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from trimma.ablation.question import Component
from trimma.ablation.setting import is_text, refuse_same, refuse_unknown, same_values
from trimma.ablation.values import listed
from trimma.errors import UsageError
from trimma.program import Inputs
from trimma.space.plain import fresh

KIND = "variant"


class _Kept:
    """Marks an input that a variant doesn't replace. None can't mark it, because None may be a replacement."""


@dataclass(frozen=True, init=False, repr=False, eq=False)
class Variant:
    """One component: in its arm the objective gets another ``model``, other ``data`` or other ``settings``.

    At least one of these must be given; those that aren't given stay as in the whole. ``name`` says what replaces a
    part of the whole, as in ``Variant("no-attention", model=make_plain_model)``. The results call a variant worse or
    better than the whole.

    Raises `UsageError` without a name or without a replacement. When the study is started, raises `UsageError` for an
    argument that the objective doesn't have, and if the variant is the same as the whole.
    """

    name: str
    settings: Mapping[str, Any]
    replaced: Mapping[str, Any]
    """The new ``data`` and the new ``model``, as far as they are replaced."""

    def __init__(self, name: str, /, *, data: Any = _Kept, model: Any = _Kept, **settings: Any) -> None:
        if not is_text(name):
            raise UsageError(f"Variant({name!r}, ...): the name of a variant is a text that isn't empty")
        replaced = {key: value for key, value in (("data", data), ("model", model)) if value is not _Kept}
        if not replaced and not settings:
            raise UsageError(
                f"Variant({name!r}) replaces nothing: give what the objective gets instead, such as model=..., "
                "data=... or an argument"
            )
        for field, value in (("name", name), ("settings", settings), ("replaced", replaced)):
            object.__setattr__(self, field, value)

    @property
    def changes(self) -> Sequence[str]:
        return list(self.replaced)

    def components(self, inputs: Inputs) -> Sequence[Component]:
        refuse_unknown(self.settings, inputs.params)
        whole = {**inputs.params, "data": inputs.data, "model": inputs.model}
        refuse_same(f"the variant {self.name!r}", {**self.replaced, **self.settings}, whole)
        return [Component(name=self.name, kind=KIND, members=(self.name,))]

    def remove(self, inputs: Inputs, components: Sequence[Component]) -> Inputs:
        if self.name not in {component.name for component in components}:
            return inputs
        settings = {key: fresh(value) for key, value in self.settings.items()}
        return replace(inputs, params={**inputs.params, **settings}, **self.replaced)

    def with_data(self, changed: Callable[[Any], Any]) -> "Variant":
        """The same variant with ``changed(data)`` in place of its data, if it replaces the data."""
        if "data" not in self.replaced:
            return self
        replaced = {**self.replaced, "data": changed(self.replaced["data"])}
        return Variant(self.name, **replaced, **self.settings)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Variant):
            return NotImplemented
        mine, theirs = ({**one.settings, **one.replaced} for one in (self, other))
        return self.name == other.name and same_values(mine, theirs)

    def __hash__(self) -> int:
        return hash(self.name)

    def __repr__(self) -> str:
        return f"Variant({self.name!r}, {listed({**self.replaced, **self.settings})})"
