"""What varies from trial to trial: names, scales and values, from the space or else from the configs."""

import json
import math
from collections.abc import Iterable, Mapping
from typing import Any, Literal

from msgspec import Struct

from trimma.ports import History
from trimma.space.plain import identity
from trimma.trial import Trial
from trimma.views.flatten import flat_config

MANY = 12  # so many different numbers without a description count as a scale, fewer as options


class Hyperparameter(Struct, frozen=True, kw_only=True):
    """One that varies. A ``number`` lies from ``low`` to ``high``, a ``category`` is one of ``options``, as text."""

    name: str
    kind: Literal["number", "category"]
    log: bool = False
    low: float = 0.0
    high: float = 1.0
    options: tuple[str, ...] = ()
    ordered: bool = False

    def position(self, value: Any) -> float:
        """The value as a number on this scale: itself, or the option's place; NaN for what is none of either."""
        if self.kind == "number":
            return float(value) if _is_number(value) else math.nan
        text = option_text(value)
        return float(self.options.index(text)) if text in self.options else math.nan

    def unit(self, value: Any) -> float:
        """Where the value lies from 0 (low) to 1 (high), on a log scale where it has one."""
        place = self.position(value)
        low, high = (self.low, self.high) if self.kind == "number" else (0.0, len(self.options) - 1.0)
        if self.log:
            place, low, high = (math.log(x) if x > 0 else math.nan for x in (place, low, high))
        return (place - low) / (high - low) if high > low else 0.5


def hyperparameters(history: History) -> list[Hyperparameter]:
    """The study's hyperparameters, in the space's order: not what is constant, linked or derived.

    A constant that differs between the parts of a union is one. Without a description of the space, they are
    all places of the configs that have more than one value.
    """
    if history.spec.space:
        return [found for name, parts in _by_name(history).items() if (found := _described(name, parts))]
    seen: dict[str, list[Any]] = {}
    for trial in history.trials:
        for name, value in settings(history, trial).items():
            seen.setdefault(name, []).append(value)
    return [_scale(name, values) for name, values in seen.items() if len(set(map(option_text, values))) > 1]


def settings(history: History, trial: Trial) -> dict[str, Any]:
    """All the trial's values by dotted name, with those that show in no config because a Derived uses them."""
    return {**flat_config(history, trial), **trial.hidden}


def option_text(value: Any) -> str:
    """A plain value as one would read it: strings as they are, the rest as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _by_name(history: History) -> dict[str, list[dict[str, Any]]]:
    names: dict[str, list[dict[str, Any]]] = {}
    for part in history.spec.space:
        for name, place in part.items():
            names.setdefault(name, []).append(place)
    return names


def _described(name: str, places: list[dict[str, Any]]) -> Hyperparameter | None:
    """One hyperparameter from what stands at its name in each part of the space."""
    varying = [place for place in places if place["kind"] in ("float", "int", "choice", "grid", "sampled")]
    values = [value for place in places for value in _values(place)]
    if not varying and len({identity(value) for value in values}) < 2:
        return None
    numeric = [place for place in varying if place["kind"] in ("float", "int")]
    if numeric and all(map(_is_number, values)):
        lows = [place["low"] for place in numeric] + values
        highs = [place["high"] for place in numeric] + values
        log = all(place["log"] for place in numeric) and min(lows) > 0
        return Hyperparameter(name=name, kind="number", log=log, low=float(min(lows)), high=float(max(highs)))
    if numeric:
        return Hyperparameter(name=name, kind="category", options=_options(values))
    ordered = len(varying) == len(places) == 1 and bool(places[0].get("ordered"))
    return _scale(name, values, ordered=ordered, few=varying[0]["kind"] != "sampled" if varying else True)


def _values(place: Mapping[str, Any]) -> list[Any]:
    match place:
        case {"kind": "choice", "options": values} | {"kind": "grid" | "sampled", "values": values}:
            return list(values)
        case {"kind": "constant", "value": value}:
            return [value]
        case _:
            return []


def _scale(name: str, values: list[Any], *, ordered: bool = False, few: bool = False) -> Hyperparameter:
    """A scale for values without a description: numbers are ordered, and many of them are a range."""
    if ordered or not all(map(_is_number, values)):
        return Hyperparameter(name=name, kind="category", options=_options(values), ordered=ordered)
    distinct = sorted(set(values))
    if few or len(distinct) < MANY:
        return Hyperparameter(name=name, kind="category", options=_options(distinct), ordered=True)
    low, high = float(distinct[0]), float(distinct[-1])
    return Hyperparameter(name=name, kind="number", low=low, high=high, log=low > 0 and high >= 1000 * low)


def _options(values: Iterable[Any]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(map(option_text, values)))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
