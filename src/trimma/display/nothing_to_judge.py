"""Says when a scheduler has nothing to judge trials by: they never report the metric that decides, or too late."""

from trimma.display.short_text import one_line
from trimma.ports import History
from trimma.trial import State

ENOUGH = 3
"""So many trials must be done without a report of the metric."""


def nothing_to_judge(history: History) -> str | None:
    """A sentence that tells it. None as long as there is something to judge, or no scheduler that judges."""
    spec = history.spec
    if spec.scheduler in ("", "RunAll()") or history.counts[State.DONE] < ENOUGH:
        return None
    if len(history.scores):
        return _all_too_late(history)
    metric = one_line(repr(spec.metric.name))
    others = dict.fromkeys(name for trial in history.trials for name in trial.curve.metrics)
    reported = f"only {', '.join(one_line(repr(name)) for name in others)}" if others else "nothing"
    return (
        f"{spec.scheduler} had nothing to judge by and stopped no trial: {metric} is never reported on the way "
        f"({reported} is). Report it at each step, as in report({spec.metric.name.strip()}=...)."
    )


def _all_too_late(history: History) -> str | None:
    """The same where no trial has reported before the step at which it ends."""
    first = None
    for trial in history.trials:
        steps = trial.curve.steps
        if trial.budget is None or (steps and steps[0] <= trial.budget):
            return None
        if steps and first is None:
            first = trial
    if first is None:
        return None
    return (
        f"{history.spec.scheduler} had nothing to judge by and stopped no trial: the first reports are of step "
        f"{first.curve.steps[0]:,} or the like, and a trial ends when it has reached step {first.budget:,}. Count both "
        "in the same unit, epochs for example."
    )
