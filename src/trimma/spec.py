"""What a study asks: the part of it that is fixed when it is created."""

from typing import Any

from msgspec import Struct

from trimma.stopping import Rule


class Metric(Struct, frozen=True, kw_only=True):
    """The number that decides, and its direction."""

    name: str
    maximize: bool

    def __str__(self) -> str:
        return f"{'maximize' if self.maximize else 'minimize'}={self.name!r}"


class StudySpec(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One question asked of an objective.

    The first of ``metrics`` is the one that decides.

    ``space`` is the space's description, ``searcher`` and ``scheduler`` are readable settings: enough to
    show and to compare, while the objects themselves travel in the study's program.

    ``kind`` says what kind of question it is. ``asked`` is more of the question as plain JSON, which only the policy
    reads that asks it, and what shows a study of this kind. ``planned`` is how many trials there will be at most by the
    policy's own plan; None where it doesn't say.
    """

    name: str
    metrics: tuple[Metric, ...]
    seed: int
    objective: str = ""
    space: list[dict[str, Any]] = []
    searcher: str = ""
    scheduler: str = ""
    trials: int | None = None
    until: Rule | None = None
    max_attempts: int = 3
    trial_timeout: float | None = None
    stop_grace: float = 10.0
    failures_to_give_up: int = 3
    kind: str = "search"
    asked: dict[str, Any] = {}
    planned: int | None = None

    @property
    def metric(self) -> Metric:
        """The metric that decides, and its direction."""
        return self.metrics[0]
