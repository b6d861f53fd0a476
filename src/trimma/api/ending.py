"""How a caller is told that a study has ended."""

import sys
from signal import SIGINT, Signals

from trimma.api.advice import how_to_load, how_to_resume
from trimma.api.interruption import interruption
from trimma.errors import StoreFull, StudyFailed
from trimma.events import Outcome
from trimma.ports import Engine, History, Store
from trimma.safe_text import safe


def ended_at_once(name: str, store: Store, engine: Engine, by: Signals) -> BaseException:
    """What to raise after a second signal, which waits for nothing."""
    return interruption(f"study {name!r} was ended at once; to go on: {how_to_resume(name, store, engine)}", by)


def conclude(history: History, store: Store, engine: Engine, by: Signals | None) -> None:
    """Say by an exception when the study did not end as asked; where somebody asked it to stop, a line is enough.

    Raises `StudyFailed` when it was given up, and what `interruption` says when it was stopped ``by`` a signal. How to
    go on is the message of that.
    """
    name, closed = history.spec.name, history.closed
    if closed is None or closed.outcome is Outcome.FINISHED:
        return
    if closed.outcome is Outcome.INTERRUPTED:
        why = f"ended early: {closed.reason}" if by is None else _interrupted(by)
        told = f"study {name!r} was {why}; to go on: {how_to_resume(name, store, engine)}"
        if by is not None:
            raise interruption(told, by)
        sys.stderr.write(f"{safe(told)}\n")
        return
    if (rule := history.failed_rule) is not None and rule.failure is not None:
        raise StudyFailed(
            f"study {name!r} was given up: {closed.reason}. All trials are kept.\n\n"
            f"{rule.failure.traceback.rstrip()}\n\n"
            f"Mend the rule, then go on with {how_to_load(name, store)}.resume(until=...)."
        )
    ended = sorted(history.ended[history.ended_before :])
    shown = next((history.trials[trial].failure for trial in ended if history.trials[trial].failure), None)
    detail = " " if shown is None else f" The first failure:\n\n{shown.traceback.rstrip() or shown}\n\n"
    raise StudyFailed(
        f"study {name!r} was given up: {closed.reason}.{detail}"
        f"Mend the objective, then go on with {how_to_load(name, store)}.resume(objective=...), or start anew."
    )


def _interrupted(by: Signals) -> str:
    return "interrupted" if by is SIGINT else f"interrupted by {by.name}"


def ended_by_error(name: str, store: Store, engine: Engine) -> str:
    """What to say beside an error that has ended a study."""
    return f"study {name!r} was ended by this error, and all trials are kept; to go on: " + safe(
        how_to_resume(name, store, engine)
    )


def ended_without_room(name: str, store: Store, engine: Engine, error: StoreFull, by: Signals | None) -> BaseException:
    """What to raise where a study has ended because its store had no room for more."""
    how = "ended" if by is None else _interrupted(by)
    told = (
        f"study {name!r} was {how} without room for more in its store; what was stored before is kept. "
        f"To go on when there is room: {how_to_resume(name, store, engine)}"
    )
    return StoreFull(f"{error}. {told}") if by is None else interruption(told, by)
