"""What runs in a Spark task. The module is fast to import, since every worker imports it when it starts."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

_DEVICES = "CUDA_VISIBLE_DEVICES"


def work(ticket: bytes, slots: Iterator[int]) -> Iterator[tuple[bool, str]]:
    """Run a worker on the executor until it ends. Yields whether it was of any use, and why it is over.

    Errors are yielded as text and not raised. Spark would start a task that raises again, three times, in vain.
    """
    from trimma.engines.remote.remote_agent import serve
    from trimma.errors import EngineError

    for slot in slots:
        with _devices():
            try:
                yield True, serve(ticket, slot)
            except EngineError as error:
                yield False, str(error)


@contextmanager
def _devices() -> Iterator[None]:
    """Make visible to the worker the accelerators that Spark gave its task, and undo that afterwards."""
    from pyspark import TaskContext

    context = TaskContext.get()
    gpu = None if context is None else context.resources().get("gpu")
    if gpu is None:
        yield
        return
    before = os.environ.get(_DEVICES)
    os.environ[_DEVICES] = ",".join(gpu.addresses)
    try:
        yield
    finally:
        del os.environ[_DEVICES]
        if before is not None:
            os.environ[_DEVICES] = before
