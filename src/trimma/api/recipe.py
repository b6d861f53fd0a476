"""The recipe of a study: all that it needs besides its history to go on in another process."""

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from typing import Any

from trimma.api.arguments import data_of
from trimma.core import Policy
from trimma.core.own_rules import OwnRules
from trimma.ports import BindsSearcher, BindsSpace, Engine, Scheduler, Searcher
from trimma.program import Program
from trimma.space import Space
from trimma.spec import StudySpec


@dataclass(frozen=True, kw_only=True, slots=True)
class Recipe:
    """The program, the space (None for an ablation), and the settings of the policies.

    ``rules`` holds the functions of the user's own stopping rules, by their names. ``left_out`` names the parts of the
    program ("data", "model") that were not stored with the recipe.
    """

    program: Program
    space: Space | None
    searcher: BindsSpace | Searcher
    scheduler: BindsSearcher | Scheduler
    rules: OwnRules = field(default_factory=dict)
    left_out: tuple[str, ...] = ()

    @property
    def keys(self) -> Collection[str]:
        """The names of the arguments that configs give to the objective."""
        variants = self.program.variants
        return self.space.keys if self.space is not None else variants.params if variants is not None else ()

    def bind(self, spec: StudySpec) -> Policy:
        """The policy of a study with this spec. Settings are bound, and ready policies are used as they are."""
        searcher: Any = self.searcher
        if hasattr(searcher, "bind"):
            searcher = searcher.bind(self.space, spec.seed, spec.trials)
        scheduler: Any = self.scheduler
        bound: Scheduler = scheduler.bind(searcher) if hasattr(scheduler, "bind") else scheduler
        return Policy.of(bound, searcher, self.rules)

    @property
    def binds(self) -> bool:
        """Whether the policy can be made once more, for another thread. A ready policy can't be."""
        return hasattr(self.searcher, "bind") and hasattr(self.scheduler, "bind")

    @property
    def is_slow(self) -> bool:
        """Whether the searcher or the scheduler says that it is slow."""
        return any(getattr(policy, "slow", False) for policy in (self.searcher, self.scheduler))

    def fit_for(self, engine: Engine) -> "Recipe":
        """The same recipe, with the data in the form in which the engine gives it to trials."""
        return replace(self, program=replace(self.program, data=data_of(self.program.data, engine)))
