"""Where trials run."""

from trimma.engines.local import Local
from trimma.engines.simulated import Simulated

__all__ = ["Local", "Simulated"]
