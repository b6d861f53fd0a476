"""What `tune` and `ablate` ask: a new study, or one of the same name that asks the same."""

from dataclasses import dataclass

from msgspec.structs import replace

from trimma.api.advice import how_to_remove, how_to_resume
from trimma.api.extend_study import ask_more
from trimma.api.launch import TakenUp
from trimma.api.own_stopping_rules import given_anew
from trimma.api.recipe import Recipe
from trimma.api.recipe_pickle import freeze
from trimma.api.resume_mismatch import Mismatches, refuse_mismatch, warn_of_other_data
from trimma.data.digest import digest
from trimma.errors import StudyExists
from trimma.loop import create, replay
from trimma.ports import Engine, Store
from trimma.spec import StudySpec


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """A study's spec, and the recipe that answers it.

    ``seeded`` says that the seed was given by the user. ``resume`` says that a study of this name may exist already.
    ``mismatches`` is as for `refuse_mismatch`.
    """

    spec: StudySpec
    recipe: Recipe
    seeded: bool
    resume: bool
    mismatches: Mismatches | None = None

    @property
    def name(self) -> str:
        return self.spec.name

    def take_up(self, store: Store, engine: Engine) -> TakenUp:
        """Create the study, or go on with a stored one that asks the same, or less of its policy.

        Raises `StudyExists` when there is one and ``resume`` is False, and `StudyMismatch` when it asks something else.
        """
        known = self.name in store.studies()
        if known and not self.resume:
            raise StudyExists(
                f"there is a study {self.name!r} already: take another name, go on with resume=True "
                f"(or {how_to_resume(self.name, store, engine)}), or remove it with: "
                f"{how_to_remove(self.name, store)}"
            )
        until = self.spec.until
        recipe, given = self.recipe.fit_for(engine), digest(self.recipe.program.data)
        if known:
            ledger = replay(store, self.name)
            before = len(ledger.history)
            refuse_mismatch(ledger.history.spec, self.spec, seeded=self.seeded, mismatches=self.mismatches)
            warn_of_other_data(ledger.history.spec, given)
            until = given_anew(until)
            ask_more(ledger, store, engine, recipe, self.spec)
        else:
            recipe.bind(self.spec)  # settings that don't fit the space are refused before anything is stored
            ledger, before = (
                create(store, replace(self.spec, data=given), freeze(recipe, engine), engine.clock.now()),
                0,
            )
        return TakenUp(ledger=ledger, known=before, recipe=recipe, trials=self.spec.trials, until=until)
