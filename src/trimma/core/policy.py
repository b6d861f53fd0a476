"""The policy of a study, which the core asks when it decides."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from trimma.core.giving_up import failing_alike
from trimma.core.own_rules import OwnRules
from trimma.ports import History, Scheduler


@dataclass(frozen=True, slots=True)
class Policy:
    """The ``scheduler``, and ``hopeless``, which says why the study should be given up, or returns None.

    ``rules`` holds the functions of the user's own stopping rules, by their names.
    """

    scheduler: Scheduler
    hopeless: Callable[[History], str | None] = failing_alike
    rules: OwnRules = field(default_factory=dict)

    @classmethod
    def of(cls, scheduler: Scheduler, searcher: Any, rules: OwnRules | None = None) -> "Policy":
        """The policy of a scheduler and its bound searcher. The searcher may have a ``hopeless`` of its own."""
        own = getattr(searcher, "hopeless", None)
        return cls(scheduler, failing_alike if own is None else own, rules or {})
