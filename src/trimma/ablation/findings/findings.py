"""All that is told of an ablation, at one look."""

from collections.abc import Sequence

from msgspec import Struct

from trimma.ablation.analyses import AnalysisPlan, plan_named
from trimma.ablation.findings.estimated import analysis, interactions
from trimma.ablation.findings.means import arm_means
from trimma.ablation.findings.rows import EffectRow, by_worth, effect_rows
from trimma.ablation.measured import cells
from trimma.ablation.question import Ablation, question
from trimma.effects import Analysis, Cell, Effect
from trimma.ports import History
from trimma.spec import Metric


class Findings(Struct, frozen=True, kw_only=True):
    """All that is told of an ablation: what was asked, what was measured, what follows.

    ``plan`` is that of the analysis; ``trainings`` is how many trials there will be at most.
    ``rows`` are in the order of the analysis; ``pairs`` holds what leaving out both of two components changes beyond
    the sum of both, in a design that tells it, with the analysis ``joint`` that they are from.
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
        """Whether differences are what putting a component in changes, rather than what leaving it out does."""
        return self.plan.put_in

    @property
    def stepwise(self) -> bool:
        """Whether the rows are the steps of a path."""
        return self.plan.order is not None

    @property
    def ordered(self) -> list[EffectRow]:
        """The rows by falling worth, those of which nothing is known last; the steps of a path from its beginning."""
        if not self.stepwise:
            return by_worth(self.rows)
        places = {name: place for place, name in enumerate(self.order)}
        return sorted(self.rows, key=lambda row: places.get(row.component, len(places)))

    @property
    def order(self) -> list[str]:
        """In which order a path has put the components in by now; those of another design as they were asked for."""
        order = self.plan.order
        return list(self.asked.names if order is None else order(self.asked, self.cells, self.metric.maximize))

    @property
    def reference(self) -> tuple[float | None, float | None]:
        """The mean and the standard deviation of what the others are compared with, as far as they are known."""
        wanted = set(self.asked.reference)
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
        """The interactions as rows, in the same order."""
        return effect_rows(self.asked, self.joint) if self.joint is not None else []


def findings(history: History, *, pairs: bool = True) -> Findings:
    """What is known by now, of ``pairs`` too where the design tells it; `StudyError` when the study is no ablation."""
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
    """The findings from their parts."""
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
