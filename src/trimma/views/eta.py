"""How long the study will still take."""

from trimma.ports import History
from trimma.spec import StudySpec
from trimma.stopping import All, Either, Rule, Timeout, TrialCount


def eta(history: History, now: float) -> float | None:
    """How many seconds are left at ``now`` (seconds since the epoch). 0 for a closed study, None if unknown.

    It is the time that the remaining trials take at the rate at which trials have ended in this session, or what is
    left of a `Timeout`, whichever is less. The rate isn't known until as many trials have ended as there are workers.
    Once twice as many have, the first ones don't count, because they took the start of the processes and the import of
    packages as well. Rules that depend on values don't count, because it isn't known when they will be met.
    """
    if history.closed is not None:
        return 0.0
    if not history.sessions:
        return None
    spec, trials = history.spec, expected(history.spec)
    known = [
        _trials_left(history, trials, now) if trials else None,
        _rule_left(history, spec.until, now) if spec.until else None,
    ]
    return min((seconds for seconds in known if seconds is not None), default=None)


def expected(spec: StudySpec) -> int | None:
    """How many trials there will be at most, or None when that isn't known."""
    most = [limit for limit in (spec.trials, spec.planned) if limit]
    return min(most, default=None)


def _trials_left(history: History, limit: int, now: float) -> float | None:
    ended = history.ended[history.ended_before :]
    first = max(1, len(history.workers))
    if len(ended) < first:
        return None
    since, counted = history.sessions[-1].start, len(ended)
    if counted >= 2 * first:
        since, counted = history.trials[ended[first - 1]].since, counted - first
    if now <= since:
        return None
    # trials that have begun count even when there are more of them than the limit allows
    left = max(limit, history.trial_count) - len(history.ended)
    return left * (now - since) / counted


def _rule_left(history: History, rule: Rule, now: float) -> float | None:
    match rule:
        case Timeout(seconds):
            return max(0.0, seconds - history.active_seconds(now))
        case TrialCount(count):
            return _trials_left(history, count, now)
        case Either(rules=rules):
            return min(_known(history, rules, now), default=None)
        case All(rules=rules):
            known = _known(history, rules, now)
            return max(known) if len(known) == len(rules) else None
        case _:
            return None


def _known(history: History, rules: tuple[Rule, ...], now: float) -> list[float]:
    found = (_rule_left(history, rule, now) for rule in rules)
    return [seconds for seconds in found if seconds is not None]
