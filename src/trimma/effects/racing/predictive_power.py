"""Futility: whether more repeats can still settle a component."""

import math
from collections.abc import Sequence

from trimma.effects.analysis import Effect
from trimma.effects.distributions.dunnett import dunnett_critical_z
from trimma.effects.racing.alpha_spending import known_noise_family


def predictive_power(
    effect: Effect,
    look: int,
    looks: Sequence[int],
    levels: Sequence[float],
    count: int,
    *,
    smallest: float | None,
    overlap: float = 0.0,
) -> float:
    """The probability that the last of ``looks`` settles an ``effect`` that is undecided after ``look`` repeats.

    It is predicted from the effect's difference and noise alone (Spiegelhalter, Freedman and Blackburn, Controlled
    Clinical Trials 1986), with quantiles of the normal distribution. ``levels`` are the nominal levels of the looks,
    and ``count`` effects are judged together. ``overlap`` is that of `trimma.effects.contrasts`. ``smallest`` is the
    smallest difference that matters, in units of the metric. To give up a component of little power doesn't add to the
    errors of the others: no interval gets narrower by it.
    """
    last = looks[-1]
    if look >= last:
        return 0.0
    if effect.difference is None:
        return float(effect.failures > 0)  # its failures may yet turn out to be more than chance
    if effect.low is None or effect.high is None:
        return 1.0
    family, now = known_noise_family(count), levels[looks.index(look)]

    def critical(level: float) -> float:
        return dunnett_critical_z(family, level, shared=True)

    half = (effect.high - effect.low) / 2
    before, after = 1.0 / look + overlap, 1.0 / last + overlap
    shrink = math.sqrt(after / before)
    scatter = half / critical(now) * math.sqrt((before - after) / before)
    outside = half * shrink * critical(levels[-1]) / critical(now)
    settled = _beyond(effect.difference, outside, scatter)
    if smallest is not None and effect.inner_low is not None and effect.inner_high is not None:
        ratio = critical(2 * levels[-1]) / critical(2 * now)
        room = smallest - (effect.inner_high - effect.inner_low) / 2 * shrink * ratio
        settled += 1.0 - _beyond(effect.difference, room, scatter) if room > 0 else 0.0
    return min(1.0, settled)


def _beyond(mean: float, bound: float, deviation: float) -> float:
    """The probability that a normal of this mean and standard deviation is further than ``bound`` from zero."""
    if deviation == 0:  # trainings without noise
        return float(abs(mean) > bound)
    scale = deviation * math.sqrt(2.0)
    return 0.5 * (math.erfc((bound - mean) / scale) + math.erfc((bound + mean) / scale))
