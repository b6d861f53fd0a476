"""What Dask loads into the processes of a local cluster that belongs to a study."""

import signal
from typing import Any


def dask_setup(worker: Any) -> None:
    """Leave ctrl-C, which a terminal sends to all processes, to the driver: it ends the study in good order."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
