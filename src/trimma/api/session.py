"""One driver's session with a study: claimed, shown, run, and told how it ended."""

import sys
import time
from contextlib import AbstractContextManager, nullcontext
from typing import TextIO

from trimma.api.interrupt import Interrupts
from trimma.api.recipe import Recipe
from trimma.errors import StudyFailed
from trimma.events import Outcome
from trimma.history import History, Ledger
from trimma.loop import run
from trimma.ports import Engine, Observer, Store
from trimma.stopping import Rule


def carry_on(
    ledger: Ledger,
    recipe: Recipe,
    engine: Engine,
    store: Store,
    *,
    trials: int | None,
    until: Rule | None,
    progress: bool,
) -> None:
    """Run a claimed study until it is closed.

    Raises `StudyFailed` when it was given up, and KeyboardInterrupt after ctrl-C, once all is in order.
    """
    shown = view(engine, sys.stderr) if progress else nullcontext(_unseen)
    with Interrupts() as interrupted, shown as observe:
        run(
            ledger,
            # as it was created: the order of branches must not change with the limits of a resume
            recipe.bind(ledger.history.asked),
            engine,
            store,
            recipe.program,
            trials=trials,
            until=until,
            observe=observe,
            interrupted=interrupted,
        )
    conclude(ledger.history)


def conclude(history: History) -> None:
    """Say by an exception when the study did not end as asked."""
    name, closed = history.spec.name, history.closed
    if closed is None or closed.outcome is Outcome.FINISHED:
        return
    if closed.outcome is Outcome.INTERRUPTED:
        sys.stderr.write(f"study {name!r} was interrupted; to go on: {how_to_resume(name)}\n")
        raise KeyboardInterrupt
    shown = next(trial.failure for trial in map(history.trials.__getitem__, reversed(history.ended)) if trial.failure)
    detail = shown.traceback.rstrip() or str(shown)
    raise StudyFailed(
        f"study {name!r} was given up: {closed.reason}. One of them:\n\n{detail}\n\n"
        f"Mend the objective, then go on with tm.load({name!r}).resume(objective=...), or start anew."
    )


def how_to_resume(name: str) -> str:
    """The two ways to go on with a study, in words."""
    return f"tm.load({name!r}).resume(), or: trimma resume {name}"


def view(engine: Engine, stream: TextIO) -> AbstractContextManager[Observer]:
    """A live view where ``stream`` is a terminal (or a notebook), plain lines elsewhere."""
    from rich.console import Console

    console = Console(file=stream)
    if console.is_terminal or console.is_jupyter:
        from trimma.display.live import LiveView

        return LiveView(repr(engine), console=console)
    from trimma.display.lines import LineView

    # paced by real time, where the study's own is simulated too
    return LineView(repr(engine), stream=stream, clock=time.monotonic)


def _unseen(history: History, now: float) -> None:
    """An observer that shows nothing."""
