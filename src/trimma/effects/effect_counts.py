"""What is counted beside an effect: repeats, failures, and how often the whole wins."""

from collections.abc import Collection, Sequence
from itertools import product
from typing import NamedTuple

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from trimma.effects.fitting.additive_model import ROUNDING, AdditiveFit
from trimma.effects.observations import Observations


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
    identical: bool = False
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
    compared = _on_the_same_split(observations, part, other, maximize=maximize)
    return EffectCounts(
        repeats=len(both),
        failures=failed,
        censored=censored,
        probability=compared.wins / compared.pairs if compared.pairs > 1 and not compared.identical else None,
        identical=compared.identical,
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


class _SameSplit(NamedTuple):
    """How trainings of the reference and of an arm compare, over all pairs of them in the same repeat."""

    pairs: int
    wins: float
    identical: bool


def _on_the_same_split(observations: Observations, arm: int, reference: int, *, maximize: bool) -> _SameSplit:
    """How often the reference wins. A failure is worse than any value, and ties count half.

    The two are identical where all pairs are ties. What differs by rounding only is a tie.
    """
    ours, theirs = (_by_repeat(observations, place) for place in (reference, arm))
    tie = ROUNDING * float(np.abs(observations.value).max(initial=0.0))
    pairs, wins, identical = 0, 0.0, True
    for repeat in ours.keys() & theirs.keys():
        for one, other in product(ours[repeat], theirs[repeat]):
            if one is None or other is None:
                gap = float(other is None) - float(one is None)
            else:
                gap = one - other if maximize else other - one
                gap = 0.0 if abs(gap) <= tie else gap
            pairs += 1
            wins += 0.5 if gap == 0 else float(gap > 0)
            identical &= gap == 0 and one is not None
    return _SameSplit(pairs, wins, identical and pairs > 0)


def _by_repeat(observations: Observations, arm: int) -> dict[int, list[float | None]]:
    """The arm's values by the number of their repeat; None where a training failed."""
    found: dict[int, list[float | None]] = {}
    mine = observations.arm == arm
    for repeat, value in zip(observations.repeat[mine].tolist(), observations.value[mine].tolist(), strict=True):
        found.setdefault(observations.repeats[repeat], []).append(value)
    for number in observations.failed_in[arm]:
        found.setdefault(number, []).append(None)
    return found
