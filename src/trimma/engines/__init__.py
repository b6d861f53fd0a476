"""Where trials run."""

from trimma.engines.driver import Driver
from trimma.engines.local import Local
from trimma.engines.simulated import Simulated

__all__ = ["Driver", "Local", "Simulated"]
