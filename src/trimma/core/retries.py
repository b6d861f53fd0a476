"""How often a trial is tried again after its worker died or was taken away."""

from trimma.events import Failure
from trimma.facts import Left
from trimma.trial import Trial

MAX_LOSSES = 10
"""How many workers a trial may lose in one session. That it loses more is hardly chance."""


def tried_too_often(trial: Trial, fact: Left, max_attempts: int) -> Failure | None:
    """The failure of a trial whose attempts have ended this way too often."""
    if not fact.ran:
        return None
    if fact.crashed and trial.crashes + 1 >= max_attempts:
        return Failure(kind="Crash", message=f"{fact.cause} ({trial.crashes + 1} of {max_attempts} attempts crashed)")
    if not fact.crashed and trial.losses + 1 >= MAX_LOSSES:
        return Failure(kind="WorkerLost", message=f"{fact.cause} ({trial.losses + 1} workers were lost while it ran)")
    return None
