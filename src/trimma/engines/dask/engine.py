"""`tm.Dask`: the engine for Dask, and its settings."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from trimma.engines.dask import cluster
from trimma.engines.dask.launcher import DaskLauncher
from trimma.engines.remote.engine import Remote
from trimma.engines.renew_setting import renew_text
from trimma.errors import UsageError
from trimma.ports import RenewSetting
from trimma.worker.resources import usable_cores

if TYPE_CHECKING:
    from distributed import Client


class Dask(Remote):
    """Trials on the workers of a Dask cluster.

    - ``client``: a `distributed.Client` (default: the active one, or else one for the scheduler that Dask's
      configuration names, as in ``DASK_SCHEDULER_ADDRESS``). If there is none, each study gets a local cluster of its
      own, which ends with the study.
    - ``workers``: how many trials run at a time. Each runs in a process of its own, beside the Dask worker whose thread
      it occupies. By default it is the number of threads that the cluster has now, divided by ``cpus``.
    - ``cpus``: how many threads each trial may use for its numerical libraries (default 1).
    - ``env``: the names of environment variables of this process that trials get too. Their values travel encrypted,
      and are not kept.
    - ``renew``: when a worker gets a fresh process: after a "failure" that looks like one of the process (the default),
      also after each so many trials, or never (None). `Local` says more.
    - ``host``, ``port``: where Dask's workers reach this process, to which they open TCP connections. ``host`` is by
      default the address from which this machine reaches the workers. ``port`` is a number, or the first and the last
      of a range (default: any port).

    Raises `MissingExtra` without Dask, `UsageError` for arguments that make no sense or if the number of workers can't
    be found out, and `EngineError` when the scheduler can't be reached.
    """

    def __init__(
        self,
        client: "Client | None" = None,
        workers: int | None = None,
        *,
        cpus: int = 1,
        env: Sequence[str] = (),
        renew: RenewSetting = "failure",
        host: str | None = None,
        port: int | tuple[int, int] | None = None,
    ) -> None:
        if cpus < 1 or cpus != int(cpus):
            raise UsageError(f"cpus={cpus!r} must be a whole number, 1 or more")
        found = cluster.take(client)
        if found is None:
            cluster.refuse_import()
        if workers is None:
            workers = max(1, usable_cores() // cpus) if found is None else cluster.slots(found, cpus)
        super().__init__(DaskLauncher(found, workers, host, _ports(port)), workers, cpus=cpus, env=env, renew=renew)
        self._where = "a local cluster" if found is None else str(found.scheduler.address)

    def __repr__(self) -> str:
        return f"Dask({self._where}, workers={self.capacity}{renew_text(self.renew)})"


def _ports(port: int | tuple[int, int] | None) -> tuple[int, int] | None:
    if port is None:
        return None
    first, last = (port, port) if isinstance(port, int) else port
    if not 0 < first <= last < 65536:
        raise UsageError(f"port={port!r} must be a port, 1 to 65535, or the first and last of a range")
    return first, last
