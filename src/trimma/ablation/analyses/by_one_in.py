"""One in: what putting each component into the bare baseline changes."""

from collections.abc import Sequence

from msgspec.structs import replace

from trimma.ablation.analyses.by_contrasts import contrasted
from trimma.ablation.analyses.plan import AnalysisPlan, Values, less
from trimma.ablation.question import Ablation
from trimma.effects import Analysis, Cell, Conclusion


def estimate(asked: Ablation, cells: Sequence[Cell], maximize: bool) -> Analysis:
    """The arm with each component alone less the bare baseline."""
    # here the reference is what lacks the component
    arms = {name: [other for other in asked.names if other != name] for name in asked.names}
    found = contrasted(asked, cells, maximize=not maximize, reference=asked.reference, arms=arms)
    return _turned(found)


def within(asked: Ablation, values: Values, names: Sequence[str], place: int) -> float | None:
    """What putting the component into the bare baseline changed in one repeat."""
    bare = frozenset(asked.reference)
    return less(values, bare - {names[place]}, bare)


def _turned(estimated: Analysis) -> Analysis:
    """What was estimated with the roles of whole and part exchanged, as it is meant.

    Failures don't turn by themselves: a component with which trainings fail hurts.
    """
    turned = [
        replace(
            effect,
            probability=None if effect.failures else effect.probability,
            conclusion=Conclusion.HURTS if effect.difference is None and effect.failures else effect.conclusion,
        )
        for effect in estimated.effects
    ]
    return replace(estimated, effects=turned, maximize=not estimated.maximize)


ONE_IN = AnalysisPlan(name="one-in", estimate=estimate, within=within, put_in=True, adaptive=True)
