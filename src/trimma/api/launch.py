"""Runs every study: a front door such as `tune` says what is asked, and `launch` does the rest."""

import multiprocessing
import sys
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, replace
from functools import partial
from signal import SIGINT
from typing import Protocol

from trimma.api.checkpoint_keeper import CheckpointKeeper
from trimma.api.checkpoint_place import checkpoint_place
from trimma.api.claim import claimed
from trimma.api.ending import conclude, ended_at_once, ended_by_error, ended_without_room
from trimma.api.folder_keeper import FolderKeeper
from trimma.api.observers import Observers, observers_of
from trimma.api.progress_view import Shown, View, view_of
from trimma.api.receive_requests import Listener
from trimma.api.recipe import Recipe
from trimma.api.stop_signals import StopSignals
from trimma.api.trial_folders import trial_folders
from trimma.checkpoint import Checkpoints
from trimma.errors import StoreError, StoreFull, UsageError
from trimma.events import Event
from trimma.ledger import Ledger
from trimma.loop import Room, run
from trimma.objective import Signature
from trimma.planners import with_planner
from trimma.ports import Engine, History, Observer, Store
from trimma.requests import EndStudy, Request
from trimma.safe_text import safe
from trimma.stopping import Rule


@dataclass(frozen=True, kw_only=True, slots=True)
class TakenUp:
    """A claimed study that is ready to run: its ledger, its recipe, and the limits of this session.

    ``known`` is how many events the study had before this session.
    """

    ledger: Ledger
    known: int
    recipe: Recipe
    trials: int | None
    until: Rule | None


class TakesUp(Protocol):
    """What a front door asks of a new or a stored study, after its arguments were checked."""

    @property
    def name(self) -> str:
        """The study's name."""
        ...

    def take_up(self, store: Store, engine: Engine) -> TakenUp:
        """Create the study, or read it from the store and extend it if more is asked of it.

        The caller has claimed the study.
        """
        ...


def launch(
    asked: TakesUp, engine: Engine, store: Store, *, progress: bool | View, observers: Sequence[Observer]
) -> Ledger:
    """Claim the study, take it up, and run and show it until it is closed and all observers were told.

    Raises `UsageError` in a process that imports the script before it begins. Raises `StudyBusy` when another process
    runs the study, whatever ``asked.take_up`` raises, `StudyFailed` when the study was given up, and after a signal,
    when all has been stored, what `trimma.api.interruption` makes of it.
    """
    _refuse_import()
    followed_by = observers_of(observers)
    signalled = StopSignals()
    try:
        with claimed(store, asked.name):
            ledger = _run(asked, engine, store, signalled, progress, followed_by)
    except KeyboardInterrupt as interrupt:
        # one that says something already is that of a study that waited for room
        if (by := signalled()) and not interrupt.args:
            if by is SIGINT:
                sys.stderr.write("\n")  # after the ^C of the terminal
            raise ended_at_once(asked.name, store, engine, by) from None
        raise
    conclude(ledger.history, store, engine, signalled())
    return ledger


def _run(
    asked: TakesUp,
    engine: Engine,
    store: Store,
    signalled: StopSignals,
    progress: bool | View,
    observers: Sequence[Observer],
) -> Ledger:
    """Take up a claimed study, and run and show it until it is closed and all ``observers`` were told."""
    asked_outside = Listener(store, asked.name)
    study = asked.take_up(store, engine)
    history = study.ledger.history
    with (
        # observers are the outermost context, so that a second signal ends the waiting for them
        Observers(observers, store, asked.name, study.known) as told,
        signalled,
        _folder_keeper(study, store) as keeper,
        _checkpoint_keeper(study, store) as saved,
        Shown(view_of(progress, engine)) as shown,
    ):

        def observe(events: Sequence[Event], history: History, now: float) -> None:
            told(events, history, now)
            if keeper is not None:
                keeper(events, history, now)
            if saved is not None:
                saved(events, history, now)
            shown(events, history, now)

        # bound to the original limits, because the order of branches must not change with those of a resume
        bind = partial(study.recipe.bind, history.original)
        again = bind if study.recipe.binds else None
        policy, planner = with_planner(bind(), again, study.ledger, engine, store, slow=study.recipe.is_slow)

        def requests() -> Sequence[Request]:
            if (by := signalled()) is None:
                return asked_outside()
            signalled.tell()
            return [EndStudy(reason="interrupted" if by is SIGINT else by.name)]

        try:
            run(
                study.ledger,
                policy,
                engine,
                store,
                replace(
                    study.recipe.program,
                    folders=None if keeper is None else keeper.folders,
                    checkpoints=None if saved is None else saved.place,
                ),
                trials=study.trials,
                until=study.until,
                observe=observe,
                requests=requests,
                planner=planner,
                room=Room(clock=time.monotonic, rest=time.sleep, tell=_tell),
            )
        except StoreFull as error:
            raise ended_without_room(asked.name, store, engine, error, signalled()) from error
        except StoreError:
            raise
        except Exception as error:
            error.add_note(ended_by_error(asked.name, store, engine))
            raise
    return study.ledger


def _tell(text: str) -> None:
    # a terminal that was closed takes nothing any more
    with suppress(OSError):
        sys.stderr.write(f"{safe(text)}\n")


def _folder_keeper(study: TakenUp, store: Store) -> AbstractContextManager[FolderKeeper | None]:
    """Looks after the folders of the trials, which only an objective that takes ``trial`` can ask for."""
    if "trial" not in Signature.of(study.recipe.program.objective).accepts:
        return nullcontext()
    history = study.ledger.history
    return FolderKeeper(trial_folders(history.spec, history.created, store), history, store)


def _checkpoint_keeper(study: TakenUp, store: Store) -> AbstractContextManager[CheckpointKeeper | None]:
    """Looks after the checkpoints, where there may be some.

    An objective reads them from ``trial``, unless it is an object of steps. Where the scheduler requires them or the
    user has asked for them, an objective that can't is told so.
    """
    objective, history = study.recipe.program.objective, study.ledger.history
    required = getattr(study.recipe.scheduler, "promotes", False)
    reads = "trial" in Signature.of(objective).accepts or callable(getattr(objective, "step", None))
    if not (reads or required or history.spec.checkpoints != Checkpoints()):
        return nullcontext()
    return CheckpointKeeper(checkpoint_place(history.spec, history.created, store, required=required), history)


def _refuse_import() -> None:
    """Raise `UsageError` in a process that imports the script before it begins, for it would start study upon study."""
    if getattr(multiprocessing.current_process(), "_inheriting", False):
        raise UsageError(
            "a process that multiprocessing has started imports this script first, which starts a study: put what is "
            "to run once, such as tm.tune, under  if __name__ == '__main__':"
        )
