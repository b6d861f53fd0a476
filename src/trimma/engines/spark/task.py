"""What runs in a Spark task. Light to import: the time it takes is a part of every worker's start."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

_DEVICES = "CUDA_VISIBLE_DEVICES"


def work(ticket: bytes, slots: Iterator[int]) -> Iterator[tuple[bool, str]]:
    """A worker, from first to last: what runs on the executor. Whether it was of use, and why it is over.

    What it can't do it doesn't raise: Spark would start the task again, three times, to the same end.
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
    """Show the worker the accelerators that Spark gave its task, and nobody who uses this process after it."""
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
