"""Interactions: whether two components are worth together what they are worth one by one."""

from collections.abc import Iterable, Sequence

import numpy as np

from trimma.effects.analysis import Analysis
from trimma.effects.cells import Cell, observe
from trimma.effects.checks import checked
from trimma.effects.conclude import concluded
from trimma.effects.counts import together
from trimma.effects.model import fitted


def interactions(
    cells: Iterable[Cell],
    pairs: Sequence[tuple[str, str]],
    *,
    maximize: bool,
    confidence: float = 0.95,
    smallest: float | None = None,
) -> Analysis:
    """For each pair: value(without both) - value(without a) - value(without b) + value(whole), named "a x b".

    *helps* means that losing both costs more than the two losses add up to: they stand in for one another. *hurts*
    means that it costs less: each needs the other. ``probability`` isn't given; everything else is as in `contrasts`.
    """
    names = [f"{a} x {b}" for a, b in pairs]
    checked(names, confidence, smallest)
    first = [frozenset[str](), *(frozenset((a,)) for pair in pairs for a in pair), *map(frozenset, pairs)]
    observations = observe(cells, first)
    found = fitted(observations)
    place = {arm: index for index, arm in enumerate(observations.arms)}
    rows = np.zeros((len(pairs), len(observations.arms)))
    counts = []
    for row, (a, b) in zip(rows, pairs, strict=True):
        arms = [place[arm] for arm in (frozenset[str](), frozenset((a,)), frozenset((b,)), frozenset((a, b)))]
        row[arms] = 1.0, -1.0, -1.0, 1.0
        counts.append(together(found.additive, arms))
    return concluded(
        names, found, rows, counts, "one factor", maximize=maximize, confidence=confidence, smallest=smallest
    )
