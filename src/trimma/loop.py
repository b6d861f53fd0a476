"""The one place that orders side effects: poll the engine, step, append to the store, act."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from trimma.commands import Close, Command, Plan
from trimma.core import Policy, Turn, break_off, next_deadline, reopen, step
from trimma.core.wait_for_room import MOST_NEWS, Wait, refused, seconds_to_next_look
from trimma.errors import EngineError, SpaceError, StoreError, StoreFull
from trimma.events import Event, StudyCreated, StudyExtended
from trimma.ledger import Ledger
from trimma.ports import Engine, History, News, Observer, Planner, Store
from trimma.program import Program
from trimma.requests import EndStudy, Request
from trimma.space.check_description import check_description
from trimma.spec import StudySpec
from trimma.stopping import Rule

_REASON = 200


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
    store.append(ledger.history.spec.name, [extended], expected=len(ledger))
    ledger.fold(extended)


def replay(store: Store, name: str) -> Ledger:
    """A study's ledger, rebuilt from its events. Raises `StoreError` when it can't be, or there are no events."""
    ledger = Ledger()
    catch_up(ledger, store, name)
    if not len(ledger):
        raise _unreadable(name, "it holds no events")
    return ledger


def catch_up(ledger: Ledger, store: Store, name: str) -> None:
    """Fold in the events that were stored after the ledger's last one.

    Raises `StoreError` for an event that can't be read, or can't follow the ones before it. The ledger is then good for
    nothing any more, since such an event may have been folded in by half.
    """
    for event in store.read(name, after=len(ledger)):
        try:
            ledger.fold(event)
        except Exception as error:
            what = f"record {len(ledger)}, a {type(event).__name__}, can't follow the records before it ({error})"
            raise _unreadable(name, what) from error
        if len(ledger) == 1:
            _check_spec(name, ledger.history.spec)


def _check_spec(name: str, spec: StudySpec) -> None:
    if spec.name != name:
        raise _unreadable(name, f"its records are those of study {spec.name!r}")
    try:
        check_description(spec.space)
    except SpaceError as error:
        raise _unreadable(name, f"its space makes no sense ({error})") from error


def _unreadable(name: str, why: str) -> StoreError:
    return StoreError(f"study {name!r} can't be read, for {why}: restore a copy of the store, or remove the study")


@dataclass(frozen=True, slots=True)
class Room:
    """How the loop waits for room in a full store.

    ``clock`` is in seconds of real time, for nobody makes room in simulated time. ``rest`` lets some of them pass, and
    ``tell`` says something to the user.
    """

    clock: Callable[[], float]
    rest: Callable[[float], None]
    tell: Callable[[str], None]


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
    room: Room | None = None,
) -> None:
    """Run a claimed study until it is closed. The engine is opened here, and closed even after an exception.

    ``trials`` and ``until`` are the limits from here on. ``observe`` is called after each turn. ``requests`` is called
    in each turn, and returns what people have asked for since the turn before. A ``planner`` whose ``beside`` is true
    makes plans beside the loop. Otherwise they are made within the loop.

    With ``room``, a study whose store is full waits for room. Meanwhile its workers go on with their trials, and its
    time stands still. Without it, the error of the store is raised at once.

    Raises `EngineError` for a trial of several ranks on an engine that can't run one, and `StoreFull` when the study is
    asked to end while it waits for room. An exception of the policy or of the engine is passed on, after the study was
    closed as failed with all that its workers had told.
    """
    history, clock = ledger.history, engine.clock
    waited = 0.0
    kept: Sequence[News] = ()
    facts: Sequence[News] = ()
    turn = reopen(ledger, trials, until, clock.now(), policy.rules)
    _append(store, history, turn.events)
    opening: Sequence[Event] = turn.events
    renew = getattr(engine, "renew", None)
    most_ranks = math.inf if getattr(engine, "gangs", False) else 1
    try:
        engine.open(replace(program, study=history.spec.name, seed=history.spec.seed))
        while history.closed is None:
            patience = 0.0 if kept else _patience(history, clock.now() - waited)
            facts = [*kept, *engine.poll(patience, turn.demand), *requests()]
            if planner is not None:
                planner.check()
            now = clock.now() - waited
            turn = step(ledger, policy, facts, now, beside=planner is not None and planner.beside, renew=renew)
            if history.most_ranks > most_ranks:
                raise EngineError(f"{engine!r} can't run trials of several ranks: {history.most_ranks} were asked for")
            arrived = _append_when_there_is_room(store, history, turn, engine, requests, room)
            kept = () if arrived is None else arrived
            if arrived is not None:
                waited = clock.now() - now
            facts = ()
            for command in turn.commands:
                _act(engine, planner, command)
            observe([*opening, *turn.events], history, now)
            opening = ()
    except StoreError:
        raise
    except Exception as error:
        _break_off(store, history.spec.name, facts or kept, clock.now() - waited, error)
        raise
    finally:
        if planner is not None:
            planner.close()
        engine.close()


def _break_off(store: Store, name: str, facts: Sequence[News], now: float, error: Exception) -> None:
    """Close a study that has met an error, before which ``facts`` weren't stored yet."""
    # the ledger may have taken in what was never stored
    ledger = replay(store, name)
    if ledger.history.closed is None:
        text = str(error).partition("\n")[0][:_REASON]
        turn = break_off(ledger, facts, now, f"{type(error).__name__}: {text}" if text else type(error).__name__)
        _append(store, ledger.history, turn.events)


def _patience(history: History, now: float) -> float | None:
    deadline = next_deadline(history, now)
    return None if deadline is None else max(0.0, deadline - now)


def _append(store: Store, history: History, events: Sequence[Event]) -> None:
    """Store events that are already folded into the history."""
    if events:
        store.append(history.spec.name, events, expected=len(history) - len(events))


def _append_when_there_is_room(
    store: Store,
    history: History,
    turn: Turn,
    engine: Engine,
    requests: Callable[[], Sequence[Request]],
    room: Room | None,
) -> Sequence[News] | None:
    """Store what a turn has decided. If it had to wait for room, return what has arrived meanwhile, otherwise None."""
    wait: Wait | None = None
    news: list[News] = []
    while True:
        try:
            _append(store, history, turn.events)
        except StoreFull as error:
            if room is None:
                raise
            full = error
        else:
            if wait is None or room is None:
                return None
            room.tell(
                f"study {history.spec.name!r} goes on after {room.clock() - wait.since:.0f} s: there is room again"
            )
            return news
        if wait is None:
            room.tell(
                f"study {history.spec.name!r} waits, for {full}; it goes on by itself when there is room (ctrl-C ends "
                "it, and what was stored is kept)"
            )
        wait = refused(wait, room.clock())
        while room.clock() < wait.again:
            room.rest(seconds_to_next_look(len(news)))
            news += engine.poll(0.0, turn.demand)
            news += requests()
            if any(isinstance(each, EndStudy) for each in news) or len(news) > MOST_NEWS:
                raise full


def _act(engine: Engine, planner: Planner | None, command: Command) -> None:
    if isinstance(command, Close):
        engine.close()
    elif isinstance(command, Plan):
        if planner is not None:
            planner.plan(command)
    else:
        engine.carry_out(command)
