"""``ablate``: what each component of an objective is worth."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from trimma.ablation.analyses import plan_of
from trimma.ablation.guess_repeat import guessed_repeat
from trimma.ablation.order import Blocks
from trimma.ablation.protocols import Asked, ComponentKind, Design
from trimma.ablation.question import KIND, Ablation, mismatches, plain
from trimma.ablation.repeat_kinds import RepeatKind
from trimma.ablation.retune import Retune
from trimma.ablation.variants import Whole
from trimma.api.ablation_arguments import (
    check_arms,
    collapsed_of,
    defaults_of,
    kinds_of,
    listed_of,
    refuse_unseen,
    repeat_of,
    repeats_of,
    retune_of,
)
from trimma.api.ablation_study import AblationStudy
from trimma.api.arguments import data_of, engine_of, metric_of, seconds, seed_of, store_of, until_of, whole
from trimma.api.folder_keeper import keep_of
from trimma.api.launch import launch
from trimma.api.naming import name_of
from trimma.api.own_stopping_rules import StoppingRule
from trimma.api.progress_view import View
from trimma.api.question import Question
from trimma.api.recipe import Recipe
from trimma.api.trial_folders import folders_of
from trimma.objective import Signature
from trimma.ports import BindsSearcher, Engine, Observer, Scheduler, Store
from trimma.program import Inputs, Program
from trimma.registry import resolve
from trimma.schedule import RunAll
from trimma.spec import StudySpec


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
    collapsed: float | None = None,
    repeat: RepeatKind | None = None,
    retune: Retune | None = None,
    scheduler: str | BindsSearcher | Scheduler = "run-all",
    trials: int | None = None,
    timeout: float | None = None,
    until: StoppingRule | None = None,
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
    folders: str | Path | None = None,
    keep: Literal["best", "all", "none"] | int = "none",
    resume: bool = False,
    progress: bool | View = True,
    observers: Sequence[Observer] = (),
) -> AblationStudy:
    """Find what each of ``components`` is worth to ``objective``: train it with and without them, repeatedly.

    The objective is as for `tune`. It can also take ``split``, a seed for the division of the data, and ``seed``, a
    seed for all else that is random. ``split`` is the same for all trainings that are compared with each other, and
    ``seed`` differs from training to training. What depends on neither of them doesn't vary between repeats.

    The objective is handed the kind of thing that was given: for data, data; for a model, a copy of it; for a function
    that makes either, a function, which the objective calls itself, as in ``model(seed)``.

    What is asked
        ``components``: ``tm.Columns(...)`` of ``data``, ``tm.Layers(...)`` of ``model``, ``tm.Setting(...)``,
        ``tm.Variant(...)``, a list of several of them, or "layers" for all layers. ``maximize`` or ``minimize`` names
        the metric. ``config`` holds arguments of the objective, such as ``study.best.config`` of a search. Arguments
        that have defaults may be left out.
    Which trainings are run
        ``design``: "leave-one-out" (the default), "leave-one-group-out", "one-in", "pairwise", "factorial",
        "screening", "path", "shapley", or an object. ``repeats`` is how often the baseline and each arm are run
        (default 5). With "adaptive", the results are looked at after 3, 6 and 12 repeats, and only components that
        aren't settled by then go on, up to 24 repeats. ``repeat`` says what a repeat is, and so of what the intervals
        speak: ``tm.RandomSplit(test=0.25)`` or ``tm.Fold(5)`` of one data set, ``tm.Seed()`` or ``tm.DataSet()``
        (default: guessed from how the objective uses ``split``, where that can be told).
        ``retune=tm.Retune(space, trials=8)`` gives each training a small search of its own. The baseline is always
        trained anew, also after a search.
    What is told
        Differences with simultaneous intervals at ``confidence`` (default .95). ``smallest`` is the smallest
        difference that matters to you, in units of the metric (default: none). With it, a component can also be
        found to be equivalent: leaving it out makes no difference that matters. Where some seeds diverge, trainings
        that come to worse than ``collapsed`` count as failed: how often that happens is tested, and the others are
        compared (default: none; the report says where runs seem to collapse).
    When it ends
        When all trainings have been run, after ``trials`` trainings, after ``timeout`` seconds, or when the rule
        ``until`` is met. The findings are about what has been run by then. All trainings run to their ends, unless
        you give a ``scheduler`` that stops some early. A comparison with those would be unfair, so they are left out
        of it, and the report says so.

    The other arguments are those of `tune`. Of the folders in which trainings save something none is kept, unless
    ``keep`` says so. With ``resume=True`` a study of that name goes on, also with more repeats
    or more components than before. Only the trainings that it lacks are run.

    Returns the `AblationStudy`. Raises what `tune` raises. The study is given up at once when its baseline fails.

    >>> study = tm.ablate(fit, tm.Columns("age", "fare"), data=titanic, maximize="accuracy", repeats=5)
    >>> study.table()
    """
    metric = metric_of(maximize, minimize)
    found_design: Design = resolve("design", design, ["arms"])
    found_scheduler = resolve("scheduler", scheduler, ["bind", "plan"])
    retune = None if retune is None else retune_of(retune)
    plan = plan_of(found_design)
    found_repeat = guessed_repeat(objective) if repeat is None else repeat_of(repeat)
    found_repeats = repeats_of(repeats, confidence, smallest, found_design, plan, found_repeat)
    found, ready = store_of(store), engine_of(engine, workers)
    kinds = kinds_of(components, ready)
    params, given = dict(config or {}), data_of(data, ready)
    signature = Signature.of(objective)
    extras = {"data": given, "model": model}
    keys = {*params, *(retune.space.keys if retune else ())}
    signature.check(keys, [label for label, extra in extras.items() if extra is not None], "config=")
    inputs = Inputs(params={**defaults_of(objective), **params}, **extras)
    parts = [(kind, tuple(kind.components(inputs))) for kind in kinds]
    drawn = seed_of(seed)
    told = Asked(seed=drawn, repeats=found_repeats.most, maximize=metric.maximize)
    listed = listed_of(parts)
    refuse_unseen(signature, parts)
    arms = found_design.arms(listed, 0, (), told)
    check_arms(parts, arms, inputs)
    listed = tuple(component for component in listed if any(component.name in arm for arm in arms))
    searcher = Blocks(found_design, retune)
    rule, own_rules = until_of(until, timeout, None, None)
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
        collapsed=None if collapsed is None else collapsed_of(collapsed),
        retune=repr(retune) if retune else "",
        tries=1 if retune is None else retune.trials,
        censoring=not isinstance(found_scheduler, RunAll),
        notes=tuple(dict.fromkeys(note for kind in kinds for note in getattr(kind, "notes", ()))),
        repeat=found_repeat,
        guessed=repeat is None,
    )
    spec = StudySpec(
        name=name_of(name, signature.name, found),
        metrics=(metric,),
        seed=drawn,
        objective=signature.name,
        searcher=repr(found_design),
        scheduler=repr(found_scheduler),
        trials=None if trials is None else whole("trials", trials),
        until=rule,
        max_attempts=whole("max_attempts", max_attempts),
        trial_timeout=None if trial_timeout is None else seconds("trial_timeout", trial_timeout),
        stop_grace=seconds("stop_grace", stop_grace),
        folders=folders_of(folders),
        keep=keep_of(keep),
        kind=KIND,
        asked=plain(asked),
        planned=searcher.planned(asked),
    )
    variants = Whole(params, parts, found_repeat)
    program = Program(objective=objective, metric=metric.name, data=given, model=model, variants=variants)
    recipe = Recipe(program=program, space=None, searcher=searcher, scheduler=found_scheduler, rules=own_rules)
    question = Question(spec=spec, recipe=recipe, seeded=seed is not None, resume=resume, mismatches=mismatches)
    return AblationStudy(found, launch(question, ready, found, progress=progress, observers=observers))
