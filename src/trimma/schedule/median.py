"""The median stopping rule."""

from bisect import bisect_right, insort
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import inf, isfinite

from numpy.random import Generator

from trimma.errors import UsageError
from trimma.ports import CONTINUE, Decision, History, Scheduler, Searcher, Suggestion, Verdict
from trimma.trial import Trial


@dataclass(frozen=True, kw_only=True)
class MedianRule:
    """Stop a trial whose best value so far is worse than the median of the others' running averages.

    At step ``s``, the running average of another trial is the mean of all values that it reported up to ``s``. The
    others are the trials that are done or stopped and had reached ``s``. No trial is judged before step ``grace_steps``
    (default 1), or while fewer than ``min_trials`` (default 5) others have reached its step. NaN and infinity count as
    the worst value of all.

    Source: Golovin et al., "Google Vizier", KDD 2017, section 3.2.2.

    Raises `UsageError` for settings below 1.
    """

    grace_steps: int = 1
    min_trials: int = 5

    def __post_init__(self) -> None:
        if self.grace_steps < 1 or self.min_trials < 1:
            raise UsageError(
                f"MedianRule(grace_steps={self.grace_steps}, min_trials={self.min_trials}): both must be 1 or more"
            )

    def bind(self, searcher: Searcher) -> Scheduler:
        return _MedianRule(searcher, self)


class _MedianRule:
    def __init__(self, searcher: Searcher, settings: MedianRule) -> None:
        self._searcher, self._settings = searcher, settings
        self._forget(None)

    def plan(self, history: History, free: int, rng: Generator) -> Sequence[Suggestion]:
        return self._searcher.suggest(history, free, rng)

    def verdict(self, history: History, trial: Trial) -> Verdict:
        step = trial.curve.steps[-1]
        if step < self._settings.grace_steps:
            return CONTINUE
        averages = self._averages_at(history, step)
        if len(averages) < self._settings.min_trials:
            return CONTINUE
        middle = len(averages) // 2
        median = averages[middle] if len(averages) % 2 else (averages[middle - 1] + averages[middle]) / 2
        best = max(_scores(history, trial)[1])
        if best >= median:
            return CONTINUE
        sign = 1 if history.maximize else -1
        return Verdict(
            Decision.STOP,
            f"its best, {sign * best:.6g}, is worse at step {step} than the median of {len(averages)} running "
            f"averages, {sign * median:.6g}",
        )

    def _forget(self, history: History | None) -> None:
        self._history = history
        self._curves: list[tuple[Sequence[int], list[float]]] = []
        self._ended = 0
        self._sorted: dict[int, tuple[int, list[float]]] = {}

    def _averages_at(self, history: History, step: int) -> list[float]:
        """The running averages of the ended trials at ``step``, in ascending order.

        Trials that have ended since the last call are added to those of that call.
        """
        if history is not self._history:
            self._forget(history)
        for number in history.ended[self._ended :]:
            trial = history.trials[number]
            steps, scores = _scores(history, trial)
            if trial.failure is None and scores:
                means = [total / count for count, total in enumerate(accumulate(scores), start=1)]
                self._curves.append((steps, means))
        self._ended = len(history.ended)
        seen, averages = self._sorted.get(step, (0, []))
        for steps, means in self._curves[seen:]:
            if steps[-1] >= step and (reached := bisect_right(steps, step)):
                insort(averages, means[reached - 1])
        self._sorted[step] = (len(self._curves), averages)
        return averages


def _scores(history: History, trial: Trial) -> tuple[Sequence[int], list[float]]:
    """The trial's steps and its values at these steps, with signs such that greater is better."""
    series = trial.curve.series(history.spec.metric.name)
    sign = 1 if history.maximize else -1
    return series.steps, [sign * value if isfinite(value) else -inf for value in series.values]
