"""The question that an ablation asks. It is kept with the study as plain data, which only this package reads."""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from trimma.ablation.arms import Arm
from trimma.ablation.repeat_kinds import Fold, RepeatKind
from trimma.errors import StoreError, StudyError
from trimma.spec import StudySpec

KIND = "ablation"
"""The value of `StudySpec.kind` for an ablation."""


class Component(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A part of the whole that can be left out.

    ``name`` is its name in the study, ``kind`` is what it is, such as "column", and ``members`` are the names of all
    that is left out with it, such as several columns. ``gone`` says that the members are missing where they are left
    out, so that an objective which names them fails.
    """

    name: str
    kind: str
    members: tuple[str, ...]
    gone: bool = False


class Ablation(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What an ablation study asks: what each of ``components`` is worth.

    - ``whole``: the arguments of the objective when nothing is left out, as text.
    - ``design``: the settings of the design, as text.
    - ``analysis``: the name of the plan of analysis, by which effects are estimated from the design's arms.
    - ``reference``: the arm with which the others are compared.
    - ``repeats``: the greatest number of repeats. With ``looks``, components that are settled after so many repeats
      as a look names get no more of them.
    - ``confidence``: the confidence of the intervals, between 0 and 1 (default 0.95).
    - ``smallest``: the smallest difference that matters to the user, in units of the metric; None if it wasn't said.
    - ``collapsed``: a value of the metric; trainings that come to worse count as failed. None if it wasn't said.
    - ``tries``: how many configs are tried for each cell, of which the best counts. ``retune`` shows how they are
      found, as text.
    - ``repeat``: what a repeat is; None if it isn't known. ``guessed`` says that it was guessed from the objective.
    - ``censoring``: whether a scheduler may stop trials early.
    - ``notes``: sentences for the report, by which kinds of component say what they do.
    """

    components: tuple[Component, ...]
    whole: str
    design: str
    analysis: str
    reference: Arm
    repeats: int
    looks: tuple[int, ...] = ()
    confidence: float = 0.95
    smallest: float | None = None
    collapsed: float | None = None
    retune: str = ""
    tries: int = 1
    censoring: bool = False
    notes: tuple[str, ...] = ()
    repeat: RepeatKind | None = None
    guessed: bool = False

    @property
    def names(self) -> Sequence[str]:
        """The names of the components, in the study's order."""
        return [component.name for component in self.components]

    @property
    def folds(self) -> int | None:
        """How many folds repeats go through; None where they aren't folds."""
        return self.repeat.count if isinstance(self.repeat, Fold) else None

    @property
    def overlap(self) -> float:
        """The variance that more repeats don't take away, in that of one repeat, because repeats share data."""
        return 0.0 if self.repeat is None else self.repeat.overlap

    @property
    def statistics(self) -> dict[str, Any]:
        """The arguments that all functions of `trimma.effects` share."""
        return {"confidence": self.confidence, "smallest": self.smallest, "overlap": self.overlap}


def question(spec: StudySpec) -> Ablation:
    """What the study asks. Raises `StudyError` when it is no ablation, and `StoreError` when that is damaged."""
    if spec.kind != KIND:
        raise StudyError(f"study {spec.name!r} is a {spec.kind}, not an ablation: it was made by tune()")
    try:
        return msgspec.convert(spec.asked, Ablation)
    except (msgspec.ValidationError, RecursionError) as error:
        raise StoreError(
            f"what study {spec.name!r} asks can't be read ({error}): restore a copy of its store, or remove the study"
        ) from error


def plain(asked: Ablation) -> dict[str, Any]:
    """The question as it is kept in `trimma.spec.StudySpec.asked`."""
    found: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(asked))
    return found


def mismatches(stored: StudySpec, given: StudySpec) -> list[str]:
    """In which points the ablation ``given`` contradicts the ``stored`` one; none if it asks the same, or more."""
    before, now = question(stored), question(given)
    changed = [
        f"its {label} was {getattr(before, name)!r}, is {getattr(now, name)!r}"
        for name, label in (("whole", "config"), ("retune", "retuning"), ("looks", "looks at adaptive repeats"))
        if getattr(before, name) != getattr(now, name)
    ]
    if before.folds != now.folds:
        changed.append(f"a repeat was {before.repeat!r}, is {now.repeat!r}, which divides the data in another way")
    left = {component.name: component for component in now.components}
    for component in before.components:
        if component.name not in left:
            changed.append(f"the component {component.name!r} is gone")
        elif left[component.name] != component:
            changed.append(f"the component {component.name!r} is another")
    if now.repeats < before.repeats:
        changed.append(f"there were {before.repeats} repeats, are {now.repeats}")
    return changed


def overlaps(components: Iterable[Component]) -> list[tuple[str, tuple[str, ...]]]:
    """The members that belong to several components of one kind, each with the names of those components."""
    found: dict[tuple[str, str], list[str]] = {}
    for component in components:
        for member in component.members:
            found.setdefault((component.kind, member), []).append(component.name)
    return [(member, tuple(names)) for (_, member), names in found.items() if len(names) > 1]
