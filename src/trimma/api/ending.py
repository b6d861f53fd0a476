"""How a caller is told that a study has ended."""

import sys

from trimma.errors import StudyFailed
from trimma.events import Outcome
from trimma.ports import History


def conclude(history: History, *, ctrl_c: bool) -> None:
    """Say by an exception when the study did not end as asked; where somebody asked it to stop, a line is enough.

    Raises `StudyFailed` when it was given up, and KeyboardInterrupt when it was interrupted by ``ctrl_c``.
    """
    name, closed = history.spec.name, history.closed
    if closed is None or closed.outcome is Outcome.FINISHED:
        return
    if closed.outcome is Outcome.INTERRUPTED:
        why = "interrupted" if ctrl_c else f"ended early: {closed.reason}"
        sys.stderr.write(f"study {name!r} was {why}; to go on: {how_to_resume(name)}\n")
        if ctrl_c:
            raise KeyboardInterrupt
        return
    ended = sorted(history.ended[history.ended_before :])
    shown = next((history.trials[trial].failure for trial in ended if history.trials[trial].failure), None)
    detail = " " if shown is None else f" The first failure:\n\n{shown.traceback.rstrip() or shown}\n\n"
    raise StudyFailed(
        f"study {name!r} was given up: {closed.reason}.{detail}"
        f"Mend the objective, then go on with tm.load({name!r}).resume(objective=...), or start anew."
    )


def how_to_resume(name: str) -> str:
    """The two ways to go on with a study, in words."""
    return f"tm.load({name!r}).resume(), or: trimma resume {name}"
