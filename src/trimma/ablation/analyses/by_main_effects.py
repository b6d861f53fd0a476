"""Main effects: what each component changes on average over the others, of which some are left out."""

from collections.abc import Sequence
from statistics import fmean

from trimma.ablation.analyses.plan import AnalysisPlan, Values
from trimma.ablation.question import Ablation
from trimma.effects import Analysis, Cell, main_effects


def estimate(asked: Ablation, cells: Sequence[Cell], maximize: bool) -> Analysis:
    """The arms without a component less those with it, on average."""
    return main_effects(cells, asked.names, maximize=maximize, confidence=asked.confidence, smallest=asked.smallest)


def within(asked: Ablation, values: Values, names: Sequence[str], place: int) -> float | None:
    """What both halves of a repeat's arms differ by."""
    name = names[place]
    without = [value for arm, value in values.items() if name in arm]
    whole = [value for arm, value in values.items() if name not in arm]
    return fmean(without) - fmean(whole) if without and whole else None


MAIN_EFFECTS = AnalysisPlan(
    name="main-effects", estimate=estimate, within=within, words=", on average over the other components"
)
