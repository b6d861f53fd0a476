"""Components that share members can't be left out together."""

from collections.abc import Sequence

from trimma.errors import UsageError
from trimma.study import Component


def refuse_overlap(components: Sequence[Component], design: str) -> None:
    """Raise `UsageError` when something belongs to two components of one kind."""
    owners: dict[tuple[str, str], str] = {}
    for component in components:
        for member in component.members:
            other = owners.setdefault((component.kind, member), component.name)
            if other != component.name:
                raise UsageError(
                    f"the components {other!r} and {component.name!r} overlap (both have {member!r}), and {design} "
                    "leaves several out at a time: take one of the two, or design='leave-one-out', which compares "
                    "each with the whole by itself"
                )
