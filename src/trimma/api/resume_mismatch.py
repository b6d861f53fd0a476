"""What a resume may not change."""

import warnings
from collections.abc import Callable

from trimma.errors import StudyMismatch
from trimma.space import differences
from trimma.spec import StudySpec

Mismatches = Callable[[StudySpec, StudySpec], list[str]]
"""Compares the stored and the given spec, and says in words what they ask differently of the policy. Asking for more is
no difference."""


def refuse_mismatch(
    stored: StudySpec, given: StudySpec, *, seeded: bool = False, mismatches: Mismatches | None = None
) -> None:
    """Raise `StudyMismatch`, which names each difference, unless both specs ask the same in the same way.

    Seeds are compared only if ``seeded``. If both studies are of one kind, ``mismatches`` compares what they ask of the
    policy.
    """
    changed = []
    if stored.metrics != given.metrics:
        was, now = (" and ".join(map(str, spec.metrics)) for spec in (stored, given))
        changed.append(f"the metric was {was}, is {now}")
    changed += differences(stored.space, given.space)
    for name in ("searcher", "scheduler"):
        if getattr(stored, name) != getattr(given, name):
            changed.append(f"the {name} was {getattr(stored, name)}, is {getattr(given, name)}")
    if stored.kind != given.kind:
        changed.append(f"it was {_one(stored.kind)}, is {_one(given.kind)}")
    elif mismatches is not None:
        changed += mismatches(stored, given)
    if stored.folders != given.folders:
        was, now = (spec.folders or "the place beside the store" for spec in (stored, given))
        changed.append(f"folders= was {was}, is {now}")
    if stored.keep != given.keep:
        was, now = ("'all'" if spec.keep is None else str(spec.keep) for spec in (stored, given))
        changed.append(f"keep= was {was}, is {now}")
    if stored.checkpoints != given.checkpoints:
        changed.append(f"checkpoints= was {stored.checkpoints}, is {given.checkpoints}")
    if seeded and stored.seed != given.seed:
        changed.append(f"the seed was {stored.seed}, is {given.seed}")
    if changed:
        raise StudyMismatch(
            f"study {stored.name!r} can't be resumed, for it would ask something else: {'; '.join(changed)}. "
            "Take another name for the new question."
        )


def warn_of_other_data(stored: StudySpec, given: str) -> None:
    """Warn where the digest of the data that is given isn't that of the data with which the study was begun."""
    if stored.data and given and stored.data != given:
        warnings.warn(
            f"data= isn't the data with which study {stored.name!r} was begun, so that its trials are of different "
            "data: take another name for a study of the new data, unless nothing that matters has changed",
            RuntimeWarning,
            stacklevel=2,
        )


def _one(kind: str) -> str:
    return f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"
