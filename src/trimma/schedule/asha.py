"""Asynchronous successive halving, by stopping or by promotion. No trial waits for another."""

import math
from dataclasses import dataclass

from trimma.errors import UsageError
from trimma.ports import Scheduler, Searcher
from trimma.schedule.asha_by_promotion import AshaByPromotion
from trimma.schedule.asha_by_stopping import AshaByStopping
from trimma.schedule.rung_scores import geometric


@dataclass(frozen=True, kw_only=True)
class Asha:
    """Let only the best 1/``reduction_factor`` of the trials go on at each rung.

    The rungs are the steps ``grace_steps * reduction_factor ** k`` below ``max_steps`` for k = 0, 1, ..., rounded to
    whole steps. A trial's score at a rung is its first value at or after that step, or its best value up to then in a
    study in which the best value of a trial counts. A trial that reaches ``max_steps`` is done. By default
    ``reduction_factor`` is 3 and ``grace_steps`` is 1.

    By default a trial is stopped at a rung unless it is among the best: when ``n`` trials have a score there, it goes
    on if fewer than ``max(1, floor(n / reduction_factor))`` of these scores are better. While ``n`` is below
    ``reduction_factor``, every trial goes on. From then on, a trial whose score is NaN or infinity is always stopped.
    That needs no checkpoints.

    With ``promote=True`` every trial is paused at a rung. An idle worker goes on with the best of those paused trials
    that are among the best ``floor(n / reduction_factor)`` at the highest rung that has such; if there is none, it
    begins a new trial. So a trial that was not among the best may go on later, when it is. A trial that would go on at
    once isn't paused. The objective must save checkpoints, with ``report(..., save=...)``.

    Source: Li et al., "A System for Massively Parallel Hyperparameter Tuning", MLSys 2020, for the promotion; Syne Tune
    and Ray Tune for the stopping.

    Raises `UsageError` for steps below 1, for ``max_steps`` below ``grace_steps``, or for a factor of 1 or less.
    """

    max_steps: int
    reduction_factor: float = 3
    grace_steps: int = 1
    promote: bool = False

    def __post_init__(self) -> None:
        if self.grace_steps < 1 or self.max_steps < self.grace_steps:
            raise UsageError(
                f"Asha(max_steps={self.max_steps}, grace_steps={self.grace_steps}): "
                "both are whole steps, 1 <= grace_steps <= max_steps"
            )
        if not 1 < self.reduction_factor < math.inf:
            raise UsageError(f"Asha(reduction_factor={self.reduction_factor}) must be above 1; 2, 3 and 4 are usual")

    @property
    def rungs(self) -> tuple[int, ...]:
        """The steps at which trials are judged."""
        return geometric(self.grace_steps, self.reduction_factor, self.max_steps)

    @property
    def promotes(self) -> bool:
        """Whether trials are paused and go on later, for which they must save checkpoints."""
        return self.promote

    def bind(self, searcher: Searcher) -> Scheduler:
        kind = AshaByPromotion if self.promote else AshaByStopping
        return kind(searcher, self.rungs, self.reduction_factor, self.max_steps)
