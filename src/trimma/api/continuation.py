"""What `Study.resume` asks: that a stored study goes on, perhaps with parts given anew, or for longer."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec

from trimma.api.extend_study import ask_more
from trimma.api.launch import TakenUp
from trimma.api.recipe import Recipe
from trimma.api.recipe_pickle import renewed, thaw
from trimma.api.resume_mismatch import refuse_mismatch
from trimma.errors import StudyNotFound
from trimma.ledger import Ledger
from trimma.loop import catch_up
from trimma.ports import Engine, Store
from trimma.space import Space
from trimma.spec import Metric, StudySpec
from trimma.stopping import Rule

AsksMore = Callable[[StudySpec, Recipe], StudySpec]
"""What a study of this spec and recipe asks from here on. It differs from the spec in ``asked`` and ``planned`` alone.

It raises `UsageError` where no more can be asked.
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Continuation:
    """What is given anew; where it is None, it stays as it was.

    ``metric`` and ``space`` may only be what they were. ``trials`` is a number in all. ``more`` is what is asked of the
    policy from here on. ``call`` is how the study was made, as in ``tune(objective, space``, which is said where its
    recipe can't be thawed.
    """

    ledger: Ledger
    objective: Callable[..., Any] | None
    data: Any
    model: Any
    metric: Metric | None
    space: Space | None
    trials: int | None
    until: Rule | None
    more: AsksMore | None
    call: str

    @property
    def name(self) -> str:
        return self.ledger.history.spec.name

    def take_up(self, store: Store, engine: Engine) -> TakenUp:
        """Thaw the study's recipe and renew it.

        Raises `StudyNotFound` when the study is gone, `StudyMismatch` where it would ask something else, and
        what ``more`` raises.
        """
        if self.name not in store.studies():
            raise StudyNotFound(f"study {self.name!r} was deleted: there is nothing to go on with")
        catch_up(self.ledger, store, self.name)
        spec, kept, known = self.ledger.history.spec, self.ledger.history.program, len(self.ledger.history)
        recipe = renewed(
            thaw(self.name, kept, self.call),
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
        if self.more is not None:
            ask_more(self.ledger, store, engine, recipe, self.more(spec, recipe))
        return TakenUp(
            ledger=self.ledger,
            known=known,
            recipe=recipe,
            trials=spec.trials if self.trials is None else self.trials,
            until=spec.until if self.until is None else self.until,
        )
