"""From differences and intervals to conclusions, tiers, and how many repeats are still needed."""

import math
from collections.abc import Sequence

import numpy as np
from msgspec import Struct

from trimma.effects.analysis import Conclusion, Effect
from trimma.effects.arrays import Numbers
from trimma.effects.distributions.student_t import single_t_of_z
from trimma.effects.estimates import Bounds, Estimates, bounds, separation

_MOST = 1000  # repeats; what would need more is given no number


class Count(Struct, frozen=True, kw_only=True):
    """What is counted beside an effect; ``lost`` where every training without the component failed."""

    repeats: int = 0
    failures: int = 0
    censored: int = 0
    probability: float | None = None
    lost: bool = False


def judged(
    names: Sequence[str],
    estimates: Estimates,
    counts: Sequence[Count],
    *,
    maximize: bool,
    confidence: float,
    smallest: float | None,
) -> list[Effect]:
    """The effects, with their conclusions."""
    outer = bounds(estimates, confidence)
    inner = bounds(estimates, 2 * confidence - 1) if smallest is not None else None
    worth = np.where(
        [count.lost for count in counts], np.inf, -estimates.difference if maximize else estimates.difference
    )
    places = tiers(worth, separation(estimates, confidence))
    effects = []
    for index, (name, count) in enumerate(zip(names, counts, strict=True)):
        low, high = float(outer.low[index]), float(outer.high[index])
        core = (float(inner.low[index]), float(inner.high[index])) if inner is not None else (math.nan, math.nan)
        conclusion = Conclusion.HELPS if count.lost else _conclusion(low, high, core, smallest, maximize=maximize)
        undecided = conclusion is Conclusion.UNDECIDED
        effects.append(
            Effect(
                name=name,
                difference=_number(estimates.difference[index]),
                low=_number(low),
                high=_number(high),
                inner_low=_number(core[0]),
                inner_high=_number(core[1]),
                p=_number(outer.p[index]),
                repeats=count.repeats,
                probability=count.probability,
                failures=count.failures,
                censored=count.censored,
                conclusion=conclusion,
                needed=_needed(index, estimates, outer, inner, smallest, count.repeats) if undecided else None,
                tier=places[index],
            )
        )
    return effects


def tiers(worth: Numbers, apart: Numbers) -> list[int]:
    """Tiers from 1, by falling worth: a new one where a worth is further from its tier's first than ``apart``."""
    places = [0] * len(worth)
    order = sorted(range(len(worth)), key=lambda index: (math.isnan(worth[index]), -worth[index], index))
    first, tier = None, 0
    for index in order:
        value = worth[index]
        if first is None or _falls(worth[first], value, apart[first, index]):
            first, tier = index, tier + 1
        places[index] = tier
    return places


def _falls(top: float, value: float, apart: float) -> bool:
    if math.isnan(top) or math.isnan(value):
        return math.isnan(top) != math.isnan(value)
    return top != value if math.isinf(top) else top - value > apart


def _conclusion(
    low: float, high: float, core: tuple[float, float], smallest: float | None, *, maximize: bool
) -> Conclusion:
    if smallest is not None and -smallest < core[0] and core[1] < smallest:
        return Conclusion.EQUIVALENT
    if low > 0 or high < 0:
        return Conclusion.HELPS if (high < 0) == maximize else Conclusion.HURTS
    return Conclusion.UNDECIDED


def _needed(
    index: int, estimates: Estimates, outer: Bounds, inner: Bounds | None, smallest: float | None, repeats: int
) -> int | None:
    """About how many repeats until the interval excludes zero, or the inner one is small enough."""
    distance = abs(float(estimates.difference[index]))
    if math.isnan(outer.error[index]) or math.isnan(distance) or not repeats:
        return None

    def half(found: Bounds, wanted: int) -> float:
        freedom = float(found.freedom[index])
        grown = freedom * (wanted - 1) / (repeats - 1) if repeats > 1 else freedom * wanted
        step = float(found.error[index]) * math.sqrt(repeats / wanted)
        return single_t_of_z(float(found.reach[index]), grown) * step if step else 0.0

    def decided(wanted: int) -> bool:
        if half(outer, wanted) < distance:
            return True
        return inner is not None and smallest is not None and distance + half(inner, wanted) < smallest

    most = repeats + 1
    while not decided(most):
        if most >= _MOST:
            return None
        most = min(2 * most, _MOST)
    least = repeats
    while most - least > 1:
        middle = (least + most) // 2
        least, most = (least, middle) if decided(middle) else (middle, most)
    return most


def _number(value: float) -> float | None:
    return None if math.isnan(value) else float(value)
