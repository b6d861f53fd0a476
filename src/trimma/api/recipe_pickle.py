"""Stores a study's recipe: it is frozen into a pickle, and thawed when the study goes on."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import msgspec

from trimma.api.arguments import in_process
from trimma.api.recipe import Recipe
from trimma.errors import ObjectiveError, StudyError
from trimma.objective import Signature, describe
from trimma.pickling.kept_modules import KeptModules, lacking, make_importable, modules_of
from trimma.pickling.pickler import TooLarge, dumped, loads
from trimma.ports import Engine

KEPT_BYTES = 32 * 2**20
"""The largest size of a stored recipe in bytes. From a larger recipe, ``data`` or ``model`` or both are left out."""


@dataclass(frozen=True, slots=True)
class NotKept:
    """Takes the place of an objective that can't be pickled, such as one that holds a Spark session."""

    name: str
    why: str

    def __str__(self) -> str:
        return (
            f"the objective {self.name} was not kept with the study, because it holds something that can't be pickled "
            f"({self.why}): go on with resume(objective=..., engine=tm.Driver()), and its data= and "
            "model= where it takes them"
        )


def freeze(recipe: Recipe, engine: Engine) -> bytes | None:
    """The pickle of a recipe, or None when it is too large without data and model.

    Data or model, or both, are left out when the pickle would be larger than `KEPT_BYTES`. For an engine that runs
    trials in this process, what can't be pickled is left out, too: data or model, and then also the objective. For
    other engines, raises `ObjectiveError` for what can't be pickled. Own stopping rules that can't be pickled are left
    out for all engines.
    """
    recipe = replace(recipe, rules={name: rule for name, rule in recipe.rules.items() if _can_be_kept(rule)})
    given = [part for part in ("data", "model") if getattr(recipe.program, part) is not None]
    unpicklable = None
    for left_out in (parts for count in range(len(given) + 1) for parts in combinations(given, count)):
        try:
            return _kept(_without(recipe, left_out), KEPT_BYTES)
        except TooLarge:
            continue
        except ObjectiveError as error:
            if not in_process(engine):
                raise
            unpicklable = str(error.__cause__ or error).rstrip(".")
    if unpicklable is None:
        return None
    bare = _without(recipe, given)
    stand_in: Any = NotKept(describe(recipe.program.objective), unpicklable)
    return _kept(replace(bare, program=replace(bare.program, objective=stand_in)))


class _Kept(msgspec.Struct, frozen=True, kw_only=True):
    """What is stored: a pickle, and the user's own modules, which are looked after before the pickle is loaded."""

    recipe: bytes
    modules: KeptModules


def _kept(recipe: Recipe, limit: float = math.inf) -> bytes:
    pickled, pickler = dumped(recipe, limit)
    return msgspec.msgpack.encode(_Kept(recipe=pickled, modules=modules_of(pickler)))


def _can_be_kept(rule: Any) -> bool:
    try:
        dumped(rule, KEPT_BYTES)
    except (ObjectiveError, TooLarge):
        return False
    return True


def _without(recipe: Recipe, parts: Sequence[str]) -> Recipe:
    nothing: dict[str, Any] = dict.fromkeys(parts)
    return replace(recipe, program=replace(recipe.program, **nothing), left_out=tuple(parts))


def thaw(name: str, frozen: bytes | None, call: str = "tune(objective, space") -> Recipe:
    """The recipe of a stored study, loaded from its pickle. ``call`` is how the study was made, for messages.

    Loading a pickle runs code, so resume only studies that you trust. Raises `StudyError` when there is no recipe, or
    when it can't be loaded.
    """
    go_on = f"go on with tm.{call}, ..., name={name!r}, resume=True)"
    if frozen is None:
        raise StudyError(f"the program of study {name!r} was too large to be kept: {go_on}")
    try:
        kept = msgspec.msgpack.decode(frozen, type=_Kept)
    except msgspec.DecodeError as error:
        raise StudyError(f"the program of study {name!r} isn't one that this Trimma stored: {go_on}") from error
    make_importable(kept.modules, name)
    try:
        recipe = loads(kept.recipe)
    except Exception as error:
        gone = lacking(kept.modules)
        hint = f", and {', '.join(gone)} can't be found, of which no copy was kept" if gone else ""
        raise StudyError(
            f"the program of study {name!r} can't be loaded here ({type(error).__name__}: {error}{hint}): {go_on}"
        ) from error
    if not isinstance(recipe, Recipe):
        raise StudyError(f"the program of study {name!r} is a {type(recipe).__name__}, not one that Trimma stored")
    return recipe


def renewed(recipe: Recipe, name: str, **parts: Any) -> Recipe:
    """The recipe of a stored study, with ``objective``, ``data`` and ``model`` replaced if they are given.

    Raises `StudyError` when a part is needed that was not stored and isn't given, and `ObjectiveError` when the parts
    don't fit together.
    """
    given = {part: value for part, value in parts.items() if value is not None}
    program = replace(recipe.program, **given)
    if isinstance(program.objective, NotKept):
        raise StudyError(str(program.objective))
    signature = Signature.of(program.objective)
    if lost := [part for part in recipe.left_out if part not in given and part in signature.accepts]:
        them = "them" if len(lost) > 1 else "it"
        raise StudyError(
            f"the {' and the '.join(lost)} of study {name!r} couldn't be kept with it (more than "
            f"{KEPT_BYTES // 2**20} MiB, or nothing that can be pickled): give {them} again, as in "
            f"tm.load({name!r}).resume({', '.join(f'{part}=...' for part in lost)})"
        )
    provided = [part for part in ("data", "model") if getattr(program, part) is not None]
    signature.check(recipe.keys, provided, "the space" if recipe.space is not None else "config=")
    return replace(recipe, program=program)
