"""Which Dask cluster to use, how many workers there can be on it, and how its machines reach this one."""

import contextlib
import math
import multiprocessing
import socket
from importlib import import_module
from typing import Any

from trimma.errors import EngineError, MissingExtra, UsageError
from trimma.wire.addresses import Listen

# the types of distributed are too incomplete to be of use
Client = Any

_SLOTS_A_PROCESS = 8
_HINT = (
    "If Dask's workers know this machine by another name or may use certain ports only, say so: "
    "engine=tm.Dask(host='...', port=...)"
)
_GUARD = (
    "A local cluster is made of processes that import this script first: put what is to run once, such as tm.tune, "
    "under  if __name__ == '__main__':"
)


def _distributed() -> Any:
    return import_module("distributed")


def take(given: Any) -> Client | None:
    """The client given, or else the active one, or else a client of the scheduler that Dask's configuration names.

    None if there is none of these. Raises `MissingExtra` without Dask, and `UsageError` for anything but a client and
    for an asynchronous client.
    """
    try:
        distributed, config = _distributed(), import_module("dask.config")
    except ImportError as error:
        raise MissingExtra("distributed", "dask", "engine='dask'") from error
    found = given
    if found is None:
        with contextlib.suppress(ValueError):
            found = distributed.get_client()
    if found is None and config.get("scheduler-address", None):
        found = connect(None)
    if found is None:
        return None
    if not isinstance(found, distributed.Client):
        raise UsageError(
            f"client={found!r} is no client of Dask: give distributed.Client('tcp://...'), or leave it out"
        )
    if found.asynchronous:
        raise UsageError("the client of Dask is asynchronous: give one made with Client(..., asynchronous=False)")
    return found


def connect(cluster: Any) -> Client:
    """A client of the cluster given. None stands for the scheduler that Dask's configuration names."""
    try:
        return _distributed().Client(cluster, set_as_default=cluster is None)
    except (OSError, ValueError) as error:
        raise EngineError(f"Dask's scheduler can't be reached: {error}") from error


def slots(client: Client, cpus: int) -> int:
    """How many tasks the cluster can run at a time, if each takes ``cpus`` threads."""
    sizes: dict[str, int] = client.nthreads()
    if not sizes:
        raise UsageError(
            f"Dask's scheduler at {client.scheduler.address} has no workers yet: wait for them "
            "(client.wait_for_workers(n)), or say how many trials are to run at a time: tm.Dask(workers=...)"
        )
    return max(1, sum(threads // cpus for threads in sizes.values()))


def refuse_import() -> None:
    """Raise `UsageError` in a process of a local cluster, which imports the user's script when it starts."""
    if getattr(multiprocessing.current_process(), "_inheriting", False):
        raise UsageError(f"engine='dask' without a client: {_GUARD}")


def start(workers: int) -> Any:
    """A `LocalCluster` with few processes, since their threads only wait for the runners.

    Whoever can connect to a scheduler can run code as its owner. So only this process can: connections are encrypted
    and authenticated with a certificate that is made for this cluster. No dashboard is shown to other users either.
    """
    processes = math.ceil(workers / _SLOTS_A_PROCESS)
    try:
        import_module("cryptography")
    except ImportError as error:
        raise MissingExtra("cryptography", "dask", "engine='dask' without a client") from error
    try:
        return _distributed().LocalCluster(
            n_workers=processes,
            threads_per_worker=math.ceil(workers / processes),
            processes=True,
            security=True,
            dashboard_address="127.0.0.1:0",
            scheduler_kwargs={"dashboard": False},
            preload=["trimma.engines.dask.ignore_interrupts"],
        )
    except (OSError, RuntimeError, TimeoutError) as error:
        raise EngineError(f"no local cluster of Dask can be started: {error} {_GUARD}") from error


def listen(client: Client, host: str | None, ports: tuple[int, int] | None) -> Listen:
    """Where the driver listens: at the addresses from which this machine reaches Dask's workers."""
    if host is not None:
        return Listen(bind="::" if ":" in host else "0.0.0.0", advertise=(host,), ports=ports, hint=_HINT)
    from distributed.comm.addressing import get_address_host

    peers = list(client.nthreads()) or [client.scheduler.address]
    hosts = dict.fromkeys(map(get_address_host, peers))
    names = tuple(dict.fromkeys(filter(None, map(_own_address, hosts))))
    if not names:
        raise EngineError(f"this machine can't reach the machines of Dask's workers: {', '.join(hosts)}. {_HINT}")
    bind = names[0] if len(names) == 1 else "::" if any(":" in name for name in names) else "0.0.0.0"
    return Listen(bind=bind, advertise=names, ports=ports, hint=_HINT)


def _own_address(host: str) -> str | None:
    """The address of this machine from which packets to ``host`` are sent; None if there is no route."""
    with contextlib.suppress(OSError):
        family, kind, _, _, address = socket.getaddrinfo(host, 9, type=socket.SOCK_DGRAM)[0]
        with socket.socket(family, kind) as probe:
            # connecting a datagram socket sends nothing
            probe.connect(address)
            return str(probe.getsockname()[0])
    return None
