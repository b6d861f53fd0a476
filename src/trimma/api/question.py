"""What `tune` and `ablate` ask: a new study, or one of the same name that asked the same."""

from dataclasses import dataclass

from trimma.api.ending import how_to_resume
from trimma.api.freezing import freeze
from trimma.api.launch import TakenUp
from trimma.api.recipe import Recipe
from trimma.api.resume_mismatch import refuse_mismatch
from trimma.errors import StudyExists
from trimma.ledger import Ledger
from trimma.loop import create, extend, replay
from trimma.ports import Engine, Store
from trimma.study import StudySpec


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """A study's spec, and the recipe that answers it.

    ``seeded`` says that the seed was given, and not drawn; ``resume`` that a study of this name may be there already.
    """

    spec: StudySpec
    recipe: Recipe
    seeded: bool
    resume: bool

    @property
    def name(self) -> str:
        return self.spec.name

    def take_up(self, store: Store, engine: Engine) -> TakenUp:
        """Create the study, or go on with one that asks the same, or, of an ablation, no more than this.

        Raises `StudyExists` for one that isn't to be resumed, `StudyMismatch` for one that asks something else.
        """
        known = self.name in store.studies()
        if known and not self.resume:
            raise StudyExists(
                f"there is a study {self.name!r} already: take another name, go on with resume=True "
                f"(or {how_to_resume(self.name)}), or remove it with: trimma rm {self.name}"
            )
        recipe = self.recipe.fit_for(engine)
        if known:
            ledger = replay(store, self.name)
            before = len(ledger.history)
            self._extend(ledger, store, engine, recipe)
        else:
            recipe.bind(self.spec)  # settings that don't fit the space are refused before anything is stored
            ledger, before = create(store, self.spec, freeze(recipe, engine), engine.clock.now()), 0
        return TakenUp(ledger=ledger, known=before, recipe=recipe, trials=self.spec.trials, until=self.spec.until)

    def _extend(self, ledger: Ledger, store: Store, engine: Engine, recipe: Recipe) -> None:
        """Have a stored study ask as much as this question."""
        stored, ablation = ledger.history.spec, self.spec.ablation
        refuse_mismatch(stored, self.spec, seeded=self.seeded)
        if ablation is not None and ablation != stored.ablation:
            extend(ledger, store, ablation, freeze(recipe, engine), engine.clock.now())
