"""Values that users give: whether two are the same, and how one is shown in a name or a message."""

from collections.abc import Mapping
from math import isnan
from typing import Any

LONGEST = 60
"""The greatest number of characters in which a value is shown; a longer one is shown by its type."""


def same(one: Any, other: Any) -> bool:
    """Whether two values are equal. They may be arrays or frames, and NaN equals NaN.

    Values that can't be compared count as different.
    """
    if one is other:
        return True
    if isinstance(one, float) and isinstance(other, float) and isnan(one) and isnan(other):
        return True
    try:
        if getattr(one, "shape", None) != getattr(other, "shape", None):
            return False
        equal = one == other
        # all() of a frame gives one answer for each column
        for _ in range(2):
            equal = equal.all() if getattr(equal, "shape", ()) else equal
        return bool(equal)
    except Exception:  # noqa: BLE001 - a user's __eq__ may raise anything
        return False


def shown(value: Any) -> str:
    """The value as short text: the name of a function, the `repr` of a short value, the type of anything else."""
    if callable(value):
        return str(getattr(value, "__name__", None) or f"{type(value).__name__}(...)")
    try:
        text = repr(value)
    except Exception:  # noqa: BLE001 - a user's __repr__ may raise anything
        text = ""
    if text and len(text) <= LONGEST and "\n" not in text:
        return text
    shape = getattr(value, "shape", None)
    return f"{type(value).__name__}{shape}" if isinstance(shape, tuple) else f"{type(value).__name__}(...)"


def listed(values: Mapping[str, Any]) -> str:
    """The values as text, written as keyword arguments."""
    return ", ".join(f"{name}={shown(value)}" for name, value in values.items())
