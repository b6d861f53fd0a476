"""`tm.Dask`: the engine for Dask, and its settings."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from trimma.engines.dask import cluster
from trimma.engines.dask.launcher import DaskLauncher
from trimma.engines.remote.engine import Remote
from trimma.errors import UsageError
from trimma.worker.resources import usable_cores

if TYPE_CHECKING:
    from distributed import Client


class Dask(Remote):
    """Trials on the workers of a Dask cluster.

    ``client`` is a `distributed.Client`; by default the active one, or else one for the scheduler that Dask's
    configuration names (``DASK_SCHEDULER_ADDRESS``). Where there is none, each study has a local cluster of its own,
    which ends with it.

    ``workers`` trials run at a time, each in a process of its own beside the Dask worker whose thread it occupies; by
    default as many as the cluster has threads now, divided by ``cpus``, the threads that each trial may use for its
    numerical libraries. ``env`` names environment variables of this process that trials get: their values travel
    encrypted, and are kept nowhere.

    Dask's workers must be able to open TCP connections to this process, at ``host`` (default: the address from which
    this machine speaks to theirs) and ``port``: a number, or the first and last of a range (default: any).

    Raises `MissingExtra` without Dask, `UsageError` for arguments that make no sense and where the number of workers
    isn't known, and `EngineError` when the scheduler can't be reached.
    """

    def __init__(
        self,
        client: "Client | None" = None,
        workers: int | None = None,
        *,
        cpus: int = 1,
        env: Sequence[str] = (),
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
        super().__init__(DaskLauncher(found, workers, host, _ports(port)), workers, cpus=cpus, env=env)
        self._where = "a local cluster" if found is None else str(found.scheduler.address)

    def __repr__(self) -> str:
        return f"Dask({self._where}, workers={self.capacity})"


def _ports(port: int | tuple[int, int] | None) -> tuple[int, int] | None:
    if port is None:
        return None
    first, last = (port, port) if isinstance(port, int) else port
    if not 0 < first <= last < 65536:
        raise UsageError(f"port={port!r} must be a port, 1 to 65535, or the first and last of a range")
    return first, last
