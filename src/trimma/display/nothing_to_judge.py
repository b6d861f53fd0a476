"""Says when a scheduler has nothing to judge trials by, because they never report the metric that decides."""

from trimma.display.short_text import one_line
from trimma.ports import History
from trimma.trial import State

ENOUGH = 3
"""So many trials must be done without a report of the metric."""


def nothing_to_judge(history: History) -> str | None:
    """A sentence that tells it. None as long as there is something to judge, or no scheduler that judges."""
    spec = history.spec
    if spec.scheduler in ("", "RunAll()") or len(history.scores) or history.counts[State.DONE] < ENOUGH:
        return None
    metric = one_line(repr(spec.metric.name))
    others = dict.fromkeys(name for trial in history.trials for name in trial.curve.metrics)
    reported = f"only {', '.join(one_line(repr(name)) for name in others)}" if others else "nothing"
    return (
        f"{spec.scheduler} had nothing to judge by and stopped no trial: {metric} is never reported on the way "
        f"({reported} is). Report it at each step, as in report({spec.metric.name.strip()}=...)."
    )
