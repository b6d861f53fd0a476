"""What a worker is given once: the user's objective and what goes with it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True, slots=True)
class Program:
    """The objective, the metric that a bare number stands for, and what the objective may ask for by name.

    ``checkpoints`` is a folder that all workers reach, for what paused trials save; None where nothing is saved.
    ``study`` is the name of the study that it runs in.
    """

    objective: Callable[..., Any]
    metric: str
    data: Any = None
    model: Any = None
    checkpoints: str | None = None
    study: str = ""
