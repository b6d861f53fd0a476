"""Where trials run."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trimma.engines.driver import Driver
    from trimma.engines.local import Local
    from trimma.engines.simulated import Simulated

# imported when first used, because tasks on a cluster import this package too, and should start fast
_HOMES = {
    "Driver": "trimma.engines.driver",
    "Local": "trimma.engines.local",
    "Simulated": "trimma.engines.simulated",
}

__all__ = ["Driver", "Local", "Simulated"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
