"""What a search is made of, checked in one way for `tune` and for `check`."""

from collections.abc import Callable, Mapping
from typing import Any

from trimma.api.arguments import retry_of, space_of
from trimma.api.recipe import Recipe
from trimma.objective import Signature
from trimma.ports import BindsSearcher, BindsSpace, Scheduler, Searcher
from trimma.program import Program
from trimma.registry import resolve
from trimma.space import Space
from trimma.spec import Metric, StudySpec


def searched(
    objective: Callable[..., Any],
    space: Space | Mapping[str, Any],
    metric: Metric,
    *,
    searcher: str | BindsSpace | Searcher | None,
    scheduler: str | BindsSearcher | Scheduler,
    data: Any,
    model: Any,
    retry: int | type[Exception] | tuple[type[Exception], ...],
    attempts: int,
) -> tuple[StudySpec, Recipe]:
    """The recipe of a search, and its spec as far as that follows from it. The spec has no name and no seed yet.

    ``attempts`` is how many attempts a trial has at most. Raises `UsageError` and its kin for what doesn't fit
    together.
    """
    space = space_of(space)
    signature = Signature.of(objective)
    provided = [label for label, extra in (("data", data), ("model", model)) if extra is not None]
    signature.check(space.keys, provided)
    default = "grid" if space.is_fixed else "random"
    found_searcher = resolve("searcher", default if searcher is None else searcher, ["bind", "suggest"])
    found_scheduler = resolve("scheduler", scheduler, ["bind", "plan"])
    times, retry_on = retry_of(retry, attempts)
    spec = StudySpec(
        name="",
        metrics=(metric,),
        seed=0,
        objective=signature.name,
        space=space.describe(),
        searcher=repr(found_searcher),
        scheduler=repr(found_scheduler),
        max_attempts=attempts,
        retry=times,
    )
    program = Program(objective=objective, metric=metric.name, data=data, model=model, retry_on=retry_on)
    return spec, Recipe(program=program, space=space, searcher=found_searcher, scheduler=found_scheduler)
