"""A study's beginning: its name, its seed, and its first event, or what there is of it already."""

import os
from datetime import UTC, datetime
from typing import Any

from trimma.api.arguments import whole
from trimma.api.mismatch import Mismatches, refuse_mismatch
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


def take_up(
    store: Store,
    spec: StudySpec,
    recipe: Recipe,
    engine: Engine,
    *,
    seeded: bool,
    mismatches: Mismatches | None = None,
) -> Ledger:
    """The ledger of a claimed study: a new one, or one that asks the same, or less of its policy.

    Raises `StudyMismatch` for one that asks something else. ``seeded`` says that the seed was given; ``mismatches`` is
    as for `refuse_mismatch`.
    """
    if spec.name not in store.studies():
        recipe.bind(spec)  # settings that don't fit the space are refused before anything is stored
        return create(store, spec, _frozen(recipe, engine), engine.clock.now())
    ledger = replay(store, spec.name)
    stored = ledger.history.spec
    refuse_mismatch(stored, spec, seeded=seeded, mismatches=mismatches)
    if spec.asked != stored.asked:
        ask_more(ledger, store, recipe, engine, spec.asked, spec.planned)
    return ledger


def ask_more(
    ledger: Ledger, store: Store, recipe: Recipe, engine: Engine, asked: dict[str, Any], planned: int | None
) -> None:
    """Have a claimed study ask for more of its policy."""
    extend(ledger, store, asked, planned, _frozen(recipe, engine), engine.clock.now())


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
