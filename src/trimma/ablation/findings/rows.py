"""What each component of an ablation is worth, as rows."""

from collections.abc import Iterable

from msgspec import Struct

from trimma.ablation.question import Ablation, Component
from trimma.effects import Analysis, Conclusion, DecisionChances, Effect


class EffectRow(Struct, frozen=True, kw_only=True):
    """A component and what it is worth: the fields of `trimma.effects.Effect`, and what the component is.

    ``replaces`` says that the component is named after what takes its place, as a variant is, or a setting whose name
    holds its value. ``words`` is the conclusion in words. ``worth`` says how much better the metric is with the
    component than without it, in units of the metric. It is infinite if no training without the component gave a
    value and that is more than chance may do, and None if nothing is known.
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
    identical: bool
    failures: int
    failure_p: float | None
    censored: int
    collapsed: int
    median: float | None
    conclusion: Conclusion
    words: str
    chances: DecisionChances | None
    letters: str
    worth: float | None
    replaces: bool = False

    @property
    def decided(self) -> bool:
        """Whether the conclusion is anything but undecided."""
        return self.conclusion is not Conclusion.UNDECIDED


def effect_rows(asked: Ablation, found: Analysis, *, put_in: bool = False) -> list[EffectRow]:
    """A row for each effect, in the order of the analysis.

    ``put_in`` says that the differences are changes when a component is put in, rather than left out.
    """
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
                identical=effect.identical,
                failures=effect.failures,
                failure_p=effect.failure_p,
                censored=effect.censored,
                collapsed=effect.collapsed,
                median=effect.median,
                conclusion=effect.conclusion,
                words=conclusion_words(effect, found.smallest, replaces=_replaces(component)),
                replaces=_replaces(component),
                chances=effect.chances,
                letters=effect.letters,
                worth=_worth(effect, better_below=found.maximize != put_in),
            )
        )
    return rows


def conclusion_words(effect: Effect, smallest: float | None = None, *, replaces: bool = False) -> str:
    """The conclusion in words.

    ``replaces`` says that the component is named after a replacement: the words are then about the replacement.
    ``smallest`` is the smallest difference that matters, in units of the metric.

    >>> conclusion_words(Effect(name="age", difference=0.0, identical=True))
    'undecided (changes nothing: is it used?)'
    """
    match effect.conclusion:
        case Conclusion.EQUIVALENT if smallest is not None and effect.identical:
            return f"equivalent within {smallest:g} (changes nothing: is it used?)"
        case Conclusion.UNDECIDED if effect.identical:
            return "undecided (changes nothing: is it used?)"
        case Conclusion.EQUIVALENT if smallest is not None:
            return f"equivalent within {smallest:g}"
        case Conclusion.HELPS | Conclusion.HURTS if effect.difference is None:
            return f"{_VERBS[effect.conclusion, replaces]} (all {effect.failures} trainings failed)"
        case Conclusion.UNDECIDED if effect.difference is None and effect.failures:
            return f"undecided ({effect.failures} training{'s' * (effect.failures != 1)} failed)"
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
    """The rows by falling worth. Rows of equal worth keep their order, and those without a known worth come last."""
    return sorted(rows, key=lambda row: (row.worth is None, -(row.worth or 0.0)))


def _worth(effect: Effect, *, better_below: bool) -> float | None:
    if effect.difference is None:
        return {Conclusion.HELPS: float("inf"), Conclusion.HURTS: float("-inf")}.get(effect.conclusion)
    return -effect.difference if better_below else effect.difference
