"""Checks the description of a space that is stored with a study, before anybody relies on it."""

import math
from collections.abc import Iterable, Mapping
from typing import Any, TypeGuard

from trimma.errors import SpaceError


def check_description(parts: Iterable[Mapping[str, Any]]) -> None:
    """Raise `SpaceError` for parts that `trimma.space.Space.describe` can't have made.

    Kinds that aren't known here are left alone: what a later version adds isn't shown, and harms nobody.
    """
    for part in parts:
        for name, place in part.items():
            if not isinstance(place, Mapping) or not isinstance(place.get("kind"), str) or not _fits(place):
                raise SpaceError(f"{name!r} is described by {str(place)[:80]}, which no space has")


def _fits(place: Mapping[str, Any]) -> bool:
    match place["kind"]:
        case "float" | "int":
            return _is_scale(place)
        case "choice":
            options = place.get("options")
            return isinstance(options, list) and len(options) > 0 and isinstance(place.get("ordered"), bool)
        case "grid" | "sampled":
            return isinstance(place.get("values"), list)
        case "derived":
            names = place.get("of")
            return isinstance(names, list) and all(isinstance(name, str) for name in names)
        case "constant":
            return "value" in place
    return True


def _is_scale(place: Mapping[str, Any]) -> bool:
    low, high, log, step = (place.get(key) for key in ("low", "high", "log", "step"))
    return (
        _is_finite(low)
        and _is_finite(high)
        and low <= high
        and isinstance(log, bool)
        and (low > 0 or not log)
        and ((step is None and place["kind"] == "float") or (_is_finite(step) and step > 0))
    )


def _is_finite(value: Any) -> TypeGuard[float]:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:
        return False
