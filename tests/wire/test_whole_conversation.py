"""Driver, hub, network, agents and runners on virtual time, where any message may be late and anybody may die.

All that decides is real: the core, the hub, the clients and the agents. Only processes and connections are made up.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Sequence
from typing import Any

import pytest
from numpy.random import Generator

from trimma.checkpoint import Checkpoint
from trimma.commands import Job, Renew, Send, Signal, Start
from trimma.core import Policy, reopen, step
from trimma.events import Failure, StudyCreated
from trimma.facts import Halted, Measured, NotSaved, Paused, Returned, Saved, Saving, WentBack
from trimma.ledger import Ledger
from trimma.ports import CONTINUE, Decision, History, Suggestion, Verdict
from trimma.spec import Metric, StudySpec
from trimma.trial import ON_WORKER, State, Trial
from trimma.wire.client import Client
from trimma.wire.hub import Hub
from trimma.wire.leases import Timing
from trimma.wire.messages import introduction
from trimma.worker.agent import Agent, HangUp, Kill
from trimma.worker.link import Begun, Ready

TIMING = Timing(heartbeat=1.0, lease=5.0)
SLOTS, TRIALS, WALK = 2, 8, 400
RUNGS = (2, 4)


class Plan:
    """Stops a trial whose score is below zero, pauses one whose score is 7, and goes on with what is paused."""

    def plan(self, history: History, free: int, rng: Generator) -> Sequence[Suggestion]:
        paused = [Suggestion(resume=trial) for trial in history.paused][:free]
        new = min(free - len(paused), TRIALS - history.trial_count)
        number = history.trial_count
        return [*paused, *(Suggestion(config={"n": number + more}, rungs=RUNGS) for more in range(new))]

    def verdict(self, history: History, trial: Trial) -> Verdict:
        if (trial.value or 0) < 0:
            return Verdict(Decision.STOP, "below zero")
        return Verdict(Decision.PAUSE, "a rest") if trial.value == 7 else CONTINUE


class Runner:
    """A process that runs trials. What it sends waits in ``sent`` until its agent reads it, also after its death."""

    def __init__(self, world: World, incarnation: Incarnation) -> None:
        self.world, self.incarnation = world, incarnation
        self.inbox: deque[Job | Send] = deque()
        self.sent: deque[Any] = deque()
        self.job: Job | None = None
        self.code: int | None = None
        self.ready = self.waiting = self.pausing = self.saving = self.hangs = False
        self.step = 0

    def act(self) -> None:
        if self.code is not None or self.hangs:
            return
        if not self.ready:
            self.ready = True
            self.sent.append(Ready())
        elif self.job is None:
            if self.inbox and isinstance(message := self.inbox.popleft(), Job):
                self.begin(message)
        else:
            self.go_on(self.job)

    def begin(self, job: Job) -> None:
        self.job, self.step, self.waiting, self.pausing, self.saving = job, 0, False, False, False
        self.sent.append(Begun())
        self.world.begins(self.incarnation, job)
        readable = [checkpoint for checkpoint in job.checkpoints if self.world.dice.random() < 0.8]
        assert set(readable) <= self.world.saved
        self.step = readable[-1].step if readable else 0
        if job.checkpoints and readable[-1:] != [job.checkpoints[-1]]:
            back = WentBack(trial=job.trial, attempt=job.attempt, step=self.step or None, cause="damaged")
            self.sent.append(back)
        self.world.first[job.trial, job.attempt] = self.step + 1

    def go_on(self, job: Job) -> None:
        key = {"trial": job.trial, "attempt": job.attempt}
        while self.inbox:
            message = self.inbox.popleft()
            if isinstance(message, Job) or (message.trial, message.attempt) != (job.trial, job.attempt):
                continue
            if message.signal is Signal.STOP:
                self.end(Halted(**key))
                return
            self.pausing = self.pausing or message.signal is Signal.PAUSE
            self.waiting = self.waiting and message.signal is not Signal.CONTINUE
        if self.saving:
            self.save(key)
        elif self.pausing and self.reports_made(key):
            self.begin_to_save(key)
        elif not self.waiting and self.step == self.world.lengths[job.trial]:
            self.end(Returned(metrics={}, **key))
        elif not self.waiting:
            self.step += 1
            score = self.world.dice.choice([1.0, 1.0, 2.0, 3.0, 7.0, -1.0])
            self.world.reported.setdefault((job.trial, job.attempt), []).append(self.step)
            self.sent.append(Measured(step=self.step, metrics={"score": score}, **key))
            self.waiting = self.step in job.rungs
            if not self.waiting and self.world.dice.random() < 0.2:
                self.begin_to_save(key)

    def reports_made(self, key: dict[str, int]) -> bool:
        return bool(self.world.reported.get((key["trial"], key["attempt"])))

    def begin_to_save(self, key: dict[str, int]) -> None:
        self.saving = True
        self.sent.append(Saving(step=self.step, **key))

    def save(self, key: dict[str, int]) -> None:
        self.saving = False
        if self.world.dice.random() < 0.2:
            failure = Failure(kind="OSError", message="no")
            self.sent.append(NotSaved(step=self.step, failure=failure, pausing=self.pausing, **key))
            self.waiting = self.waiting and not self.pausing
            self.pausing = False
            return
        self.world.saved.add(Checkpoint(step=self.step, **key))
        self.sent.append(Saved(step=self.step, size=1, seconds=0.0, **key))
        if self.pausing:
            self.end(Paused(**key))

    def end(self, fact: Any) -> None:
        self.sent.append(fact)
        self.job = None

    def die(self, code: int) -> None:
        if self.code is None:
            self.code = code
            if self.job is not None:
                self.world.died.append((self.job.trial, self.job.attempt))


class Incarnation:
    """An agent's stay with its driver: a connection, a conversation over it, and one runner after another."""

    def __init__(self, world: World, slot: int, number: int) -> None:
        self.world, self.slot = world, slot
        self.identity = f"{slot}/{number}".encode()
        self.client = Client(introduction(slot, b"token"), TIMING, world.now)
        self.agent = Agent(f"w-{slot}")
        self.runner: Runner | None = None
        self.up: deque[bytes] = deque()
        self.down: deque[bytes] = deque()
        self.is_gone = False

    @property
    def lives(self) -> bool:
        return not self.is_gone and self.client.end is None

    def hear(self, body: bytes) -> None:
        for message in self.client.receive(body, self.world.now):
            match message:
                case Job():
                    self.agent.start(message)
                case Send(trial=trial, attempt=attempt, signal=signal):
                    self.agent.signal(trial, attempt, signal)
                case Renew():
                    self.agent.renew()
        if self.client.welcome is not None and self.runner is None:
            self.runner = Runner(self.world, self)
        if self.client.end is not None and self.runner is not None:
            self.runner.die(-9)
        self.carry_out()

    def carry_out(self) -> None:
        while self.agent.orders and self.runner is not None:
            match order := self.agent.orders.popleft():
                case Kill():
                    if (job := self.agent._job) is not None:
                        self.world.killed.add((job.trial, job.attempt))
                    self.runner.die(-9)
                case HangUp():
                    self.runner.die(0)
                case _ if self.runner.code is None:
                    self.runner.inbox.append(order)

    def read(self, most: int) -> None:
        """Read what the runner has sent, and after that whether it has died."""
        if self.runner is None or not self.lives:
            return
        for _ in range(min(most, len(self.runner.sent))):
            self.agent.hear(self.runner.sent.popleft())
        if self.runner.code is not None and not self.runner.sent:
            self.agent.end(self.runner.code, "")
            self.runner = Runner(self.world, self)
        self.carry_out()
        while self.agent.facts:
            self.client.tell(self.agent.facts.popleft())


class World:
    """A random walk through what may happen, and then a network that works and processes that live."""

    def __init__(self, seed: str) -> None:
        self.dice = random.Random(seed)
        self.now = 0.0
        self.lengths = [self.dice.choice([1, 2, 3, 5]) for _ in range(TRIALS)]
        spec = StudySpec(
            name="s",
            metrics=(Metric(name="score", maximize=True),),
            seed=0,
            trials=TRIALS,
            failures_to_give_up=10**6,
            trial_timeout=self.dice.choice([None, 4.0, 20.0]),
            stop_grace=10.0,
            max_attempts=3,
        )
        self.ledger = Ledger()
        self.ledger.fold(StudyCreated(at=0.0, spec=spec))
        reopen(self.ledger, TRIALS, None, 0.0)
        self.policy = Policy(Plan())
        self.hub = Hub("w", TIMING, {}, lambda offset: b"", lambda: b"token")
        self.runs: dict[int, tuple[int, int]] = {}
        self.incarnations: dict[bytes, Incarnation] = {}
        self.reported: dict[tuple[int, int], list[int]] = {}
        self.first: dict[tuple[int, int], int] = {}
        self.saved: set[Checkpoint] = set()
        self.died: list[tuple[int, int]] = []
        self.killed: set[tuple[int, int]] = set()
        self.begun: set[tuple[int, int]] = set()
        for slot in range(SLOTS):
            self.hub.expect(slot)
            self.arrive(slot)

    @property
    def history(self) -> History:
        return self.ledger.history

    def arrive(self, slot: int) -> None:
        newcomer = Incarnation(self, slot, len(self.incarnations))
        self.incarnations[newcomer.identity] = newcomer

    @property
    def living(self) -> list[Incarnation]:
        return [each for each in self.incarnations.values() if each.lives]

    def begins(self, incarnation: Incarnation, job: Job) -> None:
        """No attempt is run twice, nor by an agent whose driver has written it off and still counts on that agent."""
        assert (job.trial, job.attempt) not in self.begun
        self.begun.add((job.trial, job.attempt))
        holder = self.hub._holders.get(incarnation.slot)
        if holder is not None and holder.identity == incarnation.identity:
            trial = self.history.trials[job.trial]
            assert trial.attempt == job.attempt
            assert trial.state in ON_WORKER

    def drive(self) -> None:
        """One turn of the driver, as of the loop and the engine."""
        self.hub.expire(self.now)
        facts, self.hub.facts = self.hub.facts, []
        if self.history.closed is not None:
            return
        turn = step(self.ledger, self.policy, facts, self.now, renew=self.dice.choice([None, None, 3]))
        for command in turn.commands:
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
        for identity, body in self.hub.outgoing(self.now):
            self.incarnations[identity].down.append(body)

    def deliver(self, incarnation: Incarnation, most: int) -> None:
        for _ in range(most):
            if incarnation.up:
                self.hub.receive(incarnation.identity, incarnation.up.popleft(), self.now)
            if incarnation.down and incarnation.lives:
                incarnation.hear(incarnation.down.popleft())

    def speak(self, incarnation: Incarnation) -> None:
        incarnation.up += incarnation.client.outgoing(self.now)

    def walk(self) -> None:
        living = self.living
        if not living:
            self.arrive(self.dice.randrange(SLOTS))
            return
        one = self.dice.choice(living)
        match self.dice.choices(range(10), weights=(10, 10, 14, 12, 12, 2, 1, 1, 1, 6))[0]:
            case 0:
                self.drive()
            case 1:
                self.speak(one)
            case 2:
                self.deliver(one, self.dice.randrange(4))
            case 3 if one.runner is not None:
                one.runner.act()
            case 4:
                one.read(self.dice.randrange(4))
            case 5 if one.runner is not None and one.runner.ready:
                one.runner.die(self.dice.choice([-9, -11, 3]))
            case 6 if one.runner is not None and one.runner.job is not None:
                # without a timeout nobody would end it
                one.runner.hangs = self.history.spec.trial_timeout is not None
            case 7:
                for messages in (one.up, one.down):
                    while messages and self.dice.random() < 0.8:
                        messages.pop()
                one.client.connected(self.now)
            case 8:
                if self.dice.random() < 0.3:
                    one.is_gone = True
                if len(living) < 2 * SLOTS:
                    self.arrive(self.dice.randrange(SLOTS))
            case 9:
                self.now += self.dice.choice([0.0, 0.1, 0.5, 1.5])

    def settle(self) -> None:
        """Let time pass while the network works and nobody dies, except for those that hang and are killed."""
        for slot in range(SLOTS):
            self.arrive(slot)
        for _ in range(600):
            self.now += 0.5
            for one in self.living:
                self.speak(one)
                self.deliver(one, len(one.up) + len(one.down))
                for _ in range(3):
                    if one.runner is not None:
                        one.runner.act()
                    one.read(10)
            self.drive()
            if self.history.closed is not None:
                return

    def check(self) -> None:
        history = self.history
        assert history.closed is not None, (
            f"it hangs: {[(t.id, t.attempt, str(t.state)) for t in history.on_workers()]}"
        )
        assert len(history.ended) == history.trial_count == TRIALS
        assert not self.hub.troubles
        for trial in history.trials:
            assert trial.crashes <= sum(number == trial.id for number, _ in self.died), "who never ran isn't blamed"
            if trial.failure is not None and trial.failure.kind == "Timeout":
                assert (trial.id, trial.attempt) in self.killed.union(self.died), "a worker that is lost is no timeout"
            assert set(trial.checkpoints) <= self.saved
            steps, said = list(trial.curve.steps), self.reported.get((trial.id, trial.attempt), [])
            first = self.first.get((trial.id, trial.attempt), len(steps) + 1)
            assert steps == [*range(1, first), *said][: len(steps)]
            if trial.state is State.DONE:
                assert steps == [*range(1, self.lengths[trial.id] + 1)]


@pytest.mark.parametrize("seed", range(40))
def test_each_study_comes_to_its_end_and_says_what_happened(seed: int) -> None:
    for run in range(10):
        world = World(f"{seed} {run}")
        for _ in range(WALK):
            world.walk()
        world.settle()
        world.check()
