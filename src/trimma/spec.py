"""The spec of a study, which says what the study asks."""

from typing import Any, Literal

from msgspec import Struct

from trimma.checkpoint import Checkpoints
from trimma.stopping import Rule


class Metric(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The metric that decides, and its direction.

    ``value`` says what counts as a trial's value. It is the ``"last"`` value that the trial returned or reported, or
    the ``"best"`` of all that it returned and reported.
    """

    name: str
    maximize: bool
    value: Literal["last", "best"] = "last"

    def __str__(self) -> str:
        return f"{'maximize' if self.maximize else 'minimize'}={self.name!r}"


class StudySpec(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One question asked of an objective.

    The first of ``metrics`` is the one that decides. ``trial_timeout`` and ``stop_grace`` are in seconds.

    ``max_attempts`` limits the attempts that crash, and ``retry`` says how often a trial is tried again after an
    exception. ``failures_to_give_up`` trials that fail alike end a study, or with ``stop_at_failure`` any failure.

    ``space`` is the space's description, and ``searcher`` and ``scheduler`` are settings as text. They are there to be
    shown and compared. The objects themselves are in the study's program.

    ``folders`` is the place for the folders of trials, or empty for the default. ``keep`` is how many of the best
    trials keep theirs, None for all that are done or stopped.

    ``checkpoints`` says where trials save their state, how often, and which of it stays.

    ``kind`` says what kind of question it is. ``asked`` holds more of the question as plain JSON, which is read only by
    the policy that asks it, and by what shows a study of this kind. ``planned`` is the largest number of trials in the
    policy's own plan, or None when the policy doesn't say. ``data`` is a digest of the data, or empty without data.
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
    stop_at_failure: bool = False
    retry: int = 0
    folders: str = ""
    keep: int | None = 1
    checkpoints: Checkpoints = Checkpoints()
    kind: str = "search"
    asked: dict[str, Any] = {}
    planned: int | None = None
    data: str = ""

    @property
    def metric(self) -> Metric:
        """The metric that decides, and its direction."""
        return self.metrics[0]
