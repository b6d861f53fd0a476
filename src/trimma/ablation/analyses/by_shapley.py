"""Shapley values: what leaving out a component changes, on average over all orders of leaving components out."""

from collections.abc import Sequence

from trimma.ablation.analyses.plan import AnalysisPlan, Values, less
from trimma.ablation.question import Ablation
from trimma.effects import Analysis, Cell, shapley


def estimate(asked: Ablation, cells: Sequence[Cell], maximize: bool) -> Analysis:
    """The mean change over the orders of all repeats."""
    return shapley(cells, asked.names, maximize=maximize, **asked.statistics)


def within(asked: Ablation, values: Values, names: Sequence[str], place: int) -> float | None:
    """The change at the step of the repeat's order in which the component is left out. There is at most one."""
    name = names[place]
    return next((less(values, arm, arm - {name}) for arm in values if name in arm and arm - {name} in values), None)


SHAPLEY = AnalysisPlan(
    name="shapley",
    estimate=estimate,
    within=within,
    words=", on average over all orders",
    pictures=("shapley", "forest", "repeats"),
)
