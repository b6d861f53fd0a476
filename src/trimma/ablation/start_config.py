"""The config from which `explain` starts, as a kind of component: settings with what a reader must know of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from trimma.ablation.question import Component
from trimma.ablation.selection import unknown
from trimma.ablation.setting import Setting
from trimma.ablation.values import listed, same
from trimma.errors import UsageError
from trimma.program import Inputs


@dataclass(frozen=True)
class StartConfig:
    """The settings in which the start differs from the target, with their values at the start, and ``notes``."""

    setting: Setting
    notes: tuple[str, ...]

    changes = ()

    def components(self, inputs: Inputs) -> Sequence[Component]:
        return self.setting.components(inputs)

    def remove(self, inputs: Inputs, components: Sequence[Component]) -> Inputs:
        return self.setting.remove(inputs, components)


def start_config(
    target: Mapping[str, Any], defaults: Mapping[str, Any], start: Mapping[str, Any] | None, known: Sequence[str]
) -> StartConfig | None:
    """The way from ``start`` to ``target``; None where they differ in nothing.

    ``defaults`` are those of the objective's arguments, and the start where it is None. ``known`` are the names that a
    start may have. Settings that the start lacks stay as they are in the target, and a note says so.

    Raises `UnknownName` for a name that isn't known, and `UsageError` for a setting that the target lacks and that the
    objective needs.
    """
    whole = {**defaults, **target}
    given = {name: defaults[name] for name in target if name in defaults} if start is None else dict(start)
    for name in given:
        if name not in known and name not in whole:
            raise unknown("setting (of default=)", name, sorted({*known, *whole}))
        if name not in whole:
            raise UsageError(
                f"explain(default=...): the best config has no {name!r}, for it is of another part of the space, and "
                "the objective has no default for it, so that there is no way from one to the other: give the "
                f"argument {name!r} a default, or leave it out of default="
            )
    changed = {name: value for name, value in given.items() if not same(value, whole[name])}
    if not changed:
        return None
    to = {name: whole[name] for name in changed}
    notes = [f"The way leads from {listed(changed)} to {listed(to)}."]
    if lacking := [name for name in target if name not in given]:
        why = "have no default" if start is None else "were not in default="
        notes.append(f"As in the best config throughout, since they {why}: {listed({n: target[n] for n in lacking})}.")
    return StartConfig(Setting(**changed), tuple(notes))
