"""Contrasts: what leaving out each component alone changes."""

from collections.abc import Sequence
from typing import Any

from trimma import effects
from trimma.ablation.analyses.plan import AnalysisPlan
from trimma.ablation.question import Ablation
from trimma.effects import Analysis, Cell


def estimate(asked: Ablation, cells: Sequence[Cell], maximize: bool) -> Analysis:
    """The arm without each component less the whole."""
    return contrasted(asked, cells, maximize=maximize)


def contrasted(asked: Ablation, cells: Sequence[Cell], **how: Any) -> Analysis:
    """The contrasts of all components, after a race by what was known at each look; ``how`` as for the effects."""
    settings = {"confidence": asked.confidence, "smallest": asked.smallest, **how}
    if asked.looks:
        return effects.race_contrasts(cells, asked.names, looks=asked.looks, **settings)
    return effects.contrasts(cells, asked.names, **settings)


CONTRASTS = AnalysisPlan(name="contrasts", estimate=estimate, adaptive=True)
