"""A preload for the processes of a study's own local Dask cluster: they ignore ctrl-C."""

import signal
from typing import Any


def dask_setup(worker: Any) -> None:
    """Ignore ctrl-C, which a terminal sends to all processes. Only the driver heeds it, and ends the study."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
