"""What a ledger knows of one study. Only `trimma.ledger.fold` changes it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct, field

from trimma.checkpoint import Checkpoint
from trimma.errors import IllegalMove
from trimma.events import Failure, RuleAnswered, StudyClosed
from trimma.ledger.part import Index, Part, TrialsOfPart
from trimma.reports import Curve
from trimma.sessions import Session, Stay
from trimma.spec import StudySpec
from trimma.trial import Span, State

Likeness = tuple[str, str, str]
"""What is equal for failures that are alike."""


class TrialRecord(Struct, kw_only=True, eq=False, gc=False):
    """A trial as the ledger keeps and changes it. It has the attributes of `trimma.trial.Trial`.

    It must never be part of a reference cycle, because the garbage collector doesn't visit it (gc=False).
    """

    id: int
    config: Mapping[str, Any]
    place: Mapping[str, Any]
    parent: int | None
    branch: int
    hidden: Mapping[str, Any]
    rungs: Sequence[int]
    budget: int | None
    ranks: int
    since: float
    state: State = State.QUEUED
    attempt: int = 0
    resumed: int = 0
    crashes: int = 0
    losses: int = 0
    retries: int = 0
    spoiled: int = 0
    checkpoints: tuple[Checkpoint, ...] = ()
    saving: bool = False
    lost_steps: int = 0
    workers: tuple[str, ...] = ()
    curve: Curve = field(default_factory=Curve)
    value: float | None = None
    result: Mapping[str, float] = field(default_factory=dict)
    notes: Mapping[str, str | None] = field(default_factory=dict)
    folder: Path | None = None
    failure: Failure | None = None
    reason: str = ""
    overdue: bool = False
    killed: bool = False
    spans: tuple[Span, ...] = ()

    @property
    def checkpoint(self) -> Checkpoint | None:
        return self.checkpoints[-1] if self.checkpoints else None

    def __repr__(self) -> str:
        return f"Trial({self.id}, {self.state}, value={self.value}, config={self.config})"


class Records:
    """All that is known of one study, from the first event on.

    ``original`` is the spec with the limits with which the study was created, and ``spec`` has those of the latest
    session. ``created`` is when the study was created. ``whole`` holds all trials, and ``most_ranks`` is the largest
    number of ranks that any of them has. ``before`` says how many trials there were, and how many had ended, when the
    latest session began. ``worker_limit`` is how many workers this session may use, None for any number. ``renewing``
    are the workers that will join again with a fresh process, and ``awaiting_fresh`` the queued trials that are to run
    in one. ``lost`` are the trials that were lost with a worker in the latest session. ``exonerated`` counts, for
    failures that are alike, how often a fresh process made no difference. ``own_rules`` holds the reasons of those of
    the user's own stopping rules that are met, and ``failed_rule`` is the answer of one that raised an exception, both
    in the latest session. ``length`` is how many events have been folded in. ``views`` holds the one view of each part,
    and ``nothing`` is a part without trials. Three shortcuts for every event: ``metric`` is the name of the metric that
    decides, ``best_counts`` says that its best value is a trial's value, and ``only_whole`` holds the whole as long as
    nobody has asked for a part.

    The other attributes are about plans that are made beside the loop. ``planning`` is how many events the plan that is
    being made may know, None when no plan is being made. ``released`` counts the workers that came free in the
    meantime. ``ahead`` is how many suggestions to have ready before a worker is idle. ``changes`` counts the events
    that may change a plan. ``fruitless`` is that count at the last request if the answer was that there is nothing to
    try.
    """

    def __init__(self, spec: StudySpec, program: bytes | None, created: float) -> None:
        self.original = self.spec = spec
        self.created = created
        self.program = program
        self.metric = spec.metric.name
        self.best_counts = spec.metric.value == "best"
        self.whole = Part([], spec.metric)
        self.nothing = Part(TrialsOfPart(), spec.metric)
        self.only_whole: Sequence[Part] = (self.whole,)
        self._indexes: dict[tuple[str, ...], Index] = {}
        self.idle: dict[str, None] = {}
        self.workers: dict[str, Stay] = {}
        self.stays: list[Stay] = []
        self.renewing: dict[str, None] = {}
        self.awaiting_fresh: dict[int, None] = {}
        self.lost: dict[int, None] = {}
        self.exonerated: dict[Likeness, int] = {}
        self.most_ranks = 1
        self.worker_limit: int | None = None
        self.planning: int | None = None
        self.ahead = 0
        self.released = 0
        self.changes = 0
        self.fruitless: int | None = None
        self.sessions: list[Session] = []
        self.before = (0, 0)
        self.closed: StudyClosed | None = None
        self.own_rules: dict[str, str] = {}
        self.failed_rule: RuleAnswered | None = None
        self.length = 0
        self.views: dict[Part, Any] = {}

    def part(self, place: Mapping[str, Any]) -> Part:
        """The part that ``place`` names. The first call for its names takes in all trials that are known already."""
        names = tuple(sorted(place))
        index = self._indexes.get(names)
        if index is None:
            index = self._indexes[names] = Index(names, self.whole)
            self.only_whole = ()
        return index.part(place)

    def parts_of(self, trial: int) -> Sequence[Part]:
        """All the parts that a trial belongs to, the whole first."""
        found = (index.of_trial[trial] for index in self._indexes.values())
        return [self.whole, *(part for part in found if part is not None)]

    def add(self, trial: TrialRecord) -> None:
        """Take in a new trial."""
        self.whole.add(trial)
        for index in self._indexes.values():
            index.add(trial)

    def trial(self, number: int, event: type) -> TrialRecord:
        """The trial that an event names. Raises `IllegalMove` when there is none."""
        if not 0 <= number < len(self.whole.trials):
            raise IllegalMove(f"{event.__name__} names trial {number}, which was never queued")
        found: TrialRecord = self.whole.trials[number]
        return found
