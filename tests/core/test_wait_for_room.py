"""A study whose store has no room waits, decides nothing meanwhile, and goes on when there is room."""

import itertools

import msgspec
import pytest

from trimma.core import Policy
from trimma.core.wait_for_room import FIRST_PAUSE, LONGEST_PAUSE, MOST_NEWS, refused, seconds_to_next_look
from trimma.engines.simulated import Simulated
from trimma.errors import StoreFull
from trimma.loop import Room, create, replay, run
from trimma.program import Program
from trimma.requests import EndStudy
from trimma.schedule import Asha
from trimma.search import RandomSearch
from trimma.space import Float, Space
from trimma.spec import Metric, StudySpec
from trimma.stores import MemoryStore


def test_pauses_grow_up_to_a_limit():
    wait = refused(None, 100.0)
    assert (wait.since, wait.again) == (100.0, 100.0 + FIRST_PAUSE)
    pauses = []
    for _ in range(10):
        wait = refused(wait, wait.again)
        pauses.append(wait.pause)
        assert wait.since == 100.0
    assert pauses[:3] == [2 * FIRST_PAUSE, 4 * FIRST_PAUSE, 8 * FIRST_PAUSE]
    assert pauses[-1] == LONGEST_PAUSE
    assert pauses == sorted(pauses)


def test_workers_are_heard_less_often_when_much_has_arrived():
    assert seconds_to_next_look(0) < 0.1 < seconds_to_next_look(MOST_NEWS // 2)


class Disk(MemoryStore):
    """A store that has no room from an append on, until a number of attempts has failed."""

    def __init__(self, full_at, refusals):
        super().__init__()
        self.appends, self.full_at, self.refusals, self.refused = 0, full_at, refusals, 0

    def append(self, study, events, expected):
        if self.appends == self.full_at and self.refused < self.refusals:
            self.refused += 1
            raise StoreFull("the disk is full")
        super().append(study, events, expected)
        self.appends += 1


class Clock:
    """Real seconds that pass only while somebody rests."""

    def __init__(self):
        self.now, self.rests = 0.0, 0

    def rest(self, seconds):
        self.now += seconds
        self.rests += 1


def study(store, *, room=None, requests=lambda: (), trial_timeout=None, engine=Simulated):
    def objective(x):
        for step in range(1, 10):
            yield x / step

    spec = StudySpec(
        name="s", metrics=(Metric(name="loss", maximize=False),), seed=1, trials=12, trial_timeout=trial_timeout
    )
    searcher = RandomSearch().bind(Space(x=Float(0, 1)), 1, 12)
    ledger = create(store, spec, None, 0.0)
    run(
        ledger,
        Policy(Asha(max_steps=9).bind(searcher)),
        engine(3, seconds=1.0, straggle=0.3),
        store,
        Program(objective=objective, metric="loss"),
        trials=12,
        until=None,
        observe=lambda events, history, now: None,
        requests=requests,
        room=room,
    )
    return ledger.history


def stored(store):
    return [msgspec.structs.replace(event, at=round(event.at, 6)) for event in store.read("s")]


WHOLE = MemoryStore()
study(WHOLE)


@pytest.mark.parametrize("full_at", [2, 3, 20, 21, 40])
@pytest.mark.parametrize("refusals", [1, 2, 30])
def test_a_full_store_changes_nothing_but_the_time_that_it_takes(full_at, refusals):
    clock, said, store = Clock(), [], Disk(full_at, refusals)
    study(store, room=Room(lambda: clock.now, clock.rest, said.append))
    assert store.refused == refusals
    assert stored(store) == stored(WHOLE)
    waits, goes_on = said
    assert waits.startswith("study 's' waits, for the disk is full; it goes on by itself when there is room (ctrl-C")
    assert goes_on == f"study 's' goes on after {clock.now:.0f} s: there is room again"


def test_nothing_is_carried_out_before_it_is_stored(monkeypatch):
    clock, store, started = Clock(), Disk(5, 8), []
    carry_out = Simulated.carry_out

    def noting(self, command):
        assert store.refused in (0, 8), "carried out while the store was full"
        started.append(command)
        carry_out(self, command)

    monkeypatch.setattr(Simulated, "carry_out", noting)
    study(store, room=Room(lambda: clock.now, clock.rest, lambda text: None))
    assert started


def test_the_time_of_trials_stands_still_meanwhile():
    """A trial that waited at a rung for a store without room has not run over its time."""

    class Waiting(Simulated):
        def poll(self, timeout, demand=None):
            if timeout == 0.0 and clock.rests:
                # what stands for real time: the engine's time goes on while the loop waits
                self.clock.advance_to(self.clock.now() + 100.0)
                return ()
            return super().poll(timeout, demand)

    clock, store = Clock(), Disk(10, 3)
    room = Room(lambda: clock.now, clock.rest, lambda text: None)
    history = study(store, room=room, trial_timeout=60.0, engine=Waiting)
    assert clock.rests
    assert not [trial for trial in history.trials if trial.failure]


def test_who_asks_a_waiting_study_to_end_is_heard():
    clock, store = Clock(), Disk(10, 10**9)
    asked = itertools.chain([()] * 100, itertools.repeat([EndStudy()]))

    with pytest.raises(StoreFull, match="the disk is full"):
        study(store, room=Room(lambda: clock.now, clock.rest, lambda text: None), requests=lambda: next(asked))
    history = replay(store, "s").history
    assert history.closed is None
    assert history.counts
    assert stored(store) == stored(WHOLE)[: len(history)]


def test_without_room_to_wait_the_error_is_raised_at_once():
    store = Disk(10, 1)
    with pytest.raises(StoreFull):
        study(store)
    assert store.refused == 1
