"""What `Study.resume` asks: that a stored study goes on, perhaps with new parts or other limits."""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from msgspec.structs import replace

from trimma.api.advice import command
from trimma.api.extend_study import ask_more
from trimma.api.launch import TakenUp
from trimma.api.new_limits import limits_from_here
from trimma.api.own_stopping_rules import functions_for
from trimma.api.recipe import Recipe
from trimma.api.recipe_pickle import renewed, thaw
from trimma.api.resume_mismatch import refuse_mismatch, warn_of_other_data
from trimma.api.trust import say_whose_program
from trimma.core.own_rules import OwnRules
from trimma.data.digest import digest
from trimma.errors import StudyNotFound
from trimma.loop import replay
from trimma.ports import Engine, Store
from trimma.space import Space
from trimma.spec import Metric, StudySpec
from trimma.stopping import Rule

AsksMore = Callable[[StudySpec, Recipe], StudySpec]
"""A function of a study's spec and recipe. It returns the spec from here on, in which only ``asked`` and ``planned``
may differ. It raises `UsageError` when the study can't ask for that."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Continuation:
    """What is given anew at a resume. Where a field is None, everything stays as it was.

    ``metric`` and ``space`` must be the stored ones; of the metric, only its name and its direction are compared.
    ``trials`` is a total number, and ``timeout`` is in seconds from here on. ``own_rules`` holds the functions that
    ``until`` names. ``more`` says what is asked of the policy from here on. ``trust`` says that the program may be
    loaded from a store of another user's, and ``tell`` is called with the words that say whose program is loaded.
    ``call`` is how the study was made, as in ``tune(objective, space``. It is part of the error message when the recipe
    can't be loaded.
    """

    name: str
    objective: Callable[..., Any] | None
    data: Any
    model: Any
    metric: Metric | None
    space: Space | None
    trials: int | None
    timeout: float | None
    until: Rule | None
    own_rules: OwnRules
    more: AsksMore | None
    trust: bool
    tell: Callable[[str], None]
    call: str

    def take_up(self, store: Store, engine: Engine) -> TakenUp:
        """Load the study's recipe, and put in what is given anew.

        Raises `StudyNotFound` when the study was deleted, `StudyError` when the recipe can't be used, `StudyMismatch`
        when the metric or the space differs, `StoreError` when the store isn't trusted, and what ``more`` raises.
        """
        if self.name not in store.studies():
            raise StudyNotFound(f"study {self.name!r} was deleted: there is nothing to go on with")
        # a ledger of its own: another thread may look at the handle of the study meanwhile
        ledger = replay(store, self.name)
        spec, kept, known = ledger.history.spec, ledger.history.program, len(ledger)
        call = f"resume(trust=True), or: {command('resume', self.name, '--trust', store=store)}"
        say_whose_program(self.name, store, trust=self.trust, call=call, tell=self.tell)
        recipe = renewed(
            thaw(self.name, kept, self.call),
            self.name,
            objective=self.objective,
            data=self.data,
            model=self.model,
        ).fit_for(engine)
        given = replace(
            spec,
            metrics=spec.metrics if self.metric is None else (replace(self.metric, value=spec.metric.value),),
            space=spec.space if self.space is None else self.space.describe(),
        )
        refuse_mismatch(spec, given)
        if self.data is not None:
            warn_of_other_data(spec, digest(self.data))
        trials, until = limits_from_here(ledger.history, self.trials, self.timeout, self.until)
        rules = functions_for(self.name, until, recipe.rules, self.own_rules)
        if self.more is not None:
            ask_more(ledger, store, engine, recipe, self.more(spec, recipe))
        recipe = dataclasses.replace(recipe, rules=rules)
        return TakenUp(ledger=ledger, known=known, recipe=recipe, trials=trials, until=until)
