"""A study's beginning: its name, its seed, and its first event, or what there is of it already."""

import os
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import msgspec

from trimma.ablation.blocks import Blocks
from trimma.ablation.repeats import FixedRepeats
from trimma.api.arguments import whole
from trimma.api.mismatch import refuse_mismatch
from trimma.api.recipe import Recipe, freeze
from trimma.api.session import how_to_resume
from trimma.errors import StudyExists, UsageError
from trimma.ledger import Ledger
from trimma.loop import create, extend, replay
from trimma.ports import Engine, Store
from trimma.study import StudySpec


def drawn_seed(seed: Any) -> int:
    """The seed that was given, or a random one."""
    return int.from_bytes(os.urandom(4), "big") if seed is None else whole("seed", seed, 0)


def refuse_taken(store: Store, name: str, *, resume: bool) -> None:
    """Raise `StudyExists` for the name of a study that isn't to be resumed."""
    if not resume and name in store.studies():
        raise StudyExists(
            f"there is a study {name!r} already: take another name, go on with resume=True "
            f"(or {how_to_resume(name)}), or remove it with: trimma rm {name}"
        )


def take_up(store: Store, spec: StudySpec, recipe: Recipe, engine: Engine, *, seeded: bool) -> Ledger:
    """The ledger of a claimed study: a new one, or one that asks the same, or, of an ablation, no less.

    Raises `StudyMismatch` for one that asks something else. ``seeded`` says that the seed was given.
    """
    if spec.name not in store.studies():
        recipe.bind(spec)  # settings that don't fit the space are refused before anything is stored
        return create(store, spec, _frozen(recipe, engine), engine.clock.now())
    ledger = replay(store, spec.name)
    stored = ledger.history.spec
    refuse_mismatch(stored, spec, seeded=seeded)
    if spec.ablation is not None and spec.ablation != stored.ablation:
        extend(ledger, store, spec.ablation, _frozen(recipe, engine), engine.clock.now())
    return ledger


def repeat_more(ledger: Ledger, store: Store, recipe: Recipe, engine: Engine, repeats: int) -> Recipe:
    """Have a claimed ablation ask for ``repeats`` in all; the recipe that does so.

    Raises `UsageError` where repeats can't be told or are none more.
    """
    spec, blocks = ledger.history.spec, recipe.searcher
    if spec.ablation is None or not isinstance(blocks, Blocks):
        raise UsageError(f"repeats={repeats}: study {spec.name!r} is no ablation, so it has no repeats")
    if spec.ablation.looks or repeats < spec.ablation.repeats:
        had = "adaptive repeats" if spec.ablation.looks else f"{spec.ablation.repeats} repeats"
        raise UsageError(f"repeats={repeats}: study {spec.name!r} has {had}, which can't be taken back")
    if repeats == spec.ablation.repeats:
        return recipe
    recipe = replace(recipe, searcher=replace(blocks, repeats=FixedRepeats(repeats)))
    trainings = blocks.design.trainings(blocks.components, repeats) * spec.ablation.tries
    asked = msgspec.structs.replace(spec.ablation, repeats=repeats, trainings=trainings)
    extend(ledger, store, asked, _frozen(recipe, engine), engine.clock.now())
    return recipe


def _frozen(recipe: Recipe, engine: Engine) -> bytes | None:
    return freeze(recipe, in_process=getattr(engine, "in_process", False))


def named(name: Any, objective: str, store: Store) -> str:
    """The study's name: the one given, or one made of the objective's and the time."""
    if name is not None:
        if not isinstance(name, str) or not name.strip() or not name.isprintable():
            raise UsageError(f"name={name!r}: a study's name is a printable text")
        return name
    stem = f"{objective.strip('<>')}-{datetime.now(UTC):%Y%m%d-%H%M%S}"
    taken = set(store.studies())
    return next(name for name in (stem, *(f"{stem}-{n}" for n in range(2, 10_000))) if name not in taken)
