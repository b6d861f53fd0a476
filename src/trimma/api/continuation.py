"""What `Study.resume` asks: that a stored study goes on, perhaps with parts given anew, or for longer."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from trimma.ablation.blocks import Blocks
from trimma.ablation.repeats import FixedRepeats
from trimma.api.freezing import freeze, renewed, thaw
from trimma.api.launch import TakenUp
from trimma.api.recipe import Recipe
from trimma.api.resume_mismatch import refuse_mismatch
from trimma.errors import StudyNotFound, UsageError
from trimma.ledger import Ledger
from trimma.loop import catch_up, extend
from trimma.ports import Engine, Store
from trimma.space import Space
from trimma.stopping import Rule
from trimma.study import Metric


@dataclass(frozen=True, kw_only=True, slots=True)
class Continuation:
    """What is given anew; where it is None, it stays as it was.

    ``metric`` and ``space`` may only be what they were. ``trials`` and ``repeats`` are numbers in all.
    """

    ledger: Ledger
    objective: Callable[..., Any] | None
    data: Any
    model: Any
    metric: Metric | None
    space: Space | None
    trials: int | None
    until: Rule | None
    repeats: int | None

    @property
    def name(self) -> str:
        return self.ledger.history.spec.name

    def take_up(self, store: Store, engine: Engine) -> TakenUp:
        """Thaw the study's recipe and renew it.

        Raises `StudyNotFound` when the study is gone, `StudyMismatch` where it would ask something else.
        """
        if self.name not in store.studies():
            raise StudyNotFound(f"study {self.name!r} was deleted: there is nothing to go on with")
        catch_up(self.ledger, store, self.name)
        spec, kept, known = self.ledger.history.spec, self.ledger.history.program, len(self.ledger.history)
        recipe = renewed(
            thaw(self.name, kept, ablation=spec.ablation is not None),
            self.name,
            objective=self.objective,
            data=self.data,
            model=self.model,
        ).fit_for(engine)
        given = msgspec.structs.replace(
            spec,
            metrics=spec.metrics if self.metric is None else (self.metric,),
            space=spec.space if self.space is None else self.space.describe(),
        )
        refuse_mismatch(spec, given)
        if self.repeats is not None:
            recipe = _repeat_more(self.ledger, store, recipe, engine, self.repeats)
        return TakenUp(
            ledger=self.ledger,
            known=known,
            recipe=recipe,
            trials=spec.trials if self.trials is None else self.trials,
            until=spec.until if self.until is None else self.until,
        )


def _repeat_more(ledger: Ledger, store: Store, recipe: Recipe, engine: Engine, repeats: int) -> Recipe:
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
    extend(ledger, store, asked, freeze(recipe, engine), engine.clock.now())
    return recipe
