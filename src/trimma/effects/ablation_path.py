"""An ablation path: what each step of leaving out one more component changes."""

from collections.abc import Collection, Iterable, Sequence
from itertools import accumulate

import numpy as np

from trimma.effects.analysis import Analysis
from trimma.effects.argument_checks import check_arguments
from trimma.effects.contrast_analysis import contrast_analysis
from trimma.effects.effect_counts import counts_against_reference
from trimma.effects.fitting.contrast_model import fit_contrast_model
from trimma.effects.observations import Cell, Removed, observe
from trimma.errors import UsageError


def path(
    cells: Iterable[Cell],
    order: Sequence[str],
    *,
    maximize: bool,
    confidence: float = 0.95,
    smallest: float | None = None,
    overlap: float = 0.0,
    start: Collection[str] = (),
) -> Analysis:
    """The value after leaving out each of ``order`` as well, less the value before (Fawcett and Hoos 2016).

    The first step leaves out ``order[0]`` from the arm ``start``, the next ``order[1]`` too, and so on; each effect
    is named after what its step leaves out, and is worth what it is given what went before. ``probability`` is that
    of the arm before the step beating the arm after it. Everything else is as in `contrasts`.
    """
    check_arguments(order, confidence, smallest)
    if twice := sorted(set(order) & set(start)):
        raise UsageError(f"the path's start leaves out {', '.join(twice)} already: take it from the order")
    nested: list[Removed] = list(accumulate(order, lambda arm, name: arm | {name}, initial=frozenset(start)))
    observations = observe(cells, nested)
    model = fit_contrast_model(observations, overlap=overlap)
    steps = np.arange(len(order))
    rows = np.zeros((len(order), len(observations.arms)))
    rows[steps, steps] = -1.0
    rows[steps, steps + 1] = 1.0
    counts = [
        counts_against_reference(model.additive, int(step) + 1, maximize=maximize, reference=int(step))
        for step in steps
    ]
    return contrast_analysis(
        order,
        model,
        rows,
        counts,
        "studentized maximum modulus",
        maximize=maximize,
        confidence=confidence,
        smallest=smallest,
    )
