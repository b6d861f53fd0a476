"""The saved state of a trial, from which it can go on."""

from typing import Literal

from msgspec import Struct


class Checkpoint(Struct, frozen=True, kw_only=True):
    """What an attempt of a trial has saved after the report of a ``step``."""

    trial: int
    attempt: int
    step: int

    @property
    def name(self) -> str:
        """Where it is in the study's place for checkpoints.

        Each attempt has names of its own, because an earlier one may have died while it wrote.
        """
        return f"{self.trial}/step-{self.step}-attempt-{self.attempt}"


class Checkpoints(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where trials save checkpoints, how often, and which stay: the argument ``checkpoints`` of `tune`.

    - ``place``: a folder that all workers share, or an address that fsspec knows, such as ``"s3://bucket/runs"``.
      Empty (the default) for a folder beside the store.
    - ``every_steps``, ``every_seconds``: save after so many steps, or at the first report after so many seconds
      (default: None). A trial always saves when it is paused.
    - ``keep``: which trials keep their last checkpoint after they have ended: "none" (the default), that of the "best",
      those of so many of the best, or those of "all" that are done or stopped. As long as a trial hasn't ended, its
      last two are kept.

    An objective saves with the function ``save`` that it gives to ``report``.
    """

    place: str = ""
    every_steps: int | None = None
    every_seconds: float | None = None
    keep: Literal["best", "all", "none"] | int = "none"


class CheckpointPlace(Struct, frozen=True, kw_only=True):
    """Where a study keeps its checkpoints, and when a trial saves one besides those that the study asks for.

    ``root`` is the path of a folder, or an address. A mark in it has the text ``owner``, by which a machine knows that
    it sees the place. A trial saves after each so many steps (``every_steps``) or seconds (``every_seconds``) if they
    aren't None, and at its end with ``at_end``. With ``required`` each report must say how to save, since the scheduler
    will pause trials.
    """

    root: str
    owner: str
    every_steps: int | None = None
    every_seconds: float | None = None
    at_end: bool = False
    required: bool = False
