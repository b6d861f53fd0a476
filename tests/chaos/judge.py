"""The judge: holds a study's log against what its trials noted themselves, and tells what can't be."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from chaos.behaviours import FAILURES, behaviour
from chaos.plan import Plan
from chaos.truth import Note
from trimma.engines.simulated import Simulated
from trimma.errors import IllegalMove
from trimma.events import (
    Event,
    Outcome,
    Reported,
    StopRequested,
    StudyClosed,
    TrialFailed,
    TrialFinished,
    TrialQueued,
    TrialStarted,
    TrialStopped,
)
from trimma.ledger import Ledger
from trimma.ports import Decision
from trimma.search import RandomSearch
from trimma.testing.studies import run_study
from trimma.trial import State

_ENDS = (TrialFinished, TrialFailed, TrialStopped)
_LOSSES = {"Timeout", "Crash", "WorkerLost"}
"""Failures for which what happens to a run may be to blame."""


def judge(events: Sequence[Event], notes: Sequence[Note], plan: Plan, question: Question) -> list[str]:
    """All that is wrong, in words, and nothing if all is well."""
    found = list(_moves(events))
    if found:
        # nothing can be said of a log that makes no sense
        return found
    return [
        *_ends(events, plan),
        *_attempts(events, notes),
        *_reports(events, notes),
        *_results(events, notes),
        *_failures(events, plan),
        *_decisions(events, question),
        *_configs(events, question),
    ]


class Question:
    """What was asked: the settings of the scheduler, the metric, and the space and seed of a search."""

    def __init__(self, scheduler: Any, metric: str, space: Any, seed: int, *, is_search: bool) -> None:
        self.scheduler, self.metric, self.space, self.seed, self.is_search = scheduler, metric, space, seed, is_search


def _moves(events: Sequence[Event]) -> Iterator[str]:
    ledger = Ledger()
    for number, event in enumerate(events):
        try:
            ledger.fold(event)
        except (IllegalMove, LookupError, ValueError, TypeError) as error:
            yield f"event {number}, a {type(event).__name__}, can't follow those before it: {error}"
            return


def _ends(events: Sequence[Event], plan: Plan) -> Iterator[str]:
    """Each trial ends exactly once, and there are as many as were asked for."""
    queued = [event.trial for event in events if isinstance(event, TrialQueued)]
    if queued != list(range(plan.trials)):
        yield f"{plan.trials} trials were asked for, and {len(queued)} were chosen: {queued}"
    ends = Counter(event.trial for event in events if isinstance(event, _ENDS))
    for trial in queued:
        if ends[trial] != 1:
            yield f"trial {trial} has ended {ends[trial]} times"
    last = events[-1] if events else None
    if not isinstance(last, StudyClosed) or last.outcome is Outcome.INTERRUPTED:
        yield f"the study isn't closed: its last event is {last}"


def _attempts(events: Sequence[Event], notes: Sequence[Note]) -> Iterator[str]:
    """Each attempt begins once, after it was stored, and none after the trial has ended."""
    started = {(event.trial, event.attempt) for event in events if isinstance(event, TrialStarted)}
    last = {event.trial: event.attempt for event in events if isinstance(event, _ENDS)}
    for (trial, attempt), count in Counter((n.trial, n.attempt) for n in notes if n.what == "begins").items():
        if (trial, attempt) not in started:
            yield f"attempt {attempt} of trial {trial} ran, and the log doesn't know of it"
        if count > 1:
            yield f"attempt {attempt} of trial {trial} ran {count} times"
        if attempt > last.get(trial, attempt):
            yield f"trial {trial} had ended with attempt {last[trial]}, and ran again as attempt {attempt}"


def _reports(events: Sequence[Event], notes: Sequence[Note]) -> Iterator[str]:
    """Reports are consecutive, none is there twice, each was made by its trial, and none of a whole attempt is lost."""
    made = {note.mark: note for note in notes if note.what == "reports"}
    steps: dict[tuple[int, int], list[int]] = defaultdict(list)
    logged: Counter[int] = Counter()
    for event in events:
        if isinstance(event, Reported):
            mark = int(event.metrics["mark"])
            logged[mark] += 1
            steps[event.trial, event.attempt].append(event.step)
            note = made.get(mark)
            if note is None or (note.trial, note.attempt) != (event.trial, event.attempt):
                yield f"report {mark} of trial {event.trial}, attempt {event.attempt}, was never made by it"
    for mark, count in logged.items():
        if count > 1:
            yield f"report {mark} is there {count} times"
    for (trial, attempt), seen in steps.items():
        if seen != list(range(1, len(seen) + 1)):
            yield f"the steps of trial {trial}, attempt {attempt}, aren't consecutive: {seen}"
    whole = {(event.trial, event.attempt) for event in events if isinstance(event, TrialFinished)}
    for note in notes:
        if note.what == "reported" and (note.trial, note.attempt) in whole and not logged[note.mark]:
            yield f"report {note.mark} of trial {note.trial}, attempt {note.attempt}, was made and is lost"


def _results(events: Sequence[Event], notes: Sequence[Note]) -> Iterator[str]:
    """What is done has returned, with that value; what has failed by an exception has raised one."""
    returned = {(note.trial, note.attempt): note.value for note in notes if note.what == "returns"}
    exited = {(note.trial, note.attempt) for note in notes if note.what == "exits"}
    raised = {(note.trial, note.attempt) for note in notes if note.what == "raises"}
    for event in events:
        if isinstance(event, TrialFinished):
            key = event.trial, event.attempt
            if key not in returned and key not in exited:
                yield f"trial {event.trial} is done with attempt {event.attempt}, which has never returned"
            elif key in returned and event.metrics.get("loss") != returned[key]:
                yield f"trial {event.trial} has returned {returned[key]}, and the log has {event.metrics}"
        elif (
            isinstance(event, TrialFailed)
            and event.failure.kind not in _LOSSES
            and (event.trial, event.attempt) not in raised
        ):
            yield f"trial {event.trial} has failed, and raised nothing: {event.failure}"


def _failures(events: Sequence[Event], plan: Plan) -> Iterator[str]:
    """Trials fail for what they do, or for what has happened to them."""
    allowed = _LOSSES if plan.kinds else set()
    if "full disk" in plan.kinds:
        allowed = allowed | {"OSError"}
    data = {"behaviours": plan.behaviours, "name": plan.name}
    for event in events:
        if isinstance(event, TrialFailed):
            does = behaviour(data, event.trial)
            if event.failure.kind not in FAILURES.get(does, set()) | allowed:
                yield f"trial {event.trial} ({does}) has failed: {event.failure}"


def _decisions(events: Sequence[Event], question: Question) -> Iterator[str]:
    """A scheduler that is asked afresh says the same of each report as the one that was asked when it came."""
    scheduler = question.scheduler.bind(RandomSearch().bind(question.space, question.seed, None))
    ledger, stopping = Ledger(), {}
    for event, following in zip(events, [*events[1:], None], strict=True):
        if isinstance(event, StopRequested) and stopping.pop(event.trial, None) != event.reason:
            yield f"trial {event.trial} was asked to stop, and nobody decides so: {event.reason}"
        before = ledger.history.trials[event.trial].state if isinstance(event, Reported) else None
        ledger.fold(event)
        if not isinstance(event, Reported) or before is not State.RUNNING or question.metric not in event.metrics:
            continue
        trial = ledger.history.trials[event.trial]
        verdict = scheduler.verdict(ledger.history, trial)
        if verdict.decision is not Decision.STOP:
            continue
        stopping[event.trial] = verdict.reason
        if not isinstance(following, StopRequested) or following.trial != event.trial:
            yield f"trial {event.trial} was to be stopped at step {event.step}: {verdict.reason}"


def _configs(events: Sequence[Event], question: Question) -> Iterator[str]:
    """A search chooses what it would have chosen if nothing had happened."""
    chosen = [event.config for event in events if isinstance(event, TrialQueued)]
    if not question.is_search or not chosen:
        return
    alone = run_study(
        RandomSearch(),
        space=question.space,
        seed=question.seed,
        trials=len(chosen),
        engine=Simulated(1),
        objective=lambda params: 0.0,
    )
    if chosen != alone.configs:
        yield "the configs aren't those that the same seed chooses when nothing happens"
