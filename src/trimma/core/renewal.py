"""When a worker gets a fresh process, and which trials are tried again in one.

What an exception alone can tell was judged at the worker (`Raised.of_process`). Here the failures of a worker are
compared with those of the others, and with what fresh processes have shown.
"""

from trimma.core.draft import Draft
from trimma.events import Failure, WorkerRenewed
from trimma.facts import Raised
from trimma.ports import History
from trimma.trial import State, Trial

_FEWEST = 3
"""So many trials of a worker fail alike in a row before its process is suspected. After each suspicion of such a
failure that proved wrong it takes twice as many."""
_LONGEST = 200


def why_spoiled(draft: Draft, fact: Raised, trial: Trial) -> str | None:
    """Why a trial's exception looks like a failure of its process, in words. None if it doesn't.

    That is so if the exception itself says so. It is also so if the same failure has ended several trials of this
    worker in a row, while others did well there before or elsewhere meanwhile.
    """
    if draft.renew is None or trial.ranks > 1:
        return None
    history, worker, failure = draft.history, trial.workers[0], fact.failure
    if fact.of_process:
        who = f"trial {trial.id}" if trial.attempt == 1 else f"attempt {trial.attempt} of trial {trial.id}"
        return f"{who} failed as in a spoiled process, with {_brief(failure)}"
    stay = history.workers[worker]
    if stay.failing != failure.likeness or stay.alike + 1 < _FEWEST << history.exonerated.get(failure.likeness, 0):
        return None
    if stay.done_at is None and not _others_did_well(history, worker, stay.failing_since):
        return None
    return f"{stay.alike + 1} trials in a row failed alike, while others did well, with {_brief(failure)}"


def has_company(draft: Draft, trial: Trial) -> bool:
    """Whether other trials ran before this one in its process, so that a fresh process may do better."""
    return trial.state is State.RUNNING and draft.history.workers[trial.workers[0]].trials > 1


def note_end(draft: Draft, worker: str) -> None:
    """Note whether a worker whose trial has just ended is due to be renewed for its memory or its number of trials."""
    renew, stay = draft.renew, draft.history.workers.get(worker)
    if stay is None or worker in draft.due:
        return
    if stay.growth is not None and stay.growth.exceeded:
        note_spoiled(draft, worker, f"it held {stay.growth}")
    elif isinstance(renew, int) and stay.trials >= renew:
        after = "each trial" if renew == 1 else f"{renew} trials"
        cause = f"renew={renew} asks for a fresh process after {after}"
        draft.due[worker] = WorkerRenewed(at=draft.now, worker=worker, cause=cause, asked=True)


def note_spoiled(draft: Draft, worker: str, cause: str) -> None:
    """Note that a worker is due to be renewed for this cause."""
    draft.due[worker] = WorkerRenewed(at=draft.now, worker=worker, cause=cause)


def renew_due(draft: Draft, *, may_plan: bool) -> None:
    """Renew the workers that are due, if there is anything left for them to do.

    A spoiled worker is renewed also while other trials run, since it may still be needed for one of them.
    """
    history = draft.history
    more = bool(history.queued) or (may_plan and (history.room != 0 or bool(history.paused)))
    for worker, event in draft.due.items():
        if worker in history.idle and (more or (history.live_count and not event.asked)):
            draft.renew_worker(event)
    draft.due.clear()


def fresh_worker(draft: Draft, coming: int) -> str | None:
    """An idle worker whose process is fresh. None if there is none.

    In that case an idle worker is renewed, unless at least ``coming`` workers are being renewed already.
    """
    history = draft.history
    for worker in history.idle:
        if not history.workers[worker].trials:
            return worker
    if history.idle and len(history.renewing) < coming:
        worker = next(iter(history.idle))
        cause = "a trial that failed as in a spoiled process is tried again in a fresh one"
        draft.renew_worker(WorkerRenewed(at=draft.now, worker=worker, cause=cause))
    return None


def _others_did_well(history: History, worker: str, since: int) -> bool:
    others = (stay for name, stay in history.workers.items() if name != worker)
    return any(stay.done_at is not None and stay.done_at > since for stay in others)


def _brief(failure: Failure) -> str:
    line = " ".join(str(failure).split())
    return line if len(line) <= _LONGEST else line[: _LONGEST - 3] + "..."
