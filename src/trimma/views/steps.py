"""How far a trial has come."""

from trimma.trial import Trial


def steps_of(trial: Trial) -> int:
    """The number of steps of the trial: its last step, or the number of its reports when steps begin at zero."""
    curve = trial.curve
    return max(curve.steps[-1], len(curve)) if len(curve) else 0
