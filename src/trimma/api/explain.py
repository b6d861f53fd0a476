"""``explain``: which of the settings that a search has changed made the difference."""

from collections.abc import Mapping
from typing import Any

from trimma.ablation.start_config import start_config
from trimma.api.ablate import ablate
from trimma.api.ablation_arguments import defaults_of
from trimma.api.ablation_study import AblationStudy
from trimma.api.progress_view import told_to_user
from trimma.api.recipe_pickle import renewed, thaw
from trimma.api.study import Study
from trimma.api.trust import say_whose_program
from trimma.errors import UsageError
from trimma.objective import ON_REQUEST, SEEDS, Signature


def explain(
    study: Study, default: Mapping[str, Any] | None = None, *, trust: bool = False, **how: Any
) -> AblationStudy:
    """Go from the default settings to the best config of a search, one setting at a time, the most helpful first.

    ``default`` holds the settings to start from (default: those of the objective's arguments that have a default).
    Settings that are equal in both, or that ``default`` lacks, stay as they are in the best config; the report names
    those that it lacks. A setting that the best config lacks, as one of another part of a union of spaces, leads to the
    objective's default. ``how`` are further arguments of `ablate` (``repeats``, ``engine``, ...). The design is "path",
    and the objective, its data and its model are those of the search, unless ``how`` holds others.

    To load the objective runs code that is stored with the study. Where it comes from is said on standard error. From a
    store that another user owns, or that others may write or replace, it isn't loaded, unless ``trust`` is True: that
    raises `StoreError`.

    Returns the `AblationStudy`. Raises `UsageError` when nothing differs, and for a setting of ``default`` that neither
    the best config has nor a default of the objective; `UnknownName` for one that isn't known; and what `ablate`
    raises.

    >>> path = tm.explain(study, default={"lr": 0.1, "dropout": 0.0})
    >>> print(path)
    """
    best, metric = dict(study.best.config), study.metric
    given = {part: how.pop(part, None) for part in ("objective", "data", "model")}
    tell = told_to_user(how.get("progress", True))
    say_whose_program(study.name, study.store, trust=trust, call="explain(..., trust=True)", tell=tell)
    recipe = renewed(thaw(study.name, study.history.program), study.name, **given)
    program = recipe.program
    known = [*recipe.keys, *(Signature.of(program.objective).accepts - {*ON_REQUEST, *SEEDS})]
    start = start_config(best, defaults_of(program.objective), default, known)
    if start is None:
        raise UsageError(
            f"the best config of study {study.name!r} differs in nothing from "
            + ("the objective's defaults: say what to start from, default={...}" if default is None else "the default")
        )
    return ablate(
        program.objective,
        start,
        **{
            "config": best,
            "maximize" if metric.maximize else "minimize": metric.name,
            "design": "path",
            "data": program.data,
            "model": program.model,
            "store": study.store,
            **how,
        },
    )
