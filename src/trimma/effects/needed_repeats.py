"""About how many repeats it takes to decide about an effect that is undecided."""

import math

from trimma.effects.distributions.student_t import single_t_of_z
from trimma.effects.intervals.simultaneous_intervals import SimultaneousIntervals

_MOST = 1000  # repeats; what would need more is given no number


def needed_repeats(
    index: int,
    difference: float,
    outer: SimultaneousIntervals,
    inner: SimultaneousIntervals | None,
    smallest: float | None,
    repeats: int,
) -> int | None:
    """About how many repeats until the outer interval excludes zero, or the inner one is small enough.

    It is reckoned for the effect at ``index``, as if its ``difference`` and its noise stayed what they are after
    ``repeats`` repeats. The inner interval is to lie within the ``smallest`` difference that matters. Both differences
    are in units of the metric. None where it would take more than 1000 repeats, and where nothing tells the noise.
    """
    distance = abs(difference)
    if math.isnan(outer.standard_error[index]) or math.isnan(distance) or not repeats:
        return None

    def half_width(found: SimultaneousIntervals, wanted: int) -> float:
        freedom = float(found.freedom[index])
        grown = freedom * (wanted - 1) / (repeats - 1) if repeats > 1 else freedom * wanted
        error = float(found.standard_error[index]) * math.sqrt(repeats / wanted)
        return single_t_of_z(float(found.critical_z[index]), grown) * error if error else 0.0

    def decided(wanted: int) -> bool:
        if half_width(outer, wanted) < distance:
            return True
        return inner is not None and smallest is not None and distance + half_width(inner, wanted) < smallest

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
