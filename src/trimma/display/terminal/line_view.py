"""The line view: a running study as plain lines, for logs and wherever there is no terminal."""

import sys
from collections import Counter
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Self, TextIO

from trimma.display.config_text import config_text, varying
from trimma.display.metric_words import aim
from trimma.display.nothing_to_judge import nothing_to_judge
from trimma.display.numbers_and_durations import count, duration, number, percent
from trimma.display.short_text import one_line, shorten
from trimma.display.terminal.choose_view import ablation_view
from trimma.display.worker_notices import memory_line, renewal_line
from trimma.events import Event, WorkerGrown, WorkerRenewed
from trimma.ports import History
from trimma.safe_text import safe
from trimma.sessions import Growth
from trimma.trial import State, Trial
from trimma.views import summary

if TYPE_CHECKING:
    from trimma.display.terminal.ablation_view import AblationView

EVERY_SECONDS = 10.0
FAILURES_SHOWN = 3
WIDTH = 200


class LineView:
    """An observer that writes a line at the start, at the end, for each new best trial and for each failure.

    Every ten seconds it writes a line about progress. Of failures of the same kind only the first three are shown, and
    of workers that were renewed after failures the first three. Of an ablation it tells which components are decided by
    now rather than which trial is best.

    ``stream`` is standard error by default. ``clock`` gives the seconds by which progress lines are spaced, by default
    the study's own time.
    """

    def __init__(
        self,
        engine: str = "",
        *,
        stream: TextIO | None = None,
        every: float = EVERY_SECONDS,
        clock: Callable[[], float] | None = None,
    ) -> None:
        self._engine, self._stream, self._every, self._clock = engine, stream, every, clock
        self._began = False
        self._closed = False
        self._next = 0.0
        self._seen = 0
        self._warned = False
        self._best: Trial | None = None
        self._failures: Counter[str] = Counter()
        self._renewals = 0
        self._told_memory = False
        self._view: AblationView | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        return None

    def __call__(self, events: Sequence[Event], history: History, now: float) -> None:
        moment = self._clock() if self._clock else now
        if not self._began:
            self._begin(history)
            self._next = moment + self._every
        self._tell_of_workers(events)
        self._tell_news(history)
        if history.closed is not None:
            if not self._closed:
                self._end(history, now)
            self._closed = True
        elif moment >= self._next:
            at_most = self._view is not None and self._view.open_ended(history)
            self._write(_progress(history, now, self._decided(history), at_most=at_most))
            self._next = moment + self._every

    def _begin(self, history: History) -> None:
        spec, self._view = history.spec, ablation_view(history)
        self._began, self._seen, self._best = True, history.ended_before, _best_before(history)
        parts = [
            f"study {spec.name}",
            aim(spec.metric),
            *([self._view.plan(history)] if self._view else []),
            *([("at most " if self._view else "") + count(spec.trials, "trial")] if spec.trials else []),
            *([f"engine {self._engine}"] if self._engine else []),
            *([f"resumed after {count(history.ended_before, 'ended trial')}"] if len(history.sessions) > 1 else []),
        ]
        self._write(", ".join(parts))

    def _tell_news(self, history: History) -> None:
        """Tell what has happened since the last look, in order. Of several new best trials only the newest is told."""
        for number_ in history.ended[self._seen :]:
            self._tell_failure(history.trials[number_])
        self._seen = len(history.ended)
        if not self._warned and (unjudged := nothing_to_judge(history)):
            self._warned = True
            self._write(unjudged)
        if history.best is not None and history.best is not self._best and self._view is None:
            self._best = history.best
            config = config_text(varying(history, history.best))
            stopped = ", which was stopped" if history.best.state is State.STOPPED else ""
            self._write(f"new best {number(history.best.value)} from trial {history.best.id}{stopped}: {config}")

    def _tell_of_workers(self, events: Sequence[Event]) -> None:
        for event in events:
            if type(event) is WorkerRenewed and not event.asked:
                self._renewals += 1
                if self._renewals <= FAILURES_SHOWN:
                    self._write(renewal_line(event.worker, event.cause))
                elif self._renewals == FAILURES_SHOWN + 1:
                    self._write(f"worker {event.worker} was renewed, too; more of the same are not shown")
            elif type(event) is WorkerGrown and not self._told_memory:
                self._told_memory = True
                self._write(memory_line(event.worker, Growth(event.more, event.trials, event.exceeded)))

    def _tell_failure(self, trial: Trial) -> None:
        if trial.failure is None:
            return
        kind = trial.failure.kind
        self._failures[kind] += 1
        if self._failures[kind] <= FAILURES_SHOWN:
            self._write(f"trial {trial.id} failed: {one_line(str(trial.failure))}")
        if self._failures[kind] == FAILURES_SHOWN + 1:
            self._write(f"trial {trial.id} failed with {kind}, too; more of the same are not shown")

    def _end(self, history: History, now: float) -> None:
        state = summary(history, now)
        best = f"; best {number(state.best.value)} from trial {state.best.trial}" if state.best else "; no best trial"
        why = f", {state.reason}" if state.reason else ""
        found = self._decided(history, whole=True) or best
        self._write(f"{state.status} after {duration(state.elapsed)}{why}: {_counts(history)}{found}")

    def _decided(self, history: History, *, whole: bool = False) -> str:
        """Of an ablation, which components are decided by now.

        With ``whole``, the value of the arm that leaves nothing out is added.
        """
        if self._view is None:
            return ""
        return (f"; {self._view.reference(history)}" if whole else "") + f"; {self._view.decided(history)}"

    def _write(self, line: str) -> None:
        stream = self._stream or sys.stderr
        stream.write(f"trimma: {shorten(safe(line), WIDTH)}\n")
        stream.flush()


def _best_before(history: History) -> Trial | None:
    """The best trial of the earlier sessions, which is no news."""
    before = history.ended_before
    return history.best if len(history.ended) == before else None


def _progress(history: History, now: float, decided: str, *, at_most: bool) -> str:
    state = summary(history, now)
    if not history.workers:
        return f"no worker for {duration(now - _alone_since(history))}: the engine is starting one, or has no free slot"
    most = "at most " if at_most else ""
    of = f" of {most}{state.limit:,}" if state.limit else ""
    parts = [f"{state.ended:,}{of} trials ended ({_counts(history)})"]
    if state.busy.share is not None:
        parts.append(f"workers {percent(state.busy.share)} busy")
    parts.append(f"{duration(state.elapsed)} so far")
    if state.eta is not None:
        parts.append(f"{most or 'about '}{duration(state.eta)} left")
    return ", ".join(parts) + decided


def _alone_since(history: History) -> float:
    """When the last worker left, or when the session began, where no worker has joined since."""
    return max([history.sessions[-1].start, *(stay.end for stay in history.stays if stay.end is not None)])


def _counts(history: History) -> str:
    shown = [state for state in State if history.counts[state] or state is State.DONE]
    return ", ".join(f"{history.counts[state]:,} {state}" for state in shown)
