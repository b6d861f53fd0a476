"""The one way in: each front door asks something, and `launch` runs the study that answers it."""

from dataclasses import dataclass
from typing import Protocol

from trimma.api.ctrl_c import Interrupts
from trimma.api.ending import conclude
from trimma.api.recipe import Recipe
from trimma.api.shown import Shown, View, view_of
from trimma.ledger import Ledger
from trimma.loop import run
from trimma.ports import Engine, Store
from trimma.stopping import Rule


@dataclass(frozen=True, kw_only=True, slots=True)
class TakenUp:
    """A claimed study that is ready to run: what is known of it, what it needs, and when this session ends."""

    ledger: Ledger
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


def launch(asked: TakesUp, engine: Engine, store: Store, *, progress: bool | View) -> Ledger:
    """Claim the study, take it up, and run and show it until it is closed.

    Raises `StudyBusy` when another process runs it, whatever ``asked.take_up`` raises, `StudyFailed` when it was given
    up, and KeyboardInterrupt after ctrl-C, once all is in order.
    """
    with store.claim(asked.name):
        study = asked.take_up(store, engine)
        history = study.ledger.history
        with Interrupts() as interrupted, Shown(view_of(progress, engine)) as shown:
            run(
                study.ledger,
                # as it was created: the order of branches must not change with the limits of a resume
                study.recipe.bind(history.asked),
                engine,
                store,
                study.recipe.program,
                trials=study.trials,
                until=study.until,
                observe=shown,
                interrupted=interrupted,
            )
        conclude(history)
    return study.ledger
