"""How a study waits when its store has no room: when it tries again, and how much news it keeps meanwhile."""

from msgspec import Struct

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 10.0
"""Seconds from one attempt to store something to the next one. Each pause is twice as long as the one before."""

MOST_NEWS = 500_000
"""How much may have arrived from workers before the study ends after all. It is kept in memory."""

_OFTEN, _SELDOM = 0.05, 1.0
_MUCH = 10_000


class Wait(Struct, frozen=True):
    """The study waits ``since`` then, and tries ``again`` then, after this ``pause``. All are seconds of real time."""

    since: float
    again: float
    pause: float


def refused(wait: Wait | None, now: float) -> Wait:
    """How to wait after the store had no room at ``now``. ``wait`` is None for the first time."""
    if wait is None:
        return Wait(since=now, again=now + FIRST_PAUSE, pause=FIRST_PAUSE)
    pause = min(2 * wait.pause, LONGEST_PAUSE)
    return Wait(since=wait.since, again=now + pause, pause=pause)


def seconds_to_next_look(news: int) -> float:
    """How long the engine is left alone. When much has arrived already, workers are heard less often."""
    return _OFTEN if news < _MUCH else _SELDOM
