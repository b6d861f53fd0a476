"""The findings of an ablation: everything that is shown of it, in one value."""

from collections.abc import Sequence

from msgspec import Struct

from trimma.ablation.analyses import AnalysisPlan, plan_named
from trimma.ablation.arms import BASELINE, Arm
from trimma.ablation.findings.estimated import analysis, interactions
from trimma.ablation.findings.means import arm_means
from trimma.ablation.findings.rows import EffectRow, by_worth, effect_rows
from trimma.ablation.measured import cells
from trimma.ablation.question import Ablation, question
from trimma.effects import Analysis, Cell, Effect
from trimma.ports import History
from trimma.spec import Metric


class Findings(Struct, frozen=True, kw_only=True):
    """Everything that is shown of an ablation: what was asked, what was measured, and what follows from it.

    - ``name``, ``metric``: the study's.
    - ``asked``: the question.
    - ``plan``: the plan of analysis.
    - ``trainings``: the greatest number of trials that there will be.
    - ``cells``: the cells that have ended.
    - ``analysis``: the estimated effects; ``rows`` shows them as rows, in the same order.
    - ``joint``: the estimated interactions of pairs; None if the design doesn't tell them.
    """

    name: str
    metric: Metric
    asked: Ablation
    plan: AnalysisPlan
    trainings: int
    cells: Sequence[Cell]
    analysis: Analysis
    rows: Sequence[EffectRow]
    joint: Analysis | None = None

    @property
    def put_in(self) -> bool:
        """Whether differences are changes when a component is put in, rather than left out."""
        return self.plan.put_in

    @property
    def stepwise(self) -> bool:
        """Whether the rows are the steps of a path."""
        return self.plan.order is not None

    @property
    def ordered(self) -> list[EffectRow]:
        """The rows by falling worth, those without a known worth last; for a path, in the order of its steps."""
        if not self.stepwise:
            return by_worth(self.rows)
        places = {name: place for place, name in enumerate(self.order)}
        return sorted(self.rows, key=lambda row: places.get(row.component, len(places)))

    @property
    def order(self) -> list[str]:
        """The components that a path has put in so far, in that order. For other designs, all of them."""
        order = self.plan.order
        return list(self.asked.names if order is None else order(self.asked, self.cells, self.metric.maximize))

    @property
    def reference(self) -> tuple[float | None, float | None]:
        """The mean and the standard deviation of the reference arm, in units of the metric; None where not known."""
        return self._measured(self.asked.reference)

    @property
    def whole(self) -> tuple[float | None, float | None]:
        """The mean and the standard deviation of the whole, in units of the metric; None where not known."""
        return self._measured(BASELINE)

    def _measured(self, arm: Arm) -> tuple[float | None, float | None]:
        wanted = set(arm)
        found = next((each for each in arm_means(self.cells) if set(each.arm) == wanted), None)
        return (None, None) if found is None else (found.mean, found.deviation)

    @property
    def pairs(self) -> list[tuple[tuple[str, str], Effect]]:
        """Each pair of components with its interaction, in the order of the components."""
        names = self.asked.names
        every = [(one, other) for place, one in enumerate(names) for other in names[place + 1 :]]
        return list(zip(every, self.joint.effects, strict=True)) if self.joint is not None else []

    @property
    def pair_rows(self) -> list[EffectRow]:
        """The interactions as rows, in the order of `pairs`."""
        return effect_rows(self.asked, self.joint) if self.joint is not None else []


def findings(history: History, *, pairs: bool = True) -> Findings:
    """The findings of a study so far, with interactions of pairs if ``pairs`` and if the design tells them.

    Raises `StudyError` when the study is no ablation.
    """
    spec = history.spec
    return assembled(
        question(spec),
        analysis(history),
        spec.metric,
        cells(history),
        spec.name,
        interactions(history) if pairs else None,
        trainings=spec.planned or 0,
    )


def assembled(
    asked: Ablation,
    found: Analysis,
    metric: Metric,
    measured: Sequence[Cell],
    name: str = "",
    joint: Analysis | None = None,
    *,
    trainings: int = 0,
) -> Findings:
    """The findings, made of their parts."""
    plan = plan_named(asked.analysis)
    return Findings(
        name=name,
        metric=metric,
        asked=asked,
        plan=plan,
        trainings=trainings,
        cells=measured,
        analysis=found,
        rows=effect_rows(asked, found, put_in=plan.put_in),
        joint=joint,
    )
