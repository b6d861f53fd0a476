"""The resources of one worker: its threads, and its share of the machine's accelerators."""

import os
import shutil
import subprocess
from collections.abc import Mapping

from trimma.errors import UsageError

_THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMEXPR_NUM_THREADS",
)


def usable_cores() -> int:
    """The processors that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def environment(slot: int, cpus: int, gpus: float, devices: list[str]) -> dict[str, str]:
    """The environment of the worker in ``slot``: that of this process, with the worker's threads and devices set.

    Thread pools read these variables when they are loaded: OpenMP (so PyTorch and scikit-learn), MKL, OpenBLAS,
    Accelerate and NumExpr.
    """
    own: Mapping[str, str] = dict.fromkeys(_THREAD_VARIABLES, str(cpus))
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
