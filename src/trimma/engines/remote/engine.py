"""The engine for workers that run on a cluster, or wherever else a launcher starts agents."""

from collections.abc import Sequence

from trimma.clock import SystemClock
from trimma.commands import Grow, Renew, Send, Start
from trimma.engines.remote.fleet import Fleet
from trimma.engines.remote.launcher import Launcher
from trimma.engines.remote.secret_variables import SecretVariables
from trimma.engines.renew_setting import checked_renew
from trimma.errors import EngineError, UsageError
from trimma.ports import News, RenewSetting
from trimma.program import Program
from trimma.wire.leases import Timing

LINGER = 3.0


class Remote:
    """Runs trials on ``workers`` agents that a launcher starts. Each agent runs one trial at a time.

    Each trial may use ``cpus`` threads for its numerical libraries (default 1). ``env`` names environment variables of
    this process that trials get, beside those of their workers. The values travel encrypted, and are not kept. A worker
    that the study can't use for ``linger`` seconds is given back to the cluster. ``renew`` says when a worker gets a
    fresh process, as for `trimma.engines.local.Local`.

    Raises `UsageError` for values that make no sense, and for a variable that isn't set.
    """

    def __init__(
        self,
        launcher: Launcher,
        workers: int,
        *,
        cpus: int = 1,
        env: Sequence[str] = (),
        renew: RenewSetting = "failure",
        timing: Timing | None = None,
        linger: float = LINGER,
    ) -> None:
        if workers < 1 or workers != int(workers):
            raise UsageError(f"workers={workers!r} must be a whole number, 1 or more")
        if cpus < 1 or cpus != int(cpus):
            raise UsageError(f"cpus={cpus!r} must be a whole number, 1 or more")
        self.capacity = self._size = workers
        self.clock = SystemClock()
        self.renew = checked_renew(renew)
        self._launcher, self._cpus, self._linger = launcher, cpus, linger
        self._secrets = SecretVariables(env)
        self._timing = timing or Timing()
        self._fleet: Fleet | None = None

    def open(self, program: Program) -> None:
        if self._fleet is not None:
            raise EngineError("this engine is running a study already: give each study an engine of its own")
        self.capacity = self._size
        self._fleet = Fleet(
            self._launcher,
            program,
            capacity=self.capacity,
            cpus=self._cpus,
            environment=self._secrets,
            timing=self._timing,
            linger=self._linger,
        )

    def carry_out(self, command: Start | Send | Grow | Renew) -> None:
        fleet = self._open_fleet
        match command:
            case Start(job=job):
                fleet.start(job)
            case Send(trial=trial, attempt=attempt, signal=signal):
                fleet.signal(trial, attempt, signal)
            case Renew():
                fleet.renew(command)
            case Grow(workers=workers):
                self.capacity = max(self.capacity, workers)
                fleet.grow(self.capacity)

    def tell(self, fact: News, after: float = 0.0) -> None:
        if (fleet := self._fleet) is not None:
            fleet.tell(fact)

    def poll(self, timeout: float | None, demand: int | None = None) -> Sequence[News]:
        return self._open_fleet.poll(timeout, demand)

    def close(self) -> None:
        fleet, self._fleet = self._fleet, None
        if fleet is not None:
            fleet.close()

    @property
    def _open_fleet(self) -> Fleet:
        if self._fleet is None:
            raise EngineError("this engine isn't open")
        return self._fleet
