"""Hub and clients on virtual time: who holds a slot, who has lost it, and what becomes of what they say."""

import msgspec
import pytest
from msgspec import Raw

from trimma.commands import Job, Renew, Send, Signal
from trimma.errors import EngineError, ObjectiveError
from trimma.events import Failure
from trimma.facts import Grown, Joined, Left, Measured, NotSaved, Paused, Printed, Returned, Saved, Saving, WentBack
from trimma.wire.channel import WINDOW, Frame
from trimma.wire.client import Client
from trimma.wire.hub import Hub
from trimma.wire.leases import Timing
from trimma.wire.messages import Broken, Chunk, Dismissed, Fetch, Lapsed, encode, introduction, read_from_driver

TIMING = Timing(heartbeat=1.0, lease=10.0)
TOKEN = b"ticket"
BUNDLE = bytes(range(256))
JOB = Job(trial=0, attempt=1, workers=("w-0",), config={"rate": 0.1})


class World:
    """A hub, its clients by identity, and a network that can be cut for some."""

    def __init__(self, *slots):
        self.now = 0.0
        self.hub = Hub("w", TIMING, {"SECRET": "xyzzy"}, lambda offset: BUNDLE[offset : offset + 100], lambda: TOKEN)
        self.clients = {}
        self.heard = {}
        self.cut = set()
        for slot in range(4):
            self.hub.expect(slot)
        for slot in slots:
            self.join(slot)

    def dial(self, slot, name=None, **hello):
        """A new agent; its identity."""
        identity = (name or f"agent-{slot}").encode()
        self.clients[identity] = Client(msgspec.structs.replace(introduction(slot, TOKEN), **hello), TIMING, self.now)
        self.heard[identity] = []
        return identity

    def join(self, slot, name=None):
        identity = self.dial(slot, name)
        self.turn()
        self.clients[identity].tell(Joined(worker=f"w-{slot}", stay=1))
        self.turn()
        if (holder := self.hub._holders.get(slot)) is not None:
            # as if the worker ran it, without a message of that
            holder.conduct.give(JOB)
        return identity

    def turn(self):
        """Everybody says what there is to say."""
        for _ in range(2):
            for identity, client in self.clients.items():
                if identity not in self.cut and not isinstance(client.end, Dismissed | Lapsed):
                    for body in client.outgoing(self.now):
                        self.hub.receive(identity, body, self.now)
            for identity, body in self.hub.outgoing(self.now):
                if identity not in self.cut and identity in self.clients:
                    self.heard[identity] += self.clients[identity].receive(body, self.now)

    def pass_time(self, seconds):
        for _ in range(round(seconds)):
            self.now += 1.0
            self.turn()
            self.hub.expire(self.now)

    def facts(self):
        facts, self.hub.facts = self.hub.facts, []
        return facts


def measured(step):
    return Measured(trial=0, attempt=1, step=step, metrics={"loss": float(step)})


def test_a_worker_joins_works_and_tells():
    world = World(0)
    agent = b"agent-0"
    assert world.facts() == [Joined(worker="w-0", stay=1)]
    assert world.clients[agent].welcome.environment == {"SECRET": "xyzzy"}
    assert "xyzzy" not in repr(world.clients[agent].welcome)
    job = Job(trial=0, attempt=1, workers=("w-0",), config={"rate": 0.1})
    world.hub.put(0, job)
    world.hub.put(0, Send(trial=0, attempt=1, signal=Signal.STOP))
    world.turn()
    assert world.heard[agent] == [job, Send(trial=0, attempt=1, signal=Signal.STOP)]
    world.clients[agent].tell(measured(1))
    world.clients[agent].tell(Returned(trial=0, attempt=1, metrics={}))
    world.turn()
    assert world.facts() == [measured(1), Returned(trial=0, attempt=1, metrics={})]


def test_an_agent_that_tells_much_is_not_held_up_until_the_next_pulse():
    world = World(0)
    agent = world.clients[b"agent-0"]
    told = 0
    for _ in range(5):
        while not agent.full:
            told += 1
            agent.tell(measured(told))
        world.turn()
        assert not agent.full
    assert world.now == 0.0
    assert [fact.step for fact in world.facts() if isinstance(fact, Measured)] == [*range(1, told + 1)]


def test_the_bundle_comes_in_parts():
    world = World(0)
    for offset in (0, 100, 200):
        world.clients[b"agent-0"].tell(Fetch(offset=offset))
        world.turn()
    assert all(isinstance(chunk, Chunk) for chunk in world.heard[b"agent-0"])
    assert b"".join(chunk.data for chunk in world.heard[b"agent-0"]) == BUNDLE


def test_who_speaks_keeps_its_slot():
    world = World(0, 1)
    world.pass_time(100)
    assert world.facts() == [Joined(worker="w-0", stay=1), Joined(worker="w-1", stay=1)]


def test_silence_past_the_lease_costs_the_slot_and_what_is_said_later_counts_for_nothing():
    world = World(0, 1)
    world.facts()
    world.cut.add(b"agent-0")
    world.clients[b"agent-0"].tell(measured(1))
    world.pass_time(10)
    assert world.facts() == []
    world.pass_time(1)
    (left,) = world.facts()
    assert left == Left(worker="w-0", cause=left.cause, crashed=False)
    assert "nothing was heard of it for 10 s" in left.cause
    world.cut.clear()
    world.clients[b"agent-0"].connected(world.now)
    world.pass_time(3)
    assert world.facts() == []
    assert isinstance(world.clients[b"agent-0"].end, Lapsed)
    world.join(0, "again")
    assert Joined(worker="w-0", stay=1) in world.facts()


def test_a_driver_that_did_not_listen_blames_nobody():
    world = World(0)
    world.facts()
    world.now += 100.0
    world.hub.excuse(world.now)
    world.hub.expire(world.now)
    assert world.facts() == []
    world.pass_time(5)
    assert world.facts() == []


def test_nothing_is_lost_or_doubled_when_the_network_is_cut_for_less_than_a_lease():
    world = World(0)
    agent = world.clients[b"agent-0"]
    for step in range(1, 30):
        agent.tell(measured(step))
        if step % 7 == 0:
            world.cut.add(b"agent-0")
        world.pass_time(1)
        if step % 7 == 3:
            world.cut.clear()
            agent.connected(world.now)
    world.cut.clear()
    agent.connected(world.now)
    world.turn()
    assert [fact for fact in world.facts() if isinstance(fact, Measured)] == [measured(step) for step in range(1, 30)]


def test_commands_survive_a_cut():
    world = World(0)
    world.cut.add(b"agent-0")
    job = Job(trial=0, attempt=1, workers=("w-0",), config={})
    world.hub.put(0, job)
    world.turn()
    world.cut.clear()
    world.clients[b"agent-0"].connected(world.now)
    world.turn()
    world.turn()
    assert world.heard[b"agent-0"] == [job]


def test_a_newcomer_takes_the_place_of_one_that_is_silent_before_its_lease_ends():
    world = World(0)
    world.facts()
    world.cut.add(b"agent-0")
    world.pass_time(1)
    newcomer = world.dial(0, "newcomer")
    world.pass_time(1)
    assert world.clients[newcomer].welcome is None
    world.pass_time(4)
    (left,) = world.facts()
    assert "another agent has come" in left.cause
    assert world.clients[newcomer].welcome is not None


def test_a_newcomer_must_go_when_the_slot_has_a_live_agent():
    world = World(0)
    newcomer = world.dial(0, "newcomer")
    world.pass_time(6)
    assert isinstance(world.clients[newcomer].end, Dismissed)
    assert "has an agent" in world.clients[newcomer].end.reason
    world.pass_time(30)
    assert world.facts() == [Joined(worker="w-0", stay=1)]


def test_a_newcomer_that_is_gone_does_no_harm():
    world = World(0)
    world.dial(0, "newcomer")
    world.turn()
    del world.clients[b"newcomer"]
    world.pass_time(8)
    world.cut.add(b"agent-0")
    world.pass_time(5)
    world.cut.clear()
    world.pass_time(5)
    assert world.facts() == [Joined(worker="w-0", stay=1)]


def test_the_dismissed_hear_of_it_even_when_they_ask_again():
    world = World(0)
    world.cut.add(b"agent-0")
    world.hub.dismiss(0, "no longer needed")
    world.turn()
    _, left = world.facts()
    assert left == Left(worker="w-0", cause="no longer needed", crashed=False)
    world.cut.clear()
    world.pass_time(2)
    assert isinstance(world.clients[b"agent-0"].end, Lapsed)
    again = world.dial(0, "again")
    world.turn()
    assert isinstance(world.clients[again].end, Dismissed)
    assert world.facts() == []


def test_a_worker_that_is_not_ready_leaves_without_a_word():
    world = World()
    world.dial(0)
    world.turn()
    assert world.hub.holds(0)
    world.hub.lose(0, "its task ended")
    assert world.facts() == []
    assert not world.hub.holds(0)


@pytest.mark.parametrize(
    ("hello", "words"),
    [
        ({"wire": 99}, "install the same version"),
        ({"trimma": "0.0.1"}, "trimma 0.0.1 on far-away and trimma"),
        ({"python": "3.7"}, "Python 3.7 on far-away can't load what Python"),
    ],
)
def test_other_versions_are_told_so_on_both_sides(hello, words):
    world = World()
    agent = world.dial(0, **hello, host="far-away")
    world.turn()
    assert words in world.clients[agent].end.reason
    assert world.clients[agent].end.error
    slot, error = world.hub.troubles[0]
    assert (slot, type(error)) == (0, EngineError)
    assert words in str(error)


def test_the_hello_of_a_later_version_is_understood():
    world = World()
    world.hub.receive(
        b"later", encode({"type": "Hello", "wire": 2, "slot": 0, "token": TOKEN, "new": [1, {"x": 2}]}), 0.0
    )
    assert "don't speak the same protocol" in str(world.hub.troubles[0][1])
    world.hub.receive(b"stranger", encode({"type": "Hello", "wire": 2, "slot": 2**60}), 0.0)
    assert len(world.hub.troubles) == 1, "a slot that nobody expects is no trouble"


@pytest.mark.parametrize("objective", [False, True])
def test_one_that_can_not_go_on_says_why(objective):
    world = World()
    world.dial(0)
    world.turn()
    world.clients[b"agent-0"].tell(Broken(message="no such module", objective=objective))
    world.turn()
    ((slot, error),) = world.hub.troubles
    assert (slot, str(error)) == (0, "no such module")
    assert isinstance(error, ObjectiveError if objective else EngineError)
    assert not world.hub.holds(0)
    assert isinstance(world.clients[b"agent-0"].end, Dismissed)


def test_one_that_blames_the_program_which_others_could_load_costs_only_itself():
    world = World(0)
    world.dial(1)
    world.turn()
    world.clients[b"agent-1"].tell(Broken(message="your objective is bad", objective=True))
    world.turn()
    ((slot, error),) = world.hub.troubles
    assert (slot, type(error)) == (1, EngineError)


RUNS = {"trial": 0, "attempt": 1}


@pytest.mark.parametrize(
    "said",
    [
        Joined(worker="w-0", stay=2),
        Joined(worker="w-1", stay=1),
        Joined(worker="nobody", stay=2),
        Left(worker="w-1", cause="I say so", stay=1),
        Left(worker="w-0", cause="it had another number", stay=7),
        Measured(trial=0, attempt=2, step=1, metrics={}),
        Measured(trial=5, attempt=1, step=1, metrics={"loss": -1e9}),
        Measured(trial=2**60, attempt=1, step=1, metrics={}),
        Measured(**RUNS, step=-1, metrics={}),
        Measured(**RUNS, step=2**63, metrics={}),
        Measured(**RUNS, step=1, metrics={f"m{n}": 1.0 for n in range(20_000)}),
        Measured(**RUNS, step=1, metrics={}, rank=5),
        Grown(**RUNS, more=1, trials=1, exceeded=True, rank=5),
        Grown(**RUNS, more=2**62, trials=1, exceeded=True),
        Printed(**RUNS, text="x" * 2**20),
        Left(worker="w-0", cause="x" * 2**20, stay=1),
        Printed(trial=5, attempt=1, text="forged"),
        Returned(trial=5, attempt=1, metrics={"loss": -1e9}),
        Returned(**RUNS, metrics={}, seconds=float("nan")),
        Returned(**RUNS, metrics={}, seconds=-1.0),
        Paused(trial=5, attempt=1),
        Saved(trial=5, attempt=1, step=1, size=1, seconds=1.0),
        Saving(**RUNS, step=-1),
        NotSaved(**RUNS, step=2**63, failure=Failure(kind="OSError", message="no")),
        Saved(**RUNS, step=1, size=-1, seconds=1.0),
        Saved(**RUNS, step=1, size=1, seconds=float("inf")),
        WentBack(**RUNS, step=-1, cause="it is damaged"),
        Fetch(offset=-1),
        Fetch(offset=2**63),
    ],
)
def test_who_says_what_is_not_for_it_to_say_is_dismissed_and_the_others_go_on(said):
    world = World(0, 1)
    world.facts()
    world.clients[b"agent-0"].tell(said)
    world.clients[b"agent-1"].tell(measured(1))
    world.turn()
    assert not world.hub.holds(0)
    left, told = world.facts()
    assert (left.worker, left.crashed) == ("w-0", False)
    assert "wasn't for it to say" in left.cause
    ((slot, error),) = world.hub.troubles
    assert slot == 0
    assert "was dismissed" in str(error)
    assert told == measured(1)
    end = world.clients[b"agent-0"].end
    assert isinstance(end, Dismissed)
    assert end.error


def dismissed(world, identity=b"agent-0"):
    """The reason for which an agent was dismissed, and the others weren't."""
    for other, client in world.clients.items():
        assert isinstance(client.end, Dismissed) == (other == identity)
    assert world.clients[identity].end.error
    return world.clients[identity].end.reason


@pytest.mark.parametrize("steps", [(1, 1), (5, 3)])
def test_steps_that_do_not_grow_are_misconduct(steps):
    world = World(0, 1)
    for step in steps:
        world.clients[b"agent-0"].tell(measured(step))
    world.turn()
    assert "a report of step" in dismissed(world)


def test_a_process_tells_only_twice_that_it_has_grown():
    world = World(0, 1)
    for _ in range(3):
        world.clients[b"agent-0"].tell(Grown(**RUNS, more=1, trials=1, exceeded=False))
    world.turn()
    assert "it has grown" in dismissed(world)


def test_a_worker_that_comes_and_goes_without_end_is_dismissed():
    world = World(0, 1)
    for stay in range(1, 30):
        world.clients[b"agent-0"].tell(Left(worker="w-0", cause="a whim", stay=stay))
        world.clients[b"agent-0"].tell(Joined(worker="w-0", stay=stay + 1))
        world.turn()
    assert "without a trial" in dismissed(world)


def test_more_messages_than_may_be_on_their_way_are_refused():
    world = World(0, 1)
    for number in range(20):
        told = [encode(measured(step)) for step in range(1 + 500 * number, 501 + 500 * number)]
        world.hub.receive(b"agent-0", encode(Frame(2 + 500 * number, 0, [*map(Raw, told)])), world.now)
    world.turn()
    assert "was the last that could" in dismissed(world)
    assert len(world.facts()) <= WINDOW + 3


def test_a_frame_of_too_many_messages_is_not_read():
    world = World(0, 1)
    world.hub.receive(b"agent-0", encode(Frame(2, 0, [Raw(encode(measured(1)))] * 513)), world.now)
    world.turn()
    assert "length <= 512" in dismissed(world)


@pytest.mark.parametrize("offsets", [(0, 0), (100, 0)])
def test_the_program_is_handed_out_once_to_each(offsets):
    world = World(0, 1)
    for offset in offsets:
        world.clients[b"agent-0"].tell(Fetch(offset=offset))
        world.turn()
    assert "wants the program from byte 0" in dismissed(world)


def test_parts_of_the_program_are_not_heaped_up_for_one_that_takes_none():
    world = World(0, 1)
    for offset in range(1000):
        world.clients[b"agent-0"].tell(Fetch(offset=offset))
    world.turn()
    assert "before it has got the last" in dismissed(world)


def test_one_that_takes_in_nothing_of_what_it_is_sent_is_dismissed():
    world = World(0, 1)
    world.cut.add(b"agent-0")
    for trial in range(WINDOW + 1):
        world.hub.put(0, Job(trial=trial, attempt=1, workers=("w-0",), config={}))
    assert not world.hub.holds(0)
    assert world.hub.holds(1)
    world.cut.clear()
    world.turn()
    assert "took in nothing" in dismissed(world)


def test_an_agent_takes_no_slot_but_its_own():
    world = World(0)
    rogue = world.dial(1, "rogue", token=b"that of another slot")
    world.turn()
    assert "no valid ticket" in dismissed(world, rogue)
    assert not world.hub.holds(1)
    assert not world.hub.troubles


def test_who_was_dismissed_does_not_come_back_by_its_ticket():
    world = World()
    tokens = iter([b"first", b"second"])
    world.hub = Hub("w", TIMING, {}, lambda offset: b"", lambda: next(tokens))
    assert world.hub.expect(0) == b"first"
    assert world.hub.expect(0) == b"first", "a task that is started again has the same ticket"
    world.dial(0, token=b"first")
    world.turn()
    world.hub.receive(b"agent-0", b"\xc1", world.now)
    world.turn()
    again = world.dial(0, "again", token=b"first")
    world.turn()
    assert "no valid ticket" in world.clients[again].end.reason
    assert world.hub.expect(0) == b"second"


def test_what_is_large_is_not_read_of_a_stranger():
    world = World(0)
    world.hub.receive(b"stranger", bytes(2**20), world.now)
    ((identity, body),) = world.hub.outgoing(world.now)
    assert identity == b"stranger"
    assert read_from_driver(body) == Lapsed()


def test_an_attempt_that_has_ended_is_told_of_no_more():
    world = World(0)
    agent = world.clients[b"agent-0"]
    agent.tell(Returned(**RUNS, metrics={}))
    world.turn()
    assert world.hub.holds(0)
    agent.tell(measured(2))
    world.turn()
    assert not world.hub.holds(0)


def test_a_renewed_worker_joins_again_without_having_left():
    world = World(0)
    world.facts()
    world.hub.put(0, Renew(worker="w-0"))
    world.turn()
    world.clients[b"agent-0"].tell(Joined(worker="w-0", stay=2))
    world.turn()
    assert world.facts() == [Joined(worker="w-0", stay=2)]
    assert world.hub.holds(0)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xc1",
        b"GET / HTTP/1.1\r\n\r\n",
        encode({"type": "Frame"}),
        encode({"type": "Frame", "first": 1, "received": 99, "messages": []}),
        encode({"type": "Frame", "first": 1, "received": 0, "messages": [{"type": "Job"}]}),
        encode({"type": "Frame", "first": 1, "received": 0, "messages": [{"type": "Joined", "worker": 3}]}),
        encode([[[]]]),
        b"\x83\xa4type\xa5Hello\xa4wire\x01\xa1x" + b"\x91" * 60_000 + b"\x01",
        b"\x84\xa4type\xa5Frame\xa5first\x01\xa8received\x00\xa8messages\xdd\xff\xff\xff\xff",
        encode({"type": "Frame", "first": 0, "received": 0, "messages": []}),
        encode({"type": "Frame", "first": 1, "received": -1, "messages": []}),
    ],
)
def test_what_makes_no_sense_costs_only_who_says_it(body):
    world = World(0, 1)
    world.facts()
    world.hub.receive(b"agent-0", body, world.now)
    world.hub.receive(b"stranger", body, world.now)
    (left,) = world.facts()
    assert (left.worker, left.crashed) == ("w-0", False)
    assert "can't be understood" in left.cause
    world.clients[b"agent-1"].tell(measured(1))
    world.turn()
    assert world.facts() == [measured(1)]


def test_a_driver_that_makes_no_sense_is_an_error():
    client = Client(introduction(0, TOKEN), TIMING, 0.0)
    with pytest.raises(EngineError, match="can't be understood"):
        client.receive(b"\xc1", 0.0)
