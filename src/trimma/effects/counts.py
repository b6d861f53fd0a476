"""What is counted beside an effect: repeats, failures, and how often the whole wins."""

from collections.abc import Sequence

import numpy as np

from trimma.effects.arrays import Numbers
from trimma.effects.blocks import Additive
from trimma.effects.verdicts import Count


def count(fit: Additive, arm: int, *, maximize: bool, reference: int = 0, adding: bool = False) -> Count:
    """For the arm at the place ``arm`` against the reference, which has one component more, or (``adding``) less."""
    observations = fit.observations
    mine, whole = observations.arm == arm, observations.arm == reference
    both = np.intersect1d(observations.repeat[mine], observations.repeat[whole])
    failed = observations.failed[arm]
    return Count(
        repeats=len(both),
        failures=failed,
        censored=observations.censored[arm],
        probability=(
            _probability(fit, reference, arm, maximize=maximize)
            if adding
            else _probability(fit, arm, reference, maximize=maximize)
        ),
        lost=not adding and failed > 0 and not mine.any() and observations.censored[arm] == 0 and bool(whole.any()),
    )


def _probability(fit: Additive, arm: int, reference: int, *, maximize: bool) -> float | None:
    """How often the reference beats the arm, over all pairs of their values, less what their repeats do to all."""
    observations = fit.observations
    level = fit.mean[observations.arm] + fit.residual
    mine, whole = level[observations.arm == arm], level[observations.arm == reference]
    failed, broken = observations.failed[arm], observations.failed[reference]
    pairs = (len(mine) + failed) * (len(whole) + broken)
    if pairs < 2 or (failed == 0 and not len(mine)) or (broken == 0 and not len(whole)):
        return None
    wins = _wins(whole, mine, maximize=maximize) + failed * len(whole) + 0.5 * failed * broken
    return wins / pairs


def _wins(ours: Numbers, theirs: Numbers, *, maximize: bool) -> float:
    """How many pairs the first wins, ties for half; what differs by rounding only is a tie."""
    if not len(ours) or not len(theirs):
        return 0.0
    gaps = ours[:, None] - theirs if maximize else theirs - ours[:, None]
    tie = 1e-12 * max(float(np.abs(ours).max()), float(np.abs(theirs).max()))
    return float((gaps > tie).sum()) + 0.5 * float((np.abs(gaps) <= tie).sum())


def together(fit: Additive, arms: Sequence[int]) -> Count:
    """For a contrast of several arms: the repeats that have them all, and what failed or was stopped in any."""
    observations = fit.observations
    shared = set(observations.repeat.tolist())
    for arm in arms:
        shared &= set(observations.repeat[observations.arm == arm].tolist())
    return Count(
        repeats=len(shared),
        failures=sum(observations.failed[arm] for arm in arms),
        censored=sum(observations.censored[arm] for arm in arms),
    )
