"""The study at one look."""

from collections.abc import Mapping

from msgspec import Struct

from trimma.history import History
from trimma.stopping import Either, Rule, Timeout
from trimma.study import Metric
from trimma.trial import State
from trimma.views.elapsed import Elapsed
from trimma.views.eta import eta
from trimma.views.leaderboard import Row, leaderboard
from trimma.views.savings import Savings, savings
from trimma.views.timeline import Busy, busy


class Summary(Struct, frozen=True, kw_only=True):
    """``status`` is finished, interrupted or failed, or open before that; ``reason`` says why it was closed.

    ``limit`` and ``timeout`` (seconds) are what the study is limited to, where it is; ``elapsed`` (seconds) is over
    all ``sessions``; ``eta`` is in seconds, None when unknown; ``workers`` are those present now; ``best`` is None
    before a trial has ended with a finite value.
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


def summary(history: History, now: float | None = None) -> Summary:
    """The summary at ``now`` (seconds since the epoch; default: the last event)."""
    spec, closed = history.spec, history.closed
    moment = now if now is not None else history.sessions[-1].end if history.sessions else 0.0
    top = leaderboard(history, 1, now) if history.best is not None else []
    return Summary(
        name=spec.name,
        objective=spec.objective,
        metric=spec.metric,
        status=closed.outcome.value if closed else "open",
        reason=closed.reason if closed else "",
        limit=spec.trials,
        timeout=_timeout(spec.until),
        trials=history.trial_count,
        ended=len(history.ended),
        counts=dict(history.counts),
        best=top[0] if top else None,
        savings=savings(history),
        busy=busy(history, now),
        elapsed=Elapsed(history, now).end,
        eta=eta(history, moment),
        sessions=len(history.sessions),
        workers=0 if closed else len(history.workers),
    )


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
