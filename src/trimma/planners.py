"""Plans made beside the loop, so that neither verdicts nor workers wait for a searcher that takes its time.

Where planning is quick it is done within the loop, which is quicker still than to hand it to a thread. A plan is a
function of the events that are stored by the time of the request: it doesn't matter which thread makes it, or when.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from queue import SimpleQueue
from threading import Thread

from numpy.random import Generator

from trimma.commands import Plan
from trimma.core import Policy, source
from trimma.ledger import Ledger
from trimma.ports import Engine, History, Planned, Planner, Scheduler, Store, Suggestion, Verdict
from trimma.trial import Trial

SLOW, VERY_SLOW = 0.02, 0.2
"""Seconds: once three plans in a row, or one, have taken longer, the next ones are made beside the loop."""


def with_planner(
    policy: Policy, bind: Callable[[], Policy] | None, ledger: Ledger, engine: Engine, store: Store, *, slow: bool
) -> tuple[Policy, Planner | None]:
    """The policy and the planner with which a study is run; the planner is closed by whoever runs it.

    ``bind`` makes the policy once more, for another thread; without it all plans are made within the loop. ``slow``
    says that plans take long from the beginning. An engine whose time is virtual says how long they take.
    """
    virtual = getattr(engine, "planning", None)
    if virtual is not None:
        return policy, VirtualPlanner(policy.scheduler, ledger, engine, virtual)
    if bind is None:
        return policy, None
    planner = ThreadPlanner(lambda: bind().scheduler, store, ledger.history.spec.name, engine, slow=slow)
    return replace(policy, scheduler=planner.timed(policy.scheduler)), planner


class VirtualPlanner:
    """Plans that take so many ``seconds`` of the engine's own time, a number or a function of the history."""

    def __init__(
        self, scheduler: Scheduler, ledger: Ledger, engine: Engine, seconds: float | Callable[[History], float]
    ) -> None:
        self._scheduler, self._ledger, self._engine, self._seconds = scheduler, ledger, engine, seconds
        self.beside = callable(seconds) or seconds > 0

    def plan(self, request: Plan) -> None:
        history = self._ledger.history
        suggestions = tuple(self._scheduler.plan(history, request.free, source(history))[: request.free])
        seconds = self._seconds(history) if callable(self._seconds) else self._seconds
        self._engine.tell(Planned(known=request.known, suggestions=suggestions), after=seconds)

    def check(self) -> None:
        """What it could raise, `plan` has raised."""

    def close(self) -> None:
        """There is nothing to end."""


class ThreadPlanner:
    """Plans made by a thread with a scheduler and a ledger of its own, which it brings up to date from the store.

    ``bind`` makes the scheduler. Plans are made within the loop until they turn out to be slow, or beside it from the
    beginning when ``slow`` says that they will be.
    """

    def __init__(
        self, bind: Callable[[], Scheduler], store: Store, study: str, engine: Engine, *, slow: bool = False
    ) -> None:
        self._bind, self._store, self._study, self._engine = bind, store, study, engine
        self.beside = slow
        self._slow_in_a_row = 0
        self._requests: SimpleQueue[Plan | None] = SimpleQueue()
        self._thread: Thread | None = None
        self._failure: BaseException | None = None

    def timed(self, scheduler: Scheduler) -> Scheduler:
        """The scheduler, whose plans are timed as long as they are made within the loop."""
        return _Timed(scheduler, self._took)

    def _took(self, seconds: float) -> None:
        self._slow_in_a_row = self._slow_in_a_row + 1 if seconds > SLOW else 0
        self.beside = self.beside or seconds > VERY_SLOW or self._slow_in_a_row == 3

    def plan(self, request: Plan) -> None:
        if self._thread is None:
            # a daemon: nobody has to wait for a plan that isn't wanted any more
            self._thread = Thread(target=self._work, name="trimma-planner", daemon=True)
            self._thread.start()
        self._requests.put(request)

    def check(self) -> None:
        if self._failure is not None:
            raise self._failure

    def close(self) -> None:
        """Have the thread end, after the plan that it is making."""
        self._requests.put(None)

    def _work(self) -> None:
        ledger, known = Ledger(), 0
        try:
            scheduler = self._bind()
            while (request := self._requests.get()) is not None:
                known = request.known
                for event in self._store.read(self._study, after=len(ledger)):
                    if len(ledger) == known:
                        break
                    ledger.fold(event)
                history = ledger.history
                suggestions = tuple(scheduler.plan(history, request.free, source(history))[: request.free])
                self._engine.tell(Planned(known=known, suggestions=suggestions))
        except BaseException as error:  # noqa: BLE001 - the loop raises it
            self._failure = error
            # wakes the loop
            self._engine.tell(Planned(known=known, suggestions=()))


class _Timed:
    def __init__(self, scheduler: Scheduler, took: Callable[[float], None]) -> None:
        self._scheduler, self._took = scheduler, took
        self.verdict: Callable[[History, Trial], Verdict] = scheduler.verdict

    def plan(self, history: History, free: int, rng: Generator) -> Sequence[Suggestion]:
        begin = time.perf_counter()
        suggestions = self._scheduler.plan(history, free, rng)
        self._took(time.perf_counter() - begin)
        return suggestions
