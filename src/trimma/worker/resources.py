"""The resources of one worker: its threads, and its share of the machine's accelerators."""

import os
import shutil
import subprocess
from collections.abc import Mapping

from trimma.errors import UsageError

_OPENMP = "OMP_NUM_THREADS"
_NUMERICAL = (
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMEXPR_NUM_THREADS",
)
"""These fall back to the number of OpenMP's threads where they aren't set."""
_POOLS = ("POLARS_MAX_THREADS", "LOKY_MAX_CPU_COUNT")
_OPENMP_LIMIT = "OMP_THREAD_LIMIT"


def usable_cores() -> int:
    """The processors that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def environment(slot: int, cpus: int | None, gpus: float, devices: list[str]) -> dict[str, str]:
    """The environment of the worker in ``slot``: that of this process, with the worker's threads and devices set.

    If ``cpus`` is None, variables that are set here stay as they are, and others allow one thread.

    Thread pools read these variables when they are loaded: OpenMP (so PyTorch and scikit-learn), MKL, OpenBLAS,
    Accelerate, NumExpr, polars, and joblib's processes.
    """
    set_here: Mapping[str, str] = os.environ if cpus is None else {}
    threads = str(cpus or 1)
    own = {_OPENMP: threads, **dict.fromkeys(_POOLS, threads)}
    if _OPENMP in set_here:
        own |= dict.fromkeys(_NUMERICAL, set_here[_OPENMP])
    else:
        # the limit is for libraries that ask for as many threads as there are cores
        own |= dict.fromkeys((*_NUMERICAL, _OPENMP_LIMIT), threads)
    own = {name: value for name, value in own.items() if name not in set_here}
    if gpus:
        own = {**own, "CUDA_VISIBLE_DEVICES": ",".join(share(slot, gpus, devices))}
    return {**os.environ, **own}


def share(slot: int, gpus: float, devices: list[str]) -> list[str]:
    """The devices of a slot: ``gpus`` devices of its own. If ``gpus`` is below 1, 1/``gpus`` slots share one."""
    if gpus >= 1:
        first = slot * int(gpus)
        return devices[first : first + int(gpus)]
    return [devices[int(slot * gpus + 1e-9)]]


def check_gpus(workers: int, gpus: float, devices: list[str]) -> None:
    """Raise `UsageError` if there are too few devices for so many workers."""
    if gpus < 0 or (gpus > 1 and gpus != int(gpus)) or (0 < gpus < 1 and abs(1 / gpus - round(1 / gpus)) > 1e-9):
        raise UsageError(f"gpus={gpus}: give a whole number for each worker, or a fraction such as 0.5 or 0.25")
    needed = workers * gpus
    if needed > len(devices) + 1e-9:
        raise UsageError(
            f"{workers} workers with gpus={gpus:g} need {needed:g} GPUs, but this machine shows {len(devices)}: "
            "use fewer workers, or a fraction"
        )


def visible_devices() -> list[str]:
    """The accelerators that this process may use, by the names that CUDA_VISIBLE_DEVICES takes."""
    named = os.environ.get("CUDA_VISIBLE_DEVICES")
    if named is not None:
        return [device for device in named.split(",") if device.strip() not in ("", "-1")]
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return []
    listed = subprocess.run([tool, "-L"], capture_output=True, text=True, check=False, timeout=30)
    return [str(index) for index, line in enumerate(listed.stdout.splitlines()) if line.startswith("GPU")]
