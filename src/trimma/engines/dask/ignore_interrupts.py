"""A preload for the processes of a study's own local Dask cluster: they ignore ctrl-C."""

import signal
from typing import Any


def dask_setup(worker: Any) -> None:
    """Leave ctrl-C, which a terminal sends to all processes, to the driver: it ends the study in good order."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
