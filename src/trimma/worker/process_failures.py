"""Tells from an exception whether it looks like a failure of the process, so that later trials in it would fail too."""

import errno
import re
from collections.abc import Iterator

_KINDS = frozenset(
    {
        "MemoryError",
        "OutOfMemoryError",  # PyTorch, CuPy
        "ResourceExhaustedError",  # TensorFlow
        "AcceleratorError",  # PyTorch
        "CUDARuntimeError",  # CuPy
        "CUDADriverError",
        "CudaAPIError",  # Numba
        "BrokenExecutor",
    }
)
_MESSAGES = re.compile(
    r"CUDA error|CUDA out of memory|CUDA driver error|CUDA failure|CUDA_ERROR_"
    r"|cuDNN error|CUDNN_STATUS_|CUBLAS_STATUS_|CUSOLVER_STATUS_|CUFFT_|cuBLAS error|NCCL error"
    r"|HIP error|HIP out of memory|MPS backend out of memory|XPU out of memory|RESOURCE_EXHAUSTED|device-side assert"
    r"|DefaultCPUAllocator: (?:can't|not enough)"
    r"|can't start new thread"
)
_ERRORS = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM})
_LINKS = 16


def of_process(error: BaseException) -> bool:
    """Whether the exception, or one that led to it, looks like a failure of its process.

    Examples are errors of CUDA, after which every call fails, a lack of memory, and the use of all files or threads.
    """
    return any(map(_is_of_process, _chain(error)))


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The exception and those that led to it, as a traceback shows them."""
    link: BaseException | None = error
    for _ in range(_LINKS):
        if link is None:
            return
        yield link
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)


def _is_of_process(error: BaseException) -> bool:
    if any(kind.__name__ in _KINDS for kind in type(error).__mro__):
        return True
    if isinstance(error, OSError):
        return error.errno in _ERRORS
    try:
        return _MESSAGES.search(str(error)) is not None
    except Exception:  # noqa: BLE001 - the user's __str__ may raise anything
        return False
