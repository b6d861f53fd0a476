"""A preload for the processes of a study's own local Dask cluster: they ignore ctrl-C and closed terminals."""

import signal
from typing import Any


def dask_setup(worker: Any) -> None:
    """Ignore the signals that a terminal sends to all processes. Only the driver heeds them, and ends the study."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
