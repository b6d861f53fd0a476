"""What is counted beside an effect: repeats, failures, and how often the whole wins."""

from collections.abc import Collection, Sequence

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from trimma.effects.arrays import Numbers
from trimma.effects.fitting.additive_model import ROUNDING, AdditiveFit


class EffectCounts(Struct, frozen=True, kw_only=True):
    """The counts of one effect, named as in `trimma.effects.Effect`.

    ``failed`` of the ``tried`` trainings without the component failed, and ``others_failed`` of the ``others_tried``
    with which they are compared. ``always_failed`` says that no training without the component gave a value. Whether
    that says something of the component is for `trimma.effects.failure_tests` to tell.
    """

    repeats: int = 0
    failures: int = 0
    censored: int = 0
    probability: float | None = None
    failed: int = 0
    tried: int = 0
    others_failed: int = 0
    others_tried: int = 0
    always_failed: bool = False


def counts_against_reference(
    fit: AdditiveFit, arm: int, *, maximize: bool, reference: int = 0, adding: bool = False
) -> EffectCounts:
    """The counts of the arm at the place ``arm`` against the one at the place ``reference``.

    The reference has one component more than the arm; with ``adding`` it has one less.
    """
    observations = fit.observations
    mine, whole = observations.arm == arm, observations.arm == reference
    both = np.intersect1d(observations.repeat[mine], observations.repeat[whole])
    failed, censored = observations.failed[arm], observations.censored[arm]
    part, other = (reference, arm) if adding else (arm, reference)
    return EffectCounts(
        repeats=len(both),
        failures=failed,
        censored=censored,
        probability=_probability_of_superiority(fit, part, other, maximize=maximize),
        failed=failed,
        tried=failed + int(mine.sum()),
        others_failed=observations.failed[reference],
        others_tried=observations.failed[reference] + int(whole.sum()),
        always_failed=not adding and failed > 0 and not mine.any() and censored == 0 and bool(whole.any()),
    )


def counts_of_contrast(fit: AdditiveFit, arms: Sequence[int]) -> EffectCounts:
    """For a contrast of several arms: the repeats that have them all, and what failed or was stopped in any."""
    observations = fit.observations
    shared = set(observations.repeat.tolist())
    for arm in arms:
        shared &= set(observations.repeat[observations.arm == arm].tolist())
    return EffectCounts(
        repeats=len(shared),
        failures=sum(observations.failed[arm] for arm in arms),
        censored=sum(observations.censored[arm] for arm in arms),
    )


def counts_without(fit: AdditiveFit, name: str) -> EffectCounts:
    """The counts of all arms without the component ``name``."""
    observations = fit.observations
    without = [place for place, arm in enumerate(observations.arms) if name in arm]
    failures, others = sum(observations.failed[place] for place in without), sum(observations.failed)
    censored = sum(observations.censored[place] for place in without)
    values = np.isin(observations.arm, without)
    return EffectCounts(
        repeats=len(np.unique(observations.repeat)),
        failures=failures,
        censored=censored,
        failed=failures,
        tried=failures + int(values.sum()),
        others_failed=others - failures,
        others_tried=others - failures + int((~values).sum()),
        always_failed=failures > 0 and not censored and not values.any() and len(values) > 0,
    )


def blamed_alone(fit: AdditiveFit, count: EffectCounts, name: str, failing: Collection[str]) -> EffectCounts:
    """The ``count``, with ``always_failed`` only where an arm failed that has all other ``failing`` components."""
    observations = fit.observations
    alone = any(
        failed and arm.intersection(failing) == {name}
        for arm, failed in zip(observations.arms, observations.failed, strict=True)
    )
    return replace(count, always_failed=count.always_failed and alone)


def _probability_of_superiority(fit: AdditiveFit, arm: int, reference: int, *, maximize: bool) -> float | None:
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
    """How many pairs of a value of ours and one of theirs are won by ours; ties count half.

    The values are of shapes (ours,) and (theirs,), in units of the metric. What differs by rounding only is a tie.
    """
    if not len(ours) or not len(theirs):
        return 0.0
    gaps = ours[:, None] - theirs if maximize else theirs - ours[:, None]
    tie = ROUNDING * max(float(np.abs(ours).max()), float(np.abs(theirs).max()))
    return float((gaps > tie).sum()) + 0.5 * float((np.abs(gaps) <= tie).sum())
