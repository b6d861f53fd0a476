"""How the best value improved, trial by trial and over time."""

import math

from msgspec import Struct

from trimma.ports import History
from trimma.trial import State
from trimma.views.elapsed import Elapsed


class Step(Struct, frozen=True, kw_only=True):
    """The end of one trial. ``count`` is how many trials had ended by then, this one included.

    ``elapsed`` is the study's own time in seconds. ``best`` is the best value so far.
    """

    count: int
    trial: int
    elapsed: float
    state: State
    value: float | None
    best: float | None


def progress(history: History) -> list[Step]:
    """One row for each trial that has ended, in that order. ``best`` is None as long as no value is finite."""
    elapsed = Elapsed(history)
    rows = []
    for count, (number, best) in enumerate(zip(history.ended, history.best_by_end, strict=True), start=1):
        trial = history.trials[number]
        rows.append(
            Step(
                count=count,
                trial=number,
                elapsed=elapsed.at(trial.since),
                state=trial.state,
                value=trial.value,
                best=None if math.isnan(best) else best,
            )
        )
    return rows
