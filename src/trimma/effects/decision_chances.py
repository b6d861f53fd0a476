"""How probable it is that more repeats would decide about an effect that is undecided.

The true effect isn't known, and estimates that lie far from zero mostly owe a part of that to chance. So estimates are
drawn towards zero, by how much all effects of the study together exceed their noise (Efron and Morris, JASA 1973). What
more repeats would give is predicted from that, with the noise of the effect, of the new repeats, and of the estimate.
"""

import math
from collections.abc import Sequence

import numpy as np

from trimma.effects.analysis import DecisionChances
from trimma.effects.arrays import Numbers
from trimma.effects.distributions.student_t import single_t_of_z
from trimma.effects.intervals.simultaneous_intervals import SimultaneousIntervals


def decision_chances(
    difference: Numbers,
    outer: SimultaneousIntervals,
    inner: SimultaneousIntervals | None,
    smallest: float | None,
    repeats: Sequence[int],
    *,
    overlap: float = 0.0,
) -> list[DecisionChances | None]:
    """For each effect the chance of a decision at twice and at four times its ``repeats``; None where nothing is known.

    A decision is that the outer interval excludes zero, or that the inner one lies within the ``smallest`` difference
    that matters. ``overlap`` is that of `trimma.effects.contrasts`. ``difference`` is of shape (effects,), and in units
    of the metric, as ``smallest``.
    """
    error = outer.standard_error
    noisy = np.isfinite(difference) & np.isfinite(error) & (error > 0) & (np.array(repeats) > 1)
    if not noisy.any():
        return [None] * len(repeats)
    spread = max(0.0, float(np.mean(difference[noisy] ** 2 - error[noisy] ** 2)))

    def chance(index: int, wanted: int) -> float:
        known = float(difference[index])
        return _chance(index, known, spread, outer, inner, smallest, repeats[index], wanted, overlap)

    return [
        DecisionChances(at_twice=chance(index, 2 * count), at_four_times=chance(index, 4 * count))
        if noisy[index]
        else None
        for index, count in enumerate(repeats)
    ]


def _chance(
    index: int,
    difference: float,
    spread: float,
    outer: SimultaneousIntervals,
    inner: SimultaneousIntervals | None,
    smallest: float | None,
    repeats: int,
    wanted: int,
    overlap: float,
) -> float:
    """The chance that the effect at ``index`` is decided after the ``wanted`` repeats, of which ``repeats`` have been.

    ``spread`` is the variance of the true effects of the study, in squared units of the metric.
    """
    before, after = 1.0 / repeats + overlap, 1.0 / wanted + overlap
    variance = float(outer.standard_error[index]) ** 2
    once = variance / before
    kept = (spread + once * overlap) / (spread + variance)
    new = (wanted - repeats) / wanted
    mean = difference * (1.0 - new * (1.0 - kept))
    deviation = math.sqrt(new**2 * once * (kept / repeats + 1.0 / (wanted - repeats)))

    def half_width(found: SimultaneousIntervals) -> float:
        freedom = float(found.freedom[index]) * (wanted - 1) / (repeats - 1)
        error = float(found.standard_error[index]) * math.sqrt(after / before)
        return single_t_of_z(float(found.critical_z[index]), freedom) * error

    chance = 1.0 - _within(half_width(outer), mean, deviation)
    if inner is not None and smallest is not None:
        room = smallest - half_width(inner)
        # beyond the outer interval the decision was counted already
        chance += _within(min(room, half_width(outer)), mean, deviation) if room > 0 else 0.0
    return min(1.0, chance)


def _within(bound: float, mean: float, deviation: float) -> float:
    """The probability that a normal of this mean and standard deviation is within ``bound`` of zero."""
    scale = deviation * math.sqrt(2.0)
    return 0.5 * (math.erf((bound - mean) / scale) + math.erf((bound + mean) / scale))
