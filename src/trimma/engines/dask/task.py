"""What runs in a Dask task, on a thread of a Dask worker."""

import io
from collections.abc import Callable

from trimma.engines.remote.remote_agent import serve


def work(ticket: io.BytesIO, slot: int) -> str:
    """A worker, from first to last. It never leaves this thread, with which its runner would die."""
    return serve(ticket.getvalue(), slot, _wanted())


def _wanted() -> Callable[[], bool]:
    """Ask Dask whether the task is still wanted: a thread that runs is never interrupted by it."""
    from distributed import get_worker
    from distributed.core import Status

    worker = get_worker()
    key = worker.get_current_task()

    def wanted() -> bool:
        task = worker.state.tasks.get(key)
        closing = worker.status in (Status.closing, Status.closed, Status.failed)
        return task is not None and task.state == "executing" and not closing

    return wanted
