"""One driver's session with a study: claimed, shown, run, and told how it ended."""

import sys
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext

from trimma.api.interrupt import Interrupts
from trimma.api.recipe import Recipe
from trimma.api.shown import Shown
from trimma.errors import StudyFailed
from trimma.events import Event, Outcome
from trimma.history import History
from trimma.ledger import Ledger
from trimma.loop import run
from trimma.ports import Engine, Observer, Store
from trimma.stopping import Rule

View = Callable[[Engine], AbstractContextManager[Observer]]
"""How a study is shown while it runs: given the engine, it makes an observer, for as long as its context lasts.

One that raises an exception is dropped with a warning, and the study goes on.
"""


def carry_on(
    ledger: Ledger,
    recipe: Recipe,
    engine: Engine,
    store: Store,
    *,
    trials: int | None,
    until: Rule | None,
    progress: bool | View,
) -> None:
    """Run a claimed study until it is closed.

    Raises `StudyFailed` when it was given up, and KeyboardInterrupt after ctrl-C, once all is in order.
    """
    make = progress if callable(progress) else view if progress else _no_view
    with Interrupts() as interrupted, Shown(make(engine)) as observe:
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
    ended = sorted(history.ended[history.sessions[-1].ended_before :])
    shown = next((history.trials[trial].failure for trial in ended if history.trials[trial].failure), None)
    detail = " " if shown is None else f" The first failure:\n\n{shown.traceback.rstrip() or shown}\n\n"
    raise StudyFailed(
        f"study {name!r} was given up: {closed.reason}.{detail}"
        f"Mend the objective, then go on with tm.load({name!r}).resume(objective=...), or start anew."
    )


def how_to_resume(name: str) -> str:
    """The two ways to go on with a study, in words."""
    return f"tm.load({name!r}).resume(), or: trimma resume {name}"


def view(engine: Engine, *, summary_follows: bool = False) -> AbstractContextManager[Observer]:
    """A live view where standard error is a terminal (or a notebook), plain lines elsewhere.

    With ``summary_follows`` the live view leaves no lines of a study that has finished.
    """
    from rich.console import Console

    console = Console(file=sys.stderr)
    if console.is_terminal or console.is_jupyter:
        from trimma.display.live import LiveView

        return LiveView(repr(engine), console=console, summary_follows=summary_follows)
    from trimma.display.lines import LineView

    # paced by real time, where the study's own is simulated too
    return LineView(repr(engine), stream=sys.stderr, clock=time.monotonic)


def _no_view(engine: Engine) -> AbstractContextManager[Observer]:
    return nullcontext(_unseen)


def _unseen(events: Sequence[Event], history: History, now: float) -> None:
    """An observer that shows nothing."""
