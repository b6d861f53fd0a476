"""Refuses components that share members, for designs that leave several components out together."""

from collections.abc import Sequence

from trimma.ablation.question import Component, overlaps
from trimma.errors import UsageError


def refuse_overlap(components: Sequence[Component], design: str) -> None:
    """Raise `UsageError` when a member belongs to two components of one kind."""
    for member, names in overlaps(components):
        raise UsageError(
            f"the components {' and '.join(map(repr, names))} overlap (all have {member!r}), and {design} leaves "
            "several out at a time: take one of them, or design='leave-one-out', which compares each with the whole"
        )
