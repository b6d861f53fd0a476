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
        with _devices(), _files():
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
    with _set(_DEVICES, ",".join(gpu.addresses)):
        yield


@contextmanager
def _files() -> Iterator[None]:
    """Name to the worker's process the folder of the files that were added to the session."""
    from pyspark import SparkFiles

    from trimma.worker.spark_files import VARIABLE

    with _set(VARIABLE, SparkFiles.getRootDirectory()):
        yield


@contextmanager
def _set(variable: str, value: str) -> Iterator[None]:
    before = os.environ.get(variable)
    os.environ[variable] = value
    try:
        yield
    finally:
        del os.environ[variable]
        if before is not None:
            os.environ[variable] = before
