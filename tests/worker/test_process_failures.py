"""Which exceptions look like failures of their process."""

import errno
from collections.abc import Callable
from concurrent.futures.process import BrokenProcessPool
from typing import Any

import pytest

from trimma.worker.process_failures import of_process


class OutOfMemoryError(RuntimeError):
    """As PyTorch's."""


class Unprintable(Exception):
    def __str__(self) -> str:
        raise ValueError


def caught(raises: Callable[[], Any]) -> BaseException:
    try:
        raises()
    except BaseException as error:  # noqa: BLE001 - this is what is judged
        return error
    pytest.fail("it raised nothing")


def wrapped(cause: BaseException, *, hidden: bool = False) -> BaseException:
    def raises() -> None:
        try:
            raise cause
        except type(cause) as error:
            raise ValueError("the training failed") from (None if hidden else error)

    return caught(raises)


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("CUDA error: device-side assert triggered\nCUDA kernel errors might be reported later"),
        RuntimeError("CUDA out of memory. Tried to allocate 20.00 MiB"),
        RuntimeError("cuDNN error: CUDNN_STATUS_EXECUTION_FAILED"),
        RuntimeError("CUDA error: CUBLAS_STATUS_NOT_INITIALIZED when calling `cublasCreate(handle)`"),
        RuntimeError("cudaErrorLaunchFailure: CUDA_ERROR_LAUNCH_FAILED"),
        RuntimeError("MPS backend out of memory (MPS allocated: 9.1 GB)"),
        RuntimeError(
            "[enforce fail at alloc_cpu.cpp:117] DefaultCPUAllocator: can't allocate memory: you tried 8 bytes"
        ),
        RuntimeError("RESOURCE_EXHAUSTED: Out of memory while trying to allocate 1024 bytes."),
        RuntimeError("can't start new thread"),
        OutOfMemoryError("no more"),
        MemoryError(),
        OSError(errno.EMFILE, "Too many open files"),
        OSError(errno.ENOMEM, "Cannot allocate memory"),
        BrokenProcessPool("A process in the process pool was terminated abruptly"),
        wrapped(MemoryError()),
    ],
    ids=repr,
)
def test_these_do(error: BaseException) -> None:
    assert of_process(error)


@pytest.mark.parametrize(
    "error",
    [
        ValueError("no"),
        RuntimeError("Expected all tensors to be on the same device, but found at least two devices, cuda:0 and cpu!"),
        AssertionError("Torch not compiled with CUDA enabled"),
        RuntimeError("mat1 and mat2 shapes cannot be multiplied (8x16 and 32x4)"),
        OSError(errno.ENOENT, "No such file or directory"),
        OSError(errno.ENOSPC, "No space left on device"),
        Unprintable("x"),
        wrapped(KeyError("no")),
        wrapped(MemoryError(), hidden=True),
    ],
    ids=lambda error: "Unprintable" if isinstance(error, Unprintable) else f"{error!r} of {error.__cause__!r}",
)
def test_these_do_not(error: BaseException) -> None:
    assert not of_process(error)


def test_real_ones() -> None:
    import numpy as np

    assert of_process(caught(lambda: np.ones(2**50)))
    assert of_process(caught(lambda: bytearray(2**62)))


def test_a_ring_of_causes_comes_to_an_end() -> None:
    one, two = ValueError("one"), ValueError("two")
    one.__cause__, two.__cause__ = two, one
    assert not of_process(one)
