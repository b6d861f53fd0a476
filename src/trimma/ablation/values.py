"""Values of users: whether two are the same, and how one is shown in a name or a message."""

from collections.abc import Mapping
from math import isnan
from typing import Any

LONGEST = 60
"""From how many characters on a value is shown by its type alone."""


def same(one: Any, other: Any) -> bool:
    """Whether two values are equal, also arrays and frames, and NaN; what can't be compared is not."""
    if one is other:
        return True
    if isinstance(one, float) and isinstance(other, float) and isnan(one) and isnan(other):
        return True
    try:
        if getattr(one, "shape", None) != getattr(other, "shape", None):
            return False
        equal = one == other
        # a frame's all() is one for each column
        for _ in range(2):
            equal = equal.all() if getattr(equal, "shape", ()) else equal
        return bool(equal)
    except Exception:  # noqa: BLE001 - a user's __eq__ may raise anything
        return False


def shown(value: Any) -> str:
    """The value in a few words: a function by its name, what is short as it is typed, the rest by its type."""
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
    """Values by name, as keyword arguments are typed."""
    return ", ".join(f"{name}={shown(value)}" for name, value in values.items())
