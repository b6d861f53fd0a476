"""Whether more repeats can still settle a component."""

import math
from collections.abc import Sequence

from trimma.effects.analysis import Effect
from trimma.effects.distributions.dunnett import dunnett_critical_z
from trimma.effects.spending import differences


def hope(
    effect: Effect, look: int, looks: Sequence[int], errors: Sequence[float], count: int, *, smallest: float | None
) -> float:
    """The probability that the last of ``looks`` settles an ``effect`` that is undecided after ``look`` repeats.

    Predicted from its difference and noise alone (Spiegelhalter, Freedman and Blackburn, Controlled Clinical Trials
    1986), with quantiles of the normal. ``errors`` are those of the looks, and ``count`` effects are judged together.
    To give up a component with little hope doesn't add to the errors of the others: no interval gets narrower by it.
    """
    last = looks[-1]
    if look >= last or effect.difference is None:
        return 0.0
    if effect.low is None or effect.high is None:
        return 1.0
    groups, now = differences(count), errors[looks.index(look)]
    half = (effect.high - effect.low) / 2
    shrink = math.sqrt(look / last)
    reach = dunnett_critical_z(groups, now, shared=True)
    spread = half / reach * math.sqrt((last - look) / last)
    outside = half * shrink * dunnett_critical_z(groups, errors[-1], shared=True) / reach
    settled = _beyond(effect.difference, outside, spread)
    if smallest is not None and effect.inner_low is not None and effect.inner_high is not None:
        ratio = dunnett_critical_z(groups, 2 * errors[-1], shared=True) / dunnett_critical_z(
            groups, 2 * now, shared=True
        )
        room = smallest - (effect.inner_high - effect.inner_low) / 2 * shrink * ratio
        settled += 1.0 - _beyond(effect.difference, room, spread) if room > 0 else 0.0
    return min(1.0, settled)


def _beyond(centre: float, bound: float, spread: float) -> float:
    """The probability that a normal of this centre and spread is further than ``bound`` from zero."""
    scale = spread * math.sqrt(2.0)
    return 0.5 * (math.erfc((bound - centre) / scale) + math.erfc((bound + centre) / scale))
