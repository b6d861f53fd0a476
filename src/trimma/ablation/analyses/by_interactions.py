"""Interactions: contrasts, and for each pair what leaving out both changes beyond the sum of their two effects."""

from collections.abc import Sequence
from itertools import combinations

from trimma import effects
from trimma.ablation.analyses import by_contrasts
from trimma.ablation.analyses.plan import AnalysisPlan
from trimma.ablation.question import Ablation
from trimma.effects import Analysis, Cell


def pairs(asked: Ablation, cells: Sequence[Cell], maximize: bool) -> Analysis:
    """The interaction of each pair of components, in the order of the components."""
    every = list(combinations(asked.names, 2))
    return effects.interactions(cells, every, maximize=maximize, **asked.statistics)


INTERACTIONS = AnalysisPlan(
    name="interactions",
    estimate=by_contrasts.estimate,
    pairs=pairs,
    pictures=("forest", "repeats", "interactions"),
)
