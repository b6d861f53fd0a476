"""Checks the arguments that all analyses share."""

from collections.abc import Sequence

from trimma.errors import UsageError


def check_arguments(names: Sequence[str], confidence: float, smallest: float | None) -> None:
    """Raise `UsageError` for arguments that make no sense.

    These are no names or the same name twice, a confidence outside (0.5, 1), and a ``smallest`` difference that
    matters, in units of the metric, that isn't positive.
    """
    if not names:
        raise UsageError("there are no components to analyse: name at least one")
    if len(set(names)) < len(names):
        twice = sorted({name for name in names if list(names).count(name) > 1})
        raise UsageError(f"components are named twice: {', '.join(twice)}")
    if not 0.5 < confidence < 1:
        raise UsageError(f"confidence={confidence!r} must be between 0.5 and 1, such as 0.95")
    if smallest is not None and not smallest > 0:
        raise UsageError(f"smallest={smallest!r}, the smallest difference that matters, must be above 0")
