"""Interactions: whether two components are worth together what they are worth one by one."""

from collections.abc import Iterable, Sequence

import numpy as np

from trimma.effects.analysis import Analysis
from trimma.effects.argument_checks import check_arguments
from trimma.effects.contrast_analysis import contrast_analysis
from trimma.effects.effect_counts import counts_of_contrast
from trimma.effects.fitting.contrast_model import fit_contrast_model
from trimma.effects.observations import Cell, observe


def interactions(
    cells: Iterable[Cell],
    pairs: Sequence[tuple[str, str]],
    *,
    maximize: bool,
    confidence: float = 0.95,
    smallest: float | None = None,
    overlap: float = 0.0,
) -> Analysis:
    """For each pair: value(without both) - value(without a) - value(without b) + value(whole), named "a x b".

    *helps* means that losing both costs more than the two losses add up to: they stand in for one another. *hurts*
    means that it costs less: each needs the other. ``probability`` isn't given; everything else is as in `contrasts`.
    """
    names = [f"{a} x {b}" for a, b in pairs]
    check_arguments(names, confidence, smallest)
    first = [frozenset[str](), *(frozenset((a,)) for pair in pairs for a in pair), *map(frozenset, pairs)]
    observations = observe(cells, first)
    model = fit_contrast_model(observations, reference=True, overlap=overlap)
    place = {arm: index for index, arm in enumerate(observations.arms)}
    rows = np.zeros((len(pairs), len(observations.arms)))
    counts = []
    for row, (a, b) in zip(rows, pairs, strict=True):
        arms = [place[arm] for arm in (frozenset[str](), frozenset((a,)), frozenset((b,)), frozenset((a, b)))]
        row[arms] = 1.0, -1.0, -1.0, 1.0
        counts.append(counts_of_contrast(model.additive, arms))
    return contrast_analysis(
        names, model, rows, counts, "one factor", maximize=maximize, confidence=confidence, smallest=smallest
    )
