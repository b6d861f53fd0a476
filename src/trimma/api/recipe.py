"""Everything that a study needs besides its history, so that it can go on in another process."""

from dataclasses import dataclass, replace
from typing import Any

from trimma.errors import ObjectiveError, StudyError
from trimma.objective import describe
from trimma.pickling import dumps, loads
from trimma.ports import BindsSearcher, BindsSpace, Scheduler, Searcher
from trimma.program import Program
from trimma.space import Space
from trimma.study import StudySpec

KEPT_BYTES = 32 * 2**20
"""The largest recipe that is stored whole; of a larger one, ``data`` and ``model`` are left out."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Recipe:
    """The program, the space, and the policies' settings."""

    program: Program
    space: Space
    searcher: BindsSpace | Searcher
    scheduler: BindsSearcher | Scheduler

    def bind(self, spec: StudySpec) -> Scheduler:
        """The scheduler at work in this study, with its searcher; settings are bound, ready policies are used."""
        searcher: Any = self.searcher
        if hasattr(searcher, "bind"):
            searcher = searcher.bind(self.space, spec.seed, spec.trials)
        scheduler: Any = self.scheduler
        bound: Scheduler = scheduler.bind(searcher) if hasattr(scheduler, "bind") else scheduler
        return bound


@dataclass(frozen=True, slots=True)
class NotKept:
    """In place of an objective that can't be pickled, such as one that holds a Spark session."""

    name: str
    why: str

    def __str__(self) -> str:
        return (
            f"the objective {self.name} was not kept with the study, because it holds something that can't be pickled "
            f"({self.why}): go on with resume(objective=..., engine=tm.Driver()), and its data= and "
            "model= where it takes them"
        )


def freeze(recipe: Recipe, *, in_process: bool = False) -> bytes | None:
    """The recipe's pickle, without data and model where they are large; None where it is large without them.

    For an engine that runs trials ``in_process``, what can't be pickled is left out: data and model, and then the
    objective too.
    """
    if not in_process:
        return _freeze(recipe)
    bare = replace(recipe, program=replace(recipe.program, data=None, model=None))
    for kept in (recipe, bare):
        try:
            return _freeze(kept)
        except ObjectiveError as error:
            why = str(error.__cause__ or error).rstrip(".")
    stand_in: Any = NotKept(describe(recipe.program.objective), why)
    return _freeze(replace(bare, program=replace(bare.program, objective=stand_in)))


def _freeze(recipe: Recipe) -> bytes | None:
    frozen = dumps(recipe)
    if len(frozen) > KEPT_BYTES:
        frozen = dumps(replace(recipe, program=replace(recipe.program, data=None, model=None)))
    return frozen if len(frozen) <= KEPT_BYTES else None


def thaw(name: str, frozen: bytes | None) -> Recipe:
    """The recipe of a stored study. It is a pickle, so this runs code: resume only studies that you trust."""
    if frozen is None:
        raise StudyError(
            f"the program of study {name!r} was too large to be kept: go on with "
            f"tm.tune(objective, space, ..., name={name!r}, resume=True)"
        )
    try:
        recipe = loads(frozen)
    except Exception as error:
        raise StudyError(
            f"the program of study {name!r} can't be loaded here ({type(error).__name__}: {error}): go on with "
            f"tm.tune(objective, space, ..., name={name!r}, resume=True)"
        ) from error
    if not isinstance(recipe, Recipe):
        raise StudyError(f"the program of study {name!r} is a {type(recipe).__name__}, not one that Trimma stored")
    return recipe
