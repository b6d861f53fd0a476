"""Whether trainings without a component fail more or less often than those with it: Fisher's exact test.

Trainings also fail for reasons that have nothing to do with a component, such as a machine that was taken away. So a
failure is no finding by itself. Failure rates are compared by Fisher's exact test, which is corrected for all
components. Where so few trainings failed that no outcome could have been significant, a component isn't counted in the
correction (Tarone, Biometrics 1990).
"""

from collections.abc import Sequence
from math import comb, inf

from msgspec import Struct

from trimma.effects.effect_counts import EffectCounts

_SHARE = 0.5  # of the error that is allowed: what failures may use, where the differences have the rest
_ROUNDING = 1 + 1e-9


class FailureTests(Struct, frozen=True, kw_only=True):
    """What the tests say of each component.

    ``p`` is adjusted for all components, and for the differences that are tested besides; it is None where no training
    failed. ``more`` says that trainings without the component fail more often, and ``less`` that they fail less often,
    both beyond chance. ``spent`` is the part of the error that the tests may have used: the probability of any false
    finding among them. The intervals of the differences have to make do with the rest.
    """

    p: list[float | None]
    more: list[bool]
    less: list[bool]
    spent: float = 0.0


def failure_tests(counts: Sequence[EffectCounts], confidence: float) -> FailureTests:
    """The tests of all components, with a family error of half of what the ``confidence`` leaves."""
    error = _SHARE * (1.0 - confidence)
    tables = [_outcomes(count) for count in counts]
    least = [min((p for p, _ in outcomes.values()), default=inf) for outcomes in tables]
    tested = 1
    while sum(p <= error / tested for p in least) > tested:
        tested += 1
    single = [outcomes[count.failed][0] if outcomes else None for count, outcomes in zip(counts, tables, strict=True)]
    rates = [_more_often(count) for count in counts]
    found = [p is not None and p <= error / tested for p in single]
    spent = sum(chance for outcomes in tables for p, chance in outcomes.values() if p <= error / tested)
    return FailureTests(
        p=[None if p is None else min(1.0, p * tested / _SHARE) for p in single],
        more=[said and rate for said, rate in zip(found, rates, strict=True)],
        less=[said and not rate for said, rate in zip(found, rates, strict=True)],
        spent=spent,
    )


def _outcomes(count: EffectCounts) -> dict[int, tuple[float, float]]:
    """For each number of failures that the component's trainings might have had: its p, and its probability.

    The number of failures with and without the component together is taken as given. Empty where there was none.
    """
    total, every = count.failed + count.others_failed, count.tried + count.others_tried
    if not total or not count.tried or not count.others_tried:
        return {}
    ways = {
        failed: comb(count.tried, failed) * comb(count.others_tried, total - failed) / comb(every, total)
        for failed in range(max(0, total - count.others_tried), min(count.tried, total) + 1)
    }
    return {
        failed: (min(1.0, sum(other for other in ways.values() if other <= chance * _ROUNDING)), chance)
        for failed, chance in ways.items()
    }


def _more_often(count: EffectCounts) -> bool:
    return count.failed * count.others_tried > count.others_failed * count.tried
