"""One in: what putting each component into the bare baseline changes."""

from collections.abc import Sequence

from msgspec.structs import replace

from trimma.ablation.analyses.by_contrasts import contrasted
from trimma.ablation.analyses.plan import AnalysisPlan, Values, less
from trimma.ablation.question import Ablation
from trimma.effects import Analysis, Cell, Conclusion


def estimate(asked: Ablation, cells: Sequence[Cell], maximize: bool) -> Analysis:
    """For each component, the arm that has only this component minus the bare baseline."""
    # unlike in other contrasts, the reference is the arm that lacks the component
    arms = {name: [other for other in asked.names if other != name] for name in asked.names}
    found = contrasted(asked, cells, maximize=not maximize, reference=asked.reference, arms=arms)
    return _turned(found)


def within(asked: Ablation, values: Values, names: Sequence[str], place: int) -> float | None:
    """What putting the component into the bare baseline changed in one repeat."""
    bare = frozenset(asked.reference)
    return less(values, bare - {names[place]}, bare)


def _turned(estimated: Analysis) -> Analysis:
    """The analysis in the metric's own direction, with the conclusions from failures corrected.

    It was estimated in the opposite direction, with the bare baseline in the role of the whole. That turns all
    conclusions except those from failures: a component hurts if no training with it gave a value, beyond chance.
    """
    turned = [
        replace(
            effect,
            probability=None if effect.failures else effect.probability,
            conclusion=Conclusion.HURTS
            if effect.difference is None and effect.conclusion is Conclusion.HELPS
            else effect.conclusion,
        )
        for effect in estimated.effects
    ]
    return replace(estimated, effects=turned, maximize=not estimated.maximize)


ONE_IN = AnalysisPlan(name="one-in", estimate=estimate, within=within, put_in=True, adaptive=True)
