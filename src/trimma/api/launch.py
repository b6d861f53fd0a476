"""The one way in: each front door asks something, and `launch` runs the study that answers it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from trimma.api.ctrl_c import Interrupts
from trimma.api.ending import conclude
from trimma.api.observers import Observers, observers_of
from trimma.api.progress_view import Shown, View, view_of
from trimma.api.receive_requests import Listener
from trimma.api.recipe import Recipe
from trimma.events import Event
from trimma.ledger import Ledger
from trimma.loop import run
from trimma.planners import with_planner
from trimma.ports import Engine, History, Observer, Store
from trimma.requests import EndStudy, Request
from trimma.stopping import Rule


@dataclass(frozen=True, kw_only=True, slots=True)
class TakenUp:
    """A claimed study that is ready to run: what is known of it, what it needs, and when this session ends.

    ``known`` is how many events it had before this session.
    """

    ledger: Ledger
    known: int
    recipe: Recipe
    trials: int | None
    until: Rule | None


class TakesUp(Protocol):
    """What a front door asks, once its arguments are checked: of a new study, or of one that is stored."""

    @property
    def name(self) -> str:
        """The study's name."""
        ...

    def take_up(self, store: Store, engine: Engine) -> TakenUp:
        """The study, which the caller has claimed: created, or found and, where more is asked of it, extended."""
        ...


def launch(
    asked: TakesUp, engine: Engine, store: Store, *, progress: bool | View, observers: Sequence[Observer]
) -> Ledger:
    """Claim the study, take it up, and run and show it until it is closed, and all ``observers`` know of it.

    Raises `StudyBusy` when another process runs it, whatever ``asked.take_up`` raises, `StudyFailed` when it was given
    up, and KeyboardInterrupt after ctrl-C, once all is in order.
    """
    followed_by = observers_of(observers)
    with store.claim(asked.name):
        asked_outside = Listener(store, asked.name)
        study = asked.take_up(store, engine)
        history = study.ledger.history
        with (
            # the outermost: a ctrl-C while it waits for observers ends the waiting
            Observers(followed_by, store, asked.name, study.known) as told,
            Interrupts() as interrupted,
            Shown(view_of(progress, engine)) as shown,
        ):

            def observe(events: Sequence[Event], history: History, now: float) -> None:
                told(events, history, now)
                shown(events, history, now)

            # as it was created: the order of branches must not change with the limits of a resume
            bind = partial(study.recipe.bind, history.original)
            again = bind if study.recipe.binds else None
            policy, planner = with_planner(bind(), again, study.ledger, engine, store, slow=study.recipe.is_slow)

            def requests() -> Sequence[Request]:
                return [EndStudy(reason="interrupted")] if interrupted() else asked_outside()

            run(
                study.ledger,
                policy,
                engine,
                store,
                study.recipe.program,
                trials=study.trials,
                until=study.until,
                observe=observe,
                requests=requests,
                planner=planner,
            )
        conclude(history, ctrl_c=interrupted())
    return study.ledger
