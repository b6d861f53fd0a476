"""How a caller is told that a study has ended."""

import sys

from trimma.api.advice import how_to_load, how_to_resume
from trimma.api.ctrl_c import interruption
from trimma.errors import StoreFull, StudyFailed
from trimma.events import Outcome
from trimma.ports import Engine, History, Store
from trimma.safe_text import safe


def ended_at_once(name: str, store: Store, engine: Engine) -> KeyboardInterrupt:
    """What to raise after a second ctrl-C, which waits for nothing."""
    return interruption(f"study {name!r} was ended at once; to go on: {how_to_resume(name, store, engine)}")


def conclude(history: History, store: Store, engine: Engine, *, ctrl_c: bool) -> None:
    """Say by an exception when the study did not end as asked; where somebody asked it to stop, a line is enough.

    Raises `StudyFailed` when it was given up, and KeyboardInterrupt when it was interrupted by ``ctrl_c``. How to go on
    is the message of that.
    """
    name, closed = history.spec.name, history.closed
    if closed is None or closed.outcome is Outcome.FINISHED:
        return
    if closed.outcome is Outcome.INTERRUPTED:
        why = "interrupted" if ctrl_c else f"ended early: {closed.reason}"
        told = f"study {name!r} was {why}; to go on: {how_to_resume(name, store, engine)}"
        if ctrl_c:
            raise interruption(told)
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


def ended_by_error(name: str, store: Store, engine: Engine) -> str:
    """What to say beside an error that has ended a study."""
    return f"study {name!r} was ended by this error, and all trials are kept; to go on: " + safe(
        how_to_resume(name, store, engine)
    )


def ended_without_room(
    name: str, store: Store, engine: Engine, error: StoreFull, *, ctrl_c: bool
) -> StoreFull | KeyboardInterrupt:
    """What to raise where a study has ended because its store had no room for more."""
    how = "interrupted" if ctrl_c else "ended"
    told = (
        f"study {name!r} was {how} without room for more in its store; what was stored before is kept. "
        f"To go on when there is room: {how_to_resume(name, store, engine)}"
    )
    return interruption(told) if ctrl_c else StoreFull(f"{error}. {told}")
