"""The `trimma.ports.History` of a study or of one part of it, which reads the records of a ledger."""

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any

from trimma.events import RuleAnswered, StudyClosed
from trimma.ledger.part import Part
from trimma.ledger.records import Likeness, Records
from trimma.reports import Scores
from trimma.sessions import Session, Stay
from trimma.spec import StudySpec
from trimma.trial import ON_WORKER, State, Trial


class View:
    """Reads the records of a study. What it tells of trials is about the trials of one part."""

    __slots__ = ("_part", "_place", "_records")

    def __init__(self, records: Records, part: Part, place: Mapping[str, Any]) -> None:
        self._records, self._part, self._place = records, part, place

    def __len__(self) -> int:
        return self._records.length

    def part(self, **place: Any) -> "View":
        merged = {**self._place, **place}
        if not merged:
            return self
        narrowed = self._records.part(merged)
        contradicts = self._place and self._records.part({**merged, **self._place}) is not narrowed
        part = self._records.nothing if contradicts else narrowed
        view = self._records.views.get(part)
        if view is None:
            view = self._records.views[part] = View(self._records, part, merged)
        return view

    @property
    def spec(self) -> StudySpec:
        return self._records.spec

    @property
    def original(self) -> StudySpec:
        return self._records.original

    @property
    def created(self) -> float:
        return self._records.created

    @property
    def program(self) -> bytes | None:
        return self._records.program

    @property
    def maximize(self) -> bool:
        return self._part.maximize

    @property
    def trials(self) -> Any:
        return self._part.trials

    @property
    def trial_count(self) -> int:
        return len(self._part.trials)

    @property
    def ids(self) -> Sequence[int]:
        return self._part.ids

    @property
    def chosen(self) -> int:
        return self._part.chosen

    @property
    def scores(self) -> Scores:
        return self._part.scores

    @property
    def ended(self) -> Sequence[int]:
        return self._part.ended

    @property
    def best(self) -> Trial | None:
        return self._part.best

    @property
    def best_by_end(self) -> Sequence[float]:
        return self._part.best_by_end

    @property
    def fidelity(self) -> float:
        return self._part.fidelity

    @property
    def best_reached(self) -> float | None:
        return self._part.best_reached

    @property
    def counts(self) -> Mapping[State, int]:
        return self._part.counts

    @property
    def queued(self) -> Mapping[int, Trial]:
        return self._part.by_state[State.QUEUED]

    @property
    def running(self) -> Mapping[int, Trial]:
        return self._part.by_state[State.RUNNING]

    @property
    def pausing(self) -> Mapping[int, Trial]:
        return self._part.by_state[State.PAUSING]

    @property
    def paused(self) -> Mapping[int, Trial]:
        return self._part.by_state[State.PAUSED]

    @property
    def stopping(self) -> Mapping[int, Trial]:
        return self._part.by_state[State.STOPPING]

    @property
    def workers(self) -> Mapping[str, Stay]:
        return self._records.workers

    @property
    def idle(self) -> Mapping[str, None]:
        return self._records.idle

    @property
    def renewing(self) -> Mapping[str, None]:
        return self._records.renewing

    @property
    def awaiting_fresh(self) -> Mapping[int, None]:
        return self._records.awaiting_fresh

    @property
    def exonerated(self) -> Mapping[Likeness, int]:
        return self._records.exonerated

    @property
    def worker_limit(self) -> int | None:
        return self._records.worker_limit

    @property
    def free(self) -> int:
        records = self._records
        if records.worker_limit is None:
            return len(records.idle)
        return max(0, min(len(records.idle), records.worker_limit - (len(records.workers) - len(records.idle))))

    @property
    def planning(self) -> int | None:
        return self._records.planning

    @property
    def ahead(self) -> int:
        return self._records.ahead

    @property
    def fruitless(self) -> bool:
        return self._records.fruitless == self._records.changes

    @property
    def stays(self) -> Sequence[Stay]:
        return self._records.stays

    @property
    def sessions(self) -> Sequence[Session]:
        return self._records.sessions

    @property
    def trials_before(self) -> int:
        return self._before[0]

    @property
    def ended_before(self) -> int:
        return self._before[1]

    @property
    def _before(self) -> tuple[int, int]:
        before = self._records.before
        return self._part.among(*before) if self._place else before

    @property
    def closed(self) -> StudyClosed | None:
        return self._records.closed

    @property
    def own_rules(self) -> Mapping[str, str]:
        return self._records.own_rules

    @property
    def failed_rule(self) -> RuleAnswered | None:
        return self._records.failed_rule

    @property
    def most_ranks(self) -> int:
        return self._records.most_ranks

    @property
    def wanted(self) -> int:
        if self._records.most_ranks == 1:
            return self.live_count
        queued = self._part.by_state[State.QUEUED].values()
        return sum(trial.ranks for trial in chain(queued, self.on_workers()))

    @property
    def live_count(self) -> int:
        by_state = self._part.by_state
        return len(by_state[State.QUEUED]) + sum(len(by_state[state]) for state in ON_WORKER)

    @property
    def room(self) -> int | None:
        limit = self._records.spec.trials
        return None if limit is None else max(0, limit - len(self._records.whole.trials))

    def on_workers(self) -> list[Trial]:
        return list(chain.from_iterable(self._part.by_state[state].values() for state in ON_WORKER))

    def trial_on(self, worker: str) -> Trial | None:
        return next((trial for trial in self.on_workers() if worker in trial.workers), None)

    def better(self, left: float, right: float | None) -> bool:
        return self._part.better(left, right)

    def active_seconds(self, now: float) -> float:
        if not self.sessions:
            return 0.0
        current = self.sessions[-1]
        return self._before_session() + (current.end if self.closed else max(now, current.end)) - current.start

    def moment_after(self, active_seconds: float) -> float:
        return self.sessions[-1].start + (active_seconds - self._before_session())

    def _before_session(self) -> float:
        return sum(session.end - session.start for session in self.sessions[:-1])
