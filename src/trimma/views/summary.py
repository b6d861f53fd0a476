"""A summary of a study."""

from collections.abc import Mapping

from msgspec import Struct

from trimma.ports import History
from trimma.spec import Metric
from trimma.stopping import Either, Rule, Timeout
from trimma.trial import State
from trimma.views.elapsed import Elapsed
from trimma.views.eta import eta, expected
from trimma.views.leaderboard import Row, leaderboard
from trimma.views.savings import Savings, savings
from trimma.views.timeline import Busy, busy

RUNNING, LOST = "running", "lost"


class Summary(Struct, frozen=True, kw_only=True):
    """How a study stands. ``status`` is as for `status`, and ``reason`` says why, if there is more to say.

    ``limit`` is the number of trials that the study is limited to or has planned, but at least the number of
    ``trials``. ``timeout`` is its limit in seconds. Both are None when there is no limit. ``elapsed`` is in seconds,
    over all ``sessions``. ``eta`` is in seconds, or None when it isn't known. ``workers`` is how many are there now.
    ``best`` is None before a trial has ended with a finite value.
    """

    name: str
    objective: str
    metric: Metric
    status: str
    reason: str
    limit: int | None
    timeout: float | None
    trials: int
    ended: int
    counts: Mapping[State, int]
    best: Row | None
    savings: Savings
    busy: Busy
    elapsed: float
    eta: float | None
    sessions: int
    workers: int


def status(history: History, *, lost: bool = False) -> str:
    """How a study stands, in one word: finished, interrupted or failed, or running if it isn't closed.

    ``lost`` says that nobody writes the study, which only its store can know. A study that isn't closed is lost then.
    """
    if history.closed is not None:
        return history.closed.outcome.value
    return LOST if lost else RUNNING


def summary(history: History, now: float | None = None, *, lost: bool = False) -> Summary:
    """The summary at ``now`` (seconds since the epoch; default: the last event). ``lost`` is as for `status`."""
    spec, stands, trials = history.spec, status(history, lost=lost), expected(history.spec)
    moment = now if now is not None else history.sessions[-1].end if history.sessions else 0.0
    top = leaderboard(history, 1, now) if history.best is not None else []
    return Summary(
        name=spec.name,
        objective=spec.objective,
        metric=spec.metric,
        status=stands,
        reason=_reason(history, stands),
        limit=max(trials, history.trial_count) if trials else None,
        timeout=_timeout(spec.until),
        trials=history.trial_count,
        ended=len(history.ended),
        counts=dict(history.counts),
        best=top[0] if top else None,
        savings=savings(history),
        busy=busy(history, now),
        elapsed=Elapsed(history, now).end,
        eta=None if stands == LOST else eta(history, moment),
        sessions=len(history.sessions),
        workers=len(history.workers) if stands == RUNNING else 0,
    )


def _reason(history: History, stands: str) -> str:
    if stands == LOST:
        return "its driver died"
    reason = history.closed.reason if history.closed else ""
    return "" if reason == stands else reason


def _timeout(rule: Rule | None) -> float | None:
    """The least timeout that ends the study by itself."""
    match rule:
        case Timeout(seconds):
            return seconds
        case Either(rules=rules):
            found = map(_timeout, rules)
            return min((seconds for seconds in found if seconds is not None), default=None)
        case _:
            return None
