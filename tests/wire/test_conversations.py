"""One driver, agents that come and go, and a network that does its worst: what the driver is told makes sense."""

from __future__ import annotations

import random
from collections import deque

import pytest

from trimma.commands import Job
from trimma.facts import Fact, Joined, Left, Measured
from trimma.wire.client import Client
from trimma.wire.hub import Hub
from trimma.wire.leases import Timing
from trimma.wire.messages import introduction

TIMING = Timing(heartbeat=1.0, lease=5.0)
SLOTS = 2
RUNS, STEPS = 10, 200
OWN = 1000
"""From this number on are the trials of which agents tell."""


class Agent:
    """An incarnation, which numbers what it tells; ``attempt`` tells incarnations apart."""

    def __init__(self, slot: int, attempt: int, now: float) -> None:
        self.slot, self.attempt = slot, attempt
        self.identity = f"{slot}/{attempt}".encode()
        self.client = Client(introduction(slot, b"token"), TIMING, now)
        self.joined = self.runs = False
        self.told: list[int] = []
        self.heard: list[int] = []
        self.up: deque[bytes] = deque()
        self.down: deque[bytes] = deque()

    def take(self, body: bytes, now: float) -> None:
        self.heard += [job.trial for job in self.client.receive(body, now) if isinstance(job, Job)]
        if self.client.welcome is not None and not self.joined:
            self.joined = True
            self.client.tell(Joined(worker=f"w-{self.slot}", stay=1))


class World:
    """A random walk through what may happen."""

    def __init__(self, seed: str) -> None:
        self.dice = random.Random(seed)
        self.now = 0.0
        self.hub = Hub("w", TIMING, {}, lambda offset: b"", lambda: b"token")
        self.agents: dict[bytes, Agent] = {}
        self.facts: list[Fact] = []
        self.sent: dict[bytes, list[int]] = {}
        for slot in range(SLOTS):
            self.hub.expect(slot)

    @property
    def living(self) -> list[Agent]:
        return [agent for agent in self.agents.values() if agent.client.end is None]

    def step(self) -> None:
        slot = self.dice.randrange(SLOTS)
        living = self.living
        agent = self.dice.choice(living) if living else None
        match self.dice.choices(range(8), weights=(2, 4, 4, 8, 8, 12, 2, 4))[0]:
            case 0 if len(living) < 2 * SLOTS:
                newcomer = Agent(slot, len(self.agents) + 1, self.now)
                self.agents[newcomer.identity] = newcomer
            case 1 if agent is not None and agent.runs:
                agent.told.append(len(agent.told) + 1)
                fact = Measured(trial=OWN + agent.slot, attempt=agent.attempt, step=agent.told[-1], metrics={})
                agent.client.tell(fact)
            case 2:
                self.command(slot)
            case 3:
                self.now += self.dice.choice([0.0, 0.2, 0.5, 2.0])
                self.agents_speak([agent for agent in living if self.dice.random() < 0.7])
            case 4:
                self.driver_speaks()
            case 5:
                for receiver in self.agents.values():
                    self.arrive(receiver, self.dice.randrange(4))
            case 6 if agent is not None:
                for frames in (agent.up, agent.down):
                    while frames and self.dice.random() < 0.8:
                        frames.pop()
                agent.client.connected(self.now)
            case 7:
                self.hub.expire(self.now)
                if self.dice.random() < 0.1:
                    self.hub.dismiss(slot, "not needed")
                    self.hub.expect(slot)
        for fact in self.hub.facts:
            if isinstance(fact, Joined):
                self.have_run(int(fact.worker.removeprefix("w-")))
        self.facts += self.hub.facts
        self.hub.facts = []

    def have_run(self, slot: int) -> None:
        """As if the slot's agent ran a trial of its own, of which it tells, without a message of that."""
        if (holder := self.hub._holders.get(slot)) is not None:
            agent = self.agents[holder.identity]
            agent.runs = True
            holder.conduct.give(Job(trial=OWN + slot, attempt=agent.attempt, workers=(f"w-{slot}",), config={}))

    def command(self, slot: int) -> None:
        holder = self.hub._holders.get(slot)
        if holder is not None and holder.conduct.is_ready:
            sent = self.sent.setdefault(holder.identity, [])
            sent.append(len(sent) + 1)
            self.hub.put(slot, Job(trial=sent[-1], attempt=1, workers=(f"w-{slot}",), config={}))

    def agents_speak(self, agents: list[Agent]) -> None:
        for agent in agents:
            agent.up += agent.client.outgoing(self.now)

    def driver_speaks(self) -> None:
        for identity, body in self.hub.outgoing(self.now):
            self.agents[identity].down.append(body)

    def arrive(self, agent: Agent, count: int) -> None:
        for _ in range(count):
            if agent.up:
                self.hub.receive(agent.identity, agent.up.popleft(), self.now)
            if agent.down and agent.client.end is None:
                agent.take(agent.down.popleft(), self.now)

    def settle(self) -> None:
        """Let time pass on a network that works."""
        for _ in range(40):
            self.now += 0.5
            self.agents_speak(self.living)
            for agent in self.agents.values():
                self.arrive(agent, len(agent.up))
            self.hub.expire(self.now)
            self.driver_speaks()
            for agent in self.living:
                self.arrive(agent, len(agent.down))
        self.facts += self.hub.facts

    def got(self, agent: Agent) -> list[int]:
        """What the driver was told by an incarnation."""
        return [fact.step for fact in self.facts if isinstance(fact, Measured) and fact.attempt == agent.attempt]

    def check(self) -> None:
        for agent in self.agents.values():
            got = self.got(agent)
            assert got == agent.told[: len(got)]
            assert agent.heard == self.sent.get(agent.identity, [])[: len(agent.heard)]
        for slot in range(SLOTS):
            self.check_slot(slot)

    def check_slot(self, slot: int) -> None:
        """Its workers join and leave in turn, and in each stay one incarnation speaks."""
        here, speaker = False, None
        for fact in self.facts:
            match fact:
                case Joined(worker=worker) | Left(worker=worker) if worker == f"w-{slot}":
                    assert isinstance(fact, Left) == here
                    here, speaker = not here, None
                case Measured(trial=trial, attempt=attempt) if trial == OWN + slot:
                    assert here
                    assert speaker in (None, attempt)
                    speaker = attempt


@pytest.mark.parametrize("seed", range(20))
def test_what_the_driver_is_told_makes_sense(seed: int) -> None:
    for run in range(RUNS):
        world = World(f"{seed} {run}")
        for _ in range(STEPS):
            world.step()
        world.check()
        world.settle()
        world.check()
        assert not world.hub.troubles
        assert len({agent.slot for agent in world.living}) == len(world.living), "one agent a slot"
        for agent in world.living:
            assert world.got(agent) == agent.told
            assert agent.heard == world.sent.get(agent.identity, [])
