"""The engine for this machine: its agents live in this process, and runners are its children. It opens no port."""

import selectors
import tempfile
import time
import warnings
from collections import deque
from collections.abc import Sequence
from pathlib import Path

from trimma.clock import SystemClock
from trimma.commands import Grow, Renew, Send, Start
from trimma.engines.renew_setting import checked_renew, renew_text
from trimma.errors import EngineError, UsageError
from trimma.ports import News, RenewSetting
from trimma.program import Program
from trimma.worker import bundle
from trimma.worker.agent import Agent
from trimma.worker.memory import allowed_growth
from trimma.worker.resources import check_gpus, environment, usable_cores, visible_devices
from trimma.worker.waker import Waker

_LOOK_UP = 0.25
_GRACE = 3.0


class Local:
    """Runs trials on this machine, in worker processes that stay warm from one trial to the next.

    - ``workers``: the number of workers, each of which runs one trial at a time (default: as many as the usable cores
      and the visible accelerators allow, and at least one).
    - ``cpus``: how many threads each trial may use for its numerical libraries. By default it is 1, except for what
      variables of this process allow, such as ``OMP_NUM_THREADS``.
    - ``gpus``: how many accelerators each worker sees as its own (default 0). With a fraction such as 0.5, two workers
      share one.
    - ``renew``: when a worker gets a fresh process. By default that is after a "failure" that looks like one of the
      process rather than of the trial, such as an error of CUDA; the trial is then tried again. With a number, also
      after each so many trials. With None, only when the process has died.

    Raises `UsageError` for numbers that make no sense, and for more accelerators than there are.
    """

    def __init__(
        self, workers: int | None = None, *, cpus: int | None = None, gpus: float = 0, renew: RenewSetting = "failure"
    ) -> None:
        self.renew = checked_renew(renew)
        self._threads = cpus
        cpus = 1 if cpus is None else cpus
        if cpus < 1 or cpus != int(cpus):
            raise UsageError(f"cpus={cpus!r} must be a whole number, 1 or more")
        self._devices = visible_devices() if gpus else []
        if gpus and not self._devices:
            raise UsageError(
                f"gpus={gpus:g}: this machine shows no GPU: see nvidia-smi and CUDA_VISIBLE_DEVICES, or leave gpus out"
            )
        if workers is None:
            workers = max(1, usable_cores() // cpus)
            if gpus:
                check_gpus(1, gpus, self._devices)
                workers = min(workers, int(len(self._devices) / gpus + 1e-9))
        if workers < 1 or workers != int(workers):
            raise UsageError(f"workers={workers!r} must be a whole number, 1 or more")
        check_gpus(workers, gpus, self._devices)
        self.capacity = self._size = workers
        self.clock = SystemClock()
        self._cpus, self._gpus = cpus, gpus
        self._agents: dict[str, Agent] = {}

    def __repr__(self) -> str:
        gpus = f", gpus={self._gpus:g}" if self._gpus else ""
        return f"Local(workers={self.capacity}, cpus={self._cpus}{gpus}{renew_text(self.renew)})"

    def open(self, program: Program) -> None:
        if self._agents:
            raise EngineError("this engine is running a study already: give each study an engine of its own")
        self.capacity = self._size
        self._folder = tempfile.TemporaryDirectory(prefix="trimma-")
        try:
            path = bundle.write(program, Path(self._folder.name) / "program").path
        except BaseException:
            self._folder.cleanup()
            raise
        self._selector = selectors.DefaultSelector()
        self._waker = Waker()
        self._selector.register(self._waker.descriptor, selectors.EVENT_READ)
        self._dead: deque[Agent] = deque()
        self._told: deque[News] = deque()
        self._watched: dict[Agent, Sequence[int]] = {}
        self._path = path
        self._add_agents()

    def _add_agents(self) -> None:
        """Start an agent for each worker that has none yet."""
        growth = allowed_growth(self.capacity)
        for slot in range(len(self._agents), self.capacity):
            worker = f"local-{slot}"
            own = environment(slot, self._threads, self._gpus, self._devices)
            agent = self._agents[worker] = Agent(worker, self._path, own, self._died, growth)
            self._watch(agent)

    def _died(self, agent: Agent) -> None:
        self._dead.append(agent)
        self._waker.wake()

    def _watch(self, agent: Agent) -> None:
        """Watch those of the agent's file descriptors that can still have input."""
        watched, wanted = self._watched.get(agent, ()), agent.descriptors
        if watched == wanted:
            return
        for descriptor in watched:
            self._selector.unregister(descriptor)
        for descriptor in wanted:
            self._selector.register(descriptor, selectors.EVENT_READ, agent)
        self._watched[agent] = wanted

    def carry_out(self, command: Start | Send | Grow | Renew) -> None:
        match command:
            case Start(job=job):
                self._agents[job.worker].start(job)
            case Send(trial=trial, attempt=attempt, signal=signal):
                for agent in self._agents.values():
                    agent.signal(trial, attempt, signal)
            case Renew(worker=worker):
                self._agents[worker].renew()
            case Grow(workers=workers):
                most = int(len(self._devices) / self._gpus + 1e-9) if self._gpus else workers
                self.capacity = max(self.capacity, min(workers, most))
                try:
                    self._add_agents()
                except OSError as error:
                    self.capacity = len(self._agents)
                    warnings.warn(
                        f"there are {self.capacity} workers, for no more can be started: {error}",
                        RuntimeWarning,
                        stacklevel=2,
                    )

    def tell(self, fact: News, after: float = 0.0) -> None:
        if self._agents:
            self._told.append(fact)
            self._waker.wake()

    def poll(self, timeout: float | None, demand: int | None = None) -> Sequence[News]:
        facts: list[News] = []
        patience = _LOOK_UP if timeout is None else min(timeout, _LOOK_UP)
        ready: dict[Agent, None] = {}
        for key, _ in self._selector.select(patience):
            if key.fileobj == self._waker.descriptor:
                self._waker.clear()
            else:
                ready[key.data] = None
        for agent in ready:
            facts += agent.read()
            self._watch(agent)
        while self._dead:
            agent = self._dead.popleft()
            facts += agent.collect_exit()
            self._watch(agent)
            agent.restart()
            self._watch(agent)
        while self._told:
            facts.append(self._told.popleft())
        return facts

    def close(self) -> None:
        agents, self._agents = list(self._agents.values()), {}
        if not agents:
            return
        try:
            for agent in agents:
                agent.dismiss()
            deadline = time.monotonic() + _GRACE
            for agent in agents:
                if not agent.wait(max(0.0, deadline - time.monotonic())):
                    agent.kill()
        finally:
            for agent in agents:
                agent.kill()
                agent.wait(_GRACE)
            self._selector.close()
            self._waker.close()
            self._folder.cleanup()
