"""How far a trial has come."""

from trimma.trial import Trial


def steps_of(trial: Trial) -> int:
    """The steps of the attempt that counts: its last step, or its reports where steps begin at zero."""
    curve = trial.curve
    return max(curve.steps[-1], len(curve)) if len(curve) else 0
