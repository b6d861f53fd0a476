"""Main effects: what leaving out a component changes, on average over arms with and without the others."""

from collections.abc import Sequence
from statistics import fmean

from trimma.ablation.analyses.plan import AnalysisPlan, Values
from trimma.ablation.question import Ablation
from trimma.effects import Analysis, Cell, main_effects


def estimate(asked: Ablation, cells: Sequence[Cell], maximize: bool) -> Analysis:
    """For each component, the mean of the arms without it minus the mean of the arms with it."""
    return main_effects(cells, asked.names, maximize=maximize, **asked.statistics)


def within(asked: Ablation, values: Values, names: Sequence[str], place: int) -> float | None:
    """The difference in one repeat: the mean of the arms without the component minus the mean of the others."""
    name = names[place]
    without = [value for arm, value in values.items() if name in arm]
    whole = [value for arm, value in values.items() if name not in arm]
    return fmean(without) - fmean(whole) if without and whole else None


MAIN_EFFECTS = AnalysisPlan(
    name="main-effects", estimate=estimate, within=within, words=", on average over the other components"
)
