"""What a resume may not change."""

from trimma.errors import StudyMismatch
from trimma.space import differences
from trimma.study import StudySpec


def refuse_mismatch(stored: StudySpec, given: StudySpec, *, seeded: bool = False) -> None:
    """Raise `StudyMismatch`, naming each difference, unless both ask the same question in the same way."""
    changed = []
    if stored.metric != given.metric:
        changed.append(f"the metric was {stored.metric}, is {given.metric}")
    changed += differences(stored.space, given.space)
    for name in ("searcher", "scheduler"):
        if getattr(stored, name) != getattr(given, name):
            changed.append(f"the {name} was {getattr(stored, name)}, is {getattr(given, name)}")
    if seeded and stored.seed != given.seed:
        changed.append(f"the seed was {stored.seed}, is {given.seed}")
    if changed:
        raise StudyMismatch(
            f"study {stored.name!r} can't be resumed, for it would ask something else: {'; '.join(changed)}. "
            "Take another name for the new question."
        )
