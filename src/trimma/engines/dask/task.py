"""What runs in a Dask task, on a thread of a Dask worker."""

import io
from collections.abc import Callable

from trimma.engines.remote.remote_agent import serve


def work(ticket: io.BytesIO, slot: int) -> str:
    """Run a worker until it ends. It stays in this thread, because its runner dies with the thread."""
    return serve(ticket.getvalue(), slot, _wanted())


def _wanted() -> Callable[[], bool]:
    """A function that asks Dask whether the task is still wanted, since Dask never interrupts a running thread."""
    from distributed import get_worker
    from distributed.core import Status

    worker = get_worker()
    key = worker.get_current_task()

    def wanted() -> bool:
        task = worker.state.tasks.get(key)
        closing = worker.status in (Status.closing, Status.closed, Status.failed)
        return task is not None and task.state == "executing" and not closing

    return wanted
