"""Planners, which make plans beside the loop, so that verdicts and workers don't wait for a slow searcher.

"Beside the loop" means that the loop goes on while a plan is made. Quick plans are made within the loop, because
handing them to a thread would take longer. A plan depends only on the events that were stored when it was requested, so
it doesn't matter which thread makes it, or when.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import islice
from queue import SimpleQueue
from threading import Thread

from numpy.random import Generator

from trimma.commands import Plan
from trimma.core import Policy, planned
from trimma.ledger import Ledger
from trimma.ports import Engine, History, Planned, Planner, Scheduler, Store, Suggestion, Verdict
from trimma.trial import Trial

SLOW, VERY_SLOW = 0.02, 0.2
"""In seconds. After three plans in a row that took longer than SLOW, or one that took longer than VERY_SLOW, the next
plans are made beside the loop."""


def with_planner(
    policy: Policy, bind: Callable[[], Policy] | None, ledger: Ledger, engine: Engine, store: Store, *, slow: bool
) -> tuple[Policy, Planner | None]:
    """The policy and the planner to run a study with. The planner is closed by whoever runs the study.

    ``bind`` makes the policy once more, for another thread. Without it, all plans are made within the loop. ``slow``
    says that plans are slow from the beginning. For an engine on virtual time, the engine says how long its plans take.
    """
    virtual = getattr(engine, "planning", None)
    if virtual is not None:
        return policy, VirtualPlanner(policy.scheduler, ledger, engine, virtual)
    if bind is None:
        return policy, None
    planner = ThreadPlanner(lambda: bind().scheduler, store, ledger.history.spec.name, engine, slow=slow)
    return replace(policy, scheduler=planner.timed(policy.scheduler)), planner


class VirtualPlanner:
    """Makes plans that take ``seconds`` of the engine's virtual time: a number, or a function of the history."""

    def __init__(
        self, scheduler: Scheduler, ledger: Ledger, engine: Engine, seconds: float | Callable[[History], float]
    ) -> None:
        self._scheduler, self._ledger, self._engine, self._seconds = scheduler, ledger, engine, seconds
        self.beside = callable(seconds) or seconds > 0

    def plan(self, request: Plan) -> None:
        history = self._ledger.history
        suggestions = tuple(planned(self._scheduler, history, request.free))
        seconds = self._seconds(history) if callable(self._seconds) else self._seconds
        self._engine.tell(Planned(plan=request, suggestions=suggestions), after=seconds)

    def check(self) -> None:
        """Do nothing, because `plan` raises its errors itself."""

    def close(self) -> None:
        """Do nothing, because there is no thread to end."""


class ThreadPlanner:
    """Makes plans in a thread that has its own scheduler and ledger, and reads new events from the store.

    ``bind`` makes the thread's scheduler. Plans are made within the loop until they turn out to be slow. With ``slow``
    they are made beside the loop from the beginning.
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
        """A scheduler like ``scheduler``, which also measures how long its plans within the loop take."""
        return _Timed(scheduler, self._took)

    def _took(self, seconds: float) -> None:
        self._slow_in_a_row = self._slow_in_a_row + 1 if seconds > SLOW else 0
        self.beside = self.beside or seconds > VERY_SLOW or self._slow_in_a_row == 3

    def plan(self, request: Plan) -> None:
        if self._thread is None:
            # a daemon thread, because the process need not wait at its end for a plan that nobody wants any more
            self._thread = Thread(target=self._work, name="trimma-planner", daemon=True)
            self._thread.start()
        self._requests.put(request)

    def check(self) -> None:
        if self._failure is not None:
            raise self._failure

    def close(self) -> None:
        """Let the thread end after the plan that it is making. This doesn't wait for it."""
        self._requests.put(None)

    def _work(self) -> None:
        request = None
        try:
            ledger, scheduler = Ledger(), self._bind()
            while (request := self._requests.get()) is not None:
                unread = request.known - len(ledger)
                for event in islice(self._store.read(self._study, after=len(ledger)), unread):
                    ledger.fold(event)
                suggestions = tuple(planned(scheduler, ledger.history, request.free))
                self._engine.tell(Planned(plan=request, suggestions=suggestions))
        except BaseException as error:  # noqa: BLE001 - the loop raises it
            self._failure = error
            if (request := request or self._requests.get()) is not None:
                # this wakes the loop
                self._engine.tell(Planned(plan=request, suggestions=()))


class _Timed:
    def __init__(self, scheduler: Scheduler, took: Callable[[float], None]) -> None:
        self._scheduler, self._took = scheduler, took
        self.verdict: Callable[[History, Trial], Verdict] = scheduler.verdict

    def plan(self, history: History, free: int, rng: Generator) -> Sequence[Suggestion]:
        begin = time.perf_counter()
        suggestions = self._scheduler.plan(history, free, rng)
        self._took(time.perf_counter() - begin)
        return suggestions
