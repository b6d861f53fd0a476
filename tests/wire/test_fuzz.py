"""A driver, one honest agent, and others that hold tickets and say whatever comes to mind, in valid forms or not.

Whatever they say, the driver raises nothing and stores only what can be read again, the honest agent's trials come out
right, and who breaks the rules is dismissed with a reason.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import pytest
from numpy.random import Generator

from trimma import codec
from trimma.commands import Job, Renew, Send, Start
from trimma.core import Policy, reopen, step
from trimma.errors import EngineError
from trimma.events import Reported, StudyCreated, WorkerLost
from trimma.facts import Joined, Left, Measured, Returned
from trimma.ledger import Ledger
from trimma.ports import CONTINUE, History, Suggestion, Verdict
from trimma.spec import Metric, StudySpec
from trimma.trial import State, Trial
from trimma.wire.channel import Frame
from trimma.wire.client import Client
from trimma.wire.hub import Hub
from trimma.wire.leases import Timing
from trimma.wire.messages import (
    UNREADABLE,
    Dismissed,
    Lapsed,
    Welcome,
    encode,
    introduction,
    read_from_agent,
    read_from_driver,
)
from trimma.wire.relay_files import opened_file
from trimma.wire.ticket import Ticket

TIMING = Timing(heartbeat=1.0, lease=6.0)
TRIALS, SLOTS, TURNS = 150, 3, 120
HOSTILE: Sequence[Any] = (
    *(-1, 0, 1, 2**31, 2**53, 2**53 + 1, 2**63 - 1, 2**63, 2**64 - 1, -(2**63)),
    *(float("nan"), float("inf"), -1e308, 5e-324),
    *("", "\x1b]0;mine\x07", "\r\n\x00\x9b31m", "\u202e\u0600", "m" * 3_000, "w-0", "NaN", "../../etc"),
    *(None, True, [], {}, [[]], {"type": "Job"}, {"": {"": {"": 0}}}, b"", b"\x80\x04."),
)


class Plan:
    def plan(self, history: History, free: int, rng: Generator) -> Sequence[Suggestion]:
        number = history.trial_count
        return [Suggestion(config={"n": number + more}) for more in range(min(free, TRIALS - number))]

    def verdict(self, history: History, trial: Trial) -> Verdict:
        return CONTINUE


class Honest:
    """The agent of slot 0, whose trials report their own number three times."""

    identity = b"honest"

    def __init__(self, token: bytes) -> None:
        self.client = Client(introduction(0, token), TIMING, 0.0)
        self.stay = 0

    def hear(self, body: bytes, now: float) -> None:
        for message in self.client.receive(body, now):
            if isinstance(message, Renew):
                self.join()
            elif isinstance(message, Job):
                key = {"trial": message.trial, "attempt": message.attempt}
                for number in (1, 2, 3):
                    self.client.tell(Measured(step=number, metrics={"score": float(message.trial)}, **key))
                self.client.tell(Returned(metrics={}, **key))
        if self.client.welcome is not None and not self.stay:
            self.join()

    def join(self) -> None:
        self.stay += 1
        self.client.tell(Joined(worker="w-0", stay=self.stay))


class Rogue:
    """An agent that begins as an honest one would, and then says what is more or less wrong."""

    def __init__(self, world: World, slot: int, number: int, token: bytes) -> None:
        self.world, self.dice, self.slot = world, world.dice, slot
        self.identity = f"rogue-{slot}-{number}".encode()
        self.hello = msgspec.to_builtins(introduction(slot, token), builtin_types=(bytes,))
        self.next = self.stay = 1
        self.received = self.step = 0
        self.jobs: list[Job] = []
        self.reason: str | None = None
        self.is_welcome = False

    def hear(self, body: bytes) -> None:
        message = read_from_driver(body)
        if isinstance(message, Dismissed | Lapsed):
            self.reason = getattr(message, "reason", "it has lapsed")
        elif isinstance(message, Welcome):
            self.is_welcome = True
        elif isinstance(message, Frame):
            self.received = max(self.received, message.first + len(message.messages) - 1)
            self.jobs += [each for each in message.messages if isinstance(each, Job)]

    def speak(self) -> bytes:
        if not self.is_welcome:
            return self.spoiled(self.hello, 0.2)
        messages = [self.message() for _ in range(self.dice.choice([0, 1, 1, 2, 5]))]
        frame = {"type": "Frame", "first": self.next, "received": self.received, "messages": messages}
        self.next += len(messages)
        if self.dice.random() < 0.02:
            frame["first"] = self.dice.choice([1, self.next + 3, self.next + 5_000])
        return self.spoiled(frame, 0.05)

    def message(self) -> Any:
        """What would be right to say now, most of the time."""
        job = self.jobs[-1] if self.jobs else None
        key = {"trial": job.trial, "attempt": job.attempt} if job else {"trial": 0, "attempt": 1}
        self.step += 1
        said: dict[str, Any] = self.dice.choice(
            [
                {"type": "Joined", "worker": f"w-{self.slot}", "stay": self.stay},
                {"type": "Measured", "step": self.step, "metrics": {"score": 1.0}, **key},
                {"type": "Measured", "step": self.step, "metrics": {"score": 1.0, "loss": 2.0}, **key},
                {"type": "Printed", "text": "hello\n", **key},
                {"type": "Grown", "more": 10, "trials": 3, "exceeded": True, **key},
                {"type": "Returned", "metrics": {"score": 2.0}, "notes": {"a": "b"}, "seconds": 1.0, **key},
                {"type": "Raised", "failure": {"kind": "ValueError", "message": "no"}, "again": True, **key},
                {"type": "Halted", "reason": "a whim", **key},
                {"type": "Paused", "checkpoint": "/tmp/x", **key},
                {"type": "Left", "worker": f"w-{self.slot}", "cause": "died", "stay": self.stay},
                {"type": "Fetch", "offset": self.step},
                {"type": "Broken", "message": "no such module", "objective": self.dice.random() < 0.1},
            ]
        )
        if self.stay == 1 and self.jobs == [] and self.dice.random() < 0.8:
            said = {"type": "Joined", "worker": f"w-{self.slot}", "stay": self.stay}
            self.stay += 1
        return said if self.dice.random() < 0.9 else self.mutated(said)

    def mutated(self, value: Any) -> Any:
        """The value with one of its parts put out, put twice, or in the place of another."""
        dice = self.dice
        if isinstance(value, dict) and value and dice.random() < 0.9:
            name = dice.choice(list(value))
            match dice.randrange(5):
                case 0:
                    return {each: value[each] for each in value if each != name}
                case 1:
                    return value | {dice.choice(["extra", "type", "rank", "step", "\x1b["]): dice.choice(HOSTILE)}
                case 2:
                    return value | {name: value[dice.choice(list(value))]}
                case _:
                    return value | {name: self.mutated(value[name])}
        if isinstance(value, list) and value and dice.random() < 0.9:
            place = dice.randrange(len(value))
            return [*value[:place], self.mutated(value[place]), *value[place + dice.randrange(2) :]]
        if dice.random() < 0.05:
            return nested(dice.choice([10, 500, 5_000]))
        return dice.choice(HOSTILE)

    def spoiled(self, value: Any, chance: float) -> bytes:
        body: bytes = value if isinstance(value, bytes) else encode(value)
        if self.dice.random() < chance:
            body = encode(self.mutated(value))
        if self.dice.random() < chance:
            body = flipped(body, self.dice)
        return body


def nested(depth: int) -> msgspec.Raw:
    return msgspec.Raw(b"\x91" * depth + b"\x01")


def flipped(body: bytes, dice: random.Random) -> bytes:
    """The bytes with some that are others, or missing, or cut off."""
    changed = bytearray(body)
    for _ in range(dice.choice([1, 1, 2, 5])):
        place = dice.randrange(len(changed) + 1)
        match dice.randrange(4):
            case 0:
                changed[place : place + 1] = dice.randbytes(1)
            case 1:
                del changed[place : place + dice.randrange(5)]
            case 2:
                changed[place:place] = dice.randbytes(dice.randrange(5))
            case 3:
                changed = changed[: max(1, place)]
    return bytes(changed)


class World:
    """The driver, with all that decides, and those who speak with it."""

    def __init__(self, seed: str) -> None:
        self.dice = random.Random(seed)
        self.now = 0.0
        spec = StudySpec(name="s", metrics=(Metric(name="score", maximize=True),), seed=0, trials=TRIALS, retry=1)
        self.ledger = Ledger()
        self.ledger.fold(StudyCreated(at=0.0, spec=msgspec.structs.replace(spec, failures_to_give_up=10**6)))
        reopen(self.ledger, TRIALS, None, 0.0)
        self.policy = Policy(Plan())
        self.hub = Hub("w", TIMING, {"SECRET": "x"}, lambda offset: bytes(100), lambda: self.dice.randbytes(8))
        self.runs: dict[int, tuple[int, int]] = {}
        self.honest = Honest(self.hub.expect(0))
        self.rogues: dict[bytes, Rogue] = {}
        self.lost: list[WorkerLost] = []
        self.reports: dict[tuple[int, int], list[float | None]] = {}
        self.troubles: deque[tuple[int, Exception]] = deque()

    @property
    def history(self) -> History:
        return self.ledger.history

    def drive(self) -> None:
        """One turn of the driver, as of the engine, the loop and the store."""
        self.hub.expire(self.now)
        while self.hub.troubles:
            slot, error = self.hub.troubles.popleft()
            assert slot != 0
            self.troubles.append((slot, error))
        facts, self.hub.facts = self.hub.facts, []
        for fact in facts:
            if isinstance(fact, Joined | Left):
                assert fact.worker in {f"w-{slot}" for slot in range(SLOTS)}
        if self.history.closed is None:
            turn = step(self.ledger, self.policy, facts, self.now, renew=3)
            for event in turn.events:
                assert codec.encode(codec.decode(codec.encode(event))) == codec.encode(event)
            self.lost += [event for event in turn.events if isinstance(event, WorkerLost)]
            for event in turn.events:
                if isinstance(event, Reported):
                    self.reports.setdefault((event.trial, event.attempt), []).append(event.metrics.get("score"))
            for command in turn.commands:
                self.carry_out(command)
        for identity, body in self.hub.outgoing(self.now):
            if identity == self.honest.identity:
                self.honest.hear(body, self.now)
            else:
                self.rogues[identity].hear(body)

    def carry_out(self, command: Any) -> None:
        match command:
            case Start(job=job):
                slot = int(job.worker.removeprefix("w-"))
                self.runs[job.trial] = (slot, job.attempt)
                self.hub.put(slot, job)
            case Send(trial=trial, attempt=attempt):
                slot, running = self.runs[trial]
                if running == attempt:
                    self.hub.put(slot, command)
            case Renew(worker=worker):
                self.hub.put(int(worker.removeprefix("w-")), command)

    def turn(self) -> None:
        self.now += 0.1
        for slot in range(1, SLOTS):
            living = [rogue for rogue in self.rogues.values() if rogue.slot == slot and rogue.reason is None]
            if len(living) < 2 and self.dice.random() < 0.3:
                rogue = Rogue(self, slot, len(self.rogues), self.hub.expect(slot))
                self.rogues[rogue.identity] = rogue
        for rogue in self.rogues.values():
            if rogue.reason is None or self.dice.random() < 0.1:
                body = rogue.speak()
                for _ in range(self.dice.choice([1, 1, 1, 2])):
                    self.hub.receive(rogue.identity, body, self.now)
        for body in self.honest.client.outgoing(self.now):
            self.hub.receive(self.honest.identity, body, self.now)
        self.drive()

    def settle(self) -> None:
        """The rogues fall silent, and the study comes to its end."""
        for _ in range(1000):
            if self.history.closed is not None:
                return
            self.now += 0.5
            for body in self.honest.client.outgoing(self.now):
                self.hub.receive(self.honest.identity, body, self.now)
            self.drive()

    def check(self) -> None:
        assert self.honest.client.end is None
        assert self.history.closed is not None
        assert all(event.worker != "w-0" and event.cause for event in self.lost)
        assert not any(rogue.reason == "" for rogue in self.rogues.values())
        assert all(str(error) for _, error in self.troubles)
        by_honest = [trial for trial in self.history.trials if trial.id in self.runs and self.runs[trial.id][0] == 0]
        for trial in by_honest:
            assert trial.state is State.DONE
            assert self.reports[trial.id, trial.attempt] == [float(trial.id)] * 3
        assert len(self.history.ended) == TRIALS


@pytest.mark.parametrize("seed", range(10))
def test_whatever_is_said_the_driver_goes_on_and_the_honest_are_served(seed: int) -> None:
    dismissed = 0
    for run in range(60):
        world = World(f"{seed} {run}")
        for _ in range(TURNS):
            world.turn()
        world.settle()
        world.check()
        dismissed += sum("dismissed" in (rogue.reason or "") for rogue in world.rogues.values())
    assert dismissed > 20, "many broke the rules"


TICKET = Ticket(
    prefix="w", addresses=("tcp://a:1",), server_key=b"1", public_key=b"2", secret_key=b"3", digest="d", size=4
)
BODIES = {
    "agent": encode(
        Frame(1, 0, [Joined(worker="w-0", stay=1), Measured(trial=0, attempt=1, step=1, metrics={"a": 1.0})])
    ),
    "hello": encode(introduction(0, b"token")),
    "driver": encode(Frame(1, 0, [Job(trial=0, attempt=1, workers=("w-0",), config={"a": [1, {"b": None}]})])),
    "ticket": TICKET.to_bytes(),
}


@pytest.mark.parametrize(
    ("read", "raised"),
    [
        (read_from_agent, UNREADABLE),
        (read_from_driver, UNREADABLE),
        (Ticket.from_bytes, (EngineError,)),
        (lambda body: Client(introduction(0, b""), TIMING, 0.0).receive(body, 0.0), (EngineError,)),
        (lambda body: opened_file(b"key", "label", body), ()),
    ],
    ids=["agent", "driver", "ticket", "client", "relay"],
)
def test_damaged_bytes_are_read_or_refused(read: Callable[[bytes], Any], raised: tuple[type[Exception], ...]) -> None:
    dice = random.Random(1)
    refused = 0
    for _ in range(4000):
        body = flipped(BODIES[dice.choice(list(BODIES))], dice)
        try:
            read(body)
        except raised:
            refused += 1
    assert refused > 100 or not raised
