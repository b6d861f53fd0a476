"""What an ablation has found: effects, rows, and what was measured. Pure functions of `History`."""

from trimma.ablation.findings.estimated import analysis, interactions
from trimma.ablation.findings.findings import Findings, assembled, findings
from trimma.ablation.findings.means import ArmMean, Extremes, arm_means, extremes
from trimma.ablation.findings.rows import EffectRow, effect_rows
from trimma.ablation.findings.within_repeats import paired

__all__ = [
    "ArmMean",
    "EffectRow",
    "Extremes",
    "Findings",
    "analysis",
    "arm_means",
    "assembled",
    "effect_rows",
    "extremes",
    "findings",
    "interactions",
    "paired",
]
