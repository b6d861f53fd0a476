"""The engine for this machine: its agents live in this process, and runners are its children. It opens no port."""

import selectors
import time
import warnings
from collections import deque
from collections.abc import Sequence

from trimma.clock import SystemClock
from trimma.commands import Grow, Renew, Send, Start
from trimma.engines.renew_setting import checked_renew, renew_text
from trimma.errors import EngineError, UsageError
from trimma.folders.temporary_folder import TemporaryFolder
from trimma.ports import News, RenewSetting
from trimma.program import Program
from trimma.worker import bundle
from trimma.worker.keeper import Keeper
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
        self._keepers: dict[str, Keeper] = {}

    def __repr__(self) -> str:
        gpus = f", gpus={self._gpus:g}" if self._gpus else ""
        return f"Local(workers={self.capacity}, cpus={self._cpus}{gpus}{renew_text(self.renew)})"

    def open(self, program: Program) -> None:
        if self._keepers:
            raise EngineError("this engine is running a study already: give each study an engine of its own")
        self.capacity = self._size
        self._folder = TemporaryFolder("program")
        try:
            self._program = bundle.write(program, self._folder.path / "program").path.open("rb")
        except BaseException:
            self._folder.close()
            raise
        self._selector = selectors.DefaultSelector()
        self._waker = Waker()
        self._selector.register(self._waker.descriptor, selectors.EVENT_READ)
        self._dead: deque[Keeper] = deque()
        self._given_up: set[Keeper] = set()
        self._told: deque[News] = deque()
        self._watched: dict[Keeper, Sequence[int]] = {}
        self._add_keepers()

    def _add_keepers(self) -> None:
        """Start an agent for each worker that has none yet."""
        growth = allowed_growth(self.capacity)
        for slot in range(len(self._keepers), self.capacity):
            worker = f"local-{slot}"
            own = environment(slot, self._threads, self._gpus, self._devices)
            keeper = self._keepers[worker] = Keeper(worker, self._program.fileno(), own, self._died, growth)
            self._watch(keeper)

    def _died(self, keeper: Keeper) -> None:
        self._dead.append(keeper)
        self._waker.wake()

    def _watch(self, keeper: Keeper) -> None:
        """Watch those of the agent's file descriptors that can still have input."""
        watched, wanted = self._watched.get(keeper, ()), keeper.descriptors
        if watched == wanted:
            return
        for descriptor in watched:
            self._selector.unregister(descriptor)
        for descriptor in wanted:
            self._selector.register(descriptor, selectors.EVENT_READ, keeper)
        self._watched[keeper] = wanted

    def carry_out(self, command: Start | Send | Grow | Renew) -> None:
        match command:
            case Start(job=job):
                self._keepers[job.worker].start(job)
            case Send(trial=trial, attempt=attempt, signal=signal):
                for keeper in self._keepers.values():
                    keeper.signal(trial, attempt, signal)
            case Renew(worker=worker):
                self._keepers[worker].renew()
            case Grow(workers=workers):
                most = int(len(self._devices) / self._gpus + 1e-9) if self._gpus else workers
                self.capacity = max(self.capacity, min(workers, most))
                try:
                    self._add_keepers()
                except OSError as error:
                    self.capacity = len(self._keepers)
                    warnings.warn(
                        f"there are {self.capacity} workers, for no more can be started: {error}",
                        RuntimeWarning,
                        stacklevel=2,
                    )

    def tell(self, fact: News, after: float = 0.0) -> None:
        if self._keepers:
            self._told.append(fact)
            self._waker.wake()

    def poll(self, timeout: float | None, demand: int | None = None) -> Sequence[News]:
        facts: list[News] = []
        patience = _LOOK_UP if timeout is None else min(timeout, _LOOK_UP)
        ready: dict[Keeper, None] = {}
        for key, _ in self._selector.select(patience):
            if key.fileobj == self._waker.descriptor:
                self._waker.clear()
            else:
                ready[key.data] = None
        for keeper in ready:
            facts += keeper.read()
            self._watch(keeper)
        while self._dead:
            facts += self._replaced(self._dead.popleft())
        while self._told:
            facts.append(self._told.popleft())
        return facts

    def _replaced(self, keeper: Keeper) -> Sequence[News]:
        """The last facts of a runner that has died, in whose place another is started.

        A worker whose runners can't start is given up, as long as there are others. Otherwise its error is raised.
        """
        try:
            facts = keeper.collect_exit()
        except EngineError as error:
            if not any(other.is_ready for other in self._keepers.values() if other is not keeper):
                raise
            self._given_up.add(keeper)
            left = len(self._keepers) - len(self._given_up)
            warnings.warn(f"there are {left} workers left: {error}", RuntimeWarning, stacklevel=2)
            facts = []
        self._watch(keeper)
        if keeper not in self._given_up:
            keeper.restart()
            self._watch(keeper)
        return facts

    def close(self) -> None:
        keepers, self._keepers = list(self._keepers.values()), {}
        if not keepers:
            return
        try:
            for keeper in keepers:
                keeper.dismiss()
            deadline = time.monotonic() + _GRACE
            for keeper in keepers:
                if not keeper.wait(max(0.0, deadline - time.monotonic())):
                    keeper.kill()
        finally:
            for keeper in keepers:
                keeper.kill()
                keeper.wait(_GRACE)
            self._selector.close()
            self._waker.close()
            self._program.close()
            self._folder.close()
