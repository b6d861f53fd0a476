"""Variants as components: a replacement that the user has made takes the place of a part of the whole."""

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
    """Stands for what a variant doesn't replace, since None may be a replacement."""


@dataclass(frozen=True, init=False, repr=False, eq=False)
class Variant:
    """One component, ``name``: without it the objective gets this ``model``, this ``data`` and these ``settings``.

    At least one of them is given; what isn't stays that of the whole. It is named after what takes the place of a part,
    and called worse or better than the whole: ``Variant("no-attention", model=make_plain_model)``.

    Raises `UsageError` without a name or a replacement; when the study is started, for an argument that the objective
    doesn't have, and where nothing would be other than in the whole.
    """

    name: str
    settings: Mapping[str, Any]
    replaced: Mapping[str, Any]
    """The ``data`` and the ``model``, where they are replaced."""

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
        """The same variant, with the data that ``changed`` makes of its own, where it has any."""
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
