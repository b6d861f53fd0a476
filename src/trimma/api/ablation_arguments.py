"""The arguments that only `ablate` has, checked and converted."""

from collections.abc import Callable, Sequence
from inspect import signature as signature_of
from math import isfinite
from typing import Any

from trimma.ablation.analyses import AnalysisPlan
from trimma.ablation.arms import Arm
from trimma.ablation.protocols import ComponentKind, Design
from trimma.ablation.question import Component
from trimma.ablation.repeat_kinds import RepeatKind
from trimma.ablation.repeats import AdaptiveRepeats, FixedRepeats, Repeats
from trimma.ablation.retune import Retune
from trimma.ablation.setting import named_apart
from trimma.ablation.variant import Variant
from trimma.api.arguments import data_of, space_of, whole
from trimma.errors import ObjectiveError, UsageError
from trimma.objective import Signature
from trimma.ports import Engine
from trimma.program import Inputs
from trimma.registry import names, resolve


def kinds_of(components: Any, engine: Engine) -> list[ComponentKind]:
    """The kinds of components, each with a name of its own, and with data that the engine can give to its trials.

    Raises `UsageError` when there are none.
    """
    given = list(components) if isinstance(components, list | tuple) else [components]
    if not given:
        raise UsageError("there is nothing to leave out: give tm.Columns(...), tm.Layers(...), tm.Setting(...)")
    if all(isinstance(kind, str) and kind not in names("component") for kind in given) and len(given) > 1:
        raise UsageError(
            f"{given!r}: say what these are names of, tm.Columns({', '.join(map(repr, given))}) or tm.Layers(...)"
        )
    kinds = named_apart([resolve("component", kind, ["remove"]) for kind in given])
    return [kind.with_data(lambda data: data_of(data, engine)) if isinstance(kind, Variant) else kind for kind in kinds]


def refuse_unseen(signature: Signature, parts: Sequence[tuple[ComponentKind, Sequence[Component]]]) -> None:
    """Raise `ObjectiveError` when the objective lacks an argument that a component would change."""
    for kind, components in parts:
        for changed in kind.changes:
            if changed not in signature.accepts:
                raise ObjectiveError(
                    f"{signature.name} doesn't take {changed!r}, so it wouldn't notice that {components[0].name!r} is "
                    f"left out: add the argument {changed!r}, and use it"
                )


def listed_of(parts: Sequence[tuple[ComponentKind, Sequence[Component]]]) -> tuple[Component, ...]:
    """All components. Raises `UsageError` when two have the same name."""
    listed: dict[str, Component] = {}
    for _, components in parts:
        for component in components:
            if component.name in listed:
                raise UsageError(
                    f"there are two components named {component.name!r} (one of {listed[component.name].kind}, one of "
                    f"{component.kind}): name one of them otherwise, as with groups={{'another name': [...]}}"
                )
            listed[component.name] = component
    return tuple(listed.values())


def check_arms(parts: Sequence[tuple[ComponentKind, Sequence[Component]]], arms: Sequence[Arm], inputs: Inputs) -> None:
    """Have each kind refuse arms that can't be made, so that nothing is run in vain.

    For this a kind may have a method ``check_arms(inputs, arms)``, which raises `UsageError`.
    """
    for kind, components in parts:
        check = getattr(kind, "check_arms", None)
        if check is not None:
            named = {component.name: component for component in components}
            check(inputs, [[named[name] for name in arm if name in named] for arm in arms])


def retune_of(given: Any) -> Retune:
    """The settings of the search in each cell, with no more trials than its space has configs."""
    if not isinstance(given, Retune):
        raise UsageError(f"retune={given!r}: say what to search and how long, retune=tm.Retune(space, trials=8)")
    space, trials = space_of(given.space), whole("Retune(trials=...)", given.trials)
    searcher = resolve("searcher", given.searcher, ["bind", "suggest"])
    return Retune(space, trials if space.size is None else min(trials, space.size), searcher)


def repeats_of(
    repeats: Any, confidence: Any, smallest: Any, design: Design, plan: AnalysisPlan, repeat: RepeatKind | None
) -> Repeats:
    """How often each arm is run: a fixed number of times, or until it is settled."""
    if not isinstance(confidence, float) or not 0.5 <= confidence < 1:
        raise UsageError(f"confidence={confidence!r} must be a share from .5 to below 1, such as .95")
    if smallest is not None and (not isinstance(smallest, int | float) or not 0 < smallest < float("inf")):
        raise UsageError(f"smallest={smallest!r} must be a difference of the metric, above zero")
    if isinstance(repeats, str) and repeats != "adaptive":
        raise UsageError(f"repeats={repeats!r} must be a whole number, 1 or more, or 'adaptive'")
    if repeats != "adaptive":
        return FixedRepeats(whole("repeats", repeats))
    if not plan.adaptive:
        raise UsageError(f"repeats='adaptive' compares single components, which {design!r} doesn't: give a number")
    return AdaptiveRepeats(confidence=confidence, smallest=smallest, overlap=repeat.overlap if repeat else 0.0)


def collapsed_of(value: Any) -> float:
    """The value of the metric that tells collapsed trainings from others, as it was given."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        raise UsageError(f"collapsed={value!r} must be a value of the metric: what comes to worse has collapsed")
    return float(value)


def repeat_of(repeat: Any) -> RepeatKind:
    """What a repeat is, as it was given."""
    if not isinstance(repeat, RepeatKind):
        raise UsageError(
            f"repeat={repeat!r} must be tm.RandomSplit(test=0.25), tm.Fold(5), tm.Seed() or tm.DataSet(); how often "
            "arms are run is repeats="
        )
    return repeat


def defaults_of(objective: Callable[..., Any]) -> dict[str, Any]:
    """The objective's arguments that have a default."""
    parameters = signature_of(objective).parameters.values()
    return {each.name: each.default for each in parameters if each.default is not each.empty}
