"""An ablation path: what each step of leaving out one more component changes."""

from collections.abc import Collection, Iterable, Sequence
from itertools import accumulate

import numpy as np

from trimma.effects.analysis import Analysis
from trimma.effects.cells import Arm, Cell, observe
from trimma.effects.checks import checked
from trimma.effects.conclude import concluded
from trimma.effects.counts import count
from trimma.effects.model import fitted
from trimma.errors import UsageError


def path(
    cells: Iterable[Cell],
    order: Sequence[str],
    *,
    maximize: bool,
    confidence: float = 0.95,
    smallest: float | None = None,
    start: Collection[str] = (),
) -> Analysis:
    """The value after leaving out each of ``order`` as well, less the value before (Fawcett and Hoos 2016).

    The first step leaves out ``order[0]`` from the arm ``start``, the next ``order[1]`` too, and so on; each effect
    is named after what its step leaves out, and is worth what it is given what went before. ``probability`` is that
    of the arm before the step beating the arm after it. Everything else is as in `contrasts`.
    """
    checked(order, confidence, smallest)
    if twice := sorted(set(order) & set(start)):
        raise UsageError(f"the path's start leaves out {', '.join(twice)} already: take it from the order")
    nested: list[Arm] = list(accumulate(order, lambda arm, name: arm | {name}, initial=frozenset(start)))
    observations = observe(cells, nested)
    found = fitted(observations)
    steps = np.arange(len(order))
    rows = np.zeros((len(order), len(observations.arms)))
    rows[steps, steps] = -1.0
    rows[steps, steps + 1] = 1.0
    counts = [count(found.additive, int(step) + 1, maximize=maximize, reference=int(step)) for step in steps]
    return concluded(
        order,
        found,
        rows,
        counts,
        "studentized maximum modulus",
        maximize=maximize,
        confidence=confidence,
        smallest=smallest,
    )
