"""The one place that orders side effects: poll the engine, step, append to the store, act."""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from trimma.commands import Close, Command, Plan
from trimma.core import Policy, next_deadline, reopen, step
from trimma.errors import EngineError
from trimma.events import Event, StudyCreated, StudyExtended
from trimma.ledger import Ledger
from trimma.ports import Engine, History, Observer, Planner, Store
from trimma.program import Program
from trimma.requests import Request
from trimma.spec import StudySpec
from trimma.stopping import Rule


def create(store: Store, spec: StudySpec, program: bytes | None, now: float) -> Ledger:
    """Write the first event of a new study, and return its ledger."""
    created = StudyCreated(at=now, spec=spec, program=program)
    store.append(spec.name, [created], expected=0)
    ledger = Ledger()
    ledger.fold(created)
    return ledger


def extend(
    ledger: Ledger, store: Store, asked: dict[str, Any], planned: int | None, program: bytes | None, now: float
) -> None:
    """Store that a claimed study asks for more from here on, as `StudyExtended` says."""
    extended = StudyExtended(at=now, asked=asked, planned=planned, program=program)
    ledger.fold(extended)
    _append(store, ledger.history, [extended])


def replay(store: Store, name: str) -> Ledger:
    """A study's ledger, rebuilt from its events."""
    ledger = Ledger()
    catch_up(ledger, store, name)
    return ledger


def catch_up(ledger: Ledger, store: Store, name: str) -> None:
    """Fold in the events that were stored after the ledger's last one."""
    for event in store.read(name, after=len(ledger)):
        ledger.fold(event)


def run(
    ledger: Ledger,
    policy: Policy,
    engine: Engine,
    store: Store,
    program: Program,
    *,
    trials: int | None,
    until: Rule | None,
    observe: Observer,
    requests: Callable[[], Sequence[Request]],
    planner: Planner | None = None,
) -> None:
    """Run a claimed study until it is closed. The engine is opened here, and closed even after an exception.

    ``trials`` and ``until`` are the limits from here on. ``observe`` is called after each turn. ``requests`` is called
    in each turn, and returns what people have asked for since the turn before. A ``planner`` whose ``beside`` is true
    makes plans beside the loop. Otherwise they are made within the loop.

    Raises `EngineError` for a trial of several ranks on an engine that can't run one.
    """
    history, clock = ledger.history, engine.clock
    turn = reopen(ledger, trials, until, clock.now(), policy.rules)
    _append(store, history, turn.events)
    opening: Sequence[Event] = turn.events
    most_ranks = math.inf if getattr(engine, "gangs", False) else 1
    try:
        engine.open(replace(program, study=history.spec.name, seed=history.spec.seed))
        while history.closed is None:
            facts = [*engine.poll(_patience(history, clock.now()), turn.demand), *requests()]
            if planner is not None:
                planner.check()
            now = clock.now()
            turn = step(ledger, policy, facts, now, beside=planner is not None and planner.beside)
            if history.most_ranks > most_ranks:
                raise EngineError(f"{engine!r} can't run trials of several ranks: {history.most_ranks} were asked for")
            _append(store, history, turn.events)
            for command in turn.commands:
                _act(engine, planner, command)
            observe([*opening, *turn.events], history, now)
            opening = ()
    finally:
        if planner is not None:
            planner.close()
        engine.close()


def _patience(history: History, now: float) -> float | None:
    deadline = next_deadline(history, now)
    return None if deadline is None else max(0.0, deadline - now)


def _append(store: Store, history: History, events: Sequence[Event]) -> None:
    """Store events that are already folded into the history."""
    if events:
        store.append(history.spec.name, events, expected=len(history) - len(events))


def _act(engine: Engine, planner: Planner | None, command: Command) -> None:
    if isinstance(command, Close):
        engine.close()
    elif isinstance(command, Plan):
        if planner is not None:
            planner.plan(command)
    else:
        engine.carry_out(command)
