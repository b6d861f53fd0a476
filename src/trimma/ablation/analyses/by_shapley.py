"""Shapley values: what each component changes on average over all orders of leaving out."""

from collections.abc import Sequence

from trimma.ablation.analyses.plan import AnalysisPlan, Values, less
from trimma.ablation.question import Ablation
from trimma.effects import Analysis, Cell, shapley


def estimate(asked: Ablation, cells: Sequence[Cell], maximize: bool) -> Analysis:
    """The mean change over the orders of all repeats."""
    return shapley(cells, asked.names, maximize=maximize, confidence=asked.confidence, smallest=asked.smallest)


def within(asked: Ablation, values: Values, names: Sequence[str], place: int) -> float | None:
    """The change at the component's place in the order of the repeat: no more than one of its steps is this one's."""
    name = names[place]
    return next((less(values, arm, arm - {name}) for arm in values if name in arm and arm - {name} in values), None)


SHAPLEY = AnalysisPlan(
    name="shapley",
    estimate=estimate,
    within=within,
    words=", on average over all orders",
    pictures=("shapley", "forest", "repeats"),
)
