"""The study's own time: seconds in which a driver worked on it, without the gaps between sessions."""

from bisect import bisect_right

from trimma.ports import History
from trimma.trial import Trial


class Elapsed:
    """Converts moments (seconds since the epoch) to the study's own time (seconds), which begins at 0.

    ``end`` is the study's own time at the last event, or at ``now`` if the study isn't closed and that is later.
    """

    __slots__ = ("_ends", "_offsets", "_starts", "end")

    def __init__(self, history: History, now: float | None = None) -> None:
        sessions = history.sessions
        self._starts = [session.start for session in sessions]
        self._ends = [session.end for session in sessions]
        if sessions and now is not None and history.closed is None:
            self._ends[-1] = max(now, self._ends[-1])
        self._offsets = [0.0]
        for start, end in zip(self._starts, self._ends, strict=True):
            self._offsets.append(self._offsets[-1] + (end - start))
        self.end = self._offsets[-1]

    def at(self, moment: float | None) -> float:
        """The study's own time at ``moment``. For None it is ``end``.

        A moment between two sessions counts as the end of the first one.
        """
        if moment is None:
            return self.end
        session = bisect_right(self._starts, moment) - 1
        if session < 0:
            return 0.0
        # computed in this order, so that a session begins exactly, to the last bit, where the one before ended
        return self._offsets[session] + (min(moment, self._ends[session]) - self._starts[session])


def trial_seconds(trial: Trial, elapsed: Elapsed) -> float:
    """The worker-seconds of the trial, over all its workers and all its attempts."""
    return sum(len(span.workers) * (elapsed.at(span.end) - elapsed.at(span.start)) for span in trial.spans)
