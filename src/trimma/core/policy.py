"""The policy of a study, which the core asks when it decides."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from trimma.core.giving_up import failing_alike
from trimma.ports import History, Scheduler


@dataclass(frozen=True, slots=True)
class Policy:
    """The ``scheduler``, and ``hopeless``, which says why the study should be given up, or returns None."""

    scheduler: Scheduler
    hopeless: Callable[[History], str | None] = failing_alike

    @classmethod
    def of(cls, scheduler: Scheduler, searcher: Any) -> "Policy":
        """The policy of a scheduler and its bound searcher. The searcher may have a ``hopeless`` of its own."""
        own = getattr(searcher, "hopeless", None)
        return cls(scheduler) if own is None else cls(scheduler, own)
