"""What is told of a study that can't be read: which record is to blame, and what to do."""

from trimma.errors import StoreError


def unreadable_record(study: str, number: int, error: StoreError) -> StoreError:
    """The error for a record that is damaged, or of a version that isn't known here."""
    return StoreError(f"study {study!r} can't be read, at record {number}: {error}")


def damaged_study(study: str, place: object, what: str) -> StoreError:
    """The error for a study that isn't as it was written. ``what`` says how it differs."""
    return StoreError(
        f"study {study!r} can't be read, for {what}: the store {place} is damaged; restore a copy of it, or remove the "
        "study"
    )
