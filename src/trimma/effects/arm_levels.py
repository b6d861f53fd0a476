"""The mean of each arm, as if all arms had a value in every repeat."""

from collections.abc import Collection, Iterable, Sequence

from trimma.effects.fitting.additive_model import fit_additive
from trimma.effects.observations import Cell, observe


def arm_levels(cells: Iterable[Cell], arms: Sequence[Collection[str]]) -> list[float]:
    """The mean of each of ``arms`` under the additive model of arm and repeat, less that of the first.

    It is in units of the metric, and NaN for an arm that shares no repeats with the first, not even by way of others.
    """
    if not arms:
        return []
    wanted = [frozenset(arm) for arm in arms]
    fit = fit_additive(observe(cells, wanted))
    return [float(fit.mean[fit.observations.arms.index(arm)]) for arm in wanted]
