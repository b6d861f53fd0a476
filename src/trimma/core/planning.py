"""Gives trials to idle workers."""

from collections.abc import Iterable, Mapping
from itertools import islice

import numpy as np
from numpy.random import Generator

from trimma.commands import Job, Plan, Start
from trimma.core.draft import Draft
from trimma.core.renewal import fresh_worker
from trimma.errors import IllegalMove, UsageError
from trimma.events import PlanReceived, PlanRequested, TrialQueued, TrialResumed, TrialStarted
from trimma.ports import History, Planned, Scheduler, Suggestion
from trimma.space.plain import plain
from trimma.trial import Trial
from trimma.tuples_in_json import mark_tuples


def source(history: History) -> Generator:
    """The random generator of the next plan. It derives from the seed and the number of suggestions taken so far."""
    entropy = history.spec.seed, history.chosen
    # NumPy makes the same of an array as of numbers, and quicker
    return np.random.default_rng(np.array(entropy, np.uint32) if entropy[0] < 2**32 else entropy)


def planned(scheduler: Scheduler, history: History, free: int) -> list[Suggestion]:
    """What the scheduler suggests, for ``free`` workers at most.

    Raises `UsageError` when it gives something else than suggestions.
    """
    answer: object = scheduler.plan(history, free, source(history))
    if not isinstance(answer, Iterable):
        raise UsageError(f"a searcher gives a list of Suggestion, empty when there is nothing to try; not {answer!r}")
    suggestions = list(islice(answer, free))
    for suggestion in suggestions:
        if not isinstance(suggestion, Suggestion):
            raise UsageError(f"a searcher gives a list of Suggestion; {suggestion!r} in it is none")
    return suggestions


def request(draft: Draft, *, may_plan: bool) -> bool:
    """Start queued trials on idle workers, and request a plan when there are too few queued trials.

    Returns True when a worker stays idle because there is nothing to try.
    """
    history = draft.history
    _start_queued(draft)
    wanted = history.free + history.ahead - _in_turn(draft)
    if not history.paused and history.room is not None:
        wanted = min(wanted, history.room)
    if not may_plan or wanted <= 0 or history.planning is not None:
        return False
    if history.fruitless:
        return history.free > 0
    draft.record(PlanRequested(at=draft.now, free=wanted))
    draft.commands.append(_plan(history, wanted))
    return False


def receive(draft: Draft, plan: Planned) -> None:
    """Take up the suggestions of a plan that was made beside the loop.

    Suggestions that no longer apply are dropped, and so is a plan that isn't the one that was requested last.
    """
    history = draft.history
    if history.planning is None or plan.plan != _plan(history, plan.plan.free):
        return
    draft.record(PlanReceived(at=draft.now, suggestions=len(plan.suggestions)))
    for suggestion in plan.suggestions:
        if suggestion.resume is None or suggestion.resume in history.paused:
            _take(draft, suggestion)


def _plan(history: History, free: int) -> Plan:
    """The plan that is being made now, or is to be."""
    known = history.planning or len(history)
    return Plan(study=history.spec.name, opened=history.sessions[-1].start, known=known, free=free)


def fill(draft: Draft, scheduler: Scheduler, *, may_plan: bool) -> bool:
    """Give each idle worker a trial. Returns True when a worker stays idle because there is nothing to try.

    A trial of several ranks starts when there are idle workers for all of them. Until then idle workers wait for it,
    and no later trial is started. Otherwise it might never start.
    """
    history = draft.history
    if not history.idle or not _start_queued(draft):
        return False
    while may_plan and (free := history.free) and (history.room != 0 or history.paused):
        if not history.paused and history.room is not None:
            free = min(free, history.room)
        taken = [suggestion for suggestion in planned(scheduler, history, free) if _take(draft, suggestion)]
        if not taken:
            return True
        if _in_turn(draft) or _met(history, draft.now):
            return False
    return False


def _start_queued(draft: Draft) -> bool:
    """Start queued trials, in order, while workers are idle. Those that await a fresh process take none of the others.

    Returns False when some workers are still idle, but too few for the next trial.
    """
    history, apart = draft.history, _apart(draft)
    for number in list(apart):
        if history.free and (worker := fresh_worker(draft, len(apart))) is not None:
            _start(draft, history.trials[number], (worker,))
    while history.queued and (free := history.free):
        waiting = (
            (trial for trial in history.queued.values() if trial.id not in apart) if apart else history.queued.values()
        )
        trial = next(iter(waiting), None)
        if trial is None:
            break
        if trial.ranks > free:
            return False
        _start(draft, trial, tuple(islice(history.idle, trial.ranks)))
    return True


def _apart(draft: Draft) -> Mapping[int, None]:
    """The queued trials that await a fresh process, where workers can have one."""
    return {} if draft.renew is None else draft.history.awaiting_fresh


def _in_turn(draft: Draft) -> int:
    """How many queued trials can start on any worker."""
    return len(draft.history.queued) - len(_apart(draft))


def _take(draft: Draft, suggestion: Suggestion) -> bool:
    """Take up a suggestion, and start its trial if it can be started.

    Returns False for a new trial that the study has no room for.
    """
    history = draft.history
    # the trial before this one may have met a rule
    if _met(history, draft.now):
        return False
    if suggestion.resume is None:
        if history.room == 0:
            return False
        number = history.trial_count
        for name, value in suggestion.config.items():
            plain(value, f"the value of {name!r} in a suggestion")
        draft.record(
            TrialQueued(
                at=draft.now,
                trial=number,
                config=suggestion.config,
                place=plain(suggestion.place, "the place") if suggestion.place else {},
                parent=suggestion.parent,
                branch=suggestion.branch,
                hidden=suggestion.hidden,
                rungs=suggestion.rungs,
                budget=suggestion.budget,
                ranks=suggestion.ranks,
            )
        )
    else:
        number = suggestion.resume
        if number not in history.paused:
            raise IllegalMove(f"the scheduler wants to go on with trial {number}, which isn't paused")
        draft.record(
            TrialResumed(rungs=suggestion.rungs, budget=suggestion.budget, **draft.key(history.trials[number]))
        )
    _start_queued(draft)
    return True


def _met(history: History, now: float) -> bool:
    until = history.spec.until
    return until is not None and until.met(history, now) is not None


def _start(draft: Draft, trial: Trial, workers: tuple[str, ...]) -> None:
    attempt = trial.attempt + 1
    draft.record(TrialStarted(at=draft.now, trial=trial.id, attempt=attempt, workers=workers))
    job = Job(
        trial=trial.id,
        attempt=attempt,
        workers=workers,
        stays=tuple(draft.history.workers[worker].number for worker in workers),
        config=mark_tuples(trial.config),
        place=mark_tuples(trial.place),
        rungs=tuple(trial.rungs),
        budget=trial.budget,
        checkpoints=tuple(trial.checkpoints),
    )
    draft.commands.append(Start(job=job))
