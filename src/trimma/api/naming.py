"""How a study gets its name."""

from datetime import UTC, datetime
from typing import Any

from trimma.errors import UsageError
from trimma.ports import Store


def name_of(name: Any, objective: str, store: Store) -> str:
    """The study's name: ``name``, or one made of the objective's name and the time.

    Raises `UsageError` when ``name`` isn't a printable text.
    """
    if name is not None:
        if not isinstance(name, str) or not name.strip() or not name.isprintable():
            raise UsageError(f"name={name!r}: a study's name is a printable text")
        return name
    stem = f"{objective.strip('<>')}-{datetime.now(UTC):%Y%m%d-%H%M%S}"
    taken = set(store.studies())
    return next(name for name in (stem, *(f"{stem}-{n}" for n in range(2, 10_000))) if name not in taken)
