"""What is concluded from differences and their intervals."""

import math
from collections.abc import Sequence

from trimma.effects.analysis import Conclusion, Effect
from trimma.effects.compact_letters import compact_letters
from trimma.effects.decision_chances import decision_chances
from trimma.effects.effect_counts import EffectCounts
from trimma.effects.failure_tests import FailureTests
from trimma.effects.intervals.estimates import Estimates
from trimma.effects.intervals.simultaneous_intervals import simultaneous_intervals
from trimma.effects.intervals.tukey_kramer import tukey_kramer_distances


def effects_with_conclusions(
    names: Sequence[str],
    estimates: Estimates,
    counts: Sequence[EffectCounts],
    failing: FailureTests,
    *,
    maximize: bool,
    confidence: float,
    smallest: float | None,
    equivalence: bool = True,
) -> list[Effect]:
    """The effects of ``names``, which have each one of the ``estimates`` and one of the ``counts``.

    ``failing`` are the tests of failures, which have spent a part of the error that ``confidence`` leaves.
    ``smallest`` is the smallest difference that matters, in units of the metric; without ``equivalence`` no effect is
    called equivalent all the same.
    """
    confidence += failing.spent
    outer = simultaneous_intervals(estimates, confidence)
    inner = simultaneous_intervals(estimates, 2 * confidence - 1) if smallest is not None else None
    lost = [count.always_failed and more for count, more in zip(counts, failing.more, strict=True)]
    worth = -estimates.difference if maximize else estimates.difference
    letters = compact_letters(worth, tukey_kramer_distances(estimates, confidence))
    chances = decision_chances(
        estimates.difference, outer, inner, smallest, [count.repeats for count in counts], overlap=estimates.overlap
    )
    effects = []
    for index, (name, count) in enumerate(zip(names, counts, strict=True)):
        difference = float(estimates.difference[index])
        low, high = float(outer.low[index]), float(outer.high[index])
        core = (float(inner.low[index]), float(inner.high[index])) if inner is not None else (math.nan, math.nan)
        concluded = _conclusion(low, high, core, smallest if equivalence else None, maximize=maximize)
        conclusion = Conclusion.HELPS if lost[index] else concluded
        effects.append(
            Effect(
                name=name,
                difference=_known(difference),
                low=_known(low),
                high=_known(high),
                inner_low=_known(core[0]),
                inner_high=_known(core[1]),
                p=_known(float(outer.p[index])),
                repeats=count.repeats,
                probability=count.probability,
                identical=count.identical,
                failures=count.failures,
                failure_p=failing.p[index],
                censored=count.censored,
                conclusion=conclusion,
                chances=chances[index] if conclusion is Conclusion.UNDECIDED else None,
                letters=letters[index],
            )
        )
    return effects


def _conclusion(
    low: float, high: float, core: tuple[float, float], smallest: float | None, *, maximize: bool
) -> Conclusion:
    """From the interval, the narrower one (``core``) and the smallest difference, all in units of the metric."""
    if smallest is not None and -smallest < core[0] and core[1] < smallest:
        return Conclusion.EQUIVALENT
    if low > 0 or high < 0:
        return Conclusion.HELPS if (high < 0) == maximize else Conclusion.HURTS
    return Conclusion.UNDECIDED


def _known(value: float) -> float | None:
    return None if math.isnan(value) else value
