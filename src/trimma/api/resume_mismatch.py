"""What a resume may not change."""

from trimma.errors import StudyMismatch
from trimma.space import differences
from trimma.study import Ablation, StudySpec


def refuse_mismatch(stored: StudySpec, given: StudySpec, *, seeded: bool = False) -> None:
    """Raise `StudyMismatch`, naming each difference, unless both ask the same question in the same way."""
    changed = []
    if stored.metrics != given.metrics:
        was, now = (" and ".join(map(str, spec.metrics)) for spec in (stored, given))
        changed.append(f"the metric was {was}, is {now}")
    changed += differences(stored.space, given.space)
    for name in ("searcher", "scheduler"):
        if getattr(stored, name) != getattr(given, name):
            changed.append(f"the {name} was {getattr(stored, name)}, is {getattr(given, name)}")
    changed += _ablation(stored.ablation, given.ablation)
    if seeded and stored.seed != given.seed:
        changed.append(f"the seed was {stored.seed}, is {given.seed}")
    if changed:
        raise StudyMismatch(
            f"study {stored.name!r} can't be resumed, for it would ask something else: {'; '.join(changed)}. "
            "Take another name for the new question."
        )


def _ablation(stored: Ablation | None, given: Ablation | None) -> list[str]:
    """How the second asks something else than the first, rather than the same or more."""
    if stored is None or given is None:
        return [] if stored is given else [f"it was {_kind(stored)}, is {_kind(given)}"]
    changed = [
        f"its {label} was {getattr(stored, name)!r}, is {getattr(given, name)!r}"
        for name, label in (("whole", "config"), ("retune", "retuning"), ("looks", "looks at adaptive repeats"))
        if getattr(stored, name) != getattr(given, name)
    ]
    now = {component.name: component for component in given.components}
    for component in stored.components:
        if component.name not in now:
            changed.append(f"the component {component.name!r} is gone")
        elif now[component.name] != component:
            changed.append(f"the component {component.name!r} is another")
    if given.repeats < stored.repeats:
        changed.append(f"there were {stored.repeats} repeats, are {given.repeats}")
    return changed


def _kind(ablation: Ablation | None) -> str:
    return "a search" if ablation is None else "an ablation"
