"""``ablate``: what each component of an objective is worth."""

from collections.abc import Callable, Mapping, Sequence
from inspect import signature as signature_of
from pathlib import Path
from typing import Any, Literal

from trimma.ablation.analyses import AnalysisPlan, plan_of
from trimma.ablation.order import Blocks
from trimma.ablation.question import KIND, Ablation, Component, mismatches, plain
from trimma.ablation.repeats import AdaptiveRepeats, FixedRepeats, Repeats
from trimma.ablation.retune import Retune
from trimma.ablation.seams import Asked, ComponentKind, Design
from trimma.ablation.setting import named_apart
from trimma.ablation.variant import Variant
from trimma.ablation.variants import Whole
from trimma.api.ablation_study import AblationStudy
from trimma.api.arguments import data_of, engine_of, metric_of, seconds, space_of, store_of, until_of, whole
from trimma.api.begin import drawn_seed, named, refuse_taken, take_up
from trimma.api.recipe import Recipe
from trimma.api.session import View, carry_on
from trimma.errors import ObjectiveError, UsageError
from trimma.objective import Signature
from trimma.ports import BindsSearcher, Engine, Scheduler, Store
from trimma.program import Inputs, Program
from trimma.registry import names, resolve
from trimma.stopping import Rule
from trimma.study import StudySpec


def ablate(
    objective: Callable[..., Any],
    components: str | ComponentKind | Sequence[str | ComponentKind],
    *,
    maximize: str | None = None,
    minimize: str | None = None,
    config: Mapping[str, Any] | None = None,
    design: str | Design = "leave-one-out",
    repeats: int | Literal["adaptive"] = 5,
    confidence: float = 0.95,
    smallest: float | None = None,
    retune: Retune | None = None,
    scheduler: str | BindsSearcher | Scheduler = "run-all",
    trials: int | None = None,
    timeout: float | None = None,
    until: Rule | None = None,
    engine: str | Engine = "local",
    workers: int | None = None,
    name: str | None = None,
    store: str | Path | Store | None = None,
    seed: int | None = None,
    data: Any = None,
    model: Any = None,
    max_attempts: int = 3,
    trial_timeout: float | None = None,
    stop_grace: float = 10.0,
    resume: bool = False,
    progress: bool | View = True,
) -> AblationStudy:
    """Find what each of ``components`` is worth to ``objective``: train it with and without them, repeatedly.

    The objective is the one that `tune` takes. Beside ``report``, ``data`` and the others it may ask for ``split``, a
    seed for the division of the data, which is the same for all that is compared with each other, and for ``seed``,
    which differs from training to training: what doesn't depend on them doesn't vary between repeats.

    What is asked
        ``components``: ``tm.Columns(...)`` of ``data``, ``tm.Layers(...)`` of ``model``, ``tm.Setting(...)``,
        ``tm.Variant(...)``, any number of them, or "layers" for all layers. ``maximize`` or ``minimize`` names the
        metric. ``config`` holds the objective's arguments, where they have no defaults (``study.best.config`` of a
        search, say).
    Which trainings are run
        ``design``: "leave-one-out", "leave-one-group-out", "one-in", "pairwise", "factorial", "screening", "path",
        "shapley", or an object. ``repeats``: of the baseline and of each arm; "adaptive" goes on, up to 24, with
        those components that aren't settled after 3, 6 and 12. ``retune=tm.Retune(space, trials=8)`` gives each
        training a small search of its own. The baseline is trained anew, whatever is known of it from a search.
    What is told
        Differences with simultaneous intervals at ``confidence`` (default .95). ``smallest`` is the smallest
        difference that matters to you, in units of the metric: with it, components can be told to be equivalent.
    When it ends
        When all is run, or after ``trials`` trainings, ``timeout`` seconds, or when the rule ``until`` is met: what
        is known by then is told. All trials run to their ends, unless you give a ``scheduler``: what stops
        trainings early makes the comparison unfair, so those are left out of it, and the report says so.

    The other arguments are those of `tune`. With ``resume=True`` a study of that name goes on, also with more
    repeats or more components than before; what is there isn't run again.

    Returns the `AblationStudy`. Raises what `tune` raises; the study is given up at once when its baseline fails.

    >>> study = tm.ablate(fit, tm.Columns("age", "fare"), data=titanic, maximize="accuracy", repeats=5)
    >>> study.table()
    """
    metric = metric_of(maximize, minimize)
    found_design: Design = resolve("design", design, ["arms"])
    found_scheduler = resolve("scheduler", scheduler, ["bind", "plan"])
    retune = None if retune is None else _retune(retune)
    plan = plan_of(found_design)
    found_repeats = _repeats(repeats, confidence, smallest, found_design, plan)
    found, ready = store_of(store), engine_of(engine, workers)
    kinds = _kinds(components, ready)
    params, given = dict(config or {}), data_of(data, ready)
    signature = Signature.of(objective)
    extras = {"data": given, "model": model}
    keys = {*params, *(retune.space.keys if retune else ())}
    signature.check(keys, [label for label, extra in extras.items() if extra is not None], "config=")
    inputs = Inputs(params={**defaults_of(objective), **params}, **extras)
    parts = [(kind, tuple(kind.components(inputs))) for kind in kinds]
    drawn = drawn_seed(seed)
    told = Asked(seed=drawn, repeats=found_repeats.most, maximize=metric.maximize)
    listed = _listed(parts)
    _refuse_unseen(signature, parts)
    arms = found_design.arms(listed, 0, (), told)
    listed = tuple(component for component in listed if any(component.name in arm for arm in arms))
    searcher = Blocks(found_design, retune)
    asked = Ablation(
        components=listed,
        whole=", ".join(f"{key}={value!r}" for key, value in sorted(params.items())),
        design=repr(found_design),
        analysis=plan.name,
        reference=arms[0],
        repeats=found_repeats.most,
        looks=getattr(found_repeats, "looks", ()),
        confidence=confidence,
        smallest=smallest,
        retune=repr(retune) if retune else "",
        tries=1 if retune is None else retune.trials,
        censoring=scheduler != "run-all",
    )
    spec = StudySpec(
        name=named(name, signature.name, found),
        metric=metric,
        seed=drawn,
        objective=signature.name,
        searcher=repr(found_design),
        scheduler=repr(found_scheduler),
        trials=None if trials is None else whole("trials", trials),
        until=until_of(until, timeout, None, None),
        max_attempts=whole("max_attempts", max_attempts),
        trial_timeout=None if trial_timeout is None else seconds("trial_timeout", trial_timeout),
        stop_grace=seconds("stop_grace", stop_grace),
        kind=KIND,
        asked=plain(asked),
        planned=searcher.planned(asked),
    )
    with found.claim(spec.name):
        refuse_taken(found, spec.name, resume=resume)
        recipe = Recipe(
            program=Program(
                objective=objective, metric=metric.name, data=given, model=model, variants=Whole(params, parts)
            ),
            space=None,
            searcher=searcher,
            scheduler=found_scheduler,
        )
        ledger = take_up(found, spec, recipe, ready, seeded=seed is not None, mismatches=mismatches)
        carry_on(ledger, recipe, ready, found, trials=spec.trials, until=spec.until, progress=progress)
    return AblationStudy(found, ledger)


def _kinds(components: Any, engine: Engine) -> list[ComponentKind]:
    given = list(components) if isinstance(components, list | tuple) else [components]
    if not given:
        raise UsageError("there is nothing to leave out: give tm.Columns(...), tm.Layers(...), tm.Setting(...)")
    if all(isinstance(kind, str) and kind not in names("component") for kind in given) and len(given) > 1:
        raise UsageError(
            f"{given!r}: say what these are names of, tm.Columns({', '.join(map(repr, given))}) or tm.Layers(...)"
        )
    kinds = named_apart([resolve("component", kind, ["remove"]) for kind in given])
    return [kind.with_data(lambda data: data_of(data, engine)) if isinstance(kind, Variant) else kind for kind in kinds]


def _refuse_unseen(signature: Signature, parts: Sequence[tuple[ComponentKind, Sequence[Component]]]) -> None:
    """Raise `ObjectiveError` where the objective doesn't see what would be left out."""
    for kind, components in parts:
        for changed in kind.changes:
            if changed not in signature.accepts:
                raise ObjectiveError(
                    f"{signature.name} doesn't take {changed!r}, so it wouldn't notice that {components[0].name!r} is "
                    f"left out: add the argument {changed!r}, and use it"
                )


def _listed(parts: Sequence[tuple[ComponentKind, Sequence[Component]]]) -> tuple[Component, ...]:
    """All components; `UsageError` for two of one name."""
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


def _retune(given: Any) -> Retune:
    if not isinstance(given, Retune):
        raise UsageError(f"retune={given!r}: say what to search and how long, retune=tm.Retune(space, trials=8)")
    space, trials = space_of(given.space), whole("Retune(trials=...)", given.trials)
    searcher = resolve("searcher", given.searcher, ["bind", "suggest"])
    return Retune(space, trials if space.size is None else min(trials, space.size), searcher)


def _repeats(repeats: Any, confidence: Any, smallest: Any, design: Design, plan: AnalysisPlan) -> Repeats:
    if not isinstance(confidence, float) or not 0.5 <= confidence < 1:
        raise UsageError(f"confidence={confidence!r} must be a share from .5 to below 1, such as .95")
    if smallest is not None and (not isinstance(smallest, int | float) or not 0 < smallest < float("inf")):
        raise UsageError(f"smallest={smallest!r} must be a difference of the metric, above zero")
    if repeats != "adaptive":
        return FixedRepeats(whole("repeats", repeats))
    if not plan.adaptive:
        raise UsageError(f"repeats='adaptive' compares single components, which {design!r} doesn't: give a number")
    return AdaptiveRepeats(confidence=confidence, smallest=smallest)


def defaults_of(objective: Callable[..., Any]) -> dict[str, Any]:
    """The objective's arguments that have a default."""
    parameters = signature_of(objective).parameters.values()
    return {each.name: each.default for each in parameters if each.default is not each.empty}
