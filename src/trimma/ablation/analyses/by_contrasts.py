"""Contrasts: the change when one component alone is left out."""

from collections.abc import Sequence
from typing import Any

from trimma import effects
from trimma.ablation.analyses.plan import AnalysisPlan
from trimma.ablation.question import Ablation
from trimma.effects import Analysis, Cell


def estimate(asked: Ablation, cells: Sequence[Cell], maximize: bool) -> Analysis:
    """For each component, the arm without it minus the whole."""
    return contrasted(asked, cells, maximize=maximize)


def contrasted(asked: Ablation, cells: Sequence[Cell], **how: Any) -> Analysis:
    """The contrasts of all components. In a race each component is judged at the last look that has its cells.

    ``how`` holds further arguments of `trimma.effects.contrasts`.
    """
    settings = {**asked.statistics, **how}
    if asked.looks:
        return effects.race_contrasts(cells, asked.names, looks=asked.looks, **settings)
    return effects.contrasts(cells, asked.names, **settings)


CONTRASTS = AnalysisPlan(name="contrasts", estimate=estimate, adaptive=True)
