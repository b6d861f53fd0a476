"""What is known of an ablation's components, as rows."""

from collections.abc import Iterable, Sequence

from msgspec import Struct

from trimma.effects import Analysis, Cell, Conclusion, Effect
from trimma.history import History
from trimma.study import Ablation, Component, Metric
from trimma.views.ablation import ablation, analysis, interactions, path_order
from trimma.views.arms import arm_means
from trimma.views.cells import cells

ONE_IN, PATH = "one-in", "path"


class EffectRow(Struct, frozen=True, kw_only=True):
    """A component and what it is worth: the fields of `trimma.effects.Effect`, and what the component is.

    ``replaces`` says that the component is named after what takes its place: a variant, or a setting's other value.
    ``words`` is the conclusion as one would say it; ``worth`` is how much better the metric is with the component than
    without it, in units of the metric: infinite where nothing worked without it, None where nothing is known.
    """

    component: str
    kind: str
    members: tuple[str, ...]
    difference: float | None
    low: float | None
    high: float | None
    p: float | None
    repeats: int
    probability: float | None
    failures: int
    censored: int
    conclusion: Conclusion
    words: str
    needed: int | None
    tier: int
    worth: float | None
    replaces: bool = False

    @property
    def decided(self) -> bool:
        """Whether there is more to say of it than that it is undecided."""
        return self.conclusion is not Conclusion.UNDECIDED


class Findings(Struct, frozen=True, kw_only=True):
    """All that is told of an ablation: what was asked, what was measured, what follows.

    ``rows`` are in the order of the analysis; ``pairs`` holds what leaving out both of two components changes beyond
    the sum of both, in a design that tells it, with the analysis ``joint`` that they are from.
    """

    name: str
    metric: Metric
    asked: Ablation
    cells: Sequence[Cell]
    analysis: Analysis
    rows: Sequence[EffectRow]
    joint: Analysis | None = None

    @property
    def put_in(self) -> bool:
        """Whether differences are what putting a component in changes, rather than what leaving it out does."""
        return self.asked.analysis == ONE_IN

    @property
    def stepwise(self) -> bool:
        """Whether the design is a path, of which rows are the steps."""
        return self.asked.analysis == PATH

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
        names = [component.name for component in self.asked.components]
        if not self.stepwise:
            return names
        return path_order(self.cells, names, maximize=self.metric.maximize)

    @property
    def reference(self) -> tuple[float | None, float | None]:
        """The mean and the standard deviation of what the others are compared with, as far as they are known."""
        wanted = set(self.asked.reference)
        found = next((each for each in arm_means(self.cells) if set(each.arm) == wanted), None)
        return (None, None) if found is None else (found.mean, found.deviation)

    @property
    def pairs(self) -> list[tuple[tuple[str, str], Effect]]:
        """Each pair of components with its interaction, in the order of the components."""
        names = [component.name for component in self.asked.components]
        every = [(one, other) for place, one in enumerate(names) for other in names[place + 1 :]]
        return list(zip(every, self.joint.effects, strict=True)) if self.joint is not None else []


def findings(history: History, *, pairs: bool = True) -> Findings:
    """What is known by now, of ``pairs`` too where the design tells it; `StudyError` when the study is no ablation."""
    return assembled(
        ablation(history),
        analysis(history),
        history.spec.metric,
        cells(history),
        history.spec.name,
        interactions(history) if pairs else None,
    )


def assembled(
    asked: Ablation,
    found: Analysis,
    metric: Metric,
    measured: Sequence[Cell],
    name: str = "",
    joint: Analysis | None = None,
) -> Findings:
    """The findings from their parts."""
    rows = effect_rows(asked, found)
    return Findings(name=name, metric=metric, asked=asked, cells=measured, analysis=found, rows=rows, joint=joint)


def effect_rows(asked: Ablation, found: Analysis) -> list[EffectRow]:
    """A row for each effect, in the order of the analysis."""
    components = {component.name: component for component in asked.components}
    rows = []
    for effect in found.effects:
        component = components.get(effect.name)
        rows.append(
            EffectRow(
                component=effect.name,
                kind=component.kind if component else "",
                members=component.members if component else (),
                difference=effect.difference,
                low=effect.low,
                high=effect.high,
                p=effect.p,
                repeats=effect.repeats,
                probability=effect.probability,
                failures=effect.failures,
                censored=effect.censored,
                conclusion=effect.conclusion,
                words=conclusion_words(effect, found.smallest, replaces=_replaces(component)),
                replaces=_replaces(component),
                needed=effect.needed,
                tier=effect.tier,
                worth=_worth(effect, better_below=found.maximize != (asked.analysis == ONE_IN)),
            )
        )
    return rows


def conclusion_words(effect: Effect, smallest: float | None = None, *, replaces: bool = False) -> str:
    """The conclusion as one would say it, of the component or, where it ``replaces`` something, of that replacement.

    >>> conclusion_words(Effect(name="age", difference=0.1, needed=14))
    'undecided (about 14 repeats would decide)'
    """
    match effect.conclusion:
        case Conclusion.EQUIVALENT if smallest is not None:
            return f"equivalent within {smallest:g}"
        case Conclusion.UNDECIDED if effect.needed is not None:
            return f"undecided (about {effect.needed:,} repeats would decide)"
        case Conclusion.HELPS | Conclusion.HURTS if effect.difference is None:
            return f"{_VERBS[effect.conclusion, replaces]} (all {effect.failures} trainings failed)"
        case Conclusion.HELPS | Conclusion.HURTS:
            return _VERBS[effect.conclusion, replaces]
        case _:
            return effect.conclusion.value


_VERBS = {
    (Conclusion.HELPS, False): "helps",
    (Conclusion.HURTS, False): "hurts",
    (Conclusion.HELPS, True): "worse than the whole",
    (Conclusion.HURTS, True): "better than the whole",
}


def _replaces(component: Component | None) -> bool:
    if component is None:
        return False
    return component.kind == "variant" or (component.kind == "setting" and "=" in component.name)


def by_worth(rows: Iterable[EffectRow]) -> list[EffectRow]:
    """What helps most first; equals as they were; those of which nothing is known last."""
    return sorted(rows, key=lambda row: (row.worth is None, -(row.worth or 0.0)))


def _worth(effect: Effect, *, better_below: bool) -> float | None:
    if effect.difference is None:
        return {Conclusion.HELPS: float("inf"), Conclusion.HURTS: float("-inf")}.get(effect.conclusion)
    return -effect.difference if better_below else effect.difference
